"""Servers that others wrote, on loopback: started, waited for, and ended."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.error
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str],
    log: Path,
    ask: Callable[[], None],
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a server.

    Args:
        command: the program and its arguments.
        log: file for what it writes, in the folder that it works in.
        ask: asks it for something; OSError, but not `HTTPError`, says that it is not ready.
        seconds: how long it may take to be ready.
        environment: its environment; by default that of this process.
    """
    with (
        log.open("w") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=environment, cwd=log.parent) as server,
    ):
        try:
            end = time.monotonic() + seconds
            while True:
                try:
                    ask()
                    break
                except urllib.error.HTTPError:
                    raise
                except OSError:
                    assert time.monotonic() < end and server.poll() is None, log.read_text("utf-8")
                    time.sleep(0.2)
            yield
        finally:
            server.terminate()
