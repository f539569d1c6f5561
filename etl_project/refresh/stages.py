"""Which stage a refresh is in, and how long each took."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar

StageName = Literal["list", "read", "load", "relate", "aggregate", "check", "publish", "page", "record"]

P = ParamSpec("P")
R = TypeVar("R")


class Stages:
    """The stages of one refresh: whoever listens is told of each as it begins."""

    def __init__(self) -> None:
        self.listener: Callable[[StageName], None] = lambda stage: None
        """Called with the stage that begins, or goes on after one within it."""
        self.seconds: dict[StageName, float] = {}
        """Stage -> how long it has taken; time within a stage of another is the other's alone."""
        self._open: list[StageName] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: StageName) -> Iterator[None]:
        """Be in a stage. One that begins within another interrupts it."""
        self._turn()
        self._open.append(name)
        self.listener(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()
            if self._open:
                self.listener(self._open[-1])

    def _turn(self) -> None:
        """Count the time since the last turn for the stage that is open."""
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] = self.seconds.get(self._open[-1], 0.0) + now - self._since
        self._since = now


class _HasStages(Protocol):
    stages: Stages


H = TypeVar("H", bound=_HasStages)


def in_stage(name: StageName) -> Callable[[Callable[Concatenate[H, P], R]], Callable[Concatenate[H, P], R]]:
    """Make a method of a refresh one of its stages."""

    def wrap(method: Callable[Concatenate[H, P], R]) -> Callable[Concatenate[H, P], R]:
        @functools.wraps(method)
        def run(self: H, /, *args: P.args, **values: P.kwargs) -> R:
            with self.stages.stage(name):
                return method(self, *args, **values)

        return run

    return wrap
