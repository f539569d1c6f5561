"""What was found and proposed in, a commented etl.toml out; never over one that is there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from etl_project.errors import BAD_USAGE, Stop
from etl_project.init.furniture import Proposal
from etl_project.init.site import FoundSite
from etl_project.sources.source import MentionRule


class FileIsThere(Stop):
    """There is a settings file already."""

    exit_code = BAD_USAGE


def write_settings(site: FoundSite, proposals: Sequence[Proposal], output: Path) -> None:
    """Write the settings file.

    Raises:
        FileIsThere: it exists; it is left as it is.
        OSError: it cannot be written.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write("\n".join(_lines(site, proposals, output.absolute().parent)) + "\n")
    except FileExistsError:
        raise FileIsThere(
            f"{output} is already there and is not overwritten. Name another file with --output."
        ) from None


def _lines(site: FoundSite, proposals: Sequence[Proposal], folder: Path) -> Iterator[str]:
    name = re.sub(r"[^\w.-]+", "-", site.folder.resolve().name).strip("-") or "site"
    yield "# Written by `etl init` from a look at the folder; every line may be changed."
    yield ""
    yield "[warehouse]"
    yield "# The published file. Relative paths are relative to this settings file."
    yield 'path = "warehouse/posts.duckdb"'
    yield ""
    yield "[schedule]"
    yield "# When Dagster looks for changes, in UTC."
    yield 'cron = "*/15 * * * *"'
    yield ""
    yield "[[source]]"
    yield "# The name is part of every article_id: choose it once."
    yield f"name = {_text(name)}"
    yield f"location = {_text(os.path.relpath(site.folder.absolute(), folder))}"
    yield f"dialect = {_text(site.dialect)}"
    for key, value in (("title", site.title), ("url", site.url)):
        yield f"{key} = {_text(value)}" if value else f'# {key} = "…"'
    yield ""
    yield "# The clock of the site: times without a zone are on it, and every day is a day of it."
    if not site.time_zone:
        yield "# The site does not say which zone it keeps. Put yours, such as Asia/Shanghai."
    yield f"time_zone = {_text(site.time_zone or 'UTC')}"
    if site.dialect == "jekyll":
        yield '# Jekyll itself reads times without a zone as UTC; naive_dates = "utc" does the same.'
        yield 'naive_dates = "local"'
    if len(site.encodings) > 1:
        yield ""
        yield "# Some posts are not UTF-8."
        yield f"encodings = {_texts(site.encodings)}"
    if site.include:
        yield ""
        yield "# Posts lie in more than one folder. Where one lies in two of them, the earlier pattern wins."
        yield f"include = {_texts(site.include)}"
        if site.shares_names:
            yield "# The file name is the identity, so that a post keeps its article_id when it moves."
            yield 'identity = "file_name"'
    if proposals:
        yield ""
        yield "# What repeats in the posts is furniture, not text: an element that matches is left out of the plain"
        yield "# text, links and metrics; the first group of the pattern fills the column. Remove what does not fit."
    for proposal in sorted(proposals, key=lambda p: isinstance(p.rule, MentionRule)):
        rule = proposal.rule
        yield ""
        yield f"# In {proposal.posts:,} of {len(site.bodies):,} posts looked at, such as: {_short(proposal.example)}"
        if isinstance(rule, MentionRule):
            yield "[[source.mentions]]"
            yield f"kind = {_text(rule.kind)}"
            yield f"selector = {_text(rule.selector)}"
            yield f"key = {_text(rule.key)}"
            continue
        yield "[[source.rules]]"
        if rule.column:
            yield f"column = {_text(rule.column)}"
        yield f"selector = {_text(rule.selector)}"
        yield f"pattern = {_text(rule.pattern)}"


def _text(value: str) -> str:
    # A JSON string is a TOML string, but for DEL.
    return "'" + value + "'" if "\\" in value and "'" not in value else json.dumps(value, ensure_ascii=False)


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _short(example: str) -> str:
    shown = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", example)
    return shown[:60] + ("…" if len(shown) > 60 else "")
