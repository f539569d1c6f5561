"""The aggregates of small sites, counted by hand."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from conftest import Site

from etl_project.checks import laws
from etl_project.checks.integrity import INTEGRITY
from etl_project.database.contract import WAREHOUSE
from etl_project.database.generation import generation
from etl_project.load.aggregates import aggregates
from etl_project.refresh import Refresh

SOURCE = 'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\ninclude = ["_posts/**", "_drafts/**"]\n'
OTHER = '[[source]]\nname = "other"\nlocation = "other"\ndialect = "hugo"\n'


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def post(site: Site, name: str, date: str | None, header: str = "", body: str = "One two three.") -> None:
    """Write a post whose front matter is its date and whatever else is given, one `key: value` a line."""
    lines = ["title: A post", *([f"date: {date}"] if date else []), *([header] if header else [])]
    site.write(name, "---\n" + "\n".join(lines) + f"\n---\n{body}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Six live articles of one source, one of another, and four that are not live."""
    site = Site(tmp_path_factory.mktemp("counted"))
    site.configure(SOURCE, OTHER)
    link = "[a](https://A.example/1) [b](https://b.example/) ![c](https://a.example/c.png) [d](/local)"
    post(site, "_posts/2026-01-30-a.md", "2026-01-30 09:15:00 +0800", "categories: [News]\ntags: [x, y]", link)
    post(site, "_posts/2026-01-30-b.md", "2026-01-30", "categories: [News, Sea]", "[a](https://a.example/2)")
    post(site, "_posts/2026-02-01-c.md", "2026-02-01 23:59 +0800", "categories: [news]\ntags: [X]")
    post(site, "_posts/2026-02-01-d.md", "2026-02-01 16:30:00 +0000")  # the 2nd, 00:30, on the clock there
    post(site, "_posts/2026-04-01-e.md", "2026-04-01 09:45:00 +0800", "categories: [Sea]")
    post(site, "_posts/undated.md", None, "tags: [y]")
    post(site, "_posts/2026-02-11-future.md", "2090-01-01", "categories: [News]", link)
    post(site, "_posts/2026-02-12-hidden.md", "2026-02-12", "published: false\ncategories: [News]", link)
    post(site, "_drafts/draft.md", "2026-02-13", "categories: [News]", link)
    post(site, "../other/content/f.md", "2026-01-30", "categories: [News]", "Four words are here.")
    post(site, "../other/content/gone.md", "2026-02-10", "expiryDate: 2026-03-01\ntags: [z]\ncategories: [News]", link)
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
    return site


def test_by_date_every_day_from_the_first_to_the_last_has_a_row(site: Site) -> None:
    rows = site.query("SELECT published_on, articles, words FROM articles_by_date WHERE source_id = 'site' ORDER BY 1")
    assert rows[:5] == [
        (day("2026-01-30"), 2, 4),
        (day("2026-01-31"), 0, 0),
        (day("2026-02-01"), 1, 3),
        (day("2026-02-02"), 1, 3),
        (day("2026-02-03"), 0, 0),
    ]
    assert rows[-1] == (day("2026-04-01"), 1, 3)
    assert len(rows) == 62, "30 January to 1 April"
    assert sum(articles for _, articles, _ in rows) == 5
    assert site.query("SELECT published_on, articles, words FROM articles_by_date WHERE source_id = 'other'") == [
        (day("2026-01-30"), 1, 4)
    ]


def test_by_date_a_trailing_mean_is_null_until_its_window_is_full(site: Site) -> None:
    rows = site.query(
        "SELECT trailing_7_day_mean, trailing_28_day_mean FROM articles_by_date "
        "WHERE source_id = 'site' ORDER BY published_on"
    )
    weeks, months = [row[0] for row in rows], [row[1] for row in rows]
    assert weeks[:6] == [None] * 6
    assert weeks[6:11] == pytest.approx([4 / 7, 2 / 7, 2 / 7, 1 / 7, 0])
    assert weeks[-1] == pytest.approx(1 / 7)
    assert months[:27] == [None] * 27
    assert months[27:31] == pytest.approx([4 / 28, 2 / 28, 2 / 28, 1 / 28])
    assert site.query("SELECT trailing_7_day_mean FROM articles_by_date WHERE source_id = 'other'") == [(None,)]


def test_by_month_only_months_with_articles_have_a_row(site: Site) -> None:
    assert site.query(
        "SELECT source_id, month, articles, days_with_articles, words FROM articles_by_month ORDER BY ALL"
    ) == [
        ("other", day("2026-01-01"), 1, 1, 4),
        ("site", day("2026-01-01"), 2, 1, 4),
        ("site", day("2026-02-01"), 2, 2, 6),
        ("site", day("2026-04-01"), 1, 1, 3),
    ]
    [minutes] = site.column("SELECT mean_reading_minutes FROM articles_by_month WHERE source_id = 'other'")
    assert minutes == pytest.approx(4 / 238, abs=0.005)


def test_by_category_articles_without_one_are_counted_as_none(site: Site) -> None:
    assert site.query("SELECT * FROM articles_by_category ORDER BY source_id, category_id") == [
        ("other", "news", "News", 1, 1, day("2026-01-30"), day("2026-01-30"), 4),
        ("site", "(none)", "(none)", 2, 0, day("2026-02-02"), day("2026-02-02"), 6),
        ("site", "news", "News", 3, 3, day("2026-01-30"), day("2026-02-01"), 7),
        ("site", "sea", "Sea", 2, 1, day("2026-01-30"), day("2026-04-01"), 4),
    ]


def test_by_date_and_category_only_dated_articles_count(site: Site) -> None:
    assert site.query("SELECT * FROM articles_by_date_category ORDER BY ALL") == [
        ("other", day("2026-01-30"), "news", "News", 1, 1, 4),
        ("site", day("2026-01-30"), "news", "News", 2, 2, 4),
        ("site", day("2026-01-30"), "sea", "Sea", 1, 1, 1),
        ("site", day("2026-02-01"), "news", "News", 1, 1, 3),
        ("site", day("2026-02-02"), "(none)", "(none)", 1, 0, 3),
        ("site", day("2026-04-01"), "sea", "Sea", 1, 0, 3),
    ]


def test_by_month_and_category_share_and_change_are_those_of_the_month(site: Site) -> None:
    assert site.query(
        "SELECT source_id, month, category, articles, share_of_month, change_on_month_before "
        "FROM articles_by_month_category ORDER BY source_id, month, category_id"
    ) == [
        ("other", day("2026-01-01"), "News", 1, 1.0, None),
        ("site", day("2026-01-01"), "News", 2, 1.0, None),
        ("site", day("2026-01-01"), "Sea", 1, 0.5, None),
        ("site", day("2026-02-01"), "(none)", 1, 0.5, 1),
        ("site", day("2026-02-01"), "News", 1, 0.5, -1),
        ("site", day("2026-04-01"), "Sea", 1, 1.0, 1),  # nothing came out in March
    ]


def test_by_tag_undated_articles_count_too(site: Site) -> None:
    assert site.query("SELECT * FROM articles_by_tag ORDER BY source_id, tag_id") == [
        ("other", "(none)", "(none)", 1, day("2026-01-30"), day("2026-01-30"), 4),
        ("site", "(none)", "(none)", 3, day("2026-01-30"), day("2026-04-01"), 7),
        ("site", "x", "X", 2, day("2026-01-30"), day("2026-02-01"), 6),
        ("site", "y", "y", 2, day("2026-01-30"), day("2026-01-30"), 6),
    ]


def test_by_month_and_tag_only_dated_articles_count(site: Site) -> None:
    assert site.query("SELECT * FROM articles_by_month_tag ORDER BY ALL") == [
        ("other", day("2026-01-01"), "(none)", "(none)", 1),
        ("site", day("2026-01-01"), "(none)", "(none)", 1),
        ("site", day("2026-01-01"), "x", "X", 1),
        ("site", day("2026-01-01"), "y", "y", 1),
        ("site", day("2026-02-01"), "(none)", "(none)", 1),
        ("site", day("2026-02-01"), "x", "X", 1),
        ("site", day("2026-04-01"), "(none)", "(none)", 1),
    ]


def test_by_weekday_and_hour_a_date_without_a_time_is_no_midnight(site: Site) -> None:
    assert site.query("SELECT * FROM articles_by_weekday_hour ORDER BY ALL") == [
        ("site", 1, 0, 1),  # Monday 2 February 00:30 on the clock of the source
        ("site", 3, 9, 1),  # Wednesday 1 April 09:45
        ("site", 5, 9, 1),  # Friday 30 January 09:15; the other post of that day has no time
        ("site", 7, 23, 1),  # Sunday 1 February 23:59, to the minute
    ]


def test_by_host_links_and_images_are_counted_apart(site: Site) -> None:
    assert site.query("SELECT * FROM links_by_host ORDER BY ALL") == [
        ("site", "a.example", 2, 1, 2),
        ("site", "b.example", 1, 0, 1),
    ]


def test_articles_live_leaves_out_drafts_and_what_is_not_out(site: Site) -> None:
    assert site.column("SELECT path FROM articles ANTI JOIN articles_live USING (article_id) ORDER BY 1") == [
        "_drafts/draft.md",
        "_posts/2026-02-11-future.md",
        "_posts/2026-02-12-hidden.md",
        "content/gone.md",
    ]


def test_articles_that_are_not_live_say_because_of_what(site: Site) -> None:
    assert site.query("SELECT because, path FROM articles_not_live ORDER BY ALL") == [
        ("draft", "_drafts/draft.md"),
        ("draft", "_posts/2026-02-12-hidden.md"),
        ("expired", "content/gone.md"),
        ("to_come", "_posts/2026-02-11-future.md"),
    ]
    columns = "* EXCLUDE because"
    both = f"SELECT {columns} FROM articles_not_live UNION ALL FROM articles_live"
    assert site.query(f"FROM articles EXCEPT ALL ({both})") == site.query(f"({both}) EXCEPT ALL FROM articles") == []


def test_a_site_without_a_live_article_has_empty_aggregates(tmp_path: Path) -> None:
    site = Site(tmp_path / "empty")
    site.configure(SOURCE)
    post(site, "_drafts/draft.md", "2026-02-13")
    site.refresh()
    assert {name: site.query(f"SELECT * FROM {name}") for name in aggregates()} == {name: [] for name in aggregates()}


def test_every_file_is_the_aggregate_of_its_name() -> None:
    assert set(aggregates()) == {path.stem for path in (WAREHOUSE / "aggregates").iterdir()}


@pytest.mark.parametrize("name", [path.stem for path in sorted((WAREHOUSE / "aggregates").glob("*.sql"))])
def test_an_aggregate_says_in_its_file_what_it_adds_up_to_and_a_check_asks_it(name: str) -> None:
    aggregate = aggregates()[name]
    [check] = [check for check in INTEGRITY if check.name == f"{name}_adds_up"]
    assert (check.table, check.stage, check.is_blocking) == (name, "aggregates", True)
    for law in aggregate.laws:
        assert law.total in law.sentence and law.sentence in check.description
        assert law.expected in "".join(check.shared)
    without = re.sub(r"^-- sum\(.*\n--   .*\n", "", aggregate.sql, flags=re.MULTILINE)
    with pytest.raises(ValueError, match=f"{name}.sql does not say what it adds up to: write "):
        _ = replace(aggregate, sql=without).laws


@pytest.mark.parametrize("name", [path.stem for path in sorted((WAREHOUSE / "aggregates").glob("*.sql"))])
def test_an_aggregate_says_its_grain_first_and_what_each_column_holds(site: Site, name: str) -> None:
    aggregate = aggregates()[name]
    assert aggregate.grain.startswith("One row per source") and "\n" not in aggregate.grain
    assert aggregate.sql.startswith(f"-- {aggregate.grain}\n")
    assert aggregate.table.comment == aggregate.grain
    assert [column.name for column in aggregate.table.columns if len(column.comment) < 4] == []
    assert aggregate.table.columns[0].name == "source_id"
    assert not any("HUGEINT" in column.type for column in aggregate.table.columns), "clients cannot all read these"
    assert aggregate.inputs and "articles" in aggregate.inputs and "articles_live" not in aggregate.inputs
    [comment] = site.column(f"SELECT comment FROM duckdb_tables() WHERE table_name = '{name}'")
    assert comment == aggregate.grain


def test_a_checked_generation_whose_aggregates_are_asked_for_again_stays_checked(site: Site) -> None:
    refresh = Refresh(site.settings)
    with refresh.work.opened(read_only=True) as con:
        took = con.execute("SELECT aggregate_milliseconds FROM refreshes").fetchall()
    refresh.build_aggregates()
    refresh.build_aggregates(["articles_by_tag"])
    with refresh.work.opened(read_only=True) as con:
        assert generation(con).state == "checked"
        assert con.execute("SELECT aggregate_milliseconds FROM refreshes").fetchall() == took


def test_aggregates_that_were_built_and_not_checked_are_the_reason_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path)
    site.configure(SOURCE)
    post(site, "_posts/2026-02-01-a.md", "2026-02-01")
    site.refresh()
    by_tag = aggregates()["articles_by_tag"]
    monkeypatch.setitem(aggregates(), "articles_by_tag", replace(by_tag, sql=f"{by_tag.sql}\n-- changed\n"))
    Refresh(site.settings).build_aggregates(["articles_by_tag"])
    assert site.refresh() is not None and site.last_plan
    assert site.last_plan.reasons == ["the aggregates have not been checked since they were built"]


def test_no_number_depends_on_the_order_in_which_articles_came(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(SOURCE)
    for n in range(24):
        post(site, f"_posts/2026-01-{1 + n:02}-{n}.md", "2026-01-30", "tags: [x]", "word " * (37 * n + 11))
    site.load()
    for n in range(0, 24, 3):
        file = site.posts / f"_posts/2026-01-{1 + n:02}-{n}.md"
        file.write_bytes(file.read_bytes().replace(b"A post", b"Another"))

    def counted(**options: bool) -> dict[str, list[tuple[object, ...]]]:
        refresh, plan = site.plan(**options)
        refresh.load_tables(plan)
        refresh.build_aggregates()
        return {name: site.query_work(f"SELECT * FROM {name} ORDER BY ALL") for name in aggregates()}

    came_late = counted()
    assert counted(full=True) == came_late


def test_a_law_that_counts_two_things_at_once_is_refused() -> None:
    with pytest.raises(ValueError, match="write one law for each of category_rows and tag_rows, not sum"):
        laws._counts("sum(category_rows + tag_rows)")
    assert [laws._counts(sql) for sql in ("sum(tag_rows * is_first)", "sum(1)")] == ["tag_rows", "articles"]


def test_an_aggregate_that_fails_is_told_by_its_own_error_and_the_next_build_counts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several aggregates are built from one temporary table, which is there when one of them fails."""
    site = Site(tmp_path)
    site.configure(SOURCE)
    post(site, "_posts/2026-01-02-one.md", "2026-01-02")
    site.load()
    wrong = replace(
        aggregates()["articles_by_tag"], sql="CREATE OR REPLACE TABLE articles_by_tag AS SELECT error('own')"
    )
    refresh = Refresh(site.settings)
    with monkeypatch.context() as patched:
        patched.setitem(aggregates(), "articles_by_tag", wrong)
        with pytest.raises(duckdb.Error, match="own"):
            refresh.build_aggregates()
    refresh.work.close()
    post(site, "_posts/2026-01-03-two.md", "2026-01-03")
    site.refresh()
    assert site.query("SELECT articles FROM articles_by_month") == [(2,)]
