"""What every engine does: it runs batches and gives back a manifest row for each, or tasks and gives back results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from etl_project.engines.batch import Batch, ManifestRow

T = TypeVar("T")
R = TypeVar("R")


class TasksLost(Exception):
    """The processes of some tasks ended, as often as was tried; the results of all others have been given."""

    def __init__(self, items: Sequence[Any]) -> None:
        super().__init__(f"the processes of {len(items)} tasks ended before they were done")
        self.items = items
        """What the lost tasks were given."""


@runtime_checkable
class ReadPosts(Protocol):
    """What a batch or a task gives that read posts."""

    @property
    def read(self) -> int:
        """Files that were read or tried."""

    @property
    def bytes_read(self) -> int:
        """Bytes of them."""


@dataclass(frozen=True, slots=True)
class NodeWork:
    """What one machine did."""

    posts: int = 0
    """Files that it read or tried."""
    bytes: int = 0
    seconds: float = 0
    """Time of all its processes together."""


class Engine(Protocol):
    """Runs batches and tasks somewhere: on this machine, say."""

    @property
    def nodes(self) -> Mapping[str, NodeWork]:
        """Machine -> what it did so far; empty where this one does all."""

    def warm(self, total_bytes: int) -> None:
        """Begin to start what will run so many bytes of work, so that it is ready when the first batch comes."""

    def run(self, batches: Iterable[Batch], total_bytes: int) -> Iterator[ManifestRow]:
        """Run every batch; rows come in the order they are done.

        A file that ends the process that reads it is rejected; the other files of its batch are not lost.

        Args:
            batches: the work; taken as workers become free, so that it need not all be in memory.
            total_bytes: bytes of all batches, to decide who runs them.

        Raises:
            SourceUnavailable: the device or mount of a source failed.
        """

    def run_tasks(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function with every item; results come in the order they are done.

        Args:
            function: a function of a module, so that another process can import it; what it takes and gives is pickled.
            items: taken as workers become free, so that they need not all be in memory.

        Raises:
            TasksLost: after all other results, where processes ended under their task.
            Exception: whatever a task raises; the results of those that are not done are lost.
        """

    def close(self) -> None:
        """End what was started; it is started again when it is needed."""
