"""Write a commented etl.toml for a sampled site; an existing file is never overwritten."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from etl_project.errors import BAD_USAGE, UserError
from etl_project.init.furniture import Proposal
from etl_project.init.other_warehouses import free_warehouse
from etl_project.init.site import FoundSite
from etl_project.init.zone import machine_zone
from etl_project.sources.paths import name_bytes
from etl_project.sources.source import MentionRule

_MOST_STEPS_UP = 2
"""Most `..` with which a location begins."""


class SettingsFileExists(UserError):
    """The settings file exists already."""

    exit_code = BAD_USAGE


class NameIsNoText(UserError):
    """The name of the folder of posts holds bytes that are not UTF-8."""


def write_settings(site: FoundSite, proposals: Sequence[Proposal], output: Path) -> None:
    """Write the settings file.

    Args:
        site: the sampled site.
        proposals: rules to write into the file.
        output: path of the file.

    Raises:
        SettingsFileExists: the file exists; it is left as it is.
        NameIsNoText: the folder cannot be named in TOML.
        OSError: the file cannot be written.
    """
    try:
        data = ("\n".join(_lines(site, proposals, output.absolute())) + "\n").encode()
    except UnicodeEncodeError:
        shown = name_bytes(str(site.folder)).decode("utf-8", "backslashreplace")
        raise NameIsNoText(
            f"{shown}: the name of the folder is not UTF-8, and settings are written in UTF-8. Rename it, or write the "
            "settings file beside the posts with --output."
        ) from None
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with output.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise SettingsFileExists(
            f"{output} exists already and is not overwritten. Name another file with --output."
        ) from None


def _location(site: Path, folder: Path) -> str:
    """Write a folder so that it is taken for one: `git+x`, `me@host:x` and `~x` mean something else."""
    relative = os.path.relpath(site.absolute(), folder)
    # Above two steps up nobody sees any more what is meant, and the file may be moved.
    if relative.startswith("~") or Path(relative).parts[: _MOST_STEPS_UP + 1].count("..") > _MOST_STEPS_UP:
        return str(site.absolute())
    return f"./{relative}" if set("+:@") & set(relative.partition("/")[0]) else relative


def _lines(site: FoundSite, proposals: Sequence[Proposal], output: Path) -> Iterator[str]:
    folder = output.parent
    name = re.sub(r"[^\w.-]+", "-", site.folder.resolve().name).strip("-") or "site"
    yield "# Written by `etl init` from a sample of the folder; every line may be changed."
    yield ""
    yield "[warehouse]"
    yield "# The published file. Relative paths are relative to this settings file."
    yield f"path = {_toml_string(free_warehouse(output, name))}"
    yield ""
    yield "[schedule]"
    yield "# When Dagster checks for changes, in UTC."
    yield 'cron = "*/15 * * * *"'
    yield ""
    yield "[[source]]"
    yield "# The name is part of every article_id: choose it once."
    yield f"name = {_toml_string(name)}"
    yield f"location = {_toml_string(_location(site.folder, folder))}"
    yield f"dialect = {_toml_string(site.dialect)}"
    for key, value in (("title", site.title), ("url", site.url)):
        yield f"{key} = {_toml_string(value)}" if value else f'# {key} = "…"'
    yield ""
    yield "# Time zone of the site: it applies to times without a zone, and days begin at its midnight."
    if site.is_zone_guessed:
        yield f"# A guess: the site does not say which zone it uses, and its posts are in {site.zone_reason}."
    elif not site.time_zone:
        yield f"# The site does not say which zone it uses. Put yours, such as {machine_zone() or 'Asia/Shanghai'}."
    yield f"time_zone = {_toml_string(site.time_zone or 'UTC')}"
    if site.dialect == "jekyll":
        yield '# Jekyll itself reads times without a zone as UTC; naive_dates = "utc" does the same.'
        yield 'naive_dates = "local"'
    if len(site.encodings) > 1:
        yield ""
        yield "# Some posts are not UTF-8."
        yield f"encodings = {_toml_array(site.encodings)}"
    if site.include:
        yield ""
        yield "# Posts are in more than one folder. If a post is in two of them, the earlier pattern wins."
        yield f"include = {_toml_array(site.include)}"
        if site.shares_names:
            yield "# The file name is the identity, so that a post keeps its article_id when its folder changes."
            yield 'identity = "file_name"'
    if proposals:
        yield ""
        yield "# Elements that repeat in the posts, such as source lines. What matches a rule is left out of the plain"
        yield "# text, links and metrics; the first group of its pattern fills the column. Remove rules that are wrong."
    for proposal in sorted(proposals, key=lambda p: isinstance(p.rule, MentionRule)):
        rule = proposal.rule
        yield ""
        yield f"# In {proposal.posts:,} of {len(site.bodies):,} sampled posts, such as: {_shorten(proposal.example)}"
        if isinstance(rule, MentionRule):
            yield "[[source.mentions]]"
            yield f"kind = {_toml_string(rule.kind)}"
            yield f"selector = {_toml_string(rule.selector)}"
            yield f"key = {_toml_string(rule.key)}"
            continue
        yield "[[source.rules]]"
        if rule.column:
            yield f"column = {_toml_string(rule.column)}"
        yield f"selector = {_toml_string(rule.selector)}"
        yield f"pattern = {_toml_string(rule.pattern)}"


def _toml_string(value: str) -> str:
    # A JSON string is also a TOML string, except that TOML forbids DEL.
    return "'" + value + "'" if "\\" in value and "'" not in value else json.dumps(value, ensure_ascii=False)


def _toml_array(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_toml_string, values)) + "]"


def _shorten(example: str) -> str:
    shown = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", example)
    return shown[:60] + ("…" if len(shown) > 60 else "")
