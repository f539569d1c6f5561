"""Files to read, cut into batches: the work every engine hands out, and what it gets back for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from etl_project.limits import Limits
from etl_project.sources.signature import FileTask, Signature
from etl_project.sources.source import Source

Compression = Literal["zstd", "uncompressed"]

BATCH_FILES = 2_000
BATCH_BYTES = 4 * 1024 * 1024
"""A batch ends at the first of the two: enough to keep Polars busy, little enough to keep memory flat."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one source to be read together."""

    number: str
    """Unique in the refresh; names the Parquet files."""
    source: Source
    limits: Limits
    tasks: tuple[FileTask, ...]
    look_ns: int
    """When the look began, nanoseconds since the epoch."""
    staging: Path
    """Folder the Parquet files go to."""
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
            self.look_ns,
            self.staging,
            self.compression,
        )


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What a batch made: load exactly these files, never a glob of the folder."""

    batch: str
    files: dict[str, str]
    """Table -> path of its Parquet file; only tables with rows."""
    read: int
    """Files that were read or tried."""
    bytes_read: int


def _batch_of_rows(number: str, source: Source, limits: Limits, rows: list[tuple[Any, ...]], *rest: Any) -> Batch:
    tasks = tuple([FileTask._make((*row[:-2], Signature._make(row[-2]), row[-1])) for row in rows])
    return Batch(number, source, limits, tasks, *rest)


def batches(
    tasks: Iterable[list[FileTask]],
    source: Source,
    limits: Limits,
    look_ns: int,
    staging: Path,
    number: int,
    compression: Compression = "zstd",
) -> Iterator[Batch]:
    """Cut the files of one source into batches.

    Args:
        tasks: the files, in lists of any length.
        source: their source.
        limits: how much of a file may be read.
        look_ns: when the look began, nanoseconds since the epoch.
        staging: folder for the Parquet files.
        number: number of the pass over the source; later passes replace what earlier ones said of a file.
        compression: of the Parquet files.
    """

    def batch() -> Batch:
        name = f"{number:03}-{source.name}-{count:06}"
        return Batch(name, source, limits, tuple(taken), look_ns, staging, compression)

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


# Polars and the parsers are imported where batches are run, not where they are handed out.


def run_batch(batch: Batch) -> ManifestRow:
    """Read, transform and stage one batch.

    Raises:
        SourceUnavailable: the device or mount of the source failed.
    """
    from etl_project.engines.stage import stage_posts

    return stage_posts(batch)


def reject_killer(batch: Batch) -> ManifestRow:
    """Stage the rejection of the one file of a batch that ends the process of whoever reads it."""
    from etl_project.engines.stage import stage_killer

    return stage_killer(batch)
