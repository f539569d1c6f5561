"""Whether a process that was recorded earlier is still running."""

from __future__ import annotations

import psutil

_START_TOLERANCE_SECONDS = 2
"""Start times are recorded in hundredths of a second and drift a little when the clock is set."""


def is_running(pid: int, started: float) -> bool:
    """Whether a process is running, and is not a zombie.

    Args:
        pid: its number.
        started: its start time as `psutil` gives it, in seconds since 1970; it distinguishes the process from a later
            one of the same number.

    Raises:
        psutil.Error: the process is there but cannot be inspected. Callers differ in what they then assume.
        ValueError: the number is negative.
    """
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < _START_TOLERANCE_SECONDS
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
