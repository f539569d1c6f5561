"""Servers of an `etl ui` that was killed: they end with it where the system sees to that, else with the next start."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

import psutil

OWNER = "ETL_UI"
"""Variable in the environment of every server: the process, its start time and the home they belong to."""

_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2): the signal a process gets when its parent dies."""

_WAIT_SECONDS = 10


def owner(home: Path) -> dict[str, str]:
    """Environment that marks the servers of this process."""
    me = psutil.Process()
    return {OWNER: f"{me.pid} {me.create_time():.2f} {home}"}


def ends_with_its_parent() -> None:
    """Ask the system, from a process about to become a server, for the end of a Ctrl-C when its parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def end_orphans(home: Path) -> int:
    """End the servers of a home whose `etl ui` is gone: two daemons would do everything twice.

    Returns:
        How many processes were ended.
    """
    orphans = [process for process in psutil.process_iter() if _is_orphan(process, home)]
    for process in orphans:
        _signal(process, signal.SIGTERM)
    _, left = psutil.wait_procs(orphans, timeout=_WAIT_SECONDS)
    for process in left:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(left, timeout=_WAIT_SECONDS)
    return len(orphans)


def _is_orphan(process: psutil.Process, home: Path) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        pid, started, of = process.environ().get(OWNER, "0 0 ").split(" ", 2)
        return of == str(home) and not _lives(int(pid), float(started))
    except (psutil.Error, OSError, ValueError):
        return False


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return
