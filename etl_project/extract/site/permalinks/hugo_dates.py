"""Parts of dates in the addresses of Hugo: `:year` and the like, and Go's layouts such as `:2006` and `:Jan`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from etl_project.extract.site.permalinks.address import MONTHS, WEEKDAYS, Address, UnknownPartError

_PARTS: dict[str, Callable[[dt.date], str]] = {
    "year": lambda day: f"{day.year}",
    "month": lambda day: f"{day.month:02}",
    "monthname": lambda day: MONTHS[day.month - 1],
    "day": lambda day: f"{day.day:02}",
    "weekday": lambda day: f"{day.isoweekday() % 7}",
    "weekdayname": lambda day: WEEKDAYS[day.weekday()],
    "yearday": lambda day: f"{day.timetuple().tm_yday}",
}
_LAYOUTS: dict[str, Callable[[dt.date], str]] = {
    "2006": lambda day: f"{day.year:04}",
    "06": lambda day: f"{day.year % 100:02}",
    "January": _PARTS["monthname"],
    "Jan": lambda day: MONTHS[day.month - 1][:3],
    "01": _PARTS["month"],
    "1": lambda day: f"{day.month}",
    "Monday": _PARTS["weekdayname"],
    "Mon": lambda day: WEEKDAYS[day.weekday()][:3],
    "02": _PARTS["day"],
    "_2": lambda day: f"{day.day:2}",
    "2": lambda day: f"{day.day}",
    "002": lambda day: f"{day.timetuple().tm_yday:03}",
}
_ZERO_DAY = dt.date(1, 1, 1)
"""The day of a page without a date: the zero value of Go's `time.Time`."""

_LAYOUT = re.compile("2006|January|Jan|Monday|Mon|002|01|02|06|_2|1|2")
_TIME_LAYOUT = re.compile("03|04|05|15|3|4|5|PM|pm|MST")
"""Parts of times, which no address of a page needs."""


def write_date(name: str, post: Address) -> str:
    """Write a part of the date of a post, by the day as written in the front matter.

    Raises:
        UnknownPartError: there is no such part, or the date of the post is unknown.
    """
    day = _ZERO_DAY if post.is_undated else post.written_day()
    if day is None:
        raise UnknownPartError
    if name in _PARTS:
        return _PARTS[name](day)
    rest = _LAYOUT.sub("", name)
    if rest == name or _TIME_LAYOUT.search(rest):
        raise UnknownPartError
    return _LAYOUT.sub(lambda match: _LAYOUTS[match[0]](day), name)
