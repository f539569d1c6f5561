"""Copies the published file while a refresh is at work, so that little is left to write when it publishes.

That is done where there is no file to reuse (see `reuse`), as after a first build. Where a few posts changed, most
blocks of the next published file are those of the present one. Their copy is written out to disk beside the stages, and
at the end gets the blocks in which the work file differs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import threading
from pathlib import Path
from typing import BinaryIO

from etl_project.database.differing_blocks import write_differing_blocks

LEAST_BYTES = 16 * 2**20
"""Smaller files are copied sooner than compared."""

_FICLONE = 0x40049409
"""Linux ioctl that makes a copy share its blocks with the original (linux/fs.h)."""


def clone(origin: BinaryIO, copy: BinaryIO) -> bool:
    """Let a new, empty file share the blocks of another. Returns whether the file system can do that."""
    try:
        fcntl.ioctl(copy.fileno(), _FICLONE, origin.fileno())
    except OSError:
        return False
    return True


class CopyAhead:
    """A copy of the published file that a thread makes, until it becomes a copy of another file.

    Args:
        published: the published file. Nobody writes it, and it is not the work file: whoever closes that lets go of the
            locks of this process on it.
        copy: path of the copy; there is no such file yet.
    """

    def __init__(self, published: Path, copy: Path) -> None:
        self._path = copy
        self._is_whole = False
        self._thread = threading.Thread(target=self._make, args=(published,), name="copies ahead", daemon=True)
        with contextlib.suppress(RuntimeError):  # there may be no more threads
            self._thread.start()

    def complete(self, origin: Path) -> bool:
        """Make the copy equal to a file. Returns whether it is; where not, there is no copy any more.

        Raises:
            OSError: the disk is full, say; what is left of the copy is for the caller to remove.
        """
        self._wait()
        if self._is_whole:
            write_differing_blocks(origin, self._path)
        return self._is_whole

    def discard(self) -> None:
        """Remove the copy."""
        self._wait()
        self._path.unlink(missing_ok=True)

    def _wait(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def _make(self, published: Path) -> None:
        with contextlib.suppress(OSError):  # the file is copied in the end then, and the error met there
            if published.stat().st_size < LEAST_BYTES:
                return
            if not _can_clone(published, self._path):
                shutil.copyfile(published, self._path)
                with self._path.open("rb") as written:
                    os.fsync(written.fileno())
                self._is_whole = True
                return
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _can_clone(origin: Path, copy: Path) -> bool:
    """Whether a copy would share the blocks of its original, so that nothing is won by making it ahead."""
    with origin.open("rb") as read, copy.open("xb") as written:
        return clone(read, written)
