"""What people are warned of, and what nobody wants to be warned of; a warning stops nothing."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest
from conftest import Site
from reading import reading

from etl_project.checks.anomalies import _COPY_MARK, _MAY_BE_COPY, ANOMALIES
from etl_project.checks.check import CheckResult
from etl_project.checks.run import CHECKS, warnings
from etl_project.checks.thresholds import Thresholds
from etl_project.database.template import create_tables
from etl_project.load.aggregates import aggregates

PLAIN = 'dialect = "plain"\ntime_zone = "Asia/Shanghai"\n'
MONDAY = dt.date(2026, 3, 30)


def refresh(site: Site, **options: Any) -> None:
    """Take the steps of a refresh up to the aggregates: warnings ask nothing that comes after them."""
    run, plan = site.plan(**options)
    run.load_tables(plan)
    run.run_checks("tables")
    run.build_aggregates()


def warned(site: Site, as_of: dt.datetime | None = None) -> dict[str, list[str]]:
    """The warnings of the work file: check -> lines."""
    with reading(site.published.parent / ".work/posts.duckdb") as con:
        return {result.check.name: result.sample for result in warnings(con, site.settings.checks, as_of)}


def test_a_warning_never_blocks() -> None:
    assert not any(check.is_blocking for check in ANOMALIES)
    assert all(check.is_blocking for check in CHECKS if check not in ANOMALIES)
    assert all(check.message for check in ANOMALIES)


def test_a_share_of_rejected_files_above_the_threshold_is_told_with_its_numbers_and_paths(site: Site) -> None:
    for day in range(10, 28):
        site.write(f"_posts/2026-01-{day}-a.md")
    site.write("_posts/2026-01-28-[b].md", b"")
    refresh(site)
    assert warned(site) == {
        "few_files_are_rejected": [
            "rejected: 1 of the 19 files of site (5.3%; [checks] rejected_share allows 5.0%), "
            "such as _posts/2026-01-28-[b].md"
        ]
    }
    site.configure(extra="[checks]\nrejected_share = 0.1\n")
    assert warned(site) == {}


def test_a_post_that_was_loaded_and_is_now_rejected_is_told_and_the_rest_is_published(site: Site) -> None:
    site.configure(extra="[checks]\nrejected_share = 1.0\n")
    for name in "123":
        site.write(f"_posts/2026-01-0{name}-{name}.md")
    site.load()
    site.write("_posts/2026-01-01-1.md", b"---\n- a list\n---\n", age=30)
    site.refresh()
    assert warned(site) == {
        "no_loaded_post_is_now_rejected": [
            "_posts/2026-01-01-1.md was loaded before and is rejected now: front_matter_not_mapping"
        ]
    }
    assert site.column("SELECT count(*) FROM articles") == [2]


def test_an_added_article_without_a_date_is_told_once_where_the_others_have_dates(site: Site) -> None:
    site.configure(PLAIN)
    for name in "abc":
        site.write(f"{name}.md")
    refresh(site)
    assert warned(site) == {}
    site.write("undated.md", "---\ntitle: Undated\ncategories: news\n---\n\nText.\n")
    site.write("draft.md", "---\ntitle: A draft\ndraft: true\ncategories: news\n---\n\nText.\n")
    refresh(site)
    assert warned(site) == {
        "new_articles_have_dates": [
            "without a date: 1 of the 1 articles added to site (100.0%; [checks] undated_share allows 30.0%), "
            "such as undated.md"
        ]
    }
    site.write("d.md")
    refresh(site)
    assert warned(site) == {}


def test_a_source_of_notes_without_dates_is_not_asked_for_dates(site: Site) -> None:
    site.configure(PLAIN)
    for name in "abcd":
        site.write(f"{name}.md", f"# {name}\n\nText.\n")
    site.write("dated.md")
    refresh(site)
    assert warned(site) == {}


def test_a_category_its_source_never_had_is_told_once_with_the_post_that_brings_it(site: Site) -> None:
    for name in "123":
        site.write(f"_posts/2026-01-0{name}-{name}.md", categories="news")
    refresh(site)
    assert warned(site) == {}
    refresh(site, full=True)
    assert warned(site) == {}, "categories of a warehouse built anew are no news"
    site.write("_posts/2026-01-04-4.md", categories="nwes")
    refresh(site)
    assert warned(site) == {
        "every_category_was_seen_before": ["site has a category it never had, nwes, in _posts/2026-01-04-4.md"]
    }
    (site.posts / "_posts/2026-01-04-4.md").unlink()
    refresh(site, allow_deletes=True)
    site.write("_posts/2026-01-05-5.md", categories="nwes")
    refresh(site)
    assert warned(site) == {}, "it was seen before, though it had gone"


def test_where_categories_are_labels_a_new_one_is_no_news(site: Site) -> None:
    for name in "123":
        site.write(f"_posts/2026-01-0{name}-{name}.md", categories=f"label{name}")
    refresh(site)
    site.write("_posts/2026-01-04-4.md", categories="label4")
    refresh(site)
    assert warned(site) == {}


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a source whose articles are only counted by day; it was first seen on 2026-01-01."""
    with duckdb.connect() as con:
        create_tables(con)
        con.execute("INSERT INTO sources VALUES ('site', NULL, NULL, 'jekyll', 'Asia/Shanghai', '.')")
        con.execute(
            "INSERT INTO post_files BY NAME SELECT 'site' AS source_id, 'a.md' AS path, 'loaded' AS status, "
            "'site:a' AS article_id, false AS is_shadowed, false AS is_deferred, 1 AS size, [] AS warnings"
        )
        con.execute(
            """
            INSERT INTO refreshes BY NAME SELECT 1 AS refresh_id,
                TIMESTAMPTZ '2026-01-01 00:00:00+00' AS as_of, as_of AS started_at, as_of AS loaded_at,
                0 AS list_milliseconds, 0 AS extract_milliseconds, 0 AS load_milliseconds, 0 AS files_listed,
                0 AS files_read, 0 AS files_loaded, 0 AS files_rejected, 0 AS files_missed, 0 AS bytes_read
            """
        )
        con.execute(
            """
            INSERT INTO articles BY NAME SELECT 'site:a' AS article_id, 'site' AS source_id, 'a.md' AS path,
                'draft' AS status, '' AS text_hash, '{}' AS front_matter, '{}' AS extra;
            INSERT INTO article_history BY NAME SELECT 'site:a' AS article_id, as_of AS first_seen_at,
                as_of AS last_changed_at FROM refreshes
            """
        )
        con.execute(aggregates()["articles_by_date"].sql)
        yield con


def count_by_day(con: duckdb.DuckDBPyConnection, counts: Mapping[dt.date, int]) -> None:
    """Put the counts of days in the place of those that are there; days between them are empty."""
    con.execute("DELETE FROM articles_by_date")
    first, last = min(counts), max(counts)
    days = _days(first, (last - first).days + 1)
    con.execute(
        "INSERT INTO articles_by_date (source_id, published_on, articles) SELECT 'site', unnest(?), unnest(?)",
        [days, [counts.get(day, 0) for day in days]],
    )


def _days(first: dt.date, number: int) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range(number)]


def asked(con: duckdb.DuckDBPyConnection, today: dt.date, **thresholds: float) -> list[CheckResult]:
    """Warnings of a look at noon of a day in Shanghai."""
    noon = dt.datetime.combine(today, dt.time(4), dt.UTC)
    return warnings(con, Thresholds(**thresholds), noon)


def test_a_day_far_below_the_same_weekdays_before_it_is_told_on_the_day_after(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    usual = {day: 10 if day.weekday() >= 5 else 40 for day in _days(MONDAY - dt.timedelta(days=70), 70)}
    count_by_day(tables, usual | {MONDAY: 12})
    assert asked(tables, MONDAY) == [], "the day is not over, and the Sunday before it was as Sundays are"
    [low] = asked(tables, MONDAY + dt.timedelta(days=1))
    assert low.check.name == "the_last_day_has_its_usual_count"
    assert low.sample == [
        "articles of site on 2026-03-30: 12, where 40 are usual on that weekday and fewer than 18 are few"
    ]
    assert asked(tables, MONDAY + dt.timedelta(days=1), day_swings=5) == []
    count_by_day(tables, usual | {MONDAY: 25})
    assert asked(tables, MONDAY + dt.timedelta(days=1)) == []


def test_a_day_without_any_article_after_the_last_one_counts_as_zero(tables: duckdb.DuckDBPyConnection) -> None:
    count_by_day(tables, dict.fromkeys(_days(MONDAY - dt.timedelta(days=70), 70), 40))
    [low] = asked(tables, MONDAY + dt.timedelta(days=1))
    [row] = low.rows
    assert (row["day"], row["articles"], row["usual"]) == ("2026-03-30", 0, 40.0)
    assert row["swing"] == pytest.approx(40**0.5), "a count swings by the root of its mean, though none did"


def test_a_source_of_few_articles_a_day_or_of_few_weeks_has_no_usual_count(tables: duckdb.DuckDBPyConnection) -> None:
    count_by_day(tables, dict.fromkeys(_days(MONDAY - dt.timedelta(days=70), 70), 5))
    assert asked(tables, MONDAY + dt.timedelta(days=1)) == []
    count_by_day(tables, dict.fromkeys(_days(MONDAY - dt.timedelta(days=50), 50), 40))
    assert asked(tables, MONDAY + dt.timedelta(days=1)) == []


def days_told_by_chance(tables: duckdb.DuckDBPyConnection, asked_days: int) -> list[dt.date]:
    """Days, of so many last ones, of which something is told, though posts arrive by chance alone."""
    chance = random.Random(1)
    days = _days(MONDAY - dt.timedelta(days=400), 400)
    rate = {True: 12, False: 30}
    # Arrivals of a day of a Poisson process, quiet at weekends.
    counts = {day: sum(chance.random() < rate[day.weekday() >= 5] / 1000 for _ in range(1000)) for day in days}
    count_by_day(tables, counts)
    return [day for day in days[-asked_days:] if asked(tables, day)]


def test_chance_alone_is_hardly_ever_told_in_two_months(tables: duckdb.DuckDBPyConnection) -> None:
    assert len(days_told_by_chance(tables, 60)) <= 1


@pytest.mark.prove("laws")
def test_chance_alone_is_hardly_ever_told_in_a_year(tables: duckdb.DuckDBPyConnection) -> None:
    assert len(days_told_by_chance(tables, 340)) <= 1


def test_a_source_silent_for_more_than_twice_its_usual_pause_is_told_until_it_speaks(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    weekly = {MONDAY - dt.timedelta(weeks=n): 1 for n in range(30)}
    count_by_day(tables, weekly)
    assert asked(tables, MONDAY + dt.timedelta(days=14)) == []
    [silent] = asked(tables, MONDAY + dt.timedelta(days=15))
    assert silent.sample == [
        "site has been silent for 15 days, since 2026-03-30; it usually pauses no longer than 7, and [checks] "
        "silent_pauses allows 14"
    ]
    assert asked(tables, MONDAY + dt.timedelta(days=15), silent_pauses=3.0) == []
    count_by_day(tables, weekly | {MONDAY + dt.timedelta(days=14): 1})
    assert asked(tables, MONDAY + dt.timedelta(days=15)) == []


def test_a_source_that_works_on_weekdays_is_not_silent_on_a_weekend(tables: duckdb.DuckDBPyConnection) -> None:
    days = _days(MONDAY - dt.timedelta(days=100), 100)
    count_by_day(tables, {day: 3 for day in days if day.weekday() < 5})
    assert [day for day in _days(MONDAY - dt.timedelta(days=9), 12) if asked(tables, day)] == []


def test_an_archive_a_closed_source_and_one_without_a_habit_are_not_silent(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    ended = dt.date(2025, 11, 1)
    count_by_day(tables, {ended - dt.timedelta(weeks=n): 1 for n in range(30)})
    assert asked(tables, dt.date(2026, 1, 2)) == [], "it was silent when it was first seen"
    count_by_day(tables, {MONDAY - dt.timedelta(weeks=n): 1 for n in range(30)})
    assert asked(tables, MONDAY + dt.timedelta(days=400)) == []
    count_by_day(tables, {MONDAY - dt.timedelta(weeks=n): 1 for n in range(10)})
    assert asked(tables, MONDAY + dt.timedelta(days=40)) == []


def test_a_source_is_an_archive_where_it_was_first_seen_later_than_it_may_be_silent(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    count_by_day(tables, {MONDAY - dt.timedelta(weeks=n): 1 for n in range(30)})
    # Another source that is silent may be so for longer: each is judged by its own pauses.
    tables.execute(
        """
        INSERT INTO articles_by_date (source_id, published_on, articles)
        SELECT 'rare', $last::DATE - INTERVAL 30 DAY * n::INTEGER, 1 FROM range(30) AS t(n);
        """,
        {"last": MONDAY},
    )
    tables.execute(
        """
        INSERT INTO sources SELECT * REPLACE ('rare' AS source_id) FROM sources;
        INSERT INTO articles SELECT * REPLACE ('rare:x' AS article_id, 'rare' AS source_id) FROM articles LIMIT 1;
        INSERT INTO article_history SELECT * REPLACE ('rare:x' AS article_id) FROM article_history LIMIT 1;
        """
    )
    for days, told in ((14, ["rare", "site"]), (15, ["rare"]), (60, ["rare"]), (61, [])):
        seen = dt.datetime.combine(MONDAY + dt.timedelta(days=days), dt.time(23, 59), dt.UTC)
        tables.execute("UPDATE article_history SET first_seen_at = ?", [seen])
        found = {result.check.name: result for result in asked(tables, MONDAY + dt.timedelta(days=70))}
        silent = found["no_source_is_silent_for_long"].rows if told else []
        assert ("no_source_is_silent_for_long" in found) == bool(told)
        assert sorted(str(row["source_id"]) for row in silent) == told, f"first seen {days} days after its last post"


@pytest.mark.parametrize("name", ["p 2", "p (1)", "p_LOCAL_3", "p copy", "p copy 2", "p - Copy", "p - Copy (2)"])
def test_every_ending_of_a_copy_holds_what_is_looked_for_first(name: str) -> None:
    query = f"SELECT regexp_matches(path, '{_COPY_MARK}'), {_MAY_BE_COPY} FROM (SELECT ? AS path)"
    assert duckdb.execute(query, [f"a/{name}.md"]).fetchall() == [(True, True)]


def test_the_same_tables_warn_of_the_same_whenever_they_are_asked(tables: duckdb.DuckDBPyConnection) -> None:
    count_by_day(tables, dict.fromkeys(_days(dt.date(2025, 12, 1), 30), 1))
    tables.execute("UPDATE refreshes SET as_of = '2026-01-20 00:00:00+00'")
    told = warnings(tables, Thresholds())
    assert [result.check.name for result in told] == ["no_source_is_silent_for_long"]
    assert warnings(tables, Thresholds(), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)) == told
