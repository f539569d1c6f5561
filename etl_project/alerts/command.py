"""Run the program of `[alerts] command` within a time limit."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from pathlib import Path


def run(command: str, body: bytes, seconds: float, folder: Path | None) -> str | None:
    """Run a program with an alert on its standard input.

    Args:
        command: program and arguments, without a shell; `~` at the beginning of a word is the home folder.
        body: the alert, encoded.
        seconds: time limit, after which the program and what it started are ended.
        folder: where it runs, so that relative paths are relative to it: the folder of etl.toml, as a refresh may be
            started from anywhere. None for the current one.

    Returns:
        None, or the reason why it failed.
    """
    words = [_expanded(word) for word in shlex.split(command)]
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"{words[0]} does not start: {reason}."
    try:
        process.communicate(body, timeout=seconds)
    except subprocess.TimeoutExpired:
        # The whole session, so that processes started by the program end too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"{words[0]} took longer than {seconds:g} seconds and was ended."
    return f"{words[0]} ended with exit status {process.returncode}." if process.returncode else None


def _expanded(word: str) -> str:
    return os.path.expanduser(word) if word.startswith("~") else word  # noqa: PTH111 (a word need not be a path)
