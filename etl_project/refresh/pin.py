"""Pins the sources of a refresh, and lists those that must be walked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.scan.fingerprint import source_fingerprint
from etl_project.scan.site_content import follow_site
from etl_project.scan.source_version import SourceVersion
from etl_project.sources.access import pin
from etl_project.sources.listing import FolderListing
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import SourceUnavailable
from etl_project.sources.source import Source


@dataclass(frozen=True, slots=True)
class PinnedSources:
    """The sources of a refresh, pinned."""

    sources: tuple[PinnedSource, ...]
    versions: dict[str, SourceVersion]
    """Source -> what its rows are to be made with and of."""
    unavailable: dict[str, str]
    """Sources that fail -> why."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The listings of the sources that must be walked to be listed."""

    listings: dict[str, FolderListing]
    """Source -> its listing."""
    unavailable: dict[str, str]
    """Sources that cannot be listed completely -> why."""

    @property
    def digest(self) -> str:
        """Equal for equal listings."""
        return ",".join([f"{name}:{listing.digest}" for name, listing in sorted(self.listings.items())])

    def bytes_of(self, sources: Collection[str]) -> int:
        """Bytes of the posts of some sources, as far as they are listed here."""
        listings = [listing for name, listing in self.listings.items() if name in sources]
        return sum(sum(files.sizes) for listing in listings for files in listing.files)

    @property
    def not_read(self) -> dict[str, Mapping[str, int]]:
        """Source -> ending that its dialect does not read, but that posts may have -> files at the places of posts."""
        return {name: listing.not_read for name, listing in self.listings.items()}


def pin_sources(wanted: Iterable[Source], limits: Limits, insight: Insight) -> PinnedSources:
    """Pin each source, and fingerprint what its rows are to be made with."""
    sources: list[PinnedSource] = []
    versions: dict[str, SourceVersion] = {}
    unavailable: dict[str, str] = {}
    for source in wanted:
        try:
            pinned = follow_site(pin(source))
            fingerprint = source_fingerprint(pinned, limits, insight)
        except SourceUnavailable as error:
            unavailable[source.name] = str(error)
            continue
        sources.append(pinned)
        versions[source.name] = SourceVersion(fingerprint, *pinned.place.version)
    return PinnedSources(tuple(sources), versions, unavailable)


def walk_sources(sources: Iterable[PinnedSource]) -> Walk:
    """List the sources that must be walked to be listed."""
    listings: dict[str, FolderListing] = {}
    unavailable: dict[str, str] = {}
    for pinned in sources:
        try:
            if (listing := pinned.place.walk(pinned.source)) is not None:
                listings[pinned.name] = listing
        except SourceUnavailable as error:
            unavailable[pinned.name] = str(error)
    return Walk(listings, unavailable)
