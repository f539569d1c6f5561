"""A disk that fails while files are read."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest


def fail_reads(patch: pytest.MonkeyPatch, folder: str, after: int = 0) -> list[int]:
    """Let reading files in a folder fail, by whichever call.

    Args:
        patch: takes it back.
        folder: a part of their paths, such as `/_posts/`.
        after: how many reads succeed before.

    Returns:
        The descriptor of each read, which is added as it happens.
    """
    reads: list[int] = []

    def failing(real: Callable[..., bytes]) -> Callable[..., bytes]:
        def read(descriptor: int, *arguments: int) -> bytes:
            if folder in os.readlink(f"/proc/self/fd/{descriptor}"):
                reads.append(descriptor)
                if len(reads) > after:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(descriptor, *arguments)

        return read

    for call in ("read", "pread"):
        patch.setattr(os, call, failing(getattr(os, call)))
    return reads
