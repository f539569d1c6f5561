"""The cubes of the page hold what SQL counts, at every grain, and take no more room than they are given."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from cells import cells, day_of, unpack
from conftest import Site

from etl_project.report import cubes as cubes_module
from etl_project.report.cubes import Cubes, read_cubes, steps_between
from etl_project.report.packing import pack
from etl_project.show.query import open_published

pytest_plugins = ["report_fixtures"]


def read(published: Path) -> Cubes:
    with open_published(published) as con:
        return read_cubes(con)


@pytest.fixture(scope="module")
def cubes(published_site: Site) -> Cubes:
    return read(published_site.published)


def test_what_is_packed_is_read_again() -> None:
    numbers = [n for shift in range(54) for n in ((1 << shift) - 1, 1 << shift)]
    assert list(unpack(pack([numbers, [], numbers]))) == numbers * 2


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        pack([[1], [-1]])


def test_every_source_category_and_day_counts_what_sql_counts(published_site: Site, cubes: Cubes) -> None:
    counted = {
        (cell.source, cell.category, day_of(cubes, cell)): cell.numbers
        for cell in cells(cubes, cubes.by_day)
        if cell.category and cell.bucket
    }
    rows = published_site.query(
        "SELECT source_id, category, published_on, articles, articles - stories, words FROM articles_by_date_category"
    )
    assert counted == {(source, name, day): tuple(numbers) for source, name, day, *numbers in rows}
    assert len(rows) > 40


def test_an_article_of_two_categories_counts_once_in_all_of_them(published_site: Site, cubes: Cubes) -> None:
    sums: Counter[tuple[str, dt.date | None]] = Counter()
    for cell in cells(cubes, cubes.by_day):
        sums[cell.source, day_of(cubes, cell)] += cell.numbers[0] * (1 if cell.category else -1)
    rows = published_site.query("SELECT source_id, published_on, count(*) FROM articles_live GROUP BY ALL")
    assert sums == {(source, day): articles for source, day, articles in rows}
    assert sums["site", None] == 1, "the article without a date is in the bucket of no date"


def test_hours_are_those_of_posts_that_state_one(published_site: Site, cubes: Cubes) -> None:
    counted: Counter[tuple[str, int, int]] = Counter()
    for cell in cells(cubes, cubes.by_hour):
        day = day_of(cubes, cell)
        assert day
        counted[cell.source, day.isoweekday(), cell.slot] += cell.numbers[0] * (1 if cell.category else -1)
    rows = published_site.query("SELECT source_id, weekday, hour, articles FROM articles_by_weekday_hour")
    assert counted == {(source, weekday, hour): articles for source, weekday, hour, articles in rows}


def test_tags_count_the_articles_that_have_them(published_site: Site, cubes: Cubes) -> None:
    counted: Counter[str] = Counter()
    for cell in cells(cubes, cubes.by_tag):
        counted[cubes.tags[cell.slot]] += cell.numbers[0] * (1 if cell.category else -1)
    rows = published_site.query("SELECT tag, sum(articles) FROM articles_by_tag WHERE tag <> '(none)' GROUP BY 1")
    assert counted == dict(rows) and len(rows) >= 4


def test_categories_past_the_largest_are_one_and_count_an_article_once(
    published_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cubes_module, "CATEGORIES_OF_A_SOURCE", 0)
    cubes = read(published_site.published)
    assert cubes.categories == ["(none)", "(other)"]
    others = sum(cell.numbers[0] for cell in cells(cubes, cubes.by_day) if cell.category == "(other)")
    assert [others] == published_site.column(
        "SELECT count(*) FROM articles_live WHERE article_id IN (SELECT article_id FROM article_categories)"
    )
    assert [cell for cell in cells(cubes, cubes.by_day) if cell.category is None] == []


def test_where_room_lacks_time_is_coarser_and_the_sums_are_the_same(
    published_site: Site, cubes: Cubes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cubes_module, "ROOM_CHARS", 100)
    coarse = read(published_site.published)
    assert cubes.by_day.grain == cubes.by_hour.grain == cubes.by_tag.grain == "day"
    assert coarse.by_day.grain in ("week", "month", "year") and coarse.by_hour.slots == 168
    for name in ("by_day", "by_hour", "by_tag"):
        sums = [
            sum(
                cell.numbers[0] * (1 if cell.category else -1)
                for cell in cells(read_before, getattr(read_before, name))
            )
            for read_before in (cubes, coarse)
        ]
        assert sums[0] == sums[1] > 0, name
    by_weekday: Counter[int] = Counter()
    for cell in cells(coarse, coarse.by_hour):
        by_weekday[cell.slot // 24 + 1] += cell.numbers[0] * (1 if cell.category else -1)
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


def test_a_hundred_thousand_posts_take_the_room_that_a_page_has(published_site: Site, tmp_path: Path) -> None:
    posts, file = 100_000, tmp_path / "many.duckdb"
    file.write_bytes(published_site.published.read_bytes())
    with duckdb.connect(str(file)) as con:
        con.execute(
            f"""
            SELECT setseed(0.5);
            CREATE TEMP TABLE made AS SELECT 'p' || i AS article_id, hash(i) % 8 AS other, random() AS r, random() AS q,
                TIMESTAMP '2020-01-01' + to_minutes((random() * 3_000_000)::INTEGER) AS moment
            FROM range({posts}) AS t(i);
            INSERT INTO articles BY NAME SELECT article_id, 'site' AS source_id, article_id AS path, 'A title' AS title,
                moment::TIMESTAMPTZ AS published_at, moment AS published_local, moment::DATE AS published_on,
                'second' AS published_precision, 'published' AS status, 'h' AS text_hash, '{{}}' AS front_matter,
                '{{}}' AS extra FROM made;
            INSERT INTO article_metrics
            SELECT article_id, 900, 200 + (q * 900)::INTEGER, 0, 0, 0, 0, 0, 0, 0, 1 FROM made;
            INSERT INTO categories SELECT 'c' || i, 'Category ' || i, NULL FROM range(40) AS t(i);
            INSERT INTO article_categories SELECT article_id, 'c' || power(40, r)::INTEGER % 40, 0, 'x' FROM made;
            INSERT INTO tags SELECT 't' || i, 'Tag ' || i FROM range(100) AS t(i);
            INSERT INTO article_tags SELECT article_id, 't' || (power(99, r)::INTEGER + other) % 100, 0, 'x' FROM made;
            """
        )
    cubes = read(file)
    packed = (cubes.by_day, cubes.by_hour, cubes.by_tag)
    assert sum(len(cube.data) for cube in packed) <= cubes_module.ROOM_CHARS == 430_000
    assert [cube.grain for cube in packed[:2]] == ["day", "day"], "days and hours are exact at this size"
