"""Makes one file equal to another by writing the blocks in which they differ: every byte is compared."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_BLOCK_BYTES = 256 * 1024
"""What is compared at once: some blocks of DuckDB."""

_AT_ONCE = 2
"""Threads that compare: each waits for the system most of the time."""

_SAMPLES = 64
_SAMPLE_BYTES = 4096


def write_differing_blocks(origin: Path, copy: Path) -> None:
    """Make a file equal to another, whatever it held before.

    Args:
        origin: the file to be like.
        copy: the file to write; nobody else has it open.

    Raises:
        OSError: the disk is full, say; the copy is neither what it was nor what it should be.
    """
    with origin.open("rb", buffering=0) as read, copy.open("r+b", buffering=0) as written:
        size = os.fstat(read.fileno()).st_size
        written.truncate(size)
        blocks = -(-size // _BLOCK_BYTES)
        step = max(-(-blocks // _AT_ONCE), 1) * _BLOCK_BYTES
        parts = list(itertools.pairwise([*range(0, size, step), size]))

        def write(part: tuple[int, int]) -> None:
            _write_part(read.fileno(), written.fileno(), *part)

        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(write, parts))
        except RuntimeError:  # there may be no more threads
            list(map(write, parts))


def _write_part(origin: int, copy: int, start: int, end: int) -> None:
    """Write the blocks that differ between two places of files of one size."""
    here, there = bytearray(_BLOCK_BYTES), bytearray(_BLOCK_BYTES)
    for place in range(start, end, _BLOCK_BYTES):
        if end - place < _BLOCK_BYTES:
            here, there = bytearray(end - place), bytearray(end - place)
        _read_at(origin, place, memoryview(here))
        _read_at(copy, place, memoryview(there))
        if here != there:
            _write_at(copy, place, memoryview(here))


def _read_at(file: int, place: int, data: memoryview) -> None:
    while data:
        count = os.preadv(file, [data], place)
        if not count:
            raise OSError(errno.EIO, "a file has become shorter while it was read")
        place, data = place + count, data[count:]


def are_mostly_alike(one: Path, other: Path) -> bool:
    """Whether most blocks of two files are the same, judged by some of them; not where one of them cannot be read."""
    alike = 0
    with contextlib.suppress(OSError), one.open("rb", buffering=0) as here, other.open("rb", buffering=0) as there:
        step = max(one.stat().st_size // _SAMPLES, 1)
        for place in range(0, step * _SAMPLES, step):
            alike += os.pread(here.fileno(), _SAMPLE_BYTES, place) == os.pread(there.fileno(), _SAMPLE_BYTES, place)
    return alike * 2 > _SAMPLES


def _write_at(file: int, place: int, data: memoryview) -> None:
    while data:
        count = os.pwrite(file, data, place)
        place, data = place + count, data[count:]
