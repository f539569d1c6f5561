"""Instants for people: in the zone of the sources, which is named, and how long ago."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo


class Clock:
    """Writes instants in the zone that every source keeps, or in UTC where they keep several."""

    def __init__(self, zones: Iterable[str]) -> None:
        kept = set(zones)
        self.name = kept.pop() if len(kept) == 1 else "UTC"
        self._zone = ZoneInfo(self.name)

    def time(self, moment: dt.datetime) -> str:
        """Write an instant to the second, without its zone."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def at(self, moment: dt.datetime) -> str:
        """Write an instant with its zone: `2026-01-31 09:00:00 Asia/Shanghai`."""
        return f"{self.time(moment)} {self.name}"

    def day_begin(self, days_ago: int) -> dt.datetime:
        """The midnight with which a day of this zone began. `days_ago`: 0 is today."""
        today = dt.datetime.now(self._zone).date()
        return dt.datetime.combine(today - dt.timedelta(days=days_ago), dt.time(), self._zone)

    def localized(self, moment: dt.datetime) -> dt.datetime:
        """An instant of a time that may be without a zone: then it is of this one."""
        return moment if moment.tzinfo else moment.replace(tzinfo=self._zone)


def ago(moment: dt.datetime) -> str:
    """Say how long ago an instant is, in its largest unit."""
    seconds = max(0, (dt.datetime.now(dt.UTC) - moment).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
