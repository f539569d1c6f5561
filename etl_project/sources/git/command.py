"""Runs git so that a repository can make it neither run programs nor ask questions."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import IO

from etl_project.sources.location import SCHEMES, without_password
from etl_project.sources.signature import SourceUnavailable

LOCAL_SECONDS = 600
FETCH_SECONDS = 3_600
"""How long git may take: to answer from the disk, and to fetch a whole repository for the first time."""

_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=",
    # The directory is named, so that nothing is found by chance.
    "safe.bareRepository=all",
    # What runs after a fetch ends with it.
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    # A connection that brings nothing for a minute is dead.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
)

# A refresh may be started by a hook, which hands down the repository it runs in.
_OF_ANOTHER_REPOSITORY = frozenset(
    {
        "GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
        "GIT_REPLACE_REF_BASE", "GIT_QUARANTINE_PATH", "GIT_INTERNAL_SUPER_PREFIX", "GIT_IMPLICIT_WORK_TREE",
    }
)  # fmt: skip


class GitFailed(SourceUnavailable):
    """git ended with an error; the text is its message."""


def git(*arguments: str, git_dir: str | None = None, given: bytes = b"", fetches: bool = False) -> bytes:
    """Run git to its end.

    Args:
        *arguments: command and options.
        git_dir: the repository, unless the arguments say it.
        given: bytes for its standard input.
        fetches: it may read from another repository; else it is kept from doing so.

    Returns:
        Bytes of its standard output.

    Raises:
        GitFailed: it ended with an error.
        SourceUnavailable: git is not there, or did not end in time.
    """
    process = start(*arguments, git_dir=git_dir, fetches=fetches, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(given, FETCH_SECONDS if fetches else LOCAL_SECONDS)
    except subprocess.TimeoutExpired:
        stop(process)
        raise SourceUnavailable(
            f"git {arguments[0]} did not end in {FETCH_SECONDS if fetches else LOCAL_SECONDS} s"
        ) from None
    except BaseException:
        stop(process)
        raise
    if process.returncode:
        raise GitFailed(_read_error(err))
    return out


def start(
    *arguments: str,
    git_dir: str | None = None,
    fetches: bool = False,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stderr: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start git; the caller ends it.

    Raises:
        SourceUnavailable: git is not there.
    """
    options = [word for setting in _SAFE for word in ("-c", setting)]
    try:
        return subprocess.Popen(
            ["git", *options, *([f"--git-dir={git_dir}"] if git_dir else []), *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_make_environment(os.environ, fetches=fetches),
            # Without a terminal ssh cannot ask, and what git starts can be ended with it.
            start_new_session=True,
        )
    except FileNotFoundError:
        raise SourceUnavailable("git is not installed, or not in PATH; version 2.30 or newer is needed") from None


def stop(process: subprocess.Popen[bytes]) -> None:
    """End git and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def _make_environment(inherited: Mapping[str, str], *, fetches: bool) -> dict[str, str]:
    kept = {name: value for name, value in inherited.items() if name not in _OF_ANOTHER_REPOSITORY}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        # A partial clone would fetch what it lacks, from where its own settings say.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES) if fetches else "none",
    }


def _read_error(err: bytes) -> str:
    lines = [line.strip() for line in err.decode(errors="replace").splitlines()]
    errors = [line.partition(": ")[2].rstrip(".") for line in lines if line.startswith(("fatal: ", "error: ", "ssh: "))]
    return without_password("; ".join(dict.fromkeys(errors or lines)))[:400] or "git failed without a word"
