"""Cuts the files to read into batches: what an engine runs, and what it returns for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import FileTask, Signature

Compression = Literal["zstd", "uncompressed"]

BATCH_FILES = 2_000
BATCH_BYTES = 4 * 1024 * 1024
"""A batch ends at the first of the two: enough to keep Polars busy, little enough to keep memory flat."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one source to be read together."""

    number: str
    """Unique in the refresh; names the Parquet files."""
    source: PinnedSource
    limits: Limits
    tasks: tuple[FileTask, ...]
    started_ns: int
    """When the plan began, in nanoseconds since 1970-01-01T00:00Z."""
    staging: Path
    """Folder the Parquet files go to."""
    insight: Insight = field(default_factory=Insight)
    """What is made beside the tables of every refresh."""
    compression: Compression = "zstd"
    """Of the Parquet files: those that are loaded at once are not worth the time it takes."""

    def __reduce__(self) -> tuple[Any, ...]:
        # On the way to another process named tuples cost six times what plain ones do.
        rows = [(*task[:-2], tuple(task.listed), task.committed_us) for task in self.tasks]
        return _batch_of_rows, (
            self.number,
            self.source,
            self.limits,
            rows,
            self.started_ns,
            self.staging,
            self.insight,
            self.compression,
        )


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What a batch made: load exactly its files, never a glob of the folder.

    A refresh of a hundred million posts keeps 50,000 of them: paths, a dozen for each, are made when they are needed.
    """

    batch: str
    staging: Path
    """Folder of the files."""
    tables: tuple[str, ...]
    """Those with rows: each is a file."""
    read: int
    """Files that were read or tried."""
    bytes_read: int

    @property
    def files(self) -> dict[str, str]:
        """Table -> path of its Parquet file."""
        return {table: staged_path(self.staging, self.batch, table) for table in self.tables}


def staged_path(staging: Path, batch: str, table: str) -> str:
    """Path of the file that the rows of a table from a batch are staged in.

    Args:
        staging: folder of the files.
        batch: number of the batch.
        table: the table.
    """
    return f"{staging}/{batch}-{table}.parquet"


def _batch_of_rows(number: str, source: PinnedSource, limits: Limits, rows: list[tuple[Any, ...]], *rest: Any) -> Batch:
    tasks = tuple([FileTask._make((*row[:-2], Signature._make(row[-2]), row[-1])) for row in rows])
    return Batch(number, source, limits, tasks, *rest)


def batches(tasks: Iterable[list[FileTask]], first: Batch) -> Iterator[Batch]:
    """Cut the files of one source into batches.

    Args:
        tasks: the files, in lists of any length.
        first: a batch without files, which says all but the files; its number begins that of each batch.
    """

    def batch() -> Batch:
        return dataclasses.replace(first, number=f"{first.number}-{first.source.name}-{count:06}", tasks=tuple(taken))

    taken: list[FileTask] = []
    size = count = 0
    for chunk in tasks:
        for task in chunk:
            taken.append(task)
            size += task.listed.size
            if len(taken) == BATCH_FILES or size >= BATCH_BYTES:
                yield batch()
                taken, size, count = [], 0, count + 1
    if taken:
        yield batch()
