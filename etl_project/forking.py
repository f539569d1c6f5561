"""Forks processes that take a part of a command's work beside it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def has_one_thread() -> bool:
    """Whether a fork of this process is whole: of several threads it would have one, and all their locks.

    A thread of which Python knows nothing counts, too. On another system than Linux the answer is no.
    """
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False


def fork(work: Callable[[], NoReturn]) -> int:
    """Fork a process that does some work and ends itself; it must leave nothing of the other's behind it undone.

    A Ctrl-C reaches every process of a terminal; the new one ignores it, so that the other decides how it ends.

    Returns:
        The id of the new process.

    Raises:
        OSError: there may be no more processes.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = os.fork()
        if not process:
            try:
                work()
            finally:
                os._exit(1)
        return process
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
