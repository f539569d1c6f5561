"""What the loading of the tables did, for whoever tells of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TablesLoaded:
    """What `load_tables` did."""

    generation: int
    is_new: bool
    """Some row changed."""
    files_read: int
    bytes_read: int
    rows: dict[str, int]
    """Table -> rows now."""
    changes: dict[str, int]
    """added, changed, moved, deleted, rejected, restored, came_out, expired -> articles."""
    milliseconds: dict[str, int]
    unavailable: dict[str, str]
    """Source -> why it could not be read."""
    missed: list[str]
    """Files whose bytes changed although their signature did not, as `source/path`."""
    newly_rejected: list[str]
    """Some files that are rejected and were not before, as `source/path`."""
    commits: dict[str, str | None]
    """Git source -> commit that was read."""
