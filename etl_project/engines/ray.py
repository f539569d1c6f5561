"""Runs batches and tasks on the machines of a Ray cluster."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from etl_project.engines.batch import Batch, ManifestRow, staged_path
from etl_project.engines.dispatch import Cluster, Done, EngineUnavailable, MachineLost, dispatch
from etl_project.engines.engine import NodeWork, R, ReadPosts, T, TasksLost
from etl_project.engines.halving import WorkerDied, halve
from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine, run_batch
from etl_project.engines.ray_cluster import RayCluster
from etl_project.engines.ray_worker import ReadBatch, read_batch
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource
from etl_project.sources.sent import SentPlace, to_send

IN_FLIGHT_PER_PROCESS = 2
"""Tasks for each process of the cluster: one that runs, and one that is there when it ends."""


class RayEngine:
    """Runs batches on a Ray cluster, which is started on this machine or joined when there is work for it.

    Objects of a bucket are read by whoever runs the batch. What only this machine reaches (folders, repositories,
    packs) is read here and sent along, so that no other machine needs it. Rows come back through Ray's object store and
    are staged here, so that no disk is shared either.
    """

    def __init__(self, address: str | None, in_flight: int | None, code: Callable[[], str]) -> None:
        """Prepare the engine; nothing is started yet.

        Args:
            address: `host:port`, or `auto` for the cluster that this machine is part of; None starts Ray here.
            in_flight: most tasks that wait or run at once; None for twice the processes of the cluster.
            code: tells the fingerprint of the code that reads posts, here and on every machine.
        """
        self._address, self._in_flight, self._code = address, in_flight, code
        self._cluster: RayCluster | None = None
        self._read: Callable[[Batch], ReadBatch] = read_batch
        self._sent: tuple[PinnedSource, PinnedSource] | None = None
        self._work: dict[str, NodeWork] = {}
        self._names: dict[str, str] = {}

    @property
    def nodes(self) -> Mapping[str, NodeWork]:
        """Machine -> what it did so far."""
        return {self._names.get(node, node): work for node, work in self._work.items()}

    def warm(self, total_bytes: int) -> None:
        """Connect to the cluster, where there is work for it.

        Raises:
            EngineUnavailable: there is no such cluster, or it cannot be used.
        """
        if total_bytes >= IN_PROCESS_BYTES:
            self._connect()

    def run(self, batches: Iterable[Batch], total_bytes: int) -> Iterator[ManifestRow]:
        """Run every batch; rows come in the order they are done. Little work is done by this process.

        A file that ends the process that reads it is found by halving its batch, and rejected; the others are not lost.

        Args:
            batches: the work; taken as workers become free, so that it need not all be in memory.
            total_bytes: bytes of all batches, to decide who runs them.

        Raises:
            SourceUnavailable: the device or mount of a source failed.
            EngineUnavailable: the cluster cannot be used.
        """
        if total_bytes < IN_PROCESS_BYTES and self._cluster is None:
            yield from map(run_batch, batches)
            return
        cluster = self._connect()
        broken = []
        for batch, outcome in dispatch(cluster, self._read, batches, self._to_send, self._most_in_flight):
            if isinstance(outcome, WorkerDied):
                broken.append(batch)
            else:
                yield self._bring_home(batch, outcome)
        for batch in broken:
            yield from halve(batch, lambda part: self._run_alone(cluster, part))

    def run_tasks(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function with every item, as `Engine` says: in the cluster that `warm` has connected to, else here.

        Raises:
            EngineUnavailable: the cluster cannot be used any more.
            TasksLost: after all other results, where processes ended under their task twice.
        """
        if self._cluster is None:
            yield from map(function, items)
            return
        lost = []
        for item, outcome in dispatch(self._cluster, function, items, lambda item: item, self._most_in_flight):
            if isinstance(outcome, WorkerDied):
                lost.append(item)
            else:
                self._count(outcome)
                yield outcome.value
        if lost:
            raise TasksLost(lost)

    def close(self) -> None:
        """Leave the cluster, or end the one that was started here; it is connected to again when it is needed."""
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None
        self._sent = None

    def _connect(self) -> RayCluster:
        if self._cluster is None:
            self._cluster = RayCluster(self._address, LocalEngine().processes, self._code)
        return self._cluster

    def _most_in_flight(self) -> int:
        return self._in_flight or IN_FLIGHT_PER_PROCESS * self._connect().processes

    def _run_alone(self, cluster: Cluster, batch: Batch) -> ManifestRow:
        """Run a batch once, so that it is certain what its death is due to.

        Raises:
            WorkerDied: its process died.
        """
        for _ in range(2):
            try:
                handle = cluster.submit(self._read, self._to_send(batch), is_tried_again=False)
                return self._bring_home(batch, cluster.result(handle))
            except MachineLost:
                continue
        raise EngineUnavailable(
            "The cluster lost a machine twice while it read the same posts. See why, and refresh again."
        )

    def _bring_home(self, batch: Batch, done: Done[ReadBatch]) -> ManifestRow:
        """Stage the rows of a batch here, and count what its machine did."""
        read = done.value
        for table, rows in read.tables.items():
            Path(staged_path(batch.staging, batch.number, table)).write_bytes(rows)
        self._count(done)
        return ManifestRow(batch.number, batch.staging, tuple(map(sys.intern, read.tables)), read.read, read.bytes_read)

    def _count(self, done: Done[Any]) -> None:
        posts, size = (done.value.read, done.value.bytes_read) if isinstance(done.value, ReadPosts) else (0, 0)
        if done.node not in self._names:
            self._names |= self._connect().names()
        before = self._work.get(done.node, NodeWork())
        self._work[done.node] = NodeWork(before.posts + posts, before.bytes + size, before.seconds + done.seconds)

    def _to_send(self, batch: Batch) -> Batch:
        """Add the posts to a batch whose place only this machine reaches.

        Raises:
            SourceUnavailable: the place failed.
        """
        if batch.source.place.is_reached_from_anywhere:
            return batch
        source = self._source_to_send(batch.source, batch.limits, batch.started_ns)
        assert isinstance(source.place, SentPlace)
        place = source.place.with_posts(batch.tasks, batch.limits.file_bytes)
        return dataclasses.replace(batch, source=PinnedSource(source.source, place))

    def _source_to_send(self, pinned: PinnedSource, limits: Limits, started_ns: int) -> PinnedSource:
        """Make the source whose posts can be read elsewhere: what its reader asks for beside them goes along."""
        if self._sent is None or self._sent[0] is not pinned:
            from etl_project.extract.posts import PostReader

            source = to_send(pinned, f"{started_ns}")
            PostReader(source, limits)  # asks what every reader of the source asks
            self._sent = pinned, source
        return self._sent[1]
