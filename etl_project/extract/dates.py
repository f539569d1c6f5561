"""A written date in, an instant out, or a warning that says why there is none.

The grammar is explicit and knows ASCII digits only. Understood are

- `2021-12-08`, `2021/12/8`, `2021.12.08`, `2021年12月8日`, `20211208`, alone or followed by a time;
- `8 December 2021`, `8 Dec 2021`, `December 8, 2021`, `Dec 8th 2021`, alone or followed by a time, with or
  without the day of the week before them (RFC 2822, HTTP, RSS), and `Wed Dec  8 10:46:18 +0800 2021` (Unix,
  JavaScript);
- times `10:46`, `10:46:18`, `10:46:18.123456789` (cut to microseconds, never rounded), `10:46 PM`;
- zones `Z`, `UTC`, `GMT`, `+0800`, `+08:00`, `+08`, `-5`, `UTC+8`, IANA names such as `America/New_York`,
  the abbreviations the zone of the source itself uses (`CST` in Asia/Shanghai), and those of RFC 2822
  (`EST`, `PDT`).

Any other word after a good date is warned about and the date is read as if it were not there: a person who
reads `2021-12-08 10:46 Peking` still knows the day. Anything that is not a word, or is an impossible offset
(`+99:00`), makes the date invalid. `12/8/2021` is not read: it is two days. A number alone is not a date:
no epoch is guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl_project.reasons import PostWarning

_EPOCH = 719163
"""Ordinal of 1970-01-01."""

_LONGEST = 120
"""Characters of the longest text that can be a date."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1)
    for name in names.split()
}  # fmt: skip

_RFC_2822_ZONES = {
    "EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000,
    "MST": -25200, "MDT": -21600, "PST": -28800, "PDT": -25200,
}  # fmt: skip

_TIME = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,30}))?)?(?:[ ]?([AaPp])\.?[Mm]\b\.?)?"

_RARE = 1 << 30
"""No offset: a closer look is needed."""

_COMMON_OFFSET = re.compile(r"[ ]?([+-])([0-9]{2}):?([0-9]{2})")
_NUMBERS = re.compile(
    r"(?:([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])"
    r"|([0-9]{4})[ ]?年[ ]?([0-9]{1,2})[ ]?月[ ]?([0-9]{1,2})[ ]?日"
    r"|([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9]))"
    rf"(?:(?:[Tt]|[ \t]+|(?<=日)){_TIME})?(.*)",
    re.DOTALL,
)
_COMPACT_TIME = re.compile(r"T([0-9]{2})([0-9]{2})([0-9]{2})?(?![0-9])")
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?[ ]+)?"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}([0-9]{{1,2}})(?:st|nd|rd|th)?[ -]([a-z]{{3,9}})\.?,?[ -]([0-9]{{4}})(?![0-9]),?"
    rf"(?:[ ]+(?:at[ ]+)?{_TIME})?(.*)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_MONTH_FIRST = re.compile(
    rf"{_WEEKDAY}([a-z]{{3,9}})\.?[ ]+([0-9]{{1,2}})(?:st|nd|rd|th)?,?[ ]+([0-9]{{4}})(?![0-9]),?"
    rf"(?:[ ]+(?:at[ ]+)?{_TIME})?(.*)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_YEAR_LAST = re.compile(
    rf"{_WEEKDAY}([a-z]{{3,9}})[ ]+([0-9]{{1,2}})[ ]+{_TIME}(.*)[ ]([0-9]{{4}})",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_OFFSET = re.compile(
    r"(?:UTC|GMT)?[ ]?([+-])([0-9]{1,2})(?::?([0-9]{2}))?(?:[ ]*[(\[]?[A-Za-z][A-Za-z_/ ]{0,40}[)\]]?)?"
)
_IANA = re.compile(r"\[?([A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2})\]?")
_WORDS = re.compile(r"[^\W\d_]+(?:[ .]+[^\W\d_]+){0,3}\.?")


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date that was understood."""

    instant: int
    """Microseconds since 1970-01-01T00:00Z."""
    precision: str
    """`second`, `minute` or `day`."""
    warnings: tuple[PostWarning, ...] = ()


def read_date(
    written: str,
    zone: ZoneInfo,
    *,
    naive_is_utc: bool,
    earliest: dt.date,
    latest: dt.date,
    fast_path: bool = True,
) -> ReadDate | PostWarning:
    """Read a date as it is written.

    A date alone has precision `day` and is the start of that day. A time without a zone is of `zone`, or
    UTC with `naive_is_utc`. A local time that a change of the clock skips is invalid; one that it repeats
    is the earlier. A leap second (`23:59:60`) is invalid, as POSIX time has none.

    Args:
        written: the text of the field.
        zone: zone of the source.
        naive_is_utc: read times without a zone as UTC.
        earliest: first day allowed, judged on the calendar date as written.
        latest: last day allowed.
        fast_path: read the form that nearly every post has without the grammar; the result is the same, only slower,
            without.

    Returns:
        The date, or the warning `date_invalid` or `date_out_of_range` with the text as detail.

    """
    # Nearly every post writes its date this way. The fixed places of - and : leave fromisoformat no other
    # reading; newer Pythons would take 24:00.
    head = written[:19]
    if fast_path and len(head) == 19 and head[4] == "-" == head[7] and head[13] == ":" == head[16] and head[10] in " T":
        offset = _common_offset(written[19:])
        if offset != _RARE and head[11:13] != "24":
            try:
                local = dt.datetime.fromisoformat(head)
            except ValueError:
                return PostWarning("date_invalid", written)
            seconds = local.hour * 3600 + local.minute * 60 + local.second
            return _instant(written, local.date(), seconds, 0, "second", offset, zone, naive_is_utc, earliest, latest)
    return _read_rare(written, zone, naive_is_utc, earliest, latest)


@lru_cache(maxsize=256)
def _common_offset(suffix: str) -> int | None:
    """Read what follows the seconds: an offset, None for nothing, `_RARE` for what takes a closer look."""
    if not suffix:
        return None
    if suffix == "Z":
        return 0
    match = _COMMON_OFFSET.fullmatch(suffix)
    offset = _offset(*match.groups()) if match is not None else None
    return _RARE if offset is None else offset


def _read_rare(
    written: str, zone: ZoneInfo, naive_is_utc: bool, earliest: dt.date, latest: dt.date
) -> ReadDate | PostWarning:
    invalid = PostWarning("date_invalid", written[:_LONGEST])
    text = written.strip()
    if len(text) > _LONGEST:
        return invalid
    parts = _split(text)
    if parts is None:
        return invalid
    (year, month, day), (hour, minute, second, fraction, half), suffix = parts
    try:
        on = dt.date(int(year), month if isinstance(month, int) else int(month), int(day))
    except ValueError:
        return invalid
    seconds: int | None = None
    precision = "day"
    if hour is not None:
        if half is not None:
            if not 1 <= int(hour) <= 12:
                return invalid
            hour = str(int(hour) % 12 + (12 if half in "Pp" else 0))
        seconds = _seconds(hour, minute, second or "0")
        if seconds is None:
            return invalid
        precision = "second" if second is not None else "minute"
    micros = int((fraction or "")[:6].ljust(6, "0"))
    warnings: tuple[PostWarning, ...] = ()
    suffix = suffix.strip()
    offset: int | None = None
    if suffix:
        understood = _read_suffix(suffix, on, seconds or 0, zone)
        if understood is None:
            return invalid
        if understood == "unknown":
            warnings = (PostWarning("unknown_date_suffix", written),)
        elif isinstance(understood, ZoneInfo):
            zone, naive_is_utc = understood, False
        elif isinstance(understood, int):
            offset = understood
    return _instant(written, on, seconds, micros, precision, offset, zone, naive_is_utc, earliest, latest, warnings)


_Time = tuple[str | None, str | None, str | None, str | None, str | None]


def _split(text: str) -> tuple[tuple[str, str | int, str], _Time, str] | None:
    """Take a date apart: (year, month, day), (hour, minute, second, fraction, a or p), what follows."""
    match = _NUMBERS.fullmatch(text)
    if match is not None:
        g = match.groups()
        date = (g[0], g[2], g[3]) if g[0] else (g[4], g[5], g[6]) if g[4] else (g[7], g[8], g[9])
        time: _Time = (g[10], g[11], g[12], g[13], g[14])
        rest: str = g[15]
        if compact := _COMPACT_TIME.match(rest):
            time = (compact[1], compact[2], compact[3], None, None)
            rest = rest[compact.end() :]
        return date, time, rest
    for pattern, order in ((_DAY_FIRST, (2, 1, 0)), (_MONTH_FIRST, (2, 0, 1))):
        if match := pattern.fullmatch(text):
            g = match.groups()
            month = _MONTHS.get(g[order[1]].lower())
            if month is None:
                return None
            return (g[order[0]], month, g[order[2]]), (g[3], g[4], g[5], g[6], g[7]), g[8]
    if match := _YEAR_LAST.fullmatch(text):
        g = match.groups()
        month = _MONTHS.get(g[0].lower())
        if month is None:
            return None
        return (g[8], month, g[1]), (g[2], g[3], g[4], g[5], g[6]), g[7]
    return None


def _read_suffix(suffix: str, on: dt.date, seconds: int, zone: ZoneInfo) -> int | str | ZoneInfo | None:
    """Read what follows a date.

    Returns:
        An offset in seconds, a zone, `local`, `unknown` for a mere word, or None when there is no date
        then.

    """
    upper = suffix.upper()
    if upper in ("Z", "UTC", "GMT", "UT"):
        return 0
    if match := _OFFSET.fullmatch(suffix):
        return _offset(match[1], match[2], match[3] or "0")
    if match := _IANA.fullmatch(suffix):
        return _zone(match[1]) or "unknown"
    if suffix == _abbreviation(zone, on, seconds):
        return "local"
    if upper in _RFC_2822_ZONES:
        return _RFC_2822_ZONES[upper]
    return "unknown" if _WORDS.fullmatch(suffix) else None


def _abbreviation(zone: ZoneInfo, on: dt.date, seconds: int) -> str | None:
    return zone.tzname(dt.datetime(on.year, on.month, on.day, seconds // 3600, seconds // 60 % 60))


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _offset(sign: str, hours: str, minutes: str) -> int | None:
    """Seconds east of UTC, or None beyond the 15:59 hours that POSIX and real clocks stay within."""
    hour, minute = int(hours), int(minutes)
    if hour > 15 or minute > 59:
        return None
    seconds = hour * 3600 + minute * 60
    return -seconds if sign == "-" else seconds


def _seconds(hour: str | None, minute: str | None, second: str | None) -> int | None:
    """Seconds since midnight, or None when the clock never shows that."""
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    return h * 3600 + m * 60 + s if h < 24 and m < 60 and s < 60 else None


@lru_cache(maxsize=16384)
def _day_offset(zone: ZoneInfo, ordinal: int) -> int | None:
    """Offset of a zone on a day, in seconds, or None on a day when the clock changes."""
    start = dt.datetime.fromordinal(ordinal)
    offsets = {
        (start + dt.timedelta(hours=hours)).replace(tzinfo=zone, fold=fold).utcoffset()
        for hours in (0, 6, 12, 18, 23)
        for fold in (0, 1)
    }
    offsets.add(start.replace(hour=23, minute=59, second=59, tzinfo=zone).utcoffset())
    if len(offsets) > 1:
        return None
    offset = offsets.pop()
    return int(offset.total_seconds()) if offset is not None else 0


def _changing_offset(zone: ZoneInfo, ordinal: int, seconds: int | None) -> int | None:
    """Offset of a local time on a day when the clock changes; None for a time that was skipped."""
    local = dt.datetime.fromordinal(ordinal) + dt.timedelta(seconds=seconds or 0)
    before = local.replace(tzinfo=zone, fold=0).utcoffset() or dt.timedelta()
    after = local.replace(tzinfo=zone, fold=1).utcoffset() or dt.timedelta()
    # PEP 495: in a gap the offset of fold=0 is the smaller one. A day that begins in one begins after it.
    if before < after and seconds is not None:
        return None
    return int(before.total_seconds())


def _instant(
    written: str,
    on: dt.date,
    seconds: int | None,
    micros: int,
    precision: str,
    offset: int | None,
    zone: ZoneInfo,
    naive_is_utc: bool,
    earliest: dt.date,
    latest: dt.date,
    warnings: tuple[PostWarning, ...] = (),
) -> ReadDate | PostWarning:
    if not earliest <= on <= latest:
        return PostWarning("date_out_of_range", written)
    ordinal = on.toordinal()
    if offset is None:
        if naive_is_utc:
            offset = 0
        else:
            offset = _day_offset(zone, ordinal)
            if offset is None:
                offset = _changing_offset(zone, ordinal, seconds)
                if offset is None:
                    return PostWarning("date_invalid", written)
    instant = ((ordinal - _EPOCH) * 86400 + (seconds or 0) - offset) * 1_000_000 + micros
    return ReadDate(instant, precision, warnings)
