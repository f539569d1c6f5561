"""List the rejected files with reason and suggestion, and export their bytes for repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.text import Text

from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import count_of, print_hanging, safe
from etl_project.show.query import published_tables
from etl_project.sources.paths import unescape_path


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """A rejected file, why, and what to do."""

    source: str
    path: str
    line: int | None
    reason: str
    message: str
    suggestion: str


class UnknownSource(UserError):
    """A source is asked for that the warehouse does not have."""

    exit_code = BAD_USAGE


def read_rejected(published: Path, source: str | None) -> list[RejectedFile]:
    """Read the rejected files, by source and path.

    Args:
        published: the published file.
        source: only the files of this source; by default of all.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        OtherVersion: its tables are those of another version.
        UnknownSource: there is no source of that name.
    """
    with published_tables(published) as con:
        _require_source(con, source)
        rows = con.execute(
            """
            SELECT source_id, path, line, reason, message, suggestion FROM rejected_files
            WHERE source_id = coalesce($source, source_id) ORDER BY source_id, path
            """,
            {"source": source},
        ).fetchall()
    return [RejectedFile(*row) for row in rows]


def show_rejected(files: Sequence[RejectedFile], console: Console) -> None:
    """Print every rejected file with its reason, line and what to do about it.

    Args:
        files: the rejected files.
        console: the console to print to.
    """
    if not files:
        console.print("No file is rejected.")
        return
    for file in files:
        where = safe(file.path, "bold")
        where.append(f", line {file.line}" if file.line else "", style="bold")
        where.append(f"  ({file.source})", style="dim")
        console.print(where)
        print_hanging(console, Text("  "), safe(file.reason, "red").append(": ").append_text(safe(file.message)))
        print_hanging(console, Text("  "), safe(file.suggestion, "green"))
    console.print(
        f"{count_of(len(files), 'file is', 'files are')} rejected. A repaired file leaves this list at the next "
        "refresh; --export DIR writes the files below a folder.",
        style="dim",
    )


def _require_source(con: duckdb.DuckDBPyConnection, source: str | None) -> None:
    if source is None:
        return
    names = [name for (name,) in con.execute("SELECT source_id FROM sources ORDER BY 1").fetchall()]
    if source not in names:
        raise UnknownSource(f"there is no source {source!r} in the warehouse; the sources are {', '.join(names)}.")


def export_rejected(published: Path, source: str | None, folder: Path) -> tuple[int, list[str]]:
    """Write the rejected files below a folder, as `<source>/<path>`, for repair.

    Existing files are not overwritten. A path that would leave the folder is not written.

    Args:
        published: the published file.
        source: only the files of this source; by default of all.
        folder: where the files are written.

    Returns:
        Number of files written, and `<source>/<path>` of those that were not written, because their bytes were too
        large to be kept or unreadable, or because there is a file of that name.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        OtherVersion: its tables are those of another version.
        UnknownSource: there is no source of that name.
        OSError: the folder cannot be written.
    """
    written, skipped = 0, []
    with published_tables(published) as con:
        _require_source(con, source)
        rows = con.execute(
            """
            SELECT source_id, path, bytes FROM rejected_files
            WHERE source_id = coalesce($source, source_id) ORDER BY source_id, path
            """,
            {"source": source},
        )
        while row := rows.fetchone():
            source_id, path, data = row
            # As text: a path that begins with a slash would be one of its own.
            relative = unescape_path(path).decode("utf-8", "surrogateescape")
            parts = Path(f"{source_id}/{relative}").parts
            target = folder.joinpath(*parts)
            if data is None or ".." in parts or target.exists():
                skipped.append(f"{source_id}/{path}")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            written += 1
    return written, skipped
