"""Reads, transforms and stages one batch as Parquet files: what a worker does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from etl_project.engines.batch import Batch, Compression, ManifestRow, staged_path
from etl_project.extract.frames import FILES, REJECTED
from etl_project.extract.posts import PostReader
from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source
from etl_project.transform.article_words import WORDS, article_words
from etl_project.transform.articles import article_bodies, articles
from etl_project.transform.link_keys import LINK_KEYS, link_keys
from etl_project.transform.links import article_headings, article_links, article_mentions
from etl_project.transform.metrics import article_metrics
from etl_project.transform.search_text import fold, search_text
from etl_project.transform.sketches import SKETCHES, article_sketches
from etl_project.transform.terms import article_authors, article_categories, article_tags


def run_batch(batch: Batch) -> ManifestRow:
    """Read, transform and stage one batch.

    Raises:
        SourceUnavailable: the device or mount of the source failed.
    """
    return _write_parquet(batch, read_tables(batch))


def read_tables(batch: Batch) -> dict[str, pl.DataFrame]:
    """Read and transform one batch: table -> its rows, some without any.

    Raises:
        SourceUnavailable: the device or mount of the source failed.
    """
    reader = _reader(batch.source, batch.limits)
    files, posts, rejected = reader.read_batch(batch.tasks, batch.started_ns, batch.source.place)
    return {"post_files": files, "rejected_files": rejected, **normalize(posts, batch.source.source, batch.insight)}


def normalize(posts: pl.DataFrame, source: Source, insight: Insight) -> dict[str, pl.DataFrame]:
    """Make the frame of every table of articles from the posts frame of one source."""
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
    if insight.search:
        tables["search_text"] = search_text
    if insight.stories:
        tables[SKETCHES] = article_sketches
    if insight.search or insight.stories:
        posts = fold(posts)
    if insight.terms:
        tables[WORDS] = article_words
    made = {name: table(posts) for name, table in tables.items()}
    if insight.links:
        made[LINK_KEYS] = link_keys(posts, made["article_links"], source)
    return made


def reject_killer(batch: Batch) -> ManifestRow:
    """Stage the rejection of the one file of a batch that ends the process of whoever reads it."""
    (task,) = batch.tasks
    message = "reading this file ended the process that read it"
    file = {
        "source_id": batch.source.name,
        "path": task.path,
        "reason": "crashed_parser",
    }
    status = {
        **file, "status": "rejected", "article_id": task.article_id, "is_shadowed": False, "warnings": [],
        **task.listed._asdict(), "is_young": False,
    }  # fmt: skip
    rejected = {
        **file,
        "size": task.listed.size,
        "message": message,
        "suggestion": "Exclude the file in etl.toml and report it.",
    }
    return _write_parquet(
        batch,
        {
            "post_files": pl.DataFrame([status], schema=FILES),
            "rejected_files": pl.DataFrame([rejected], schema=REJECTED),
        },
    )


def _write_parquet(batch: Batch, frames: dict[str, pl.DataFrame]) -> ManifestRow:
    tables = []
    for table, frame in frames.items():
        if frame.is_empty():
            continue
        path = Path(staged_path(batch.staging, batch.number, table))
        unfinished = path.with_suffix(".tmp")
        write_rows(frame, unfinished, batch.compression)
        unfinished.rename(path)
        tables.append(table)
    return ManifestRow(batch.number, batch.staging, tuple(tables), len(batch.tasks), bytes_read(frames))


def write_rows(frame: pl.DataFrame, target: Path | BytesIO, compression: Compression) -> None:
    """Write the staged rows of a table as Parquet."""
    level = 1 if compression == "zstd" else None
    frame.write_parquet(target, compression=compression, compression_level=level, statistics=False)


def bytes_read(frames: dict[str, pl.DataFrame]) -> int:
    """Bytes of the files that tables were read from."""
    return int(frames["post_files"]["size"].sum())


@functools.lru_cache(maxsize=16)
def _reader(source: PinnedSource, limits: Limits) -> PostReader:
    return PostReader(source, limits)
