"""Works a plan off: reads its files until every identity has an article from a file that loads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.sql import parquet_rows
from etl_project.engines.batch import Batch, Compression, ManifestRow, batches
from etl_project.engines.engine import Engine
from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.load.append import Appender
from etl_project.refresh.guard import require_every_source
from etl_project.refresh.plan import RefreshPlan
from etl_project.scan.compare import (
    FILES_TO_READ,
    forget_source,
    record_read_files,
    tasks_to_read,
)
from etl_project.scan.leaving import NOTHING_READ, Leaving, articles_leaving
from etl_project.scan.listing import list_again
from etl_project.scan.source_version import SourceVersion
from etl_project.sources.signature import SourceUnavailable

if TYPE_CHECKING:
    import duckdb

REJECTED_NAMED = 10
"""Most newly rejected files that are named."""

Report = Callable[[int, int], None]
"""Called with (files done, files in all) while batches run."""

READ_OUTCOME = "if(reason IN ('permission_denied', 'unreadable', 'not_downloaded'), 'closed', status) AS status"
"""What became of a file: a rejected one that could not be opened tells nothing of the post in it."""


@dataclass(frozen=True, slots=True)
class FilesRead:
    """What reading the files of a plan gave."""

    manifest: list[ManifestRow]
    """One row for each batch, without the batches of sources that failed."""
    unavailable: dict[str, str]
    """Sources that could not be read, by the plan or now -> why. They are left as they were."""
    versions: dict[str, SourceVersion]
    """Source -> what its rows are made of: of a source that failed, what they were made of before."""
    missed: list[str]
    """Files whose bytes changed although their signature did not, as `source/path`."""
    newly_rejected: list[str]
    """Some files that are rejected and were not at the last refresh, as `source/path`."""

    def files(self) -> str:
        """Write the query of the rows of the files that were read: source_id, path, file_hash, reason."""
        if not self.manifest:
            return NOTHING_READ
        files = parquet_rows([row.files["post_files"] for row in self.manifest])
        return f"SELECT source_id, path, file_hash, reason FROM {files}"

    def staged(self) -> dict[str, list[str]]:
        """Table -> its Parquet files, in the order of batches."""
        staged: dict[str, list[str]] = {}
        for row in sorted(self.manifest, key=lambda row: row.batch):
            for table, path in row.files.items():
                staged.setdefault(table, []).append(path)
        return staged


def read_files(
    plan: RefreshPlan,
    limits: Limits,
    insight: Insight,
    engine: Engine,
    staging: Path,
    report: Report,
    appender: Appender | None = None,
) -> FilesRead:
    """Read files until every identity has an article from a file that loads: mostly once.

    A source that fails is left as it was: nothing of it is in the manifest, nor in the tables of the plan.

    Args:
        plan: what there is to do.
        limits: how much of a file may be read.
        insight: what is made beside the tables of every refresh.
        engine: runs the batches.
        staging: folder for the Parquet files.
        report: called with the progress.
        appender: takes the rows of articles at once, where the tables are built from nothing.

    Raises:
        RefreshStopped: a source failed while every table was being built anew.
    """
    con = plan.connection
    total, done, passes = sum(plan.diff.to_read.values()), 0, 0
    compression: Compression = "uncompressed" if appender else "zstd"
    manifest: dict[str, list[ManifestRow]] = {pinned.name: [] for pinned in plan.sources}
    failed: dict[str, str] = {}
    is_some_out = True
    while is_some_out and (sizes := bytes_to_read(con)):
        passes, is_some_out = passes + 1, False
        for pinned in (pinned for pinned in plan.sources if pinned.name in sizes):
            tasks = tasks_to_read(con, pinned.name, may_defer=not plan.is_rebuild)
            first = Batch(f"{passes:03}", pinned, limits, (), plan.clock.started_ns, staging, insight, compression)
            rows: list[ManifestRow] = []
            try:
                for row in engine.run(batches(tasks, first), sizes[pinned.name]):
                    left = appender.take(row.files, row.read) if appender else row.files
                    rows.append(dataclasses.replace(row, tables=tuple(left)))
                    done += row.read
                    report(done, max(done, total))
            except SourceUnavailable as error:
                if plan.is_rebuild:
                    require_every_source({pinned.name: str(error)})
                failed[pinned.name] = str(error)
                forget_source(con, pinned.name)
                # What earlier passes read of it is dropped, too.
                del manifest[pinned.name]
                if appender:
                    appender.take_back(pinned.name)
                continue
            if appender:
                appender.append()
            files = parquet_rows([row.files["post_files"] for row in rows])
            is_some_out |= record_read_files(con, f"SELECT source_id, path, {READ_OUTCOME} FROM {files}")
            manifest[pinned.name] += rows
    all_rows = [row for rows in manifest.values() for row in rows]
    return FilesRead(
        manifest=all_rows,
        unavailable=plan.diff.unavailable | failed,
        versions={name: version for name, version in plan.versions.items() if name not in failed}
        | {name: version for name, version in plan.known.items() if name in failed},
        # Files of a source that failed were not read.
        missed=[file for file in plan.diff.missed if file.partition("/")[0] not in failed],
        newly_rejected=_newly_rejected(
            con, [row.files["post_files"] for row in all_rows if "rejected_files" in row.tables]
        ),
    )


def bytes_to_read(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Add up the bytes of the files to read: source -> bytes, where there is a file to read."""
    return dict(con.execute(f"SELECT source_id, sum(size)::BIGINT FROM ({FILES_TO_READ}) GROUP BY 1").fetchall())


def count_leaving_again(plan: RefreshPlan, read: str) -> dict[str, Leaving]:
    """Count once more the articles about to leave, now that it is known what the files hold.

    A file that only moved meanwhile is listed under its new path by now, and the next plan will read it.

    Args:
        plan: the plan that was worked off.
        read: query of the rows of the files that were read: source_id, path, file_hash, reason.

    Returns:
        Source -> articles about to leave; nothing where no file is lost.
    """
    con = plan.connection
    lost = con.execute(
        """
        SELECT source_id, bool_or(known_status = 'gone') FROM listed_files AS l
        WHERE is_read AND known_status IN ('gone', 'closed', 'rejected') GROUP BY 1
        """
    ).fetchall()
    if not (lost and plan.generation):
        return {}
    listed_again = [name for name, is_gone in lost if is_gone]
    for pinned in plan.sources:
        if pinned.name in listed_again:
            list_again(con, pinned)
    return articles_leaving(con, plan.sources, read, listed_again)


def _newly_rejected(con: duckdb.DuckDBPyConnection, staged: Sequence[str]) -> list[str]:
    """Name files that are rejected now and were not at the last refresh, as `source/path`.

    Args:
        con: the connection of the plan, with the inventory as it was.
        staged: Parquet files of staged rows of `post_files`, of the batches that rejected some file.
    """
    if not staged:
        return []
    files = con.execute(
        f"""
        SELECT DISTINCT source_id || '/' || path AS file FROM {parquet_rows(staged)} AS read
        WHERE status = 'rejected'
            AND (source_id, path) NOT IN (SELECT (source_id, path) FROM inventory WHERE status = 'rejected')
        ORDER BY file LIMIT ?
        """,
        [REJECTED_NAMED],
    )
    return [file for (file,) in files.fetchall()]
