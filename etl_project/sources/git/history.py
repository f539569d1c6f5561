"""Finds when each path of a commit was last committed.

A path was committed by the newest commit of the first-parent chain whose entry of it differs from that of its first
parent: what a merge brought in was committed by the merge. The chain is one line, so that a longer
chain only adds to a shorter one, and a thousand refreshes agree with a single one at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from etl_project.sources.git.command import GitFailed, git, start, stop
from etl_project.sources.location import Repository
from etl_project.sources.paths import escape_path

_LATEST_SECOND = 253_402_300_799
"""The end of the year 9999: a later moment is nonsense, and no timestamp of a table."""


def last_commits(
    repository: Repository, *, since: str | None = None, wanted: set[str] | None = None
) -> dict[str, int | None] | None:
    """Find when paths were last committed.

    Args:
        repository: the repository, looked up.
        since: a commit; only what was committed after it is told.
        wanted: the paths to tell of, as listed; all by default.

    Returns:
        Path -> microseconds since 1970-01-01T00:00Z, by the clock of the committer; None where a commit states no
        moment that can be kept. None in place of all, if the chain does not go on from `since`.

    Raises:
        GitFailed: a commit is not there.
    """
    chain = _list_chain(repository, since)
    if since:
        if not chain:
            return {} if since == repository.commit else None
        if chain[-1][2] != since:
            return None
    seconds = {commit: second for second, commit, _ in chain}
    found: dict[str, int | None] = {}
    missing = None if wanted is None else len(wanted)
    if missing == 0 or not chain:
        return found
    for commit, raw in _list_touched_paths(repository, [(c, parent) for _, c, parent in chain]):
        path = escape_path(raw.decode("utf-8", "surrogateescape"))
        if path in found or (wanted is not None and path not in wanted):
            continue
        second = seconds[commit]
        found[path] = second * 1_000_000 if abs(second) <= _LATEST_SECOND else None
        if missing is not None and len(found) == missing:
            break
    return found


def _list_chain(repository: Repository, since: str | None) -> list[tuple[int, str, str]]:
    """Second, commit and first parent (empty for none) of each commit, newest first."""
    ends = [str(repository.commit), *([f"^{since}"] if since else [])]
    out = git("rev-list", "--first-parent", "--parents", "--timestamp", *ends, git_dir=repository.git_dir)
    chain = []
    for line in out.decode().splitlines():
        second, commit, *parents = line.split(" ")
        chain.append((int(second), commit, parents[0] if parents else ""))
    return chain


def _list_touched_paths(repository: Repository, chain: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """Yield commit and path where an entry differs from that of the first parent, in the order of the chain."""
    folder = repository.folder.encode("utf-8", "surrogateescape")
    strip = len(folder) + 1 if folder else 0
    with tempfile.TemporaryFile() as pairs:
        for commit, parent in chain:
            # What a shallow clone ends at only seems to have added every file.
            if commit not in repository.boundaries:
                pairs.write(f"{commit} {parent}".rstrip().encode() + b"\n")
        pairs.seek(0)
        process = start(
            "diff-tree", "--stdin", "-r", "-z", "--raw", "--root", "--no-renames", "--ignore-submodules=none",
            *(["--", repository.folder] if folder else []),
            git_dir=repository.git_dir, stdin=pairs,
        )  # fmt: skip
        try:
            commit, is_path = "", False
            for token in _read_tokens(process.stdout):
                if is_path:
                    is_path = False
                    yield commit, token[strip:]
                elif token.startswith(b":"):
                    is_path = True
                else:
                    commit = token.decode()
            if process.wait():
                raise GitFailed("its history cannot be read to the end")
        finally:
            stop(process)


def _read_tokens(out: IO[bytes] | None) -> Iterator[bytes]:
    assert out
    rest = b""
    while chunk := out.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
