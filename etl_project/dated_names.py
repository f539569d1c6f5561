"""Patterns of file names that state a day, as generators, note programs and people write them.

Each has the groups year, month, day and slug; the slug is the rest of the name, or None where it is the whole name.
"""

from __future__ import annotations

import re

_DASHED_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"

JEKYLL_NAME = re.compile(
    r"(?P<year>[0-9]{2,4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})-(?P<slug>.*)", re.ASCII | re.DOTALL
)
"""`Document::DATE_FILENAME_MATCHER` of Jekyll."""

DASHED_NAME = re.compile(_DASHED_DATE + r"(?:[-_ .]+(?P<slug>.*))?", re.ASCII | re.DOTALL)

DATE_FIRST_NAME = re.compile(_DASHED_DATE + r"(?:[-_ .].*)?(?P<slug>)", re.ASCII | re.DOTALL)
"""A date at the start of a file name that is part of the slug too."""

HUGO_NAME = re.compile(
    _DASHED_DATE + r"(?:[- T](?P<clock>(?:[01][0-9]|2[0-3])[-:][0-5][0-9][-:][0-5][0-9]))?(?P<slug>.*)",
    re.ASCII | re.DOTALL,
)
"""The day, and a time, that `:filename` means: resources/page/pagemeta/page_frontmatter.go of Hugo."""

ZOLA_NAME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
    r"(?:T(?P<clock>(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])))?(?:\s?[-_]\s*(?P<slug>\S.*)|.*)",
    re.ASCII | re.DOTALL,
)
"""A day, or an RFC 3339 date and time: components/content/src/page.rs of Zola."""

_YEAR, _MONTH, _DAY = "(?:19|20)[0-9]{2}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"


def _day_pattern(suffix: str = "") -> str:
    """Write the pattern of `2024-03-05`, `2024_03_05`, `2024.03.05`, `20240305` and `2024年3月5日`.

    A time may follow the digits: `202403051230`, `20240305T123000`. The names of the groups end in `suffix`.
    """
    return (
        rf"(?:(?P<year{suffix}>{_YEAR})(?P<separator{suffix}>[-_.]?)(?P<month{suffix}>{_MONTH})"
        rf"(?P=separator{suffix})(?P<day{suffix}>{_DAY})(?:T?[0-9]{{4}}(?:[0-9]{{2}})?)?(?![0-9])"
        rf"|(?P<year_of_han{suffix}>{_YEAR})年(?P<month_of_han{suffix}>[0-9]{{1,2}})月"
        rf"(?P<day_of_han{suffix}>[0-9]{{1,2}})日)"
    )


# What follows the day is set apart, or begins with a letter that no Latin word has: `2024-03-05会议`.
PLAIN_NAME = re.compile(
    _day_pattern() + r"(?:(?:\.[0-9]{1,2})?(?:[-_ .]+|(?=[^\x00-\x7f]))(?P<slug>.*))?", re.ASCII | re.DOTALL
)
"""A day at the start of a name."""

NOTE_NAME = re.compile(
    rf"{_day_pattern()}[-_ .]*(?P<slug>.*)|.*?[^0-9]{_day_pattern('_within')}.*", re.ASCII | re.DOTALL
)
"""A day anywhere in a name; at its start it is no part of the slug. So Dataview reads `file.day` of a note."""


def date_of_name(match: re.Match[str]) -> str:
    """Write the day that a file name states as year-month-day, with the time if the name has one.

    Args:
        match: the match of one of the patterns above.
    """
    year, month, day = (
        next(text for name, text in match.groupdict().items() if text and name.startswith(part))
        for part in ("year", "month", "day")
    )
    if len(year) == 2:
        # As Ruby reads a year of two digits: 1969 to 2068.
        year = ("19" if year >= "69" else "20") + year
    clock = match["clock"] if "clock" in match.re.groupindex else None
    time = f"T{clock.replace('-', ':', 2) if clock[2] == '-' else clock}" if clock else ""
    return f"{year}-{month:0>2}-{day:0>2}{time}"
