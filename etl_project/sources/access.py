"""Pins sources to what one refresh reads, whichever kind of place they are in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from etl_project.sources.folder import PinnedFolder
from etl_project.sources.folder_walk import root_of
from etl_project.sources.git.blob_readers import close_blobs
from etl_project.sources.location import Bucket, Packs, Repository, mirrors_of
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source


def pin(source: Source) -> PinnedSource:
    """Pin a source for one refresh.

    A repository is pinned to its current commit, a folder to its device and inode, so that a swapped mount is noticed;
    a bucket to its listing, packs to the files that they are.

    Raises:
        SourceUnavailable: there is no such folder, bucket or pack; it cannot be reached or read; the repository is
            none, or has no such branch.
    """
    location = source.location
    # The kinds of places are imported where a source needs them.
    if isinstance(location, Repository):
        from etl_project.sources.git.fetch import look_up
        from etl_project.sources.git.repository import PinnedRepository

        with_history = source.updated_from == "git"
        return PinnedSource(source, PinnedRepository(look_up(location, source.branch, with_history=with_history)))
    if isinstance(location, Bucket):
        from etl_project.sources.objects.bucket import pin_bucket

        return PinnedSource(source, pin_bucket(location, Bucket(source.inventory) if source.inventory else None))
    if isinstance(location, Packs):
        from etl_project.sources.packs.pack import pin_packs

        return PinnedSource(source, pin_packs(location))
    return PinnedSource(source, PinnedFolder(location, root_of(location)))


def sweep_mirrors(published: Path, sources: Iterable[Source]) -> int:
    """Remove copies of remote repositories and unpacked packs that no source is read from; the caller holds the lock.

    Args:
        published: the published file whose sources they are.
        sources: the sources of the settings.

    Returns:
        How many copies were removed.
    """
    mirrors = mirrors_of(published)
    present = set(mirrors.iterdir()) if mirrors.is_dir() else set()
    locations = [source.location for source in sources]
    needed = {location.mirror for location in locations if isinstance(location, Repository)}
    unpacked = _spool_names([location for location in locations if isinstance(location, Packs)])
    left = {path for path in present - needed if not path.name.startswith(unpacked)}
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(left)


def _spool_names(packs: Sequence[Packs]) -> tuple[str, ...]:
    """How the names of the files begin that packs are unpacked to."""
    if not packs:
        return ()
    from etl_project.sources.packs.spool import spool_name

    return tuple(map(spool_name, packs))


def close_readers() -> None:
    """End the processes that reading keeps open."""
    close_blobs()
