"""Limits that keep one bad file from harming a refresh."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Limits:
    """`[limits]` of etl.toml."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    file_bytes: int = 8 * 1024 * 1024
    """Size of the largest file that is read."""
    front_matter_bytes: int = 64 * 1024
    """Size of the largest front matter, in bytes of UTF-8."""
    depth: int = 64
    """Deepest nesting of the front matter."""
    events: int = 20_000
    """Most parser events (scalars, starts and ends of lists and mappings) of one front matter, aliases expanded."""
    number_digits: int = 1_000
    """Longest number in front matter, in characters."""
    rejected_bytes: int = 1024 * 1024
    """Size of the largest rejected file whose bytes are stored in `rejected_files`."""
    earliest_date: dt.date = dt.date(1970, 1, 1)
    """First date that a post may have; an earlier date gets a warning and is not used."""
    latest_date: dt.date = dt.date(2099, 12, 31)
    """Last date that a post may have; a later date gets a warning and is not used."""
    deletes_share: float = 0.2
    """Share of a source's posts that may leave in one refresh without `--allow-deletes`."""
    settings_share: float = 1.0
    """The same where the settings or the code changed, and the files did not. The last post never leaves so."""
