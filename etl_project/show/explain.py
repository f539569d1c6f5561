"""Print how one post file is read, field by field; no warehouse is needed."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.errors import UserError
from etl_project.extract.body.content import Body
from etl_project.extract.posts import Post, PostReader
from etl_project.limits import Limits
from etl_project.reasons import WARNINGS, Rejection
from etl_project.settings import Settings
from etl_project.show.console import bytes_in_words, count_of, print_table, safe
from etl_project.sources.folder import PinnedFolder, read_file
from etl_project.sources.location import Repository
from etl_project.sources.paths import escape_path
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source
from etl_project.transform.metrics import article_metrics
from etl_project.transform.terms import fold

TEXT_CHARS_SHOWN = 400
EXAMPLES_SHOWN = 5
"""Links, images and headings that are named."""


class NoPost(UserError):
    """What is to be explained is no file."""


def find_source(file: Path, settings: Settings | None) -> tuple[Source, str]:
    """Find the source that a file belongs to; guess it from the folders above the file if no setting names one.

    Returns:
        The source, and the escaped path of the file relative to its location.
    """
    file = file.absolute()
    for source in settings.sources if settings else ():
        location = source.location
        if isinstance(location, Repository):
            # The file is read from the working copy, by the rules of its source.
            location = Path(location.address)
        if not isinstance(location, Path):
            continue  # posts in objects and packs are no files here
        location = location.resolve()
        for candidate in (file, file.resolve()):
            if candidate.is_relative_to(location):
                return replace(source, location=location), escape_path(candidate.relative_to(location).as_posix())
    for folder in file.parents:
        dialect = detect_dialect(folder)
        if dialect != "plain":
            folder = _root_of(folder, dialect)
            return Source("(guessed)", folder, dialect=dialect), escape_path(file.relative_to(folder).as_posix())
    return Source("(guessed)", file.parent), escape_path(file.name)


def _root_of(folder: Path, dialect: str) -> Path:
    """Find the root of a site, where its settings are: a part of it, such as `news/_posts`, looks like a site, too."""
    names = DIALECTS[dialect].config_files
    for above in (folder, *folder.parents):
        if any((above / name).is_file() for name in names):
            return above if detect_dialect(above) == dialect else folder
    return folder


def explain(file: Path, settings: Settings | None, console: Console) -> bool:
    """Print what a refresh reads from one file: fields, repairs, where the date came from.

    Args:
        file: the post file.
        settings: the settings, whose sources and limits apply; None where there is no settings file.
        console: the console to print to.

    Returns:
        Whether a refresh would load the file.

    Raises:
        NoPost: there is no such file, or it is a folder.
    """
    if file.is_dir():
        raise NoPost(f"{file} is a folder. Name one post in it: etl explain {file / '…'}")
    if not os.path.lexists(file):
        raise NoPost(f"There is no file {file}.")
    source, path = find_source(file, settings)
    limits = settings.limits if settings else Limits()
    place = PinnedFolder(Path(str(source.location)))
    reader = PostReader(PinnedSource(source, place), limits)
    console.print(Text.assemble(safe(path, "bold"), f"  source {source.name}, dialect {source.dialect}"))
    try:
        read = read_file(os.fsencode(str(source.location)), path, limits.file_bytes)
        post = reader.read(path, read.data)
    except FileNotFoundError:
        raise NoPost(f"There is no file {file}.") from None
    except Rejection as rejection:
        where = f", line {rejection.line}" if rejection.line else ""
        console.print(
            Text.assemble(("Rejected", "bold red"), f"{where}: ", safe(rejection.reason), ": ", safe(rejection.message))
        )
        console.print(safe(rejection.suggestion, "green"))
        return False
    console.print(
        f"{bytes_in_words(len(read.data))}, {post.decoded.encoding}, "
        f"front matter: {post.front_matter.format or 'none'}, body from line {post.front_matter.body_line}"
    )
    _show_fields(post, source, console)
    _show_front_matter(post, console)
    _show_warnings(post, console)
    console.print(Text("\nText", style="bold"))
    console.print(safe(post.body.text[:TEXT_CHARS_SHOWN] + ("…" if len(post.body.text) > TEXT_CHARS_SHOWN else "")))
    return True


def _show_fields(post: Post, source: Source, console: Console) -> None:
    fields, body = post.fields, post.body
    words, minutes = _length(post)
    table = Table(show_header=False, show_edge=False, box=None, pad_edge=False)
    published = "NULL"
    if fields.published:
        instant = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=fields.published.instant)
        local = instant.astimezone(ZoneInfo(source.time_zone))
        came_from = (fields.published_from or "").replace("_", " ")
        published = f"{local.isoformat(sep=' ')}, to the {fields.published.precision}, from the {came_from}"
    rows: list[tuple[str, object]] = [
        ("title", fields.title),
        ("published", published),
        ("status", fields.status),
        ("slug", fields.slug),
        ("url", fields.url),
        ("language", fields.language),
        ("layout", fields.layout),
        *((name, value) for name, value in body.values.items()),
        ("categories", _format_terms(fields.categories)),
        ("tags", _format_terms(fields.tags)),
        ("authors", _format_terms(fields.authors)),
        ("length", f"{count_of(words, 'word')}, {minutes} minutes to read"),
        ("links", _with_examples(body.link_kinds.count("link"), _targets(body, "link"))),
        ("images", _with_examples(body.link_kinds.count("image"), _targets(body, "image"))),
        ("headings", _with_examples(len(body.heading_levels), body.heading_texts)),
        (
            "mentions",
            ", ".join(
                f"{kind} {key} {label} × {count}"
                for kind, key, label, count in zip(
                    body.mention_kinds,
                    body.mention_keys,
                    body.mention_labels,
                    body.mention_counts,
                    strict=True,
                )
            )
            or "none",
        ),
    ]
    for name, value in rows:
        table.add_row(Text(name, style="cyan"), safe(value))
    print_table(table, console)


def _length(post: Post) -> tuple[int, float]:
    """Words of a post, and minutes that reading it takes: as in `article_metrics`."""
    row: dict[str, object] = {"article_id": "", "language": post.fields.language, "text": post.body.text}
    row |= {name: getattr(post.body, name) for name in ("heading_levels", "link_kinds", "code_blocks")}
    types = {"language": pl.String(), "heading_levels": pl.List(pl.Int64), "link_kinds": pl.List(pl.String)}
    found = article_metrics(pl.DataFrame([row], schema_overrides=types)).row(0, named=True)
    return found["words"], found["reading_minutes"]


def _targets(body: Body, kind: str) -> list[str]:
    """Addresses of the links, or of the images, of a body."""
    return [url for url, its_kind in zip(body.link_urls, body.link_kinds, strict=True) if its_kind == kind]


def _with_examples(number: int, examples: list[str]) -> str:
    """A number, and what it counts as far as a line or two hold it."""
    if not number:
        return "0"
    more = ", …" if number > EXAMPLES_SHOWN else ""
    return f"{number:,}: {', '.join(examples[:EXAMPLES_SHOWN])}{more}"


def _format_terms(names: list[str]) -> str:
    shown = []
    for name in names:
        plain = name.replace("\x1f", " / ")
        folded = fold(plain)
        shown.append(plain if folded == plain else f"{plain} (as {folded})")
    return ", ".join(shown) or "none"


def _show_front_matter(post: Post, console: Console) -> None:
    if not post.front_matter.fields:
        return
    console.print(Text("\nFront matter as written", style="bold"))
    table = Table(show_header=False, show_edge=False, box=None, pad_edge=False)
    for key, value in post.front_matter.fields.items():
        shown = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
        table.add_row(safe(key, "cyan"), safe(shown))
    print_table(table, console)


def _show_warnings(post: Post, console: Console) -> None:
    if not post.warnings:
        return
    console.print(Text("\nWarnings", style="bold"))
    for warning in post.warnings:
        where = f", line {warning.line}" if warning.line else ""
        console.print(
            Text.assemble((warning.code, "yellow"), f"{where}: {WARNINGS[warning.code]} ", safe(warning.detail, "dim"))
        )
