"""The instant of a refresh."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant of a refresh: one reading, so that every stage agrees."""

    as_of: dt.datetime
    started_ns: int
    """The same instant in nanoseconds since 1970-01-01T00:00Z."""

    @property
    def as_of_us(self) -> int:
        """The instant in microseconds since 1970-01-01T00:00Z."""
        return (self.as_of - _EPOCH) // dt.timedelta(microseconds=1)

    @classmethod
    def now(cls) -> Clock:
        """Read the clock."""
        ns = time.time_ns()
        return cls(dt.datetime.fromtimestamp(ns // 1_000 / 1_000_000, dt.UTC), ns)
