"""How far numbers may be from the usual before people are warned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`[checks]` of etl.toml."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    rejected_share: float = 0.05
    """Share of a source's files that may be rejected without a warning."""
    undated_share: float = 0.3
    """Share of the posts a refresh added that may have no date, where the source dates most of its posts."""
    day_swings: float = 3.5
    """How many of its usual swings a day's count may be below the usual count of its weekday."""
    silent_pauses: float = 2.0
    """How many of its usual pauses a source may be silent."""
