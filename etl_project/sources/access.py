"""Pins sources to what one refresh reads, whichever kind of place they are in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from etl_project.sources.folder import PinnedFolder, root_of
from etl_project.sources.git.blobs import close_blobs
from etl_project.sources.git.fetch import look_up
from etl_project.sources.git.repository import PinnedRepository
from etl_project.sources.location import Repository, mirrors_of
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source


def pin(source: Source) -> PinnedSource:
    """Pin a source for one refresh.

    A repository is pinned to its current commit, a folder to its device and inode, so that a swapped mount is noticed.

    Raises:
        SourceUnavailable: there is no such folder; the repository cannot be reached, is none, or has no such branch.
    """
    location = source.location
    if isinstance(location, Repository):
        with_history = source.updated_from == "git"
        return PinnedSource(source, PinnedRepository(look_up(location, source.branch, with_history=with_history)))
    return PinnedSource(source, PinnedFolder(location, root_of(location)))


def sweep_mirrors(published: Path, sources: Iterable[Source]) -> int:
    """Remove the copies of remote repositories that no source is read from any more; the caller holds the lock.

    Args:
        published: the published file whose sources they are.
        sources: the sources of the settings.

    Returns:
        How many copies were removed.
    """
    mirrors = mirrors_of(published)
    present = set(mirrors.iterdir()) if mirrors.is_dir() else set()
    needed = {source.location.mirror for source in sources if isinstance(source.location, Repository)}
    for mirror in present - needed:
        shutil.rmtree(mirror)
    return len(present - needed)


def close_readers() -> None:
    """End the processes that reading keeps open."""
    close_blobs()
