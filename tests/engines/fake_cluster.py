"""A cluster within the process of a test: it runs tasks as it is told to, and notes what it was asked."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from etl_project.engines.dispatch import Done

Fate = Callable[[Any], Exception | None]
"""What becomes of a task with such an argument: an error, or None where it is run."""


@dataclass
class FakeCluster:
    """Runs a task when its result is asked for."""

    fate: Fate = lambda item: None
    holds: Callable[[Any, int], bool] = lambda item, number: False
    """Whether a task is not done, by its argument and its number: then it is never given back by `wait`."""
    processes: int = 2
    running: dict[int, tuple[Callable[[Any], Any], bytes]] = field(default_factory=dict)
    cancelled: list[int] = field(default_factory=list)
    most_running: int = 0
    tried_again: list[bool] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def submit(self, function: Callable[[Any], Any], item: Any, *, is_tried_again: bool = True) -> int:
        number = next(self.numbers)
        self.running[number] = function, pickle.dumps(item)  # as it travels
        self.most_running = max(self.most_running, len(self.running))
        self.tried_again.append(is_tried_again)
        return number

    def wait(self, handles: Sequence[int], seconds: float) -> list[int]:
        done = [handle for handle in handles if not self.holds(pickle.loads(self.running[handle][1]), handle)]
        return done[:1]

    def result(self, handle: int) -> Done[Any]:
        function, item = self.running.pop(handle)
        arrived = pickle.loads(item)
        if error := self.fate(arrived):
            raise error
        return Done(function(arrived), f"node-{handle % 2}", 0.5)

    def cancel(self, handle: int) -> None:
        self.running.pop(handle, None)
        self.cancelled.append(handle)

    def names(self) -> dict[str, str]:
        return {"node-0": "10.0.0.1", "node-1": "10.0.0.2"}

    def close(self) -> None:
        self.running.clear()
