"""End the servers of an `etl ui` that was killed.

On Linux the kernel signals them when their parent dies; elsewhere the next `etl ui` finds and ends them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

import psutil

from etl_project.servers.processes import is_running

OWNER = "ETL_UI"
"""Environment variable of every server: process number and start time of its `etl ui`, and the Dagster home."""

_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2): sets the signal a process gets when its parent dies."""

_END_TIMEOUT_SECONDS = 10


def owner_environment(home: Path) -> dict[str, str]:
    """Environment variables that mark a server as one of this process."""
    me = psutil.Process()
    return {OWNER: f"{me.pid} {me.create_time():.2f} {home}"}


def request_signal_at_parent_death() -> None:
    """Ask the kernel to send this process SIGINT when its parent dies. Called in a child before it becomes a server."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def end_orphans(home: Path) -> int:
    """End the servers of a home whose `etl ui` is gone: two daemons would run every schedule twice.

    Returns:
        The number of processes ended.
    """
    orphans = [process for process in psutil.process_iter() if _is_orphan(process, home)]
    for process in orphans:
        _send_signal(process, signal.SIGTERM)
    _, remaining = psutil.wait_procs(orphans, timeout=_END_TIMEOUT_SECONDS)
    for process in remaining:
        _send_signal(process, signal.SIGKILL)
    psutil.wait_procs(remaining, timeout=_END_TIMEOUT_SECONDS)
    return len(orphans)


def _is_orphan(process: psutil.Process, home: Path) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        pid, started, owner_home = process.environ().get(OWNER, "0 0 ").split(" ", 2)
        return owner_home == str(home) and not is_running(int(pid), float(started))
    except (psutil.Error, OSError, ValueError):
        # What cannot be inspected is left alone.
        return False


def _send_signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return
