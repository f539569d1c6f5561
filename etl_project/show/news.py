"""What was found in the files, by kind: what is new since the file before, and what stands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
from rich.console import Console
from rich.text import Text

from etl_project.database.delta_views import scans_of
from etl_project.database.opening import NO_DOWNLOADS
from etl_project.database.publish import Published
from etl_project.database.sql import quoted
from etl_project.errors import UserError
from etl_project.reasons import SUGGESTIONS, WARNINGS
from etl_project.show.console import count_of, print_hanging


class Finding(NamedTuple):
    """A kind of warning or rejection."""

    code: str
    files: int
    """Files that have it now."""
    new: int
    """Those of them that did not have it before."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What stands in the published file, beside the file before it."""

    warnings: list[Finding]
    rejected: list[Finding]
    half_written: int
    """Files whose last good row is kept for now."""
    is_first: bool
    """There is no file before it to compare with: nothing is called new."""


_WARNED = "SELECT source_id, path, unnest(list_distinct(warnings)) AS code FROM {file}.post_files"
_REJECTED = "SELECT source_id, path, reason AS code FROM {file}.rejected_files"
_NONE = "SELECT NULL::VARCHAR AS source_id, NULL::VARCHAR AS path, NULL::VARCHAR AS code WHERE false"

_COUNT = """
SELECT code, count(*) AS files, count(*) FILTER (WHERE before.code IS NULL) AS new
FROM ({now}) LEFT JOIN ({before}) AS before USING (source_id, path, code)
GROUP BY code ORDER BY files DESC, code
"""


def findings_of(published: Published, before: Path) -> Findings:
    """Count warnings and rejections after a publication.

    Args:
        published: the publication.
        before: the file that was published before, where there was one.

    Raises:
        duckdb.Error, LakeUnavailable: the published file cannot be read.
    """
    if published.generation == 1 or not before.exists():
        return read_findings(published.path, None)
    return read_findings(published.path, before if published.is_new else published.path)


def read_findings(published: Path, before: Path | None) -> Findings:
    """Count warnings and rejections.

    Args:
        published: the published file.
        before: the one before it; None where there is none. The published file itself where it was left as it is.

    Raises:
        duckdb.Error, LakeUnavailable: the published file cannot be read. One before it that cannot is as if there were
            none.
    """
    if before is not None:
        with suppress(duckdb.Error, UserError):
            return _read(published, before)
    return _read(published, None)


def _read(published: Path, before: Path | None) -> Findings:
    with duckdb.connect(config=NO_DOWNLOADS) as con:
        for name, file in (("now", published), ("before", before)):
            if file is not None and not (name == "before" and file == published):
                con.execute(f"ATTACH {quoted(file)} AS {name} (READ_ONLY, TYPE duckdb)")
        if scans := scans_of(con):
            from etl_project.lake.connect import stand_in

            stand_in(con, scans)
        other = "now" if before == published else "before"
        return findings_in(con, "now", other if before else None)


def findings_in(con: duckdb.DuckDBPyConnection, now: str, before: str | None = None) -> Findings:
    """Count warnings and rejections in a database, or schema, of a connection.

    Args:
        con: the connection.
        now: name of the database with the tables.
        before: name of the one with the tables before; none by default.
    """
    half_written = con.execute(f"SELECT count(*) FROM {now}.post_files WHERE is_deferred").fetchone()
    assert half_written is not None, "an aggregate without GROUP BY has one row"
    warnings, rejected = (
        [Finding(*row) for row in con.execute(_COUNT.format(now=rows.format(file=now), before=earlier)).fetchall()]
        for rows in (_WARNED, _REJECTED)
        for earlier in [rows.format(file=before) if before else _NONE]
    )
    return Findings(warnings, rejected, half_written[0], is_first=before is None)


def show_findings(found: Findings, console: Console) -> None:
    """Print what was found: every kind at the first refresh, later those with files that are new.

    Args:
        found: the findings.
        console: the console to print to.
    """
    _show_kinds("Loaded with warnings", found.warnings, found, "yellow", console)
    if found.half_written:
        rows = "its last good row is" if found.half_written == 1 else "their last good rows are"
        files = count_of(found.half_written, "file was", "files were")
        console.print(f"\n{files} read while being written: {rows} kept for now.")
    _show_kinds("Rejected", found.rejected, found, "red", console)


def _show_kinds(title: str, kinds: list[Finding], found: Findings, style: str, console: Console) -> None:
    shown = [kind for kind in kinds if found.is_first or kind.new]
    if not shown:
        return
    console.print(Text(f"\n{title}" if found.is_first else f"\n{title}, new", style="bold"))
    width = max(len(kind.code) for kind in shown)
    for kind in shown:
        number = f"{kind.files:,}" if found.is_first else f"+{kind.new:,}"
        first = Text.assemble(f"  {number:>6}  ", (f"{kind.code:<{width}}", style), "  ")
        print_hanging(console, first, Text(WARNINGS.get(kind.code) or SUGGESTIONS.get(kind.code, "")))


def standing_in_words(found: Findings) -> str:
    """Say what stands as it did in the file before; empty where nothing does."""
    if found.is_first:
        return ""
    warnings = [f"{kind.files - kind.new:,} {kind.code}" for kind in found.warnings if kind.files > kind.new]
    rejected = [f"{kind.files - kind.new:,} {kind.code}" for kind in found.rejected if kind.files > kind.new]
    return "; ".join(
        f"{name} {', '.join(kinds)}" for name, kinds in (("warnings", warnings), ("rejected", rejected)) if kinds
    )
