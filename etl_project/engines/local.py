"""Runs batches and tasks in a pool of processes on this machine, or in this process when there is little to do."""

from __future__ import annotations

import concurrent.futures
import functools
import gc
import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from etl_project.engines.batch import Batch, ManifestRow
from etl_project.engines.engine import NodeWork, R, T, TasksLost
from etl_project.engines.halving import WorkerDied, halve
from etl_project.engines.worker import ONE_THREAD, prepare_worker

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

IN_PROCESS_BYTES = 4 * 1024 * 1024
"""Work below this many bytes is done sooner here than processes can be started."""

_IDLE_SECONDS = 60
_NO_PROCESSES = (OSError, ImportError, NotImplementedError)
"""What is raised where processes cannot share anything: /dev/shm is read-only, full or missing, or there may be no more
processes or files. joblib reads in one process then, too."""

_log = logging.getLogger(__name__)


class LocalEngine:
    """Runs batches and tasks on the cores of this machine.

    A file that ends its worker process is found by halving its batch, and rejected; the others are not lost.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._is_alone = False

    @functools.cached_property
    def processes(self) -> int:
        """How many processes run batches: as many as the machine, and the container, give this one to use."""
        from loky import cpu_count

        return self._processes or cpu_count()

    @property
    def nodes(self) -> Mapping[str, NodeWork]:
        """Nothing: this machine does all."""
        return {}

    def warm(self, total_bytes: int) -> None:
        """Start the processes, where there is work for them, so that they have imported what they need."""
        if total_bytes >= IN_PROCESS_BYTES and self.processes > 1:
            self._try_pool()

    def run(self, batches: Iterable[Batch], total_bytes: int) -> Iterator[ManifestRow]:
        """Run every batch; rows come in the order they are done.

        Args:
            batches: the work; taken as workers become free, so that it need not all be in memory.
            total_bytes: bytes of all batches, to decide who runs them.

        Raises:
            SourceUnavailable: the device or mount of a source failed.
        """
        if (total_bytes < IN_PROCESS_BYTES and self._pool is None) or self.processes == 1:
            yield from map(run_batch, batches)
            return
        if self._try_pool() is None:
            yield from map(run_batch, batches)
            return
        broken: list[Batch] = []
        yield from self._run_in_pool(run_batch, batches, broken)
        for batch in broken:
            yield from halve(batch, self._run_alone)

    def run_tasks(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function with every item, as `Engine` says: in the processes that `warm` has started, else here."""
        if self._pool is None:
            yield from map(function, items)
            return
        lost: list[T] = []
        yield from self._run_in_pool(function, items, lost)
        if lost:
            raise TasksLost(lost)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None

    def _run_in_pool(self, function: Callable[[T], R], items: Iterable[T], lost: list[T]) -> Iterator[R]:
        """Call a function with every item in the pool; where a process ends, the items of all are added to `lost`."""
        pool = self._open_pool()
        waiting = iter(items)
        running: dict[concurrent.futures.Future[R], T] = {}
        while True:
            while len(running) < 2 * self.processes:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                try:
                    future = pool.submit(_run_and_collect_garbage, function, item)
                except BrokenProcessPool:
                    self.close()
                    pool = self._open_pool()
                    future = pool.submit(_run_and_collect_garbage, function, item)
                running[future] = item
            if not running:
                return
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                item = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    lost.append(item)

    def _run_alone(self, batch: Batch) -> ManifestRow:
        """Run a batch in a process of its own.

        Raises:
            WorkerDied: the process is gone.
        """
        with _interrupts_blocked():
            pool = self._new_pool(1)
            pool.submit(os.getpid)
        try:
            row: ManifestRow = pool.submit(_run_and_collect_garbage, run_batch, batch).result()
            return row
        except BrokenProcessPool:
            raise WorkerDied from None
        finally:
            pool.shutdown(wait=True, kill_workers=True)

    def _try_pool(self) -> ProcessPoolExecutor | None:
        """Open the pool; None where this machine lets no processes be started, which is logged once."""
        if self._is_alone:
            return None
        try:
            return self._open_pool()
        except _NO_PROCESSES as error:
            reason = getattr(error, "strerror", None) or str(error)
            _log.warning(
                "Posts are read by one process, as no others can be started (is /dev/shm writable?): %s.", reason
            )
            self._is_alone = True
            with suppress(*_NO_PROCESSES):
                self.close()
            self._pool = None
            return None

    def _open_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            with _interrupts_blocked():
                self._pool = self._new_pool(self.processes)
                for _ in range(self.processes):
                    self._pool.submit(os.getpid)
        return self._pool

    @staticmethod
    def _new_pool(processes: int) -> ProcessPoolExecutor:
        from loky import ProcessPoolExecutor

        return ProcessPoolExecutor(processes, timeout=_IDLE_SECONDS, initializer=prepare_worker, env=ONE_THREAD)


class CarefulEngine(LocalEngine):
    """Runs each batch in a process of its own: a file that ends the process that reads it ends no other work."""

    def run(self, batches: Iterable[Batch], total_bytes: int) -> Iterator[ManifestRow]:
        """Run every batch, one after the other.

        Args:
            batches: the work.
            total_bytes: bytes of all batches; however few, they are not read in this process.

        Raises:
            SourceUnavailable: the device or mount of a source failed.
        """
        for batch in batches:
            yield from halve(batch, self._run_alone)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that a Ctrl-C does not reach: this process ends them, and they would only print tracebacks."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# Polars and the parsers are imported where batches are run, not where they are handed out.


def run_batch(batch: Batch) -> ManifestRow:
    """Read, transform and stage one batch.

    Raises:
        SourceUnavailable: the device or mount of the source failed.
    """
    from etl_project.engines import stage

    return stage.run_batch(batch)


def _run_and_collect_garbage(run: Callable[[T], R], item: T) -> R:
    result = run(item)
    gc.collect()
    return result
