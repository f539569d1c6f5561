"""What is wrong with an etl.toml, in sentences that name the line."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError

from etl_project.checks.thresholds import Thresholds
from etl_project.dialects import DIALECTS
from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.settings.tables import (
    MOST_NAME_BYTES,
    AlertSettings,
    EngineSettings,
    ReportSettings,
    ScheduleSettings,
    Settings,
    WarehouseSettings,
)
from etl_project.settings.wrong_values import describe_wrong_value
from etl_project.sources.location import Bucket, is_objects_address
from etl_project.sources.paths import name_bytes, name_text
from etl_project.sources.source import MentionRule, Rule, Source, place_problem

_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")
"""What stands for a byte of a name that is not UTF-8."""


def source_problems(settings: Settings, file: Path, text: str) -> Iterable[str]:
    """Sentences about sources that cannot be used together, or hold what no type forbids.

    Args:
        settings: the settings, each value of its type.
        file: the settings file, to be named.
        text: what is in it, to find lines.
    """
    seen: dict[str, int] = {}
    for index, source in enumerate(settings.sources):

        def where(key: str, index: int = index) -> str:
            return f"{file}, line {line_of(text, ('source', index, key))}"

        if source.name in seen:
            yield (
                f"{where('name')}: two sources are named {source.name!r} (the other in line "
                f"{line_of(text, ('source', seen[source.name], 'name'))}); give each its own name."
            )
        seen.setdefault(source.name, index)
        if source.renamed_from is not None:
            yield from _rename_problems(settings, index, file, text)
        yield from (f"{where('name')}: {problem}." for problem in _name_problems(source.name))
        if "\0" in str(source.location):
            yield f"{where('location')}: the location holds a NUL character; write a folder or a git address."
        elif problem := place_problem(source):
            key, what = problem
            yield f"{where(key)}: {what}."
        if source.dialect not in DIALECTS:
            yield (
                f"{where('dialect')}: there is no dialect {source.dialect!r}"
                f"{_nearest(source.dialect, DIALECTS)} The dialects are {', '.join(sorted(DIALECTS))}."
            )
        try:
            ZoneInfo(source.time_zone)
        except (KeyError, ValueError, OSError):
            yield (
                f"{where('time_zone')}: {source.time_zone!r} is no time zone"
                f"{_nearest(source.time_zone, available_timezones())} Write an IANA name such as 'Asia/Shanghai'."
            )
        for encoding in source.encodings:
            try:
                "".encode(encoding)
            except LookupError:
                yield f"{where('encodings')}: there is no encoding {encoding!r}; write one such as 'gb18030'."
        if source.rules or source.mentions:
            # Imported where there are rules to try.
            from etl_project.extract.body.rules import RuleBook

            try:
                RuleBook(source.rules, source.mentions)
            except ValueError as error:
                yield f"{where('rules')}: {error}."


def path_problems(settings: Settings, file: Path, text: str) -> Iterable[str]:
    """Sentences about places that the libraries which open files there cannot name.

    DuckDB 2.0 writes its log beside another folder where a path holds `?`, takes a backslash for a slash, and opens no
    path that is not UTF-8; it follows links first. SQLAlchemy takes what follows `?` for options of the connection.

    Args:
        settings: the settings, paths resolved.
        file: the settings file, to be named.
        text: what is in it, to find lines.
    """
    path = settings.warehouse.path
    by = f"{file}, line {line_of(text, ('warehouse', 'path'))}: warehouse.path"
    by = "ETL_WAREHOUSE" if os.environ.get("ETL_WAREHOUSE") else by
    yield from _place_problems(path, by, "DuckDB", "?\\")
    yield from _published_problems(path, by)
    if location := settings.warehouse.location:
        by = f"{file}, line {line_of(text, ('warehouse', 'location'))}: warehouse.location"
        yield from _place_problems(Path(location), by, "Delta Lake", "%\\")
    if settings.warehouse.kind == "lake" and not settings.warehouse.location:
        yield (
            f"{file}, line {line_of(text, ('warehouse', 'kind'))}: a lake needs a place; add warehouse.location, a "
            "folder or a bucket such as 's3://bucket/lake'."
        )
    if settings.warehouse.kind == "file" and settings.warehouse.location:
        yield (
            f"{file}, line {line_of(text, ('warehouse', 'location'))}: warehouse.location is the place of a lake, and "
            'this warehouse is a file; add kind = "lake", or take the location out.'
        )
    yield from _lake_on_cluster_problems(settings, file, text)
    if os.environ.get("DAGSTER_HOME"):
        yield from _place_problems(settings.dagster_home.absolute(), "DAGSTER_HOME", "Dagster", "?")


def _lake_on_cluster_problems(settings: Settings, file: Path, text: str) -> Iterable[str]:
    """The machines of a cluster do the parts of a lake: they reach what is in a bucket, and no disk of this machine."""
    if settings.warehouse.kind != "lake" or settings.engine.kind != "ray" or not settings.engine.address:
        return
    if settings.warehouse.location and not is_objects_address(settings.warehouse.location):
        yield (
            f"{file}, line {line_of(text, ('warehouse', 'location'))}: the machines of a cluster write the files of a "
            "lake; put it into a bucket they reach, such as 's3://bucket/lake'."
        )
    for index, source in enumerate(settings.sources):
        if not isinstance(source.location, Bucket):
            yield (
                f"{file}, line {line_of(text, ('source', index, 'location'))}: the machines of a cluster read the "
                'posts of a lake, and only those of a bucket; put them into one, or take [engine] kind = "local".'
            )


def _published_problems(path: Path, set_by: str) -> Iterable[str]:
    """What is wrong with the published file, which takes the place of whatever has its name."""
    try:
        mode = path.stat().st_mode
    except OSError:  # not there yet; or whoever opens it says why it cannot be reached
        mode = stat.S_IFREG
    if stat.S_ISDIR(mode):
        yield f"{set_by} = '{path}' is a folder; write the name of a file, such as 'posts.duckdb', after it."
    elif not stat.S_ISREG(mode):
        yield f"{set_by} = '{path}' is a device or a pipe, which would be replaced; write the path of a file."
    elif path.stem.endswith(".previous") and not os.environ.get("ETL_WAREHOUSE"):  # by which people ask that file
        other = path.with_name(f"{path.stem.removesuffix('.previous')}{path.suffix}")
        yield f"{set_by} = '{path}' is the name of what was published before as {other.name}; write another."


def _place_problems(path: Path, set_by: str, library: str, signs: str) -> Iterable[str]:
    real = os.path.realpath(path)
    found = [repr(sign) if sign != "\\" else "a backslash" for sign in signs if sign in f"{path}{real}"]
    # A process whose locale has no letters but ASCII sees all others so, and names the same bytes.
    if _NOT_UTF8.search(real) and _NOT_UTF8.search(name_text(os.fsencode(real))):
        found.append("bytes that are not UTF-8")
    if found:
        shown = name_bytes(str(path)).decode("utf-8", "backslashreplace")
        led = "" if real == str(path) else ", with its links followed,"
        yield (
            f"{set_by} = '{shown}'{led} holds {' and '.join(found)}, which {library} cannot open in a path. Rename "
            "that folder or file, or name another place."
        )


def _name_problems(name: str) -> Iterable[str]:
    """What is wrong with the name of a source, which is also the name of a folder of exported files."""
    if not re.fullmatch(r"[\w.-]+", name):
        yield f"the name {name!r} may only hold letters, digits, '_', '-' and '.'"
    elif not name.strip("."):
        yield f"the name {name!r} is that of a folder everywhere; write a letter or digit in it"
    elif len(name.encode()) > MOST_NAME_BYTES:
        yield f"the name that begins with {name[:20]!r} is longer than {MOST_NAME_BYTES} bytes; shorten it"


def _rename_problems(settings: Settings, index: int, file: Path, text: str) -> Iterable[str]:
    old = settings.sources[index].renamed_from
    where = f"{file}, line {line_of(text, ('source', index, 'renamed_from'))}"
    for other, source in enumerate(settings.sources):
        if source.name == old:
            yield (
                f"{where}: renamed_from = {old!r} names a source that is still there (line "
                f"{line_of(text, ('source', other, 'name'))}); take this key out, or that source."
            )
        elif other < index and source.renamed_from == old:
            yield (
                f"{where}: two sources say that they were {old!r} (the other in line "
                f"{line_of(text, ('source', other, 'renamed_from'))}); leave the key with the one that has its posts."
            )


def _nearest(wrong: str, right: Iterable[str]) -> str:
    lower = {name.lower(): name for name in right}
    near = difflib.get_close_matches(wrong.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean {lower[near[0]]!r}?" if near else "."


def unknown_setting(location: tuple[str | int, ...], file: Path, text: str) -> str:
    """Sentence about a setting that does not exist, with the nearest one that does."""
    known = _keys_at(location[:-1])
    return (
        f"{file}, line {line_of(text, location)}: there is no setting {_dotted_name(location)!r}"
        f"{_nearest(str(location[-1]), known)} The settings here are {', '.join(known)}."
    )


def _dotted_name(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location if not isinstance(part, int))


def sentences(error: ValidationError, file: Path, text: str) -> Iterable[str]:
    """Sentences about values that have the wrong type, are out of bounds or are missing."""
    for problem in error.errors():
        location = tuple(problem["loc"])
        name = _dotted_name(location)
        where = f"{file}, line {line_of(text, location)}"
        if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            yield unknown_setting(location, file, text)
        elif problem["type"] in ("missing", "missing_argument"):
            yield f"{where}: the setting {name!r} is missing; add it."
        elif problem["type"] == "value_error":
            yield f"{where}: {problem['msg'].removeprefix('Value error, ')}."
        else:
            yield f"{where}: {describe_wrong_value(name, problem)}."


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """Names of the settings allowed at a place, in the order they are declared."""
    names = tuple(part for part in location if not isinstance(part, int))
    if not names:
        return ["warehouse", "schedule", "alerts", "insight", "engine", "report", "limits", "checks", "source"]
    if names == ("warehouse",):
        return list(WarehouseSettings.model_fields)
    if names == ("schedule",):
        return list(ScheduleSettings.model_fields)
    if names == ("alerts",):
        return list(AlertSettings.model_fields)
    if names == ("engine",):
        return list(EngineSettings.model_fields)
    if names == ("report",):
        return list(ReportSettings.model_fields)
    kinds: dict[tuple[str, ...], type] = {
        ("insight",): Insight,
        ("limits",): Limits,
        ("checks",): Thresholds,
        ("source",): Source,
        ("source", "rules"): Rule,
        ("source", "mentions"): MentionRule,
    }
    return [field.name for field in dataclasses.fields(kinds[names]) if field.init] if names in kinds else []


def line_of(text: str, location: tuple[str | int, ...]) -> int:
    """Line of a setting in a TOML text, from 1.

    Args:
        text: the settings file.
        location: keys and list positions, as pydantic reports them: `("source", 1, "time_zone")`.

    Returns:
        The line of the key; of its table where the key is not written; 1 where neither is.
    """
    lines = text.split("\n")
    start, best = 0, 1
    path: list[str] = []
    rest = list(location)
    while rest:
        key = str(rest.pop(0))
        count = rest.pop(0) if rest and isinstance(rest[0], int) else 0
        path.append(key)
        header = re.compile(r"\s*\[\[?\s*" + r"\s*\.\s*".join(map(re.escape, path)) + r"\s*\]\]?")
        found = [i for i in range(start, len(lines)) if header.match(lines[i])]
        if len(found) > int(count):
            start = found[int(count)]
            best = start + 1
            continue
        assignment = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
        for i in range(start, len(lines)):
            if i > start and lines[i].lstrip().startswith("["):
                break
            if assignment.match(lines[i]):
                return i + 1
        break
    return best
