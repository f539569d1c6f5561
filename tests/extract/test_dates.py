from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_project.extract.dates import ReadDate, read_date
from etl_project.extract.site.permalinks.address import Address
from etl_project.reasons import PostWarning

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
EPOCH = dt.datetime(1970, 1, 1)


def read(written: str, zone: ZoneInfo = SHANGHAI, *, naive_is_utc: bool = False) -> ReadDate | PostWarning:
    return read_date(
        written, zone, naive_is_utc=naive_is_utc, earliest=dt.date(1970, 1, 1), latest=dt.date(2099, 12, 31)
    )


def instant(written: str, zone: ZoneInfo = SHANGHAI, *, naive_is_utc: bool = False) -> str:
    date = read(written, zone, naive_is_utc=naive_is_utc)
    assert isinstance(date, ReadDate), date
    assert not date.warnings
    return (EPOCH + dt.timedelta(microseconds=date.instant)).isoformat() + "Z"


def code(written: str, zone: ZoneInfo = SHANGHAI) -> str:
    date = read(written, zone)
    assert isinstance(date, PostWarning), date
    return date.code


@pytest.mark.parametrize(
    "written",
    [
        "2021-12-08 10:46:18",
        "2021-12-08 10:46:18 +0800",
        "2021-12-08 10:46:18 +08:00",
        "2021-12-08 10:46:18+08:00",
        "2021-12-08T10:46:18+08",
        "2021-12-08T02:46:18Z",
        "2021-12-08t02:46:18z",
        "2021-12-08 02:46:18 UTC",
        "2021-12-08T10:46:18.000+08:00",
        "2021-12-08 10:46:18 CST",
        "2021-12-08 10:46:18 +0800 CST",
        "2021-12-08 10:46:18 UTC+8",
        "2021-12-08 10:46:18 Asia/Shanghai",
        "2021-12-08T10:46:18+08:00[Asia/Shanghai]",
        "2021-12-07 21:46:18 EST",
        "2021-12-07 18:46:18 -8",
        "2021/12/8 10:46:18",
        "2021.12.08 10:46:18",
        "2021年12月8日 10:46:18",
        "2021年12月8日10:46:18",
        "20211208T104618",
        "Wed, 08 Dec 2021 10:46:18 +0800",
        "8 December 2021 10:46:18",
        "December 8, 2021 10:46:18 AM",
        "Dec 8th, 2021 at 10:46:18",
        "Wed Dec  8 10:46:18 2021",
        "Wed Dec 08 2021 10:46:18 GMT+0800 (China Standard Time)",
        "  2021-12-08 10:46:18  ",
    ],
)
def test_one_instant_in_many_spellings(written: str) -> None:
    assert instant(written) == "2021-12-08T02:46:18Z"


@pytest.mark.parametrize(
    "written",
    [
        "December 8, 2021 at 3:05:09\u202fPM",
        "2021-12-08 3:05:09\u00a0PM",
        "2021-12-08\u30003:05:09\u2009pm",
        "2021-12-08, 3:05:09 p.\u00a0m.",
        "2021/12/8 下午3:05:09",
        "2021年12月8日 下午 3:05:09",
        "2021/12/08 午後3:05:09",
        "2021-12-08 오후 3:05:09",
        "\u200e2021-12-08\u200e 3:05:09\u200e PM",
        "Wed Dec 08 2021 15:05:09 GMT+0800 (中国标准时间)",
        "Wed Dec 08 2021 08:05:09 GMT+0100 (heure normale d’Europe centrale)",
        "Wed Dec 08 2021 15:05:09 GMT+0800（中国标准时间）",
        "2021-12-08 07:05:09 (UTC)",
        "2021-12-08T07:05:09Z[UTC]",
        "2021-12-07T23:05:09\u221208:00",
        "2021-12-08 07:05:09 Coordinated Universal Time",
        "2021-12-07 23:05:09 Pacific Standard Time",
        "2021-12-08 at 15:05:09 China Standard Time",
        "2021-12-08 Wed 15:05:09",
        "2021-12-08, Wednesday, 3:05:09 PM",
        "2021-12-08 周三15:05:09",
        "2021年12月8日 星期三 下午3点05分9秒",
        "2021年12月8日(水) 15時05分09秒",
        "2021年12月8日水曜日 15:05:09",
        "2021. 12. 8. 오후 3:05:09",
        "2021년 12월 8일 15시 5분 9초",
        "20211208150509",
    ],
)
def test_a_time_is_read_as_programs_of_many_countries_write_it(written: str) -> None:
    assert instant(written) == "2021-12-08T07:05:09Z"
    assert not getattr(read(written), "warnings", None)


def test_noon_and_midnight_are_twelve() -> None:
    assert instant("2021-12-08 下午12:05") == instant("2021-12-08 12:05\u202fPM") == "2021-12-08T04:05:00Z"
    assert instant("2021-12-08 上午12:05") == instant("2021-12-08 12:05\u202fAM") == "2021-12-07T16:05:00Z"


@pytest.mark.parametrize(
    "zone", ["+0800", "-0500", "Z", "+14:00", "America/New_York", "CST", "GMT+0800 (中国标准时间)"]
)
def test_a_day_with_a_zone_is_that_day(zone: str) -> None:
    assert read(f"2021-12-08 {zone}") == read("2021-12-08")


@pytest.mark.parametrize(
    "written",
    [
        "2021-12-08",
        "2021/12/8",
        "2021-12-8",
        "20211208",
        "Dec 8, 2021",
        "2021年12月8日",
        "2021-12-08 (Wed)",
        "2021.12.08 周三",
        "2021년 12월 8일",
        "2021. 12. 8.",
    ],
)
def test_a_date_alone_is_the_start_of_its_day(written: str) -> None:
    assert read(written) == ReadDate(1_638_892_800_000_000, "day")
    assert instant(written, naive_is_utc=True) == "2021-12-08T00:00:00Z"


def test_precision_is_what_was_written() -> None:
    dates = [read(written) for written in ("2021-12-08", "2021-12-08 10:46 +0800", "2021-12-08 10:46:18")]
    assert [date.precision for date in dates if isinstance(date, ReadDate)] == ["day", "minute", "second"]


def test_a_fraction_is_cut_and_never_rounded() -> None:
    assert instant("2021-12-08 10:46:18.123456789 +08:00") == "2021-12-08T02:46:18.123456Z"
    assert instant("2021-12-08 10:46:59.9999999 +08:00") == "2021-12-08T02:46:59.999999Z"


def test_naive_times_are_utc_where_the_source_says_so() -> None:
    assert instant("2021-12-08 10:46:18", naive_is_utc=True) == "2021-12-08T10:46:18Z"
    assert instant("2021-12-08 10:46:18 +0800", naive_is_utc=True) == "2021-12-08T02:46:18Z"


def test_the_clock_of_shanghai_had_summer_time_in_1988() -> None:
    assert instant("1988-07-01 12:00:00") == "1988-07-01T03:00:00Z"


def test_a_time_that_the_clock_skips_is_invalid() -> None:
    assert code("2021-03-14 02:30:00", NEW_YORK) == "date_invalid"
    assert code("2021-03-14 02:30:00 America/New_York") == "date_invalid"
    assert instant("2021-03-14 03:30:00", NEW_YORK) == "2021-03-14T07:30:00Z"


def test_a_time_that_the_clock_repeats_is_the_earlier_one() -> None:
    assert instant("2021-11-07 01:30:00", NEW_YORK) == "2021-11-07T05:30:00Z"


def test_a_day_that_begins_in_a_gap_begins_after_it() -> None:
    # In Cuba the clocks go forward at midnight.
    assert instant("2021-03-14", ZoneInfo("America/Havana")) == "2021-03-14T05:00:00Z"


@pytest.mark.parametrize(
    "written",
    [
        "2021-02-30",
        "2021-02-30 10:00:00",
        "2021-13-01",
        "2017-17-10T19:30:00.617Z",
        "0000-00-00 00:00:00",
        "2016-12-31 23:59:60Z",
        "2021-12-08 24:00:00",
        "2021-12-08 10:60:00",
        "2021-12-08 10:46:18 +99:00",
        "2021-12-08 10:46:18 +08:60",
        "1638931578",
        "1638931578000",
        "２０２１－１２－０８ 10:46",
        "２０21-12-08 10:46:18",
        "2021-12-08 10:46:18 1x",
        "2021-12-08 2022-01-01",
        "2021-W49-3",
        "12/8/2021",
        "2021-12",
        "+0800",
        "yesterday",
        "",
        "2021-12-08" + " " * 300_000 + "x",
        "December " * 40_000,
        "Foo 8, 2021",
    ],
)
def test_what_is_no_date_is_invalid(written: str) -> None:
    assert code(written) == "date_invalid"


@pytest.mark.parametrize(
    "written", ["1969-12-31", "2100-01-01 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31 23:59:59 -08:00"]
)
def test_the_window_is_judged_on_the_calendar_date_as_written(written: str) -> None:
    assert code(written) == "date_out_of_range"


def test_the_edges_of_the_window_are_inside_it() -> None:
    assert instant("2099-12-31 23:59:59 -12:00") == "2100-01-01T11:59:59Z"
    assert instant("1970-01-01 00:00:00 +0800") == "1969-12-31T16:00:00Z"


@pytest.mark.parametrize(
    "written", ["2021-12-08 10：46：18", "2021-12-08,10:46:18", "2021年12月8日 10：46：18", '"2021-12-08 10:46:18"']
)
def test_wide_colons_commas_and_quotes_are_no_matter(written: str) -> None:
    assert read(written) == read("2021-12-08 10:46:18")


@pytest.mark.parametrize("sign", [",", ";", "，", "。"])
def test_a_sign_after_a_good_date_is_warned_about_and_the_date_used(sign: str) -> None:
    date = read(f"2021-12-08{sign}")
    assert isinstance(date, ReadDate)
    assert [warning.code for warning in date.warnings] == ["unknown_date_suffix"]
    assert date._replace(warnings=()) == read("2021-12-08")


@pytest.mark.parametrize(
    "written", ["2021-12-08 10:46:18 Peking", "2021-12-08 10:46:18 北京时间", "2021-12-08 10:46:18 XYZ"]
)
def test_a_word_after_a_good_date_is_warned_about_and_the_date_used(written: str) -> None:
    date = read(written)
    assert isinstance(date, ReadDate)
    assert [warning.code for warning in date.warnings] == ["unknown_date_suffix"]
    assert date.instant == 1_638_931_578_000_000


@given(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2099, 12, 30)), st.integers(-15 * 60, 15 * 60))
def test_an_iso_date_with_an_offset_is_what_python_says_of_it(local: dt.datetime, minutes: int) -> None:
    aware = local.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
    date = read(aware.isoformat(" "))
    assert isinstance(date, ReadDate)
    assert date.instant == round(aware.timestamp()) * 1_000_000


@given(
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 12, 30)),
    st.sampled_from(["America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"]),
)
def test_a_local_time_comes_back_as_it_was_written(local: dt.datetime, name: str) -> None:
    zone = ZoneInfo(name)
    local = local.replace(microsecond=0)
    date = read(local.isoformat(" "), zone)
    if isinstance(date, ReadDate):
        instant = dt.datetime.fromtimestamp(date.instant // 1_000_000, zone)
        assert instant.replace(tzinfo=None, fold=0) == local
        assert instant.fold == 0
    else:
        there_and_back = local.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone)
        assert there_and_back.replace(tzinfo=None) != local


@given(
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}.{0,7}", fullmatch=True)
    | st.from_regex(
        r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-5][0-9]:[0-6][0-9]( ?[-+][01][0-9]:?[0-5][0-9]|Z)?",
        fullmatch=True,
    ),
    st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("UTC")]),
    st.booleans(),
)
def test_the_short_way_of_common_dates_reads_what_the_grammar_reads(
    written: str, zone: ZoneInfo, naive_is_utc: bool
) -> None:
    days = {"earliest": dt.date(1970, 1, 1), "latest": dt.date(2099, 12, 31)}
    short, long = (
        read_date(written, zone, naive_is_utc=naive_is_utc, fast_path=fast_path, **days) for fast_path in (True, False)
    )
    assert short == long


@given(st.text() | st.text("0123456789-/:. TZ+年月日DecMonWed,", max_size=40))
def test_any_text_is_a_date_or_a_warning(written: str) -> None:
    date = read(written)
    assert isinstance(date, ReadDate) or date.code in ("date_invalid", "date_out_of_range")


@given(
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Africa/Casablanca", "Pacific/Apia", "Europe/Amsterdam"]),
    st.integers(-62_135_500_000_000_000, 253_402_200_000_000_000),
)
def test_an_address_has_the_local_time_of_the_instant_to_the_microsecond(name: str, instant: int) -> None:
    zone = ZoneInfo(name)
    post = Address([], "a", None, None, None, None, ReadDate(instant, "second"), None, zone, [], None)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    local = post.local_time()
    assert local is not None
    assert local.isoformat() == (epoch + dt.timedelta(microseconds=instant)).astimezone(zone).isoformat()
