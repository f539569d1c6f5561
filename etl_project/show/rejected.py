"""List the rejected files with reason and suggestion, and export their bytes for repair."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from etl_project.show.console import safe
from etl_project.show.query import published_tables
from etl_project.sources.paths import unescape_path


def show_rejected(published: Path, source: str | None, console: Console) -> None:
    """Print every rejected file with its reason, line and what to do about it.

    Args:
        published: the published file.
        source: only the files of this source; by default of all.
        console: the console to print to.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        OtherVersion: its tables are those of another version.
    """
    with published_tables(published) as con:
        rows = con.execute(
            """
            SELECT source_id, path, line, reason, message, suggestion FROM rejected_files
            WHERE source_id = coalesce($source, source_id) ORDER BY source_id, path
            """,
            {"source": source},
        ).fetchall()
    if not rows:
        console.print("No file is rejected.")
        return
    for source_id, path, line, reason, message, suggestion in rows:
        where = safe(path, "bold")
        where.append(f", line {line}" if line else "", style="bold")
        where.append(f"  ({source_id})", style="dim")
        console.print(where)
        console.print(Text("  ").append_text(safe(reason, "red")).append(": ").append_text(safe(message)))
        console.print(Text("  ").append_text(safe(suggestion, "green")))
    console.print(
        f"{len(rows):,} rejected. A repaired file leaves this list at the next refresh; "
        "--export DIR writes the files below a folder.",
        style="dim",
    )


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
        OSError: the folder cannot be written.
    """
    written, skipped = 0, []
    with published_tables(published) as con:
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
