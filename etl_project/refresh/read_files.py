"""A look in, its files read: the manifest of what was staged out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.engines.batch import Compression, ManifestRow, batches
from etl_project.engines.local import LocalEngine
from etl_project.limits import Limits
from etl_project.load.append import Appender
from etl_project.load.merge import parquet_list
from etl_project.refresh.look import Look, needs_every_source
from etl_project.scan.compare import FILES_TO_READ, articles_leaving, forget_source, note_read, tasks_to_read
from etl_project.scan.listing import list_again
from etl_project.sources.signature import SourceUnavailable

if TYPE_CHECKING:
    import duckdb

Report = Callable[[int, int], None]
"""Called with (files done, files in all) while batches run."""


def read_files(
    look: Look,
    limits: Limits,
    engine: LocalEngine,
    staging: Path,
    report: Report,
    appender: Appender | None = None,
) -> list[ManifestRow]:
    """Read files until every identity has an article from a file that loads: mostly once.

    A source that fails is left as it was: it is unavailable in the look, and nothing that was read of it is in the
    manifest.

    Args:
        look: what there is to do.
        limits: how much of a file may be read.
        engine: who reads.
        staging: folder for the Parquet files.
        report: told how far it is.
        appender: takes the rows of articles at once, where the tables are built from nothing.

    Raises:
        RefreshStopped: a source failed while every table was being built anew.
    """
    con = look.connection
    total, done, passes = sum(look.scan.to_read.values()), 0, 0
    manifest: dict[str, list[ManifestRow]] = {source.name: [] for source in look.sources}
    while sizes := bytes_to_read(con):
        passes += 1
        for source in (source for source in look.sources if source.name in sizes):
            tasks = tasks_to_read(con, source.name, may_defer=not look.is_rebuild)
            compression: Compression = "uncompressed" if appender else "zstd"
            work = batches(tasks, source, limits, look.clock.look_ns, staging, passes, compression)
            rows: list[ManifestRow] = []
            try:
                for row in engine.run(work, sizes[source.name]):
                    rows.append(appender.take(row) if appender else row)
                    done += row.read
                    report(done, max(done, total))
            except SourceUnavailable as error:
                if look.is_rebuild:
                    raise needs_every_source(str(error)) from error
                look.scan.unavailable[source.name] = str(error)
                forget_source(con, source.name)
                look.states.pop(source.name)
                look.states |= {name: state for name, state in look.known.items() if name == source.name}
                # What earlier passes read of it goes, too.
                del manifest[source.name]
                if appender:
                    appender.take_back(source.name)
                continue
            if appender:
                appender.append()
            files = [row.files["post_files"] for row in rows]
            note_read(con, f"SELECT source_id, path, {_OUTCOME} FROM read_parquet({parquet_list(files)})")
            manifest[source.name] += rows
    return [row for rows in manifest.values() for row in rows]


def bytes_to_read(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Add up the bytes that are to be read now: source -> bytes, where there is a file to read."""
    return dict(con.execute(f"SELECT source_id, sum(size)::BIGINT FROM ({FILES_TO_READ}) GROUP BY 1").fetchall())


_OUTCOME = "if(reason IN ('permission_denied', 'unreadable'), 'closed', status) AS status"
"""What became of a file: a rejected one that could not be opened tells nothing of the post in it."""


def note_vanished(look: Look) -> bool:
    """Count what is about to leave once more where files went, or could not be opened, when they were to be read.

    One that was only moved meanwhile is listed by now under its new path, which the next look will read.

    Returns:
        Whether any did.
    """
    con = look.connection
    lost = con.execute("SELECT DISTINCT source_id FROM candidates WHERE known_status IN ('gone', 'closed')").fetchall()
    for source in look.sources:
        if (source.name,) in lost:
            list_again(con, source)
    if lost:
        con.execute(
            "DELETE FROM listing WHERE (source_id, path) IN "
            "(SELECT (source_id, path) FROM candidates WHERE known_status = 'closed')"
        )
        look.scan.leaving = articles_leaving(con, look.sources)
    return bool(lost)


def newly_rejected(con: duckdb.DuckDBPyConnection, staged: Sequence[str], most: int = 10) -> list[str]:
    """Name files that are rejected now and were not at the last refresh, as `source/path`.

    Args:
        con: the connection of the scan, with the work file as it was.
        staged: Parquet files of what was read.
        most: how many to name.
    """
    if not staged:
        return []
    files = con.execute(
        f"""
        SELECT DISTINCT source_id || '/' || path AS file FROM read_parquet({parquet_list(staged)}) AS read
        WHERE status = 'rejected'
            AND (source_id, path) NOT IN (SELECT (source_id, path) FROM inventory WHERE status = 'rejected')
        ORDER BY file LIMIT ?
        """,
        [most],
    )
    return [file for (file,) in files.fetchall()]
