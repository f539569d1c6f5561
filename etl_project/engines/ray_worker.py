"""What a process of a Ray cluster does: it runs one task after the other, where its code is that of the refresh."""

from __future__ import annotations

import functools
import gc
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

from etl_project.engines.batch import Batch
from etl_project.engines.dispatch import Done
from etl_project.engines.worker import ONE_THREAD, prepare_worker
from etl_project.sources.sent import SentPlace


class Versions(NamedTuple):
    """What must be the same wherever posts are read, so that their rows are."""

    python: str
    polars: str
    code: str
    """Fingerprint of the code that reads posts, and of the libraries it reads them with."""


class OtherVersions(Exception):
    """This process has other code than the refresh.

    Args:
        versions: what it has.
    """

    def __init__(self, versions: Versions) -> None:
        super().__init__(versions)
        self.versions = versions


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """The tables of a batch on their way home."""

    tables: dict[str, bytes]
    """Table -> its rows as Parquet; only tables with rows."""
    read: int
    """Files that were read or tried."""
    bytes_read: int


@functools.cache
def versions_of(code: Callable[[], str]) -> Versions:
    """Tell the versions that this process has.

    Args:
        code: tells the fingerprint of the code.
    """
    return Versions(platform.python_version(), importlib.metadata.version("polars"), code())


def run_task(function: Callable[[Any], Any], item: Any, code: Callable[[], str], expected: Versions) -> Done[Any]:
    """Run a task.

    Args:
        function: what to run.
        item: its argument.
        code: tells the fingerprint of the code.
        expected: the versions of the process that gave the task.

    Raises:
        OtherVersions: this process has others.
        Exception: what the function raises.
    """
    began = time.perf_counter()
    here = versions_of(code)
    if here != expected:
        raise OtherVersions(here)
    _prepare()
    value = function(item)
    gc.collect()
    return Done(value, _node(), time.perf_counter() - began)


def answer(item: Any) -> Any:
    """Give an item back: by this a cluster is asked whether it can run tasks at all."""
    return item


def read_batch(batch: Batch) -> ReadBatch:
    """Read and transform one batch.

    Raises:
        SourceUnavailable: the device or mount of the source failed.
    """
    from etl_project.engines import stage

    frames = stage.read_tables(batch)
    tables = {}
    for table, frame in frames.items():
        if not frame.is_empty():
            target = BytesIO()
            stage.write_rows(frame, target, batch.compression)
            tables[table] = target.getvalue()
    if isinstance(batch.source.place, SentPlace):
        # The reader of the source is kept for the next batch: it need not keep the posts of this one.
        batch.source.place.posts.clear()
    return ReadBatch(tables, len(batch.tasks), stage.bytes_read(frames))


@functools.cache
def _prepare() -> None:
    os.environ.update(ONE_THREAD)  # before Polars is imported, which is when it counts
    prepare_worker()


def _node() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())
