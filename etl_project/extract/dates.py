"""Parse the text of a date into an instant, or return a warning that says why it is not a date.

The grammar is explicit and knows ASCII digits only. It understands

- `2021-12-08`, `2021/12/8`, `2021.12.08`, `2021年12月8日`, `20211208`, alone or followed by a time;
- `8 December 2021`, `8 Dec 2021`, `December 8, 2021`, `Dec 8th 2021`, alone or followed by a time, with or
  without the day of the week before them (RFC 2822, HTTP, RSS), and `Wed Dec  8 10:46:18 +0800 2021` (Unix,
  JavaScript);
- a day of the week after a day in digits: `2021-12-08 Wed 10:46`, `2021年12月8日(水)`, `2021-12-08 周三`;
- `202112081046`, `20211208104618`, and what `ko-KR` writes: `2021. 12. 8. 오후 3:05`, `2021년 12월 8일`;
- times `10:46`, `10:46:18`, `10:46:18.123456789` (cut to microseconds, never rounded), `10:46 PM`, `10:46 p. m.`,
  `下午3:05`, `오후 3:05`, `15时05分30秒`, `15點05分`;
- zones `Z`, `UTC`, `GMT`, `+0800`, `+08:00`, `+08`, `-5`, `UTC+8`, IANA names such as `America/New_York`,
  the abbreviations the zone of the source itself uses (`CST` in Asia/Shanghai), those of RFC 2822
  (`EST`, `PDT`), and names in words that mean one offset (`Pacific Daylight Time`). In brackets after an
  offset may stand anything: `GMT+0800 (中国标准时间)` is what JavaScript writes on a Chinese system.

White space is any of Unicode, and as wide as it likes: ICU 72 and later write U+202F before `PM`.

A day without a time is that day, also when an offset follows it: `2021-12-08 +0800` names no instant. So reads Ruby's
`Time.parse`, by which Jekyll reads it.

Any other word after a valid date gets a warning and is ignored: a person who reads `2021-12-08 10:46 Peking`
still knows the day. Anything that is not a word, or is an impossible offset (`+99:00`), makes the date invalid.
`12/8/2021` is not parsed, because it can mean two different days. A bare number is not a date: the parser never
guesses that it counts seconds since an epoch.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl_project.reasons import PostWarning

_EPOCH_ORDINAL = 719163
"""Ordinal of 1970-01-01."""

_MAX_DATE_CHARACTERS = 120
"""Length of the longest text that can be a date, in characters."""

_TIMES_OF_DAY = (*(dt.time(hour, fold=fold) for hour in (0, 6, 12, 18, 23) for fold in (0, 1)), dt.time(23, 59, 59))
"""Times that show whether the clock changes on a day."""

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

_ZONE_NAMES = {
    "coordinated universal time": 0, "greenwich mean time": 0, "western european time": 0,
    "british summer time": 3600, "west africa time": 3600, "central european time": 3600,
    "central european standard time": 3600, "central european summer time": 7200, "eastern european time": 7200,
    "eastern european standard time": 7200, "eastern european summer time": 10800, "moscow standard time": 10800,
    "india standard time": 19800, "china standard time": 28800, "hong kong standard time": 28800,
    "taipei standard time": 28800, "singapore standard time": 28800, "japan standard time": 32400,
    "korea standard time": 32400, "korean standard time": 32400, "australian eastern standard time": 36000,
    "australian eastern daylight time": 39600, "eastern standard time": -18000, "eastern daylight time": -14400,
    "central standard time": -21600, "central daylight time": -18000, "mountain standard time": -25200,
    "mountain daylight time": -21600, "pacific standard time": -28800, "pacific daylight time": -25200,
}  # fmt: skip
"""Names of zones as Unicode's CLDR writes them in English, in lower case -> seconds east of UTC."""

_TIME = r"([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:[.,]([0-9]{1,30}))?)?(?:[ ]?([AaPp])\.?[ ]?[Mm]\b\.?)?"
_ASIAN_HALF_DAY = re.compile(r"[ ]?(?:(上午|午前|오전)|(?:下午|午後|오후))[ ]?([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")
"""A half of the day before its time: as `zh-CN`, `ja-JP` and `ko-KR` write it."""

_UNCOMMON_OFFSET = 1 << 30
"""Returned by `_common_offset` for a suffix that only the full grammar can read; no real offset is that large."""

_COMMON_OFFSET = re.compile(r"[ ]?([+-])([0-9]{2}):?([0-9]{2})")
_NUMERIC_DATE = re.compile(
    r"(?:([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])"
    r"|([0-9]{4})[ ]?年[ ]?([0-9]{1,2})[ ]?月[ ]?([0-9]{1,2})[ ]?日"
    r"|([0-9]{4})([0-9]{2})([0-9]{2})(?=(?:[0-9]{4}|[0-9]{6})?(?![0-9])))"
    rf"(?:(?:[Tt]|,|,?[ ](?:at[ ])?|(?<=日)){_TIME})?(.*)",
    re.DOTALL,
)
_COMPACT_TIME = re.compile(r"T?([0-9]{2})([0-9]{2})([0-9]{2})?(?![0-9])")
_TIME_IN_WORDS = re.compile(r"([0-9]{1,2})[ ]?[时時点點시][ ]?([0-9]{1,2})[分분](?:[ ]?([0-9]{1,2})[秒초])?")
_KOREAN_DATE = re.compile(r"([0-9]{4})(?:\.[ ]|년[ ]?)([0-9]{1,2})(?:\.[ ]|월[ ]?)([0-9]{1,2})(?:\.|일)")
_DAY_AND_WEEKDAY = re.compile(
    r"([0-9]{4}[ ]?[-/.年][ ]?[0-9]{1,2}[ ]?[-/.月][ ]?[0-9]{1,2}[ ]?日?),?[ ]?[(（]?"
    r"(?:(?:周|週|星期|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日](?:曜日?)?(?=[)）])|[月火水木金土日]曜日?"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?(?![^\W\d_]))[)）]?,?",
    re.IGNORECASE,
)
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
_UTC_OFFSET = re.compile(
    r"(?:UTC|GMT)?[ ]?([+-])([0-9]{1,2})(?::?([0-9]{2}))?"
    r"(?:[ ]*[(\[]?[A-Za-z][A-Za-z_/ ]{0,40}[)\]]?|[ ]?[(（][^()（）]{1,80}[)）])?"
)
_IANA_NAME = re.compile(r"\[?([A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2})\]?")
_WORDS_ONLY = re.compile(r"[^\W\d_]+(?:[ .]+[^\W\d_]+){0,3}\.?|[,;.，；。、]")


class ReadDate(NamedTuple):
    """A date that could be parsed."""

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
    """Parse the text of a date.

    A date without a time has precision `day` and means the start of that day. A time without a zone is in `zone`,
    or in UTC with `naive_is_utc`. A local time that a clock change skips is invalid; one that it repeats means the
    earlier instant. A leap second (`23:59:60`) is invalid, as POSIX time has none.

    Args:
        written: the text of the field.
        zone: zone of the source.
        naive_is_utc: interpret times without a zone as UTC.
        earliest: first day allowed, compared with the calendar date as written.
        latest: last day allowed.
        fast_path: parse the form that nearly every post uses without the full grammar. Turning it off gives the same
            result, only slower.

    Returns:
        The date, or the warning `date_invalid` or `date_out_of_range` with the text as detail.

    """
    # Nearly every post writes its date this way. With - and : at fixed positions, fromisoformat can read the text in
    # one way only; newer Pythons would accept 24:00.
    head = written[:19]
    if fast_path and len(head) == 19 and head[4] == "-" == head[7] and head[13] == ":" == head[16] and head[10] in " T":
        offset = _common_offset(written[19:])
        if offset != _UNCOMMON_OFFSET and head[11:13] != "24":
            try:
                local = dt.datetime.fromisoformat(head)
            except ValueError:
                return PostWarning("date_invalid", written)
            seconds = local.hour * 3600 + local.minute * 60 + local.second
            ordinal = local.toordinal()
            return _make_date(written, ordinal, seconds, 0, "second", offset, zone, naive_is_utc, earliest, latest)
    return _read_by_grammar(written, zone, naive_is_utc, earliest, latest)


@lru_cache(maxsize=256)
def _common_offset(suffix: str) -> int | None:
    """Parse the text after the seconds: seconds east of UTC, None for no text, else `_UNCOMMON_OFFSET`."""
    if not suffix:
        return None
    if suffix == "Z":
        return 0
    match = _COMMON_OFFSET.fullmatch(suffix)
    offset = _offset_seconds(*match.groups()) if match is not None else None
    return _UNCOMMON_OFFSET if offset is None else offset


def _read_by_grammar(
    written: str, zone: ZoneInfo, naive_is_utc: bool, earliest: dt.date, latest: dt.date
) -> ReadDate | PostWarning:
    """Parse a date in any of the forms that the module describes; arguments and result as in `read_date`."""
    invalid = PostWarning("date_invalid", written[:_MAX_DATE_CHARACTERS])
    text = written.strip().strip("\"'")  # a header of Pelican keeps its quotes
    if len(text) > _MAX_DATE_CHARACTERS:
        return invalid
    text = _normalize(text)
    parts = _split_date(text)
    if parts is None:
        return invalid
    (year, month, day), (hour, minute, second, fraction, meridiem), suffix = parts
    try:
        calendar_date = dt.date(int(year), month if isinstance(month, int) else int(month), int(day))
    except ValueError:
        return invalid
    seconds: int | None = None
    precision = "day"
    if hour is not None:
        if meridiem is not None:
            if not 1 <= int(hour) <= 12:
                return invalid
            hour = str(int(hour) % 12 + (12 if meridiem in "Pp" else 0))
        seconds = _seconds_of_day(hour, minute, second or "0")
        if seconds is None:
            return invalid
        precision = "second" if second is not None else "minute"
    micros = int((fraction or "")[:6].ljust(6, "0"))
    warnings: tuple[PostWarning, ...] = ()
    suffix = suffix.strip()
    offset: int | None = None
    if suffix:
        zone_or_offset = _read_suffix(suffix, calendar_date, seconds or 0, zone)
        if zone_or_offset is None:
            return invalid
        if zone_or_offset == "unknown":
            warnings = (PostWarning("unknown_date_suffix", written),)
        elif seconds is not None:  # a day is that day, wherever it was written
            if isinstance(zone_or_offset, ZoneInfo):
                zone, naive_is_utc = zone_or_offset, False
            elif isinstance(zone_or_offset, int):
                offset = zone_or_offset
    ordinal = calendar_date.toordinal()
    return _make_date(
        written, ordinal, seconds, micros, precision, offset, zone, naive_is_utc, earliest, latest, warnings
    )


def _normalize(text: str) -> str:
    """Write white space, minus signs, wide colons, times in words and halves of the day as in ASCII, AM or PM last.

    Marks of direction, and the day of the week after a day in digits, are left out.
    """
    text = _KOREAN_DATE.sub(r"\1-\2-\3", " ".join(text.split()))
    if not text.isascii():
        # Internet Explorer and ICU put marks of direction around the parts of a date.
        text = text.replace("\u200e", "").replace("\u200f", "").replace("\u2212", "-").replace("：", ":")
        text = _TIME_IN_WORDS.sub(_write_time, text)
        if match := _ASIAN_HALF_DAY.search(text):
            half = "AM" if match[1] else "PM"
            text = f"{text[: match.start()]} {match[2]} {half}{text[match.end() :]}"
    if match := _DAY_AND_WEEKDAY.match(text):
        text = f"{match[1]} {text[match.end() :]}"
    return " ".join(text.split())


def _write_time(match: re.Match[str]) -> str:
    hour, minute, second = match.groups()
    return f"{hour}:{minute:0>2}" + (f":{second:0>2}" if second else "")


_TimeParts = tuple[str | None, str | None, str | None, str | None, str | None]


def _split_date(text: str) -> tuple[tuple[str, str | int, str], _TimeParts, str] | None:
    """Split a date into (year, month, day), (hour, minute, second, fraction, a or p) and the rest of the text."""
    match = _NUMERIC_DATE.fullmatch(text)
    if match is not None:
        g = match.groups()
        date = (g[0], g[2], g[3]) if g[0] else (g[4], g[5], g[6]) if g[4] else (g[7], g[8], g[9])
        time: _TimeParts = (g[10], g[11], g[12], g[13], g[14])
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


def _read_suffix(suffix: str, calendar_date: dt.date, seconds: int, zone: ZoneInfo) -> int | str | ZoneInfo | None:
    """Parse the suffix of a date.

    Returns:
        An offset in seconds, a zone, `local` for the abbreviation of the source's own zone, `unknown` for any other
        word, or None when the suffix makes the date invalid.
    """
    if suffix[0] in "(（" and suffix[-1] in ")）":
        suffix = suffix[1:-1].strip()
    upper = suffix.upper()
    if upper in ("Z", "UTC", "GMT", "UT") or (upper.startswith("Z[") and upper[-1] == "]"):
        return 0
    if match := _UTC_OFFSET.fullmatch(suffix):
        return _offset_seconds(match[1], match[2], match[3] or "0")
    if match := _IANA_NAME.fullmatch(suffix):
        return _find_zone(match[1]) or "unknown"
    if suffix == _abbreviation(zone, calendar_date, seconds):
        return "local"
    if upper in _RFC_2822_ZONES:
        return _RFC_2822_ZONES[upper]
    if (offset := _ZONE_NAMES.get(suffix.lower())) is not None:
        return offset
    return "unknown" if _WORDS_ONLY.fullmatch(suffix) else None


def _abbreviation(zone: ZoneInfo, calendar_date: dt.date, seconds: int) -> str | None:
    return zone.tzname(
        dt.datetime(calendar_date.year, calendar_date.month, calendar_date.day, seconds // 3600, seconds // 60 % 60)
    )


@lru_cache(maxsize=256)
def _find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _offset_seconds(sign: str, hours: str, minutes: str) -> int | None:
    """Seconds east of UTC, or None beyond 15:59 hours, the limit that POSIX and real clocks respect."""
    hour, minute = int(hours), int(minutes)
    if hour > 15 or minute > 59:
        return None
    seconds = hour * 3600 + minute * 60
    return -seconds if sign == "-" else seconds


def _seconds_of_day(hour: str | None, minute: str | None, second: str | None) -> int | None:
    """Seconds since midnight, or None for a time that no clock shows."""
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    return h * 3600 + m * 60 + s if h < 24 and m < 60 and s < 60 else None


@lru_cache(maxsize=16384)
def _day_offset(zone: ZoneInfo, ordinal: int) -> int | None:
    """Offset of a zone on a day, in seconds, or None on a day when the clock changes."""
    day = dt.date.fromordinal(ordinal)
    # Asked of the zone, and not of times that have it, this takes a seventh.
    offsets = {zone.utcoffset(dt.datetime.combine(day, time)) for time in _TIMES_OF_DAY}
    if len(offsets) > 1:
        return None
    offset = offsets.pop()
    return int(offset.total_seconds()) if offset is not None else 0


def _offset_on_change_day(zone: ZoneInfo, ordinal: int, seconds: int | None) -> int | None:
    """Offset of a local time on a day when the clock changes, in seconds; None for a time that the change skips."""
    local = dt.datetime.fromordinal(ordinal) + dt.timedelta(seconds=seconds or 0)
    before = local.replace(tzinfo=zone, fold=0).utcoffset() or dt.timedelta()
    after = local.replace(tzinfo=zone, fold=1).utcoffset() or dt.timedelta()
    # PEP 495: in a gap the offset of fold=0 is the smaller one. A day that begins in a gap begins after it.
    if before < after and seconds is not None:
        return None
    return int(before.total_seconds())


def _make_date(
    written: str,
    ordinal: int,
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
    """Convert a day, by its ordinal, and a time of day to an instant.

    `offset` is in seconds east of UTC; None means a local time of `zone`, or UTC with `naive_is_utc`.
    """
    if not earliest.toordinal() <= ordinal <= latest.toordinal():
        return PostWarning("date_out_of_range", written)
    if offset is None:
        if naive_is_utc:
            offset = 0
        else:
            offset = _day_offset(zone, ordinal)
            if offset is None:
                offset = _offset_on_change_day(zone, ordinal, seconds)
                if offset is None:
                    return PostWarning("date_invalid", written)
    instant = ((ordinal - _EPOCH_ORDINAL) * 86400 + (seconds or 0) - offset) * 1_000_000 + micros
    return ReadDate(instant, precision, warnings)
