"""Standard streams that outlive their reader: neither a closed pipe nor a missing letter ends a command."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any, TextIO


class _PatientFile(io.FileIO):
    """A stream of this process that drops what cannot be written.

    A refresh must not stop half-way because `head` has seen enough of its lines. A reader that went away is no failure;
    any other reason is kept, for the exit code.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)
        except OSError as error:
            self.failure = self.failure or error
            return len(data)


def prepare_streams() -> None:
    r"""Replace the standard streams of this process by ones that take every text.

    What nobody reads any more is dropped, and a letter that the terminal cannot show becomes `\uNNNN`. A stream that
    the caller closed leads nowhere: its number would go to the next file that is opened, and output be written there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.stdout = _patient(sys.stdout, 1)
    sys.stderr = _patient(sys.stderr, 2)


def _patient(stream: Any, number: int) -> TextIO:
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_PatientFile(number, "wb", closefd=False)),
        encoding=getattr(stream, "encoding", None) or "utf-8",
        errors="backslashreplace",
        line_buffering=getattr(stream, "line_buffering", True) or number == 2,
        write_through=getattr(stream, "write_through", False),
    )


def output_failure() -> OSError | None:
    """Why output was lost, unless its reader went away; None where all of it was written."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, _PatientFile) else None
