"""The values that the address of a post is made from, and what several generators share."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from etl_project.extract.dates import ReadDate
from etl_project.extract.site.hugo.hugo_site import HugoPage
from etl_project.extract.site.pelican.pelican_site import PelicanPage

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

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
    """The values that the address of a post is made from."""

    folders: list[str]
    """Folders below the content folder; for a bundle, without its own folder."""
    stem: str
    """File name without its ending; for a bundle, the name of its folder."""
    slug: str | None
    stated_slug: str | None
    title: str | None
    stated_url: str | None
    published: ReadDate | None
    written: str | None
    """The date as written in the front matter."""
    zone: ZoneInfo
    categories: list[str]
    language: str | None
    """Language that begins the address, if any."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """The front matter, with what the settings of the site and the path of the post add to it."""
    name: str | None = None
    """The path below `_posts` that names a post of Hexo, as `new_post_name` of the site reads it."""
    collection: str = "posts"
    """The collection of Jekyll that the post is in."""
    page: HugoPage | None = None
    """Where the post is in the content of its site of Hugo."""
    pelican: PelicanPage | None = None
    """What the site of Pelican says about the post."""
    is_undated: bool = False
    """Whether a page of Hugo has no date at all, which is the year 1 there."""
    _local: dt.datetime | None = None

    def local_time(self) -> dt.datetime | None:
        """Give the date in the time zone of the source; None if the post has no date."""
        if self._local is None and self.published is not None:
            seconds, microseconds = divmod(self.published.instant, 1_000_000)
            local = dt.datetime.fromtimestamp(seconds, self.zone)
            self._local = local.replace(microsecond=microseconds) if microseconds else local
        return self._local

    def written_day(self) -> dt.date | None:
        """Give the day as written in the front matter, in whatever zone: Go keeps the zone of a date."""
        match = _DAY_WRITTEN.match(self.written) if self.written and self.published else None
        if match is None:
            return self.local_time()
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return self.local_time()


UrlMaker = Callable[[Address], str | None]
"""Function that makes the address of a post: a path that begins with a slash, or None if it cannot be known."""


class UnknownPartError(LookupError):
    """A template uses a part that is unknown, or that the post does not have."""


def add_leading_slash(path: str) -> str:
    """Add a slash at the start of a path, unless there is one."""
    return path if path.startswith("/") else f"/{path}"


def stated_url(post: Address) -> str | None:
    """Give the address that the front matter states.

    Returns:
        None for one on another site, which is no path of this site, and for a template (Eleventy), which only its
        engine can fill.
    """
    url = post.stated_url
    return None if not url or "://" in url or "{{" in url or "{%" in url else add_leading_slash(url)


def date_part(write: Callable[[dt.datetime], str]) -> Callable[[Address], str]:
    """Make a part of a template from the local date.

    The part raises UnknownPartError if the post has no date.
    """

    def part(post: Address) -> str:
        local = post.local_time()
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
