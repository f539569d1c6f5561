"""Runs git so that a repository can make it neither run programs nor ask questions."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from etl_project.sources.git.faults import remedy_of
from etl_project.sources.location import SCHEMES
from etl_project.sources.paths import name_bytes
from etl_project.sources.secrets import without_secrets_in
from etl_project.sources.signature import SourceUnavailable

LOCAL_SECONDS = 600
FETCH_SECONDS = 3_600
"""How long git may take: to answer from the disk, and to fetch a whole repository for the first time."""

_ERROR_LINE = re.compile(r"(?:fatal|error|ssh|remote): |[^:]{1,100}: Permission denied")
_MOST_SAID_CHARACTERS, _MOST_SHOWN_CHARACTERS = 20_000, 400
"""How much is kept of what git wrote, and how much of its errors is shown."""

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
        "GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
    }
)  # fmt: skip


class GitFailed(SourceUnavailable):
    """git ended with an error; the text is the first of its message, without secrets."""

    def __init__(self, message: str, said: str = "") -> None:
        """Keep all that git wrote, for `remedy`."""
        super().__init__(message)
        self.said = said or message

    def remedy(self, place: str) -> str:
        """Tell what to do: a sentence without its full stop.

        Args:
            place: the address, without secrets, or the path of the repository.
        """
        return remedy_of(self.said, place)


@dataclass(frozen=True, slots=True)
class GitAccess:
    """An address that git may fetch from, and what git must be told besides; the address holds nothing secret."""

    address: str
    settings: tuple[str, ...] = ()
    """Settings for the command line: `key=value`."""
    hidden_settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Settings for the environment, which only the same user can read: key, value."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What no message may show."""


def git(*arguments: str, git_dir: str | None = None, given: bytes = b"", fetches: GitAccess | None = None) -> bytes:
    """Run git to its end.

    Args:
        *arguments: command and options.
        git_dir: the repository, unless the arguments say it.
        given: bytes for its standard input.
        fetches: the other repository that it may read from; without, it is kept from doing so.

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
        said = err.decode(errors="replace")[-_MOST_SAID_CHARACTERS:]
        raise GitFailed(_read_error(said, fetches.secrets if fetches else ()), said)
    return out


def start(
    *arguments: str,
    git_dir: str | None = None,
    fetches: GitAccess | None = None,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stderr: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start git; the caller ends it.

    Raises:
        SourceUnavailable: git is not there.
    """
    settings = (*_SAFE, *(fetches.settings if fetches else ()))
    options = [word for setting in settings for word in ("-c", setting)]
    words = ["git", *options, *([f"--git-dir={git_dir}"] if git_dir else []), *arguments]
    try:
        return subprocess.Popen(
            [name_bytes(word) for word in words],
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


def _make_environment(inherited: Mapping[str, str], *, fetches: GitAccess | None) -> dict[str, str]:
    kept = {name: value for name, value in inherited.items() if name not in _OF_ANOTHER_REPOSITORY}
    if fetches:
        kept |= fetches.environment
        first = int(kept.get("GIT_CONFIG_COUNT") or 0)
        for number, (key, value) in enumerate(fetches.hidden_settings, first):
            kept |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
            kept["GIT_CONFIG_COUNT"] = str(number + 1)
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


def _read_error(said: str, secrets: tuple[str, ...]) -> str:
    lines = [line.strip() for line in said.splitlines()]
    errors = [line.partition(": ")[2].rstrip(".") for line in lines if _ERROR_LINE.match(line)]
    words = "; ".join(dict.fromkeys(errors or lines))
    return without_secrets_in(words, secrets)[:_MOST_SHOWN_CHARACTERS].rstrip(".") or "git failed without a word"
