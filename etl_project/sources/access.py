"""What is asked of a source wherever it lies, answered by the module of its kind of place."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from etl_project.sources.folder import check_root, list_files, read_file, root_of
from etl_project.sources.git.blobs import close_blobs, first_file, names_below, read_blob
from etl_project.sources.git.fetch import present
from etl_project.sources.listing import FolderListing
from etl_project.sources.location import Repository, mirrors_of
from etl_project.sources.signature import ReadFile, Signature, SourceUnavailable
from etl_project.sources.source import Source

ReadPost = Callable[[str, Signature, int], ReadFile]
"""Path, what the listing says of it and the largest number of bytes in, the file out; raises as `read_file` does."""


def at_present(source: Source) -> Source:
    """Settle what a source is read at: a repository at its present commit, a folder as it is and no other in its place.

    Raises:
        SourceUnavailable: there is no such folder; the repository cannot be reached, is none, or has no such branch.
    """
    if isinstance(source.location, Path):
        settled = dataclasses.replace(source)
        object.__setattr__(settled, "root", root_of(source.location))
        return settled
    with_history = source.updated_from == "git"
    return dataclasses.replace(source, location=present(source.location, source.branch, with_history=with_history))


def commit_and_tree(source: Source) -> tuple[str | None, str | None]:
    """Commit and tree that a source is read at, of a git source that has been settled; None and None of a folder."""
    location = source.location
    return (location.commit, location.tree) if isinstance(location, Repository) else (None, None)


def list_folders(sources: Iterable[Source]) -> tuple[dict[str, FolderListing], dict[str, str]]:
    """List the sources that are folders.

    Returns:
        Source -> its listing; and those that cannot be listed completely, with why.
    """
    listings: dict[str, FolderListing] = {}
    unavailable: dict[str, str] = {}
    for source in sources:
        if not isinstance(source.location, Repository):
            try:
                listings[source.name] = list_files(source)
            except SourceUnavailable as error:
                unavailable[source.name] = str(error)
    return listings, unavailable


def post_reader(source: Source) -> ReadPost:
    """Prepare the reading of the posts of a source."""
    location = source.location
    if isinstance(location, Repository):
        return lambda path, listed, largest: read_blob(location, listed, largest)
    folder, root = os.fsencode(location), source.root

    def read(path: str, listed: Signature, largest: int) -> ReadFile:
        try:
            return read_file(folder, path, largest)
        except FileNotFoundError:
            if root:
                check_root(location, root)
            raise

    return read


def read_first(
    location: Path | Repository, names: Iterable[str], largest: int | None = None
) -> tuple[str, bytes] | None:
    """Read the first file there is of some beside the posts: its name and bytes.

    Args:
        location: where the source lies.
        names: paths below it; `../` leads to the folder above it.
        largest: bytes above which a file is taken to be empty.

    Raises:
        OSError: the file cannot be read.
        SourceUnavailable: the repository cannot be read.
    """
    if isinstance(location, Repository):
        return first_file(location, names, largest)
    for name in names:
        path = location.parent / name[3:] if name.startswith("../") else location / name
        if path.is_file():
            return name, b"" if largest is not None and path.stat().st_size > largest else path.read_bytes()
    return None


def files_below(location: Path | Repository, folder: str) -> Iterable[str]:
    """List the files below a folder of a source, by their paths below the source."""
    if isinstance(location, Repository):
        return names_below(location, folder)
    return (
        (Path(above) / name).relative_to(location).as_posix()
        for above, _, names in os.walk(location / folder)
        for name in names
    )


def sweep_mirrors(published: Path, sources: Iterable[Source]) -> int:
    """Remove the copies of remote repositories that no source is read from any more; the caller holds the lock.

    Args:
        published: the published file, whose sources they are.
        sources: the sources of the settings.

    Returns:
        How many copies went.
    """
    mirrors = mirrors_of(published)
    there = set(mirrors.iterdir()) if mirrors.is_dir() else set()
    needed = {source.location.mirror for source in sources if isinstance(source.location, Repository)}
    for mirror in there - needed:
        shutil.rmtree(mirror)
    return len(there - needed)


def close_places() -> None:
    """Let go of what reading keeps open in this process."""
    close_blobs()
