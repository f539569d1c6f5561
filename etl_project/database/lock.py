"""One refresh at a time: an flock on a file beside the work file, held from set-up to teardown."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import ClassVar

from etl_project.errors import BUSY, UserError

_GLANCE_SECONDS = 0.25
"""Shortest time to wait for a lock: a process that asks who holds it shares the lock for an instant."""


class LockHeld(UserError):
    """Another process is refreshing this warehouse."""

    exit_code = BUSY

    def __init__(self, holder: dict[str, str]) -> None:
        self.holder = holder
        super().__init__(
            f"Nothing was done, another refresh is running: {describe_holder(holder)}. Try again when it has ended."
        )


class RefreshLock:
    """The lock of one warehouse.

    The kernel releases it when the process ends, however it ends, so a stale lock cannot exist; the text in the file
    only tells people who holds it. When the process that holds the lock acquires it again, a count goes up.
    """

    _held: ClassVar[dict[Path, tuple[int, int]]] = {}

    def __init__(self, path: Path) -> None:
        self.path = path

    def acquire(self, who: str, wait_seconds: float = 0) -> None:
        """Take the lock.

        Args:
            who: what to tell others, such as `etl refresh`.
            wait_seconds: how long to wait for another holder.

        Raises:
            LockHeld: another process holds it still.
        """
        if self.path in self._held:
            descriptor, count = self._held[self.path]
            self._held[self.path] = (descriptor, count + 1)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + max(wait_seconds, _GLANCE_SECONDS)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    raise LockHeld(self._read()) from None
                time.sleep(0.02)
        holder = {
            "who": who,
            "pid": str(os.getpid()),
            "host": socket.gethostname(),
            "since": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        }
        # The name is for people: a full disk must not prevent the lock from being held or released.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        self._held[self.path] = (descriptor, 1)

    def release(self) -> None:
        """Release the lock; the last of several holders in this process frees it."""
        descriptor, count = self._held[self.path]
        if count > 1:
            self._held[self.path] = (descriptor, count - 1)
            return
        del self._held[self.path]
        os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def holder(self) -> dict[str, str] | None:
        """Read who holds the lock now; None if nobody does."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            # A shared lock that is released at once: asking must not keep a refresh out.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._read()
        finally:
            os.close(descriptor)
        return None

    def _read(self) -> dict[str, str]:
        try:
            holder = json.loads(self.path.read_text("utf-8"))
            return {str(k): str(v) for k, v in holder.items()}
        except (OSError, ValueError, AttributeError):
            return {}


def describe_holder(holder: dict[str, str]) -> str:
    """Say in a few words who holds a lock."""
    if "pid" not in holder:
        return "a process that has not written its name yet"
    return f"{holder['who']}, process {holder['pid']} on {holder['host']}, since {holder['since']}"
