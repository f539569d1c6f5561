"""One batch of files in, Parquet files of its rows and one manifest row out: the work every engine hands out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from etl_project.extract.limits import Limits
from etl_project.extract.posts import FILES, REJECTED, FileTask, PostReader
from etl_project.sources.source import Source
from etl_project.transform.articles import article_bodies, articles
from etl_project.transform.links import article_headings, article_links, article_mentions
from etl_project.transform.metrics import article_metrics
from etl_project.transform.terms import article_authors, article_categories, article_tags

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


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What a batch made: load exactly these files, never a glob of the folder."""

    batch: str
    files: dict[str, str]
    """Table -> path of its Parquet file; only tables with rows."""
    read: int
    """Files that were read or tried."""
    bytes_read: int


def batches(
    tasks: Iterable[list[FileTask]], source: Source, limits: Limits, look_ns: int, staging: Path, number: int
) -> Iterator[Batch]:
    """Cut the files of one source into batches.

    Args:
        tasks: the files, in lists of any length.
        source: their source.
        limits: how much of a file may be read.
        look_ns: when the look began, nanoseconds since the epoch.
        staging: folder for the Parquet files.
        number: number of the pass over the source; later passes replace what earlier ones said of a file.
    """
    taken: list[FileTask] = []
    size = count = 0
    for chunk in tasks:
        for task in chunk:
            taken.append(task)
            size += task.listed.size
            if len(taken) == BATCH_FILES or size >= BATCH_BYTES:
                yield Batch(f"{number:03}-{source.name}-{count:06}", source, limits, tuple(taken), look_ns, staging)
                taken, size, count = [], 0, count + 1
    if taken:
        yield Batch(f"{number:03}-{source.name}-{count:06}", source, limits, tuple(taken), look_ns, staging)


def run_batch(batch: Batch) -> ManifestRow:
    """Read, transform and stage one batch.

    Raises:
        SourceUnavailable: the device or mount of the source failed.
    """
    reader = _reader(batch.source, batch.limits)
    files, posts, rejected = reader.read_batch(batch.tasks, batch.look_ns)
    return _stage(batch, {"post_files": files, "rejected_files": rejected, **normalized(posts, batch.source)})


def normalized(posts: pl.DataFrame, source: Source) -> dict[str, pl.DataFrame]:
    """The frame of every table that holds articles, from the posts frame of one source."""
    if posts.is_empty():
        return {}
    site_host = urlsplit(source.url).hostname if source.url else None
    tables: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "articles": lambda posts: articles(posts, source.time_zone),
        "article_bodies": article_bodies,
        "article_categories": article_categories,
        "article_tags": article_tags,
        "article_authors": article_authors,
        "article_links": lambda posts: article_links(posts, site_host),
        "article_headings": article_headings,
        "article_mentions": article_mentions,
        "article_metrics": article_metrics,
    }
    return {name: table(posts) for name, table in tables.items()}


def reject_killer(batch: Batch) -> ManifestRow:
    """Stage the rejection of the one file of a batch that ends the process of whoever reads it."""
    (task,) = batch.tasks
    message = "reading this file ended the process that read it"
    file = {
        "source_id": batch.source.name,
        "path": task.path,
        "size": task.listed.size,
        "reason": "crashed_parser",
    }
    status = {
        **file, "status": "rejected", "article_id": task.article_id, "is_shadowed": False, "warnings": [],
        "mtime_ns": task.listed.mtime_ns, "ctime_ns": task.listed.ctime_ns, "inode": task.listed.inode,
        "is_young": False,
    }  # fmt: skip
    rejected = {**file, "message": message, "suggestion": "Exclude the file in etl.toml and report it."}
    return _stage(
        batch,
        {
            "post_files": pl.DataFrame([status], schema=FILES),
            "rejected_files": pl.DataFrame([rejected], schema=REJECTED),
        },
    )


def _stage(batch: Batch, frames: dict[str, pl.DataFrame]) -> ManifestRow:
    paths = {}
    for table, frame in frames.items():
        if frame.is_empty():
            continue
        path = batch.staging / f"{batch.number}-{table}.parquet"
        unfinished = path.with_suffix(".tmp")
        frame.write_parquet(unfinished, compression="zstd", compression_level=1, statistics=False)
        unfinished.rename(path)
        paths[table] = str(path)
    return ManifestRow(batch.number, paths, len(batch.tasks), int(frames["post_files"]["size"].sum()))


@functools.lru_cache(maxsize=16)
def _reader(source: Source, limits: Limits) -> PostReader:
    return PostReader(source, limits)
