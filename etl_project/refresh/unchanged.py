"""A look that found nothing to do, remembered: where all it went by is the same, so is what the next one would find.

Comparing a million files with the inventory takes longer than listing them, and opening databases longer than both
where files are few. What a look goes by is told by a digest of the listings and one of everything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import warehouse
from etl_project.sources.listing import FolderListing

if TYPE_CHECKING:
    from etl_project.database.work_file import WorkFile
    from etl_project.load.merge import SourceState
    from etl_project.settings import Settings

_CODE = {
    Path(__file__).parents[1]: ("**/*.py", "**/*.sql"),
    Path(warehouse.__file__).parent: ("*.sql", "aggregates/*.sql"),
}


@dataclass(frozen=True, slots=True)
class Quiet:
    """What a look that found nothing to do went by."""

    basis: str
    """Digest of settings, code, states of the sources, and the two database files as the file system knows them."""
    listing: str
    """Digest of what was listed of each folder."""
    listed: dict[str, int]
    """Source -> listed files."""
    from_us: int
    """Instant of the look, in microseconds since 1970-01-01T00:00Z."""
    until_us: int | None
    """Instant of the next publication or expiry of an article, if one is to come."""

    def holds(self, basis: str | None, now_us: int) -> bool:
        """Whether nothing but the listings can be another, at an instant."""
        return self.basis == basis and self.from_us <= now_us and (self.until_us is None or now_us < self.until_us)


def basis_of(settings: Settings, states: Mapping[str, SourceState], work: WorkFile) -> str | None:
    """Digest everything but the listings that a look goes by; None where a database file is missing or has a log.

    Args:
        settings: the settings.
        states: what the rows of every source are to be made with and of.
        work: the work file, and the file that is published from it.
    """
    digest = hashlib.blake2b(digest_size=16)
    files = [*_code(), work.path, work.published]
    try:
        parts = [repr(settings), repr(sorted(states.items())), *map(_signature, files)]
    except FileNotFoundError:
        return None
    if any(Path(f"{file}.wal").exists() for file in (work.path, work.published)):
        return None
    for part in parts:
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()


def digest_listings(listings: Mapping[str, FolderListing]) -> str:
    """Digest what is listed of each folder."""
    return ",".join([f"{name}:{listing.digest}" for name, listing in sorted(listings.items())])


def _code() -> list[Path]:
    return sorted(file for package, patterns in _CODE.items() for p in patterns for file in package.glob(p))


def _signature(file: Path) -> str:
    info = file.stat()
    return f"{file} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"
