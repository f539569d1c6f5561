"""Aggregates are built anew only when a column they read changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site

from etl_project.database.contract import LINKS, STORIES, contract, declared
from etl_project.load.aggregate_inputs import columns_read
from etl_project.load.aggregates import aggregates
from etl_project.load.relate import counting


def built_by(site: Site) -> set[str]:
    """Look and load; the aggregates that are left to be built."""
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    with refresh.work.opened(read_only=True) as con:
        present = "(SELECT generation FROM internal.generation)"
        left = con.execute(f"SELECT name FROM internal.aggregates_built WHERE generation <> {present}").fetchall()
    return {name for (name,) in left}


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    site.write("_posts/2026-01-02-one.md", tags="[a]", categories="b", body="[x](https://one.example/)")
    site.write("_posts/2026-01-03-two.md")
    site.refresh()
    return site


@pytest.fixture
def built(built_sites: BuiltSites, tmp_path: Path) -> Site:
    return built_sites.copy(build, tmp_path)


def columns_of(aggregate: str) -> set[str]:
    """Columns of the table of an aggregate."""
    return {column.name for column in declared()[aggregate].columns}


def test_every_table_an_aggregate_reads_is_known_with_its_columns() -> None:
    read = columns_read(contract())
    assert set(read["articles"]) == set(aggregates())
    assert set(read["article_links"]) == {"links_by_host"}
    assert set(read["articles"]["articles_by_date"]) >= {
        "published_on",
        "status",
        "published_at",
        "missing_since",
        "expires_at",
    }
    assert "title" not in read["articles"]["articles_by_date"]


def test_an_aggregate_counts_relations_on_its_own_or_through_a_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage `related` has these built anew when a relation changes."""
    counts_stories = {name for name in aggregates() if "stories" in columns_of(name)}
    of_the_view = {name for name, aggregate in aggregates().items() if "articles_counted" in aggregate.sql}
    assert counting(STORIES) == sorted(counts_stories | of_the_view) and of_the_view - counts_stories
    assert counting(LINKS) == [], "a link that leads elsewhere changes no count"
    of_its_own = {
        "told_twice": "CREATE OR REPLACE TABLE told_twice AS SELECT source_id, count(*) FROM who_was_first GROUP BY 1",
        "firsts": "CREATE OR REPLACE TABLE firsts AS SELECT source_id, sum(is_first) FROM articles_full GROUP BY 1",
        "posts": "CREATE OR REPLACE TABLE posts AS SELECT source_id, count(*) FROM articles GROUP BY 1 -- stories",
    }
    monkeypatch.setattr("etl_project.load.aggregate_inputs.aggregates_sql", lambda: of_its_own)
    assert counting(STORIES) == ["firsts", "told_twice"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": "Other", "body": "[y](https://one.example/)"}, set()),
        ({"body": "[x](https://two.example/)"}, {"links_by_host"}),
        ({"tags": "[c]"}, {"articles_by_tag", "articles_by_month_tag"}),
    ],
)
def test_only_aggregates_whose_inputs_changed_are_built_anew(
    built: Site, change: dict[str, str], expected: set[str]
) -> None:
    values = {"tags": "[a]", "categories": "b", "body": "[x](https://one.example/)"} | change
    built.write("_posts/2026-01-02-one.md", age=30, **values)
    assert built_by(built) == expected


def test_another_date_builds_every_aggregate_that_reads_dates(built: Site) -> None:
    built.write("_posts/2026-01-03-two.md", date="2026-01-09 10:00:00", age=30)
    assert built_by(built) >= {"articles_by_date", "articles_by_month", "articles_by_weekday_hour"}


def test_a_generation_that_kept_all_aggregates_is_published(built: Site) -> None:
    built.write("_posts/2026-01-03-two.md", title="Other", age=30)
    before = built.query("SELECT * FROM articles_by_date")
    loaded = built.refresh()
    assert loaded and loaded.is_new
    assert built.query("SELECT * FROM articles_by_date") == before
    assert built.refresh() is None
