"""A repository at one commit, as a place of posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etl_project.sources.git.blobs import files_named, first_file, names_below, paths_there, read_blob
from etl_project.sources.listing import FolderListing, Listing
from etl_project.sources.location import Repository
from etl_project.sources.place import LastListing, OrdinaryPlace, PlaceVersion
from etl_project.sources.signature import ReadFile, Signature
from etl_project.sources.source import Source


@dataclass(frozen=True, slots=True)
class PinnedRepository(OrdinaryPlace):
    """A repository at one commit: see `PinnedPlace` for what its methods answer."""

    repository: Repository
    """Looked up: its commit and tree are known, unless nothing has been committed yet."""

    @property
    def name(self) -> str:
        """Name of the folder that is the source; empty for a whole repository."""
        return self.repository.name

    @property
    def version(self) -> PlaceVersion:
        """The commit, and the tree of the source's folder."""
        return PlaceVersion(self.repository.commit, self.repository.tree)

    @property
    def knows_content(self) -> bool:
        """Yes: a blob is named by its content."""
        return True

    @property
    def fingerprint_parts(self) -> tuple[str, ...]:
        """Another folder is another site, and the end of a shallow history decides which dates are known."""
        return (self.repository.folder, *sorted(self.repository.boundaries))

    def walk(self, source: Source) -> FolderListing | None:
        """None: commit and tree tell what changed."""
        return None

    def list_posts(self, source: Source, walked: FolderListing | None, last: LastListing | None) -> Listing:
        """List the posts of the commit, or those that differ from an earlier one."""
        # Polars is imported where rows are made: most plans make none.
        from etl_project.sources.git.tree import list_posts

        return list_posts(source, self.repository, last)

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        """Read the blob that the listing names."""
        return read_blob(self.repository, listed, largest)

    def read_first(self, names: Iterable[str], largest: int | None = None) -> tuple[str, bytes] | None:
        """Read the first file there is of some beside the posts."""
        return first_file(self.repository, names, largest)

    def read_files(self, names: Sequence[str], largest: int | None = None) -> list[tuple[str, bytes]]:
        """Read all files there are of some beside the posts."""
        return files_named(self.repository, names, largest)

    def files_below(self, folder: str) -> Iterable[str]:
        """List the files below a folder of the source."""
        return names_below(self.repository, folder)

    def still_there(self, paths: Sequence[str]) -> list[str]:
        """Find the paths at which the commit has a file, whether or not it is a post."""
        return paths_there(self.repository, paths)
