"""Checks of the rows that a refresh touched: they find all that it did wrong, and the others find the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Site
from test_checks import BY_NAME, CORRUPTIONS, POST, write_site

from etl_project.checks.integrity import INTEGRITY
from etl_project.checks.run import run_checks
from etl_project.checks.thresholds import Thresholds
from etl_project.database.contract import contract_sql
from etl_project.database.in_flight import create_in_flight_tables
from etl_project.load.touched import note_touched
from etl_project.refresh import Refresh, rows_to_check

REWRITTEN = ("_posts/2026-01-01-1.md", "_posts/2026-01-06-6.md", "_posts/2026-01-08-copy.md")

FILLER = """---
title: {name}
date: 2026-02-01
---
{name} was here, and saw {name}.
"""

OF_AGGREGATES = {check.name for check in INTEGRITY if check.stage == "aggregates"}

OF_SOME_ARTICLE = [
    (name, statement) for name, all_ in CORRUPTIONS.items() for statement in all_ if name not in OF_AGGREGATES
]


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The work file of a good site, open, after a load that touched some of its posts; posts 2, 3, 5 and 9 are not."""
    site = write_site(Site(tmp_path_factory.mktemp("touched")))
    for name in "abcdefghijkl":
        site.write(f"_posts/2026-02-01-{name}.md", FILLER.format(name=name * 7))
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        environment.setattr(rows_to_check, "FEWEST_FILES", 0)
        site.refresh()
        for path in REWRITTEN:
            site.write(path, (site.posts / path).read_text("utf-8").replace("at sea", "on the high seas"))
        site.write("_posts/2026-01-07-empty.md", b"\n")
        refresh, plan = site.plan()
        refresh.load_tables(plan)
        refresh.relate()
        assert refresh.work.knows_touched
        with refresh.work.opened() as con:
            # What a staged row names is touched, as a test below shows: so are these, to which corruptions move rows.
            con.execute("INSERT INTO memory.touched_articles VALUES ('site:nowhere.md'), ('site:0')")
            yield con


def rows_after(con: duckdb.DuckDBPyConnection, corruption: str, query: str) -> list[Any]:
    """Rows that a query finds after a corruption, which is undone."""
    con.execute(f"BEGIN; {corruption}")
    try:
        return con.execute(query).fetchall()
    finally:
        con.execute("ROLLBACK")


def test_no_check_finds_fault_with_what_a_good_refresh_wrote(touched: duckdb.DuckDBPyConnection) -> None:
    for check in INTEGRITY:
        if check.touched:
            assert touched.execute(check.sql_of_touched).fetchall() == [], check.name


def test_every_corruption_of_touched_rows_is_found_among_them(touched: duckdb.DuckDBPyConnection) -> None:
    for name, corruption in OF_SOME_ARTICLE:
        assert rows_after(touched, corruption, BY_NAME[name].sql_of_touched), corruption


def test_corruptions_of_other_rows_are_found_where_all_rows_are_checked(touched: duckdb.DuckDBPyConnection) -> None:
    of_one = [(name, s.replace("-1.md", "-3.md").replace("'%1'", "'%3'")) for name, s in OF_SOME_ARTICLE]
    others = [(name, s) for name, s in of_one if ("%-3.md" in s or "'%3'" in s) and "'site:" not in s]
    assert len({name for name, _ in others}) == 13
    for name, corruption in others:
        assert rows_after(touched, corruption, BY_NAME[name].sql), corruption
        assert rows_after(touched, corruption, BY_NAME[name].sql_of_touched) == [], corruption


def test_what_a_staged_row_names_is_touched_whether_it_is_an_article_or_not(
    tmp_path: Path,
) -> None:
    staged = tmp_path / "headings.parquet"
    with duckdb.connect() as con:
        create_in_flight_tables(con)
        con.execute(contract_sql())
        con.execute(f"COPY (SELECT 'site:stray.md' AS article_id, 1 AS position) TO '{staged}'")
        note_touched(con, {"article_headings": [str(staged)]})
        assert con.execute("FROM memory.main.touched_articles").fetchall() == [("site:stray.md",)]


def test_a_term_that_went_is_missed_by_articles_that_were_not_touched(touched: duckdb.DuckDBPyConnection) -> None:
    share = "UPDATE article_tags SET tag_id = 't1' WHERE article_id LIKE '%-3.md'; DELETE FROM tags WHERE tag_id = 't1'"
    only_others = f"{share}; DELETE FROM article_tags WHERE article_id LIKE '%-1.md'"
    check = BY_NAME["every_row_of_article_tags_has_its_article_and_term"]
    assert rows_after(touched, only_others, check.sql_of_touched) == [
        ("site:_posts/2026-01-03-3.md", "t1", False, True)
    ]


def test_of_aggregates_those_that_were_built_anew_are_checked(touched: duckdb.DuckDBPyConnection) -> None:
    for name in ("articles_by_tag", "articles_by_month"):
        touched.execute(f"UPDATE {name} SET articles = articles + 1")
    failed = {
        len(written) if written is not None else None: [
            result.check.table
            for result in run_checks(touched, "aggregates", Thresholds(), written=written)
            if result.check.is_blocking and not result.passed
        ]
        for written in ([], ["articles_by_tag"], None)
    }
    assert failed == {0: [], 1: ["articles_by_tag"], None: ["articles_by_month", "articles_by_tag"]}


def test_what_was_touched_is_forgotten_with_the_connections_that_knew_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_to_check, "FEWEST_FILES", 0)
    for name in "12356":
        site.write(f"_posts/2026-01-0{name}-{name}.md", POST.format(name=name))
    site.refresh()
    site.write("_posts/2026-01-01-1.md", POST.format(name="9"))
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    assert refresh.work.knows_touched
    refresh.work.close()
    results = refresh.run_checks("tables")
    assert all(result.checked_all_rows for result in results) and not refresh.work.knows_touched
    assert all(result.checked_all_rows for result in Refresh(site.settings).run_checks("tables"))
