"""What the address of a post is made of, and the parts that several generators share."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from etl_project.extract.dates import ReadDate

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
SLASHES = re.compile("/{2,}")
COLON_NAME = re.compile(":([a-z_]+)")
"""A part of a template, in the form that Jekyll and Hexo share."""
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(slots=True)
class Address:
    """What the address of a post is made of."""

    folders: list[str]
    """Folders below the content folder; of a bundle those above its own."""
    stem: str
    """File name without its ending; of a bundle the name of its folder."""
    slug: str | None
    stated_slug: str | None
    title: str | None
    stated_url: str | None
    published: ReadDate | None
    written: str | None
    """The date as the front matter writes it."""
    zone: ZoneInfo
    categories: list[str]
    language: str | None
    """Language that leads the address."""
    _local: dt.datetime | None = None

    def local(self) -> dt.datetime | None:
        """Give the date on the clock of the source."""
        if self._local is None and self.published is not None:
            self._local = (_EPOCH + dt.timedelta(microseconds=self.published.instant)).astimezone(self.zone)
        return self._local

    def as_written(self) -> dt.date | None:
        """Give the day as the front matter writes it, in whatever zone: Go keeps the zone of a date."""
        match = _DAY_WRITTEN.match(self.written) if self.written and self.published else None
        if match is None:
            return self.local()
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return self.local()


UrlMaker = Callable[[Address], str | None]


class UnknownPartError(LookupError):
    """A template asks for what the post does not have."""


def rooted(path: str) -> str:
    """Begin a path with a slash."""
    return path if path.startswith("/") else f"/{path}"


def stated_url(post: Address) -> str | None:
    """Only what the front matter says; addresses of other sites are not paths of this one."""
    url = post.stated_url
    return None if not url or "://" in url else rooted(url)


def date_part(write: Callable[[dt.datetime], str]) -> Callable[[Address], str]:
    """Make a part of a template of the local date.

    Raises:
        UnknownPartError: from the part, where the post has no date.
    """

    def part(post: Address) -> str:
        local = post.local()
        if local is None:
            raise UnknownPartError
        return write(local)

    return part


DATE_PARTS: dict[str, Callable[[Address], str]] = {
    "year": date_part(lambda day: f"{day.year:04}"),
    "month": date_part(lambda day: f"{day.month:02}"),
    "i_month": date_part(lambda day: f"{day.month}"),
    "day": date_part(lambda day: f"{day.day:02}"),
    "i_day": date_part(lambda day: f"{day.day}"),
    "hour": date_part(lambda day: f"{day.hour:02}"),
    "minute": date_part(lambda day: f"{day.minute:02}"),
    "second": date_part(lambda day: f"{day.second:02}"),
}
"""Parts that Jekyll and Hexo share."""
