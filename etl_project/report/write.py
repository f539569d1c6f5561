"""Puts the page together and writes it: one file that asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl_project.database.work_file import WorkFile
from etl_project.errors import BAD_USAGE, UserError
from etl_project.report.content import json_for_html, read_content
from etl_project.report.libraries import read_libraries
from etl_project.settings import Settings
from etl_project.settings.tables import Language
from etl_project.show.query import published_tables, refuse_own_file
from etl_project.timing import milliseconds_since

_PAGE = Path(__file__).with_name("page")

SCRIPTS = ("cubes.js", "figures.js", "charts.js", "tables.js", "lists.js", "main.js")
"""Parts of the script of the page, one module together: a part uses what those before it declare."""

_FIELD = re.compile(r"\{\{([\w.]+)\}\}")


class CannotWritePage(UserError):
    """The page cannot be written where it should be."""


class NoPage(UserError):
    """The page would take the place of a file that is none."""

    exit_code = BAD_USAGE


@dataclass(frozen=True, slots=True)
class Written:
    """A page that was written."""

    path: Path
    size: int
    """Bytes."""
    refresh: int
    """Number of the refresh whose file it shows."""
    milliseconds: int


def write_report(published: Path, output: Path, language: Language = "en", *, is_internal: bool = False) -> Written:
    """Write the page of a published file. The same file gives the same page.

    Args:
        published: the published file.
        output: the page, replaced as a whole; its folder is made. A link is followed, a device or pipe written to.
        language: the language of the words of the page; those of posts are as they are.
        is_internal: whether rejected files and articles that are not live are named. Else they are counts.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        OtherVersion: another version made the published file, and it lacks what the page shows.
        OutputInUse: the output is a file of the warehouse.
        NoPage: the output is there, and is something else than a page.
        CannotWritePage: the file or its folder cannot be written to.
    """
    started = time.perf_counter()
    refuse_own_file(output, published)
    _refuse_what_is_no_page(output)
    with published_tables(published) as con:
        library, charts = read_libraries(WorkFile(published).folder / "report.libraries.json")
        taken = len(library.encode()) + sum(file.stat().st_size for file in _PAGE.iterdir())
        content = read_content(con, language, charts, taken, is_internal=is_internal)
    data = fill_page(content, library).encode("utf-8", "replace")
    _replace(output, data)
    return Written(output, len(data), content["refresh"], milliseconds_since(started))


def write_page_of(settings: Settings) -> Written | None:
    """Write the page that the settings name, as `write_report` does; None where they name none."""
    wanted = settings.report
    if wanted.path is None:
        return None
    return write_report(settings.warehouse.path, wanted.path, wanted.lang, is_internal=wanted.internal)


def fill_page(content: dict[str, Any], library: str) -> str:
    """Fill the template of the page.

    Args:
        content: what the page holds, with its charts.
        library: the script of Vega.

    Returns:
        The page. Its scripts and its style are named by their hashes in its policy, so that the browser runs no other.
    """
    script = "\n".join((_PAGE / name).read_text("utf-8") for name in SCRIPTS)
    style = (_PAGE / "page.css").read_text("utf-8")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(library)} {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    words = {f"words.{key}": html.escape(text) for key, text in content["words"].items()}
    values = words | {
        "language": "zh-CN" if content["language"] == "zh" else "en",
        "policy": html.escape(policy, quote=False),
        "title": html.escape(title_of(content)),
        "as_of": html.escape(content["words"]["as_of"].format(as_of=content["as_of"], refresh=content["refresh"])),
        "data": json_for_html(content),
        "style": style,
        "library": library,
        "script": script,
    }
    return _FIELD.sub(lambda field: values[field[1]], (_PAGE / "page.html").read_text("utf-8"))


def title_of(content: dict[str, Any]) -> str:
    """Title of the page: that of the only source, if it has one."""
    titles = [title for _, title in content["sources"] if title]
    return str(titles[0] if len(content["sources"]) == 1 and titles else content["words"]["title"])


def _hash(text: str) -> str:
    """Hash of a script or a style as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _refuse_what_is_no_page(file: Path) -> None:
    """Keep a slip of the pen from replacing a post, or the settings."""
    try:
        if not file.is_file():
            return
        with file.open("rb") as there:
            begins = there.read(64).lstrip().lower()
    except OSError:  # whoever writes there says so
        return
    if begins and not begins.startswith(b"<!doctype html"):
        raise NoPage(f"{file} is there and is no page; name another file, or remove that one first.")


def _replace(file: Path, data: bytes) -> None:
    """Write a file whole or not at all; a device or pipe is written to.

    Raises:
        CannotWritePage: it is as it was.
    """
    place = Path(os.path.realpath(file))
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        if place.exists() and not place.is_file():
            place.write_bytes(data)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWritePage(
            f"The page {file} cannot be written: {error.strerror}. The warehouse is as it was published. Make room or "
            "name another file, then run: etl report"
        ) from error
