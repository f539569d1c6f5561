"""Keeps a cluster busy: a bounded number of tasks in flight, slow ones started a second time, none counted twice."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from etl_project.engines.engine import R, T
from etl_project.engines.halving import WorkerDied
from etl_project.errors import UserError

LOOK_SECONDS = 5.0
"""How often it is looked for tasks that are slow."""

SLOW_SECONDS = 60.0
SLOW_TIMES = 4
"""A task is slow that takes longer than both: so many seconds, and so many times the median of those that are done."""

MOST_LOSSES = 3
"""How often a task is begun anew whose machine went: that is not the fault of the task."""

_REMEMBERED = 1_000
"""Tasks that are done whose time counts in the median."""

V = TypeVar("V")


class EngineUnavailable(UserError):
    """What was to run the work cannot: the message says why, and what to do."""


class MachineLost(Exception):
    """The machine that ran a task, or kept its result, is gone."""


@dataclass(frozen=True, slots=True)
class Done(Generic[V]):
    """What a task gave, and where."""

    value: V
    node: str
    """The machine that ran it, by the id it has in the cluster."""
    seconds: float
    """How long it ran."""


class Cluster(Protocol):
    """Machines that run tasks; what it gives for a task is a handle."""

    def submit(self, function: Callable[[Any], Any], item: Any, *, is_tried_again: bool = True) -> Any:
        """Begin a task.

        Args:
            function: a function of a module.
            item: its argument; sent once.
            is_tried_again: whether the cluster itself begins it anew, once, where its process dies.

        Returns:
            The handle of the task.
        """

    def wait(self, handles: Sequence[Any], seconds: float) -> list[Any]:
        """Wait until a task is done, at most so many seconds. Returns the handles of those that are."""

    def result(self, handle: Any) -> Done[Any]:
        """Give what a task gave, or raise what it raised; wait for it where it is not done.

        Raises:
            WorkerDied: its process died.
            MachineLost: its machine did.
            EngineUnavailable: the cluster did.
        """

    def cancel(self, handle: Any) -> None:
        """Tell the cluster that nobody waits for a task any more."""


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    item: T
    since: float
    tries: set[Any] = field(default_factory=set)
    """Handles of this job: two where it was slow."""
    losses: int = 0
    is_doubled: bool = False


def dispatch(
    cluster: Cluster,
    function: Callable[[Any], R],
    items: Iterable[T],
    prepare: Callable[[T], Any],
    in_flight: Callable[[], int],
) -> Iterator[tuple[T, Done[R] | WorkerDied]]:
    """Run a function on every item, and give each with what came of it, in the order they are done.

    A task that is slow when no item waits any more is begun a second time elsewhere; whichever is done first counts.

    Args:
        cluster: who runs the tasks.
        function: a function of a module.
        items: taken as tasks are done, so that they need not all be in memory.
        prepare: makes of an item what is sent.
        in_flight: most tasks that wait or run in the cluster, asked again and again as the cluster may grow.

    Raises:
        EngineUnavailable: the cluster is gone, or loses machines again and again.
        Exception: what a task raised.
    """
    waiting, has_more = iter(items), True
    jobs: dict[Any, _Job[T]] = {}
    took: deque[float] = deque(maxlen=_REMEMBERED)

    def begin(job: _Job[T]) -> None:
        handle = cluster.submit(function, prepare(job.item))
        job.tries.add(handle)
        jobs[handle] = job

    try:
        while True:
            while has_more and len(jobs) < in_flight():
                for item in waiting:
                    begin(_Job(item, time.monotonic()))
                    break
                else:
                    has_more = False
            if not jobs:
                return
            for handle in cluster.wait(list(jobs), LOOK_SECONDS):
                job = jobs.pop(handle, None)
                if job is None:
                    continue  # the other try of the same item was done at the same moment
                job.tries.discard(handle)
                outcome: Done[R] | WorkerDied
                try:
                    outcome = cluster.result(handle)
                    took.append(time.monotonic() - job.since)
                except WorkerDied as died:
                    if job.tries:
                        continue
                    outcome = died
                except MachineLost:
                    job.losses += 1
                    if job.losses > MOST_LOSSES:
                        raise EngineUnavailable(
                            f"The cluster lost the machine of a task {job.losses} times. See why its machines go, "
                            "and refresh again."
                        ) from None
                    if not job.tries:
                        begin(job)
                    continue
                for other in job.tries:
                    del jobs[other]
                    cluster.cancel(other)
                yield job.item, outcome
            if not has_more and took:
                limit = max(SLOW_SECONDS, SLOW_TIMES * statistics.median(took))
                for job in {*jobs.values()}:
                    if not job.is_doubled and time.monotonic() - job.since > limit:
                        job.is_doubled = True
                        begin(job)
    finally:
        for handle in jobs:
            cluster.cancel(handle)
