"""What the kernel says happens in some folders (inotify): a file made, moved in, removed, or closed after writing."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# <sys/inotify.h>
_CLOSED_AFTER_WRITING, _MOVED_AWAY, _MOVED_IN, _MADE, _REMOVED = 0x08, 0x40, 0x80, 0x100, 0x200
_HEADER = struct.Struct("iIII")


@dataclass
class Watch:
    """Names of files that something happened to, as the kernel tells them."""

    descriptor: int

    def names(self) -> list[str]:
        """Names since the last call; empty when nothing happened."""
        found = []
        while select.select([self.descriptor], [], [], 0)[0]:
            data = os.read(self.descriptor, 65_536)
            position = 0
            while position < len(data):
                *_, length = _HEADER.unpack_from(data, position)
                position += _HEADER.size
                found.append(data[position : position + length].rstrip(b"\0").decode())
                position += length
        return found

    def wait_for(self, name: str, seconds: float) -> bool:
        """Wait until something happens to a file of this name, or the time is over."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            select.select([self.descriptor], [], [], left)
            if name in self.names():
                return True
        return False


@contextmanager
def watching(*folders: Path) -> Iterator[Watch]:
    """Watch folders, not what lies deeper. Skips the test where there is no inotify."""
    if not sys.platform.startswith("linux"):
        pytest.skip("needs Linux: no other kernel has inotify")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    assert descriptor >= 0, os.strerror(ctypes.get_errno())
    try:
        events = _CLOSED_AFTER_WRITING | _MOVED_AWAY | _MOVED_IN | _MADE | _REMOVED
        for folder in folders:
            added = libc.inotify_add_watch(descriptor, os.fsencode(folder), events)
            assert added >= 0, os.strerror(ctypes.get_errno())
        yield Watch(descriptor)
    finally:
        os.close(descriptor)
