"""How the listing of the sources differs from the inventory: what a comparison gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

from etl_project.scan.leaving import Leaving


@dataclass(frozen=True, slots=True)
class Diff:
    """How the listing differs from the inventory.

    Rows of files are in temporary tables of the connection: `listed_files`, `deleted_files`, `confirmed_young`.
    """

    listed: dict[str, int] = field(default_factory=dict)
    """Source -> listed files."""
    unavailable: dict[str, str] = field(default_factory=dict)
    """Source -> why it could not be listed completely; none of its files is in the tables."""
    to_read: dict[str, int] = field(default_factory=dict)
    """Source -> files to read."""
    deleted: int = 0
    """Files of the inventory that are no longer listed."""
    leaving: dict[str, Leaving] = field(default_factory=dict)
    """Source -> articles about to leave, where any is."""
    missed: list[str] = field(default_factory=list)
    """Files found by `verify` whose bytes changed although their signature did not, as `source/path`."""
    young_left: bool = False
    """Some file was written so recently that it must be hashed again although its bytes are the same."""
