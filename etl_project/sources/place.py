"""Where the posts of a source are: what every kind of place answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from etl_project.sources.listing import FolderListing, Listing
from etl_project.sources.signature import ReadFile, Signature
from etl_project.sources.source import Source


class PlaceVersion(NamedTuple):
    """What a place with a history is read at; nothing of a folder."""

    commit_id: str | None = None
    tree_id: str | None = None
    """Two commits may hold the same tree."""


class LastListing(NamedTuple):
    """What is known of the last listing of a source."""

    version: PlaceVersion
    links: Mapping[str, int | None]
    """Paths that were symbolic links -> when they were committed: their target may have changed although they have
    not."""


class LookCost(NamedTuple):
    """Requests that a plan sends to a store, each of which costs money."""

    lists: int
    """Requests for names."""
    gets: int
    """Requests for files beside the posts: the site's own settings."""
    has_packs: bool = False
    """What changed is got by packs and not by posts."""
    inventory_gets: int = 0
    """Requests for files of an inventory, where that is read in place of a listing."""


class PinnedPlace(Protocol):
    """A place fixed for one refresh, so that nothing else is read in its stead. Workers get it pickled.

    One class for each kind: `PinnedFolder`, `PinnedRepository`, `PinnedBucket`, `PinnedPacks`.
    """

    @property
    def name(self) -> str:
        """Name of the folder that is the source; empty for a whole repository."""

    @property
    def version(self) -> PlaceVersion:
        """What is read."""

    @property
    def knows_content(self) -> bool:
        """Whether a signature names the content itself, so that there is nothing to re-hash."""

    @property
    def fingerprint_parts(self) -> tuple[str, ...]:
        """What besides its files decides the rows of a source here."""

    @property
    def reads_at_once(self) -> int:
        """How many posts one process reads at once; 1 where reading is work and not waiting."""

    @property
    def look_cost(self) -> LookCost | None:
        """What the plan asked of a store so far; None where nothing is paid for by request."""

    def walk(self, source: Source) -> FolderListing | None:
        """List every post where only a walk tells what changed; None where the version tells.

        Raises:
            SourceUnavailable: it cannot be listed completely.
        """

    def list_posts(self, source: Source, walked: FolderListing | None, last: LastListing | None) -> Listing:
        """List the posts of a source.

        Args:
            source: whose patterns choose the posts.
            walked: what `walk` returned.
            last: the last listing, where only what differs from it need be listed.

        Raises:
            SourceUnavailable: it cannot be listed completely.
        """

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        """Read one listed post.

        Args:
            path: path below the source, as listed.
            listed: its signature in the listing.
            largest: bytes above which it is not read.

        Raises:
            Rejection: not_regular_file, permission_denied, file_size_limit, unreadable, not_downloaded.
            FileNotFoundError: the file went away since it was listed.
            SourceUnavailable: the place failed.
        """

    def read_first(self, names: Iterable[str], largest: int | None = None) -> tuple[str, bytes] | None:
        """Read the first file there is of some beside the posts: its name and bytes.

        Args:
            names: paths below the source; `../` leads to the folder above it.
            largest: bytes above which a file is taken to be empty.

        Raises:
            OSError: the file cannot be read.
            SourceUnavailable: the place cannot be read.
        """

    def read_files(self, names: Sequence[str], largest: int | None = None) -> list[tuple[str, bytes]]:
        """Read all files there are of some beside the posts, together: as `read_first` reads one."""

    def files_below(self, folder: str) -> Iterable[str]:
        """List the files below a folder of the source, by their paths below the source."""

    def still_there(self, paths: Sequence[str]) -> list[str]:
        """Find the paths, as listed, at which there is still a file, whether or not it is a post."""


class OrdinaryPlace:
    """What most places answer; a kind of place overrides what it answers otherwise."""

    __slots__ = ()

    @property
    def version(self) -> PlaceVersion:
        """None: it has no history."""
        return PlaceVersion()

    @property
    def knows_content(self) -> bool:
        """No: a signature only hints at the content."""
        return False

    @property
    def fingerprint_parts(self) -> tuple[str, ...]:
        """Nothing: a site that moves to another place is still the same site."""
        return ()

    @property
    def reads_at_once(self) -> int:
        """One post after the other."""
        return 1

    @property
    def look_cost(self) -> LookCost | None:
        """None: nothing is paid for by request."""
        return None


@dataclass(frozen=True, slots=True)
class PinnedSource:
    """A source and the place it is read at in one refresh."""

    source: Source
    place: PinnedPlace

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.source.name
