"""What a refresh found in the files: warnings and rejections that are new first, those that stand in one line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
from rich.console import Console
from rich.text import Text

from etl_project.database.sql import quoted
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


def read_findings(published: Path, before: Path | None) -> Findings:
    """Count warnings and rejections.

    Args:
        published: the published file.
        before: the one before it; None where there is none, or the same generation was published again.

    Raises:
        duckdb.Error: the published file cannot be read. One before it that cannot is as if there were none.
    """
    with duckdb.connect() as con:
        con.execute(f"ATTACH {quoted(published)} AS now (READ_ONLY, TYPE duckdb)")
        half_written = con.execute("SELECT count(*) FROM now.post_files WHERE is_deferred").fetchone()
        assert half_written is not None, "an aggregate without GROUP BY has one row"
        if before is not None:
            try:
                con.execute(f"ATTACH {quoted(before)} AS before (READ_ONLY, TYPE duckdb)")
                found = [_count(con, rows, rows.format(file="before")) for rows in (_WARNED, _REJECTED)]
                return Findings(found[0], found[1], half_written[0], is_first=False)
            except duckdb.Error:
                pass
        found = [_count(con, rows, _NONE) for rows in (_WARNED, _REJECTED)]
        return Findings(found[0], found[1], half_written[0], is_first=True)


def _count(con: duckdb.DuckDBPyConnection, rows: str, before: str) -> list[Finding]:
    return [Finding(*row) for row in con.execute(_COUNT.format(now=rows.format(file="now"), before=before)).fetchall()]


def show_findings(found: Findings, console: Console) -> None:
    """Print what was found: every kind at the first refresh, later the new ones, and the others in one line.

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
    if not found.is_first and (standing := _standing_in_words(found)):
        console.print(Text(f"\nAs before: {standing}.", style="dim"))


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


def _standing_in_words(found: Findings) -> str:
    warnings = [f"{kind.files - kind.new:,} {kind.code}" for kind in found.warnings if kind.files > kind.new]
    rejected = [f"{kind.files - kind.new:,} {kind.code}" for kind in found.rejected if kind.files > kind.new]
    return "; ".join(
        f"{name} {', '.join(kinds)}" for name, kinds in (("warnings", warnings), ("rejected", rejected)) if kinds
    )
