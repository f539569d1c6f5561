"""Runs calls of an assistant in a process apart, which can be limited and killed."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from etl_project.assistants.limits import CallLimits
from etl_project.errors import UserError

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

Result = TypeVar("Result")

_MEGABYTE = 1_000_000
_START_SECONDS = 60
"""What a new process may take to start and import, on a busy machine."""


class Overrun(UserError):
    """A call took more time or memory than it may, and its process was ended."""


class Worker:
    """One process that runs one call at a time; a new one takes the place of one that was ended."""

    def __init__(self, limits: CallLimits) -> None:
        self._limits = limits
        self._pool: ProcessPoolExecutor | None = None
        self._turn = threading.Lock()

    def run(self, call: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Run a function of this package in the process.

        Args:
            call: the function; what it takes, gives and raises crosses to another process.
            arguments: its arguments.
            named: its arguments by name.

        Raises:
            Overrun: it did not end in time, or the process died.
            UserError: what the function raises.
        """
        with self._turn:
            pool = self._pool or self._start()
            try:
                seconds = self._limits.seconds + self._limits.grace_seconds
                result: Result = pool.submit(call, *arguments, **named).result(timeout=seconds)
                return result
            except concurrent.futures.TimeoutError:
                self._end()
                raise Overrun(
                    f"It took longer than {self._limits.seconds:g} seconds and was stopped. Ask for less."
                ) from None
            except BrokenProcessPool:
                self._end()
                raise Overrun(
                    f"It needed more memory than the {self._limits.memory_mb} MB it may take. Ask for less."
                ) from None

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _start(self) -> ProcessPoolExecutor:
        from loky import ProcessPoolExecutor

        self._pool = ProcessPoolExecutor(max_workers=1, initializer=_limit_memory, initargs=(self._limits,))
        self._pool.submit(_warm).result(timeout=_START_SECONDS)
        return self._pool

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None


def _warm() -> None:
    """Import what calls need, so that the time of the first is its own."""
    import etl_project.assistants.ask  # noqa: F401


def _limit_memory(limits: CallLimits) -> None:
    """Let this process take no more memory than its limit above what it has; only Linux heeds it."""
    _warm()
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])
        most = pages * resource.getpagesize() + (limits.memory_mb + limits.overhead_mb) * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
