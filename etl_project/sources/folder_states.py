"""Asks for the states of files of a large folder in a process beside this one: to ask takes most of a listing.

The process is forked, so that it has the names already. A refresh with nothing to do is over before a pool of processes
has started.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import signal
import stat
from array import array
from collections.abc import Iterator, Sequence
from typing import NoReturn

from etl_project.forking import fork, has_one_thread

NUMBERS_PER_STATE = 4
"""Size, time of the last write, time of the last change, inode: see `Signature`."""

MANY_FILES = 5_000
"""So many files are asked for sooner by another process: to fork one takes as long as to ask for some hundreds."""

ASK_AGAIN = -2
"""In place of a size: no plain file, or one that is gone; whoever walks asks for its state."""

_BYTES_PER_STATE = NUMBERS_PER_STATE * array("q").itemsize


class StatesBeside:
    """The states of some files, which another process asks for.

    Args:
        names: their names.
        folder: descriptor of their folder.

    Raises:
        OSError: no further process, or no memory, can be had.
    """

    def __init__(self, names: Sequence[str], folder: int) -> None:
        self._numbers = mmap.mmap(-1, len(names) * _BYTES_PER_STATE)
        self._process = fork(lambda: _ask(names, folder, self._numbers))
        self._status: int | None = None

    def answers(self) -> array[int] | None:
        """Wait for the states: `NUMBERS_PER_STATE` for each file, in their order; None if the process failed."""
        self._status = os.waitpid(self._process, 0)[1]
        return array("q", self._numbers[:]) if self._status == 0 else None

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._status is None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


@contextlib.contextmanager
def ask_beside(names: Sequence[str], folder: int | None) -> Iterator[StatesBeside | None]:
    """Begin to ask for the states of files beside this process.

    Args:
        names: their names.
        folder: descriptor of their folder, if they are asked for by it.

    Yields:
        What asks; None where there are few files, or no process can be had.
    """
    beside = None
    if len(names) >= MANY_FILES and folder is not None and has_one_thread() and len(os.sched_getaffinity(0)) > 1:
        with contextlib.suppress(OSError):
            beside = StatesBeside(names, folder)
    try:
        yield beside
    finally:
        if beside:
            beside.close()


def _ask(names: Sequence[str], folder: int, answers: mmap.mmap) -> NoReturn:
    """Be the process that asks."""
    gc.disable()
    # The lock of the refresh must not outlive the refresh because of this process.
    os.closerange(3, folder)
    os.closerange(folder + 1, os.sysconf("SC_OPEN_MAX"))
    numbers = array("q")
    for name in names:
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            numbers.extend((ASK_AGAIN, 0, 0, 0))
            continue
        size = info.st_size if stat.S_ISREG(info.st_mode) else ASK_AGAIN
        numbers.extend((size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino))
    answers[:] = numbers.tobytes()
    os._exit(0)
