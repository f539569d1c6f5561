"""The cubes of the page hold what SQL counts, at every grain, and take no more room than they are given."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from cells import cells, day_of, unpack
from conftest import Site

from etl_project.report import axes as axes_module
from etl_project.report.axes import Axes, number_axes
from etl_project.report.cubes import Cubes, read_cubes, steps_between
from etl_project.report.packing import pack
from etl_project.show.query import open_published

pytest_plugins = ["report_fixtures"]


@dataclass(frozen=True)
class Counted:
    axes: Axes
    cubes: Cubes


def read(published: Path, room: float = 100_000) -> Counted:
    with open_published(published) as con:
        axes = number_axes(con)
        return Counted(axes, read_cubes(con, axes, room))


@pytest.fixture(scope="module")
def counted(published_site: Site) -> Counted:
    return read(published_site.published)


def test_what_is_packed_is_read_again() -> None:
    numbers = [n for shift in range(54) for n in ((1 << shift) - 1, 1 << shift)]
    assert list(unpack(pack([numbers, [], numbers]))) == numbers * 2


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        pack([[1], [-1]])


def test_every_source_category_and_day_counts_what_sql_counts(published_site: Site, counted: Counted) -> None:
    found = {
        (cell.source, cell.category, day_of(counted.axes, cell)): cell.numbers
        for cell in cells(counted.axes, counted.cubes.day)
        if cell.category and cell.bucket
    }
    rows = published_site.query(
        "SELECT source_id, category, published_on, articles, articles - stories, words FROM articles_by_date_category"
    )
    assert found == {(source, name, day): tuple(numbers) for source, name, day, *numbers in rows}
    assert len(rows) > 40


def test_an_article_of_two_categories_counts_once_in_all_of_them(published_site: Site, counted: Counted) -> None:
    sums: Counter[tuple[str, dt.date | None]] = Counter()
    for cell in cells(counted.axes, counted.cubes.day):
        sums[cell.source, day_of(counted.axes, cell)] += cell.numbers[0] * cell.sign
    rows = published_site.query("SELECT source_id, published_on, count(*) FROM articles_live GROUP BY ALL")
    assert sums == {(source, day): articles for source, day, articles in rows}
    assert sums["site", None] == 1, "the article without a date is in the bucket of no date"


def test_hours_are_those_of_posts_that_state_one(published_site: Site, counted: Counted) -> None:
    sums: Counter[tuple[str, int, int]] = Counter()
    for cell in cells(counted.axes, counted.cubes.hour):
        day = day_of(counted.axes, cell)
        assert day
        sums[cell.source, day.isoweekday(), cell.slot] += cell.numbers[0] * cell.sign
    rows = published_site.query("SELECT source_id, weekday, hour, articles FROM articles_by_weekday_hour")
    assert sums == {(source, weekday, hour): articles for source, weekday, hour, articles in rows}


def test_tags_count_the_articles_that_have_them(published_site: Site, counted: Counted) -> None:
    sums: Counter[str] = Counter()
    for cell in cells(counted.axes, counted.cubes.tag):
        sums[counted.axes.tags[cell.slot]] += cell.numbers[0] * cell.sign
    rows = published_site.query("SELECT tag, sum(articles) FROM articles_by_tag WHERE tag <> '(none)' GROUP BY 1")
    assert sums == dict(rows) and len(rows) >= 4


def test_categories_past_the_largest_are_one_and_count_an_article_once(
    published_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(axes_module, "CATEGORIES_OF_A_SOURCE", 0)
    counted = read(published_site.published)
    assert counted.axes.categories == ["(none)", "(other)"]
    found = cells(counted.axes, counted.cubes.day)
    assert [sum(cell.numbers[0] for cell in found if cell.category == "(other)")] == published_site.column(
        "SELECT count(*) FROM articles_live WHERE article_id IN (SELECT article_id FROM article_categories)"
    )
    assert [cell for cell in found if cell.category is None] == []


def test_where_room_lacks_time_is_coarser_and_the_sums_are_the_same(published_site: Site, counted: Counted) -> None:
    coarse = read(published_site.published, room=100)
    exact = counted.cubes
    assert exact.day.grain == exact.hour.grain == exact.tag.grain == "day"
    assert coarse.cubes.day.grain in ("week", "month", "year") and coarse.cubes.hour.slots == 168
    for name in ("day", "hour", "tag"):
        sums = [
            sum(cell.numbers[0] * cell.sign for cell in cells(read.axes, getattr(read.cubes, name)))
            for read in (counted, coarse)
        ]
        assert sums[0] == sums[1] > 0, name
    by_weekday: Counter[int] = Counter()
    for cell in cells(coarse.axes, coarse.cubes.hour):
        by_weekday[cell.slot // 24 + 1] += cell.numbers[0] * cell.sign
    assert by_weekday == dict(
        published_site.query("SELECT weekday, sum(articles) FROM articles_by_weekday_hour GROUP BY 1")
    )


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_steps_are_those_of_the_database(grain: str) -> None:
    days = [dt.date(2023, 12, 25) + dt.timedelta(days=n * 13) for n in range(60)]
    with duckdb.connect() as con:
        for first, last in zip(days, reversed(days), strict=True):
            if first <= last:
                [steps] = con.execute(
                    f"SELECT date_diff('{grain}', date_trunc('{grain}', $a), date_trunc('{grain}', $b))",
                    {"a": first, "b": last},
                ).fetchone() or [None]
                assert steps_between(first, last, grain) == steps, (first, last)
