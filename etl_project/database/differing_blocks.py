"""Makes one file equal to another by writing the blocks in which they differ: every byte is compared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 256 * 1024
"""What is compared at once: some blocks of DuckDB."""

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
        here, there = bytearray(_BLOCK_BYTES), bytearray(_BLOCK_BYTES)
        place = 0
        while count := read.readinto(here):
            if written.readinto(there) != count or here != there:
                _write_at(written, place, memoryview(here)[:count])
            place += count
            written.seek(place)
        written.truncate(place)


def are_mostly_alike(one: Path, other: Path) -> bool:
    """Whether most blocks of two files are the same, judged by some of them.

    Raises:
        OSError: one of them cannot be read.
    """
    alike = 0
    with one.open("rb", buffering=0) as here, other.open("rb", buffering=0) as there:
        step = max(one.stat().st_size // _SAMPLES, 1)
        for place in range(0, step * _SAMPLES, step):
            alike += os.pread(here.fileno(), _SAMPLE_BYTES, place) == os.pread(there.fileno(), _SAMPLE_BYTES, place)
    return alike * 2 > _SAMPLES


def _write_at(file: BinaryIO, place: int, data: memoryview) -> None:
    while data:
        written = os.pwrite(file.fileno(), data, place)
        place, data = place + written, data[written:]
