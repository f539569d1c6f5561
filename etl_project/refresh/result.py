"""What a refresh did, for whoever reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from etl_project.engines.engine import NodeWork


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
    """list, extract, load -> how long it took."""
    unavailable: dict[str, str]
    """Source -> why it could not be read."""
    still_unavailable: frozenset[str]
    """Those of them that the last plan could not read either, for the same reason."""
    missed: list[str]
    """Files whose bytes changed although their signature did not, as `source/path`."""
    newly_rejected: list[str]
    """Some files that are rejected and were not before, as `source/path`."""
    commits: dict[str, str | None]
    """Git source -> commit that was read."""
    not_read: Mapping[str, int]
    """Ending that the dialects do not read, but that posts may have -> files at the places of posts, of folders."""
    nodes: Mapping[str, NodeWork]
    """Machine of a cluster -> what it read; empty where this one read all."""


def describe_outage(source: str, reason: str) -> str:
    """Say that a source could not be read."""
    return f"The source {source} could not be read: {reason}. Its articles are kept as they were."
