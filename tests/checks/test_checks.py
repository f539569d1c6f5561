"""The checks that block: each passes on a good site, and each fails on what its sentence forbids."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import Site

from etl_project.checks import run
from etl_project.checks.check import Check, CheckResult, Stage
from etl_project.checks.integrity import INTEGRITY
from etl_project.checks.run import run_blocking_checks, run_checks
from etl_project.checks.thresholds import Thresholds
from etl_project.database.contract import TERMS
from etl_project.database.generation import generation
from etl_project.database.publish import NotChecked
from etl_project.database.work_file import WorkFile
from etl_project.load.aggregates import Aggregate, aggregates
from etl_project.refresh import Refresh

SOURCE = """
dialect = "jekyll"
time_zone = "Asia/Shanghai"
[[source.mentions]]
kind = "ship"
selector = "[data-ship]"
key = "data-ship"
"""

POST = """---
title: {name}
date: 2026-01-0{name} 09:00:00 +0800
categories: [c{name}]
tags: [t{name}]
author: Author {name}
---
# Heading

<span data-ship="HX-12">海星号</span> [at sea](https://sea.example/) [first](2026-01-01-1.md)
"""


def corruptions_of_laws(aggregate: Aggregate) -> tuple[str, ...]:
    """Statements that violate what an aggregate says it adds up to, read from its own file."""
    columns = {column.name for column in aggregate.table.columns}
    summed = set().union(*(columns & set(re.findall(r"\w+", law.total)) for law in aggregate.laws))
    assert len(summed) >= len(aggregate.laws), f"a law of {aggregate.name} adds up none of its columns"
    return (
        f"DELETE FROM {aggregate.name}",
        f"UPDATE {aggregate.name} SET source_id = 'other'",
        *(f"UPDATE {aggregate.name} SET {column} = {column} + 1" for column in sorted(summed)),
    )


CORRUPTIONS: dict[str, tuple[str, ...]] = {
    "every_file_is_accounted_for": (
        "DELETE FROM post_files WHERE path LIKE '%-1.md'",
        "DELETE FROM internal.inventory WHERE path LIKE '%-1.md'",
        "UPDATE post_files SET status = 'skipped' WHERE path LIKE '%-1.md'",
        "UPDATE post_files SET reason = NULL",
        "UPDATE post_files SET reason = 'empty'",
    ),
    "every_rejected_file_says_why": (
        "DELETE FROM rejected_files",
        "UPDATE rejected_files SET reason = 'binary'",
        "UPDATE rejected_files SET path = '_posts/2026-01-01-1.md'",
    ),
    "file_paths_are_unique": ("INSERT INTO post_files SELECT * FROM post_files WHERE path LIKE '%-1.md'",),
    "article_ids_are_unique": ("INSERT INTO articles SELECT * FROM articles WHERE path LIKE '%-1.md'",),
    "every_loaded_file_is_an_article_or_shadowed": (
        "DELETE FROM articles WHERE path LIKE '%-1.md'",
        "UPDATE articles SET path = 'elsewhere.md' WHERE path LIKE '%-1.md'",
        "UPDATE post_files SET is_shadowed = true WHERE path LIKE '%-1.md'",
        "DELETE FROM post_files WHERE path LIKE '%-1.md'",
    ),
    "dates_agree": (
        "UPDATE articles SET published_on = published_on + 1",
        "UPDATE articles SET published_on = NULL",
        "UPDATE articles SET published_local = NULL, published_on = NULL",
        "UPDATE articles SET published_at = NULL",
        "UPDATE articles SET published_precision = NULL",
        "UPDATE articles SET published_from = NULL",
        "UPDATE articles SET published_at = published_at + INTERVAL 2 DAY",
    ),
    **{
        f"every_article_has_one_row_of_{table}": (
            f"DELETE FROM {table} WHERE article_id LIKE '%-1.md'",
            f"INSERT INTO {table} SELECT * FROM {table} WHERE article_id LIKE '%-1.md'",
            f"UPDATE {table} SET article_id = 'site:0' WHERE article_id LIKE '%-1.md'",
        )
        for table in ("article_bodies", "article_metrics")
    },
    **{
        f"every_row_of_{table}_has_its_article": (f"UPDATE {table} SET article_id = 'site:nowhere.md'",)
        for table in ("article_links", "article_headings", "article_mentions", "search_text")
    },
    **{
        f"every_row_of_article_{table}_has_its_article_and_term": (
            f"UPDATE article_{table} SET article_id = 'site:nowhere.md'",
            f"DELETE FROM {table} WHERE {key} LIKE '%1'",
        )
        for table, key in TERMS.items()
    },
    **{
        f"{table}_are_unique_and_used": (
            f"INSERT INTO {table} SELECT * FROM {table} WHERE {key} LIKE '%1'",
            f"DELETE FROM article_{table} WHERE {key} LIKE '%1'",
        )
        for table, key in TERMS.items()
    },
    "every_article_tells_one_story": (
        "DELETE FROM stories WHERE article_id LIKE '%-1.md'",
        "INSERT INTO stories SELECT * FROM stories WHERE article_id LIKE '%-1.md'",
        "UPDATE stories SET article_id = 'site:nowhere.md' WHERE article_id LIKE '%-1.md'",
    ),
    "every_story_has_one_first": (
        "UPDATE stories SET is_first = false",
        "UPDATE stories SET is_first = true",
        "UPDATE stories SET is_first = NOT is_first WHERE article_id SIMILAR TO '.*-(6|copy).md'",
        "UPDATE articles SET status = 'draft' WHERE path LIKE '%-6.md'",
        "UPDATE stories SET story_id = article_id WHERE article_id LIKE '%-copy.md'",
        "UPDATE stories SET story_id = 'site:nowhere.md'",
    ),
    "every_pair_is_of_one_story": (
        "UPDATE stories SET story_id = article_id",
        "DELETE FROM stories WHERE article_id LIKE '%-copy.md'",
        "INSERT INTO story_pairs SELECT * FROM story_pairs",
        "UPDATE story_pairs SET article_id = other_article_id, other_article_id = article_id",
    ),
    "every_target_is_of_an_internal_link": (
        "INSERT INTO link_targets SELECT * FROM link_targets",
        "UPDATE link_targets SET position = 9",
        "UPDATE link_targets SET target_article_id = 'site:nowhere.md'",
        "UPDATE article_links SET kind = 'external'",
        "UPDATE articles SET source_id = 'other' WHERE path LIKE '%-2.md'",
    ),
    **{f"{aggregate.name}_adds_up": corruptions_of_laws(aggregate) for aggregate in aggregates().values()},
    "articles_by_date_has_every_day": (
        "DELETE FROM articles_by_date WHERE articles = 0",
        "INSERT INTO articles_by_date SELECT * FROM articles_by_date WHERE articles = 0",
        "UPDATE articles_by_date SET published_on = '2026-01-01' WHERE articles = 0",
    ),
}
"""Check -> statements, each of which does what the check forbids."""

BY_NAME = {check.name: check for check in INTEGRITY}


def write_site(site: Site) -> Site:
    site.configure(SOURCE)
    for name in "123569":
        site.write(f"_posts/2026-01-0{name}-{name}.md", POST.format(name=name))
    site.write("_posts/2026-01-08-copy.md", POST.format(name="6"))
    site.write("_posts/2026-01-07-empty.md", b"")
    return site


def loaded(folder: Path) -> Site:
    """Load a good site, and check nothing yet."""
    site = write_site(Site(folder))
    site.load()
    return site


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> WorkFile:
    """The work file of a good site."""
    site = write_site(Site(tmp_path_factory.mktemp("checked")))
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        site.refresh()
        return Refresh(site.settings).work


@pytest.fixture
def work_file(good: WorkFile, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the work file of a good site, open."""
    copy = WorkFile(tmp_path / good.published.name)
    copy.folder.mkdir()
    shutil.copyfile(good.path, copy.path)
    with copy.opened() as con:
        yield con


def result_of(check: Check, con: duckdb.DuckDBPyConnection) -> CheckResult:
    """Run one check of its stage alone: what becomes of the generation is its doing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "CHECKS", (check,))
        [result] = run_checks(con, check.stage, Thresholds())
    return result


def test_every_check_holds_on_a_good_site_that_fills_every_table(work_file: duckdb.DuckDBPyConnection) -> None:
    stages: tuple[Stage, ...] = ("tables", "related", "aggregates")
    results = [result for stage in stages for result in run_checks(work_file, stage, Thresholds())]
    assert [result.check.name for result in results if result.check.is_blocking and not result.passed] == []
    assert generation(work_file).state == "checked"
    empty = [
        table
        for table in {check.table for check in INTEGRITY}
        if work_file.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    ]
    assert empty == [], "a check of an empty table shows nothing"


def test_every_check_has_corruptions_that_must_break_it() -> None:
    assert sorted(CORRUPTIONS) == sorted(check.name for check in INTEGRITY)


@pytest.mark.parametrize(("name", "corruption"), [(name, sql) for name, all_ in CORRUPTIONS.items() for sql in all_])
def test_a_check_is_broken_by_what_it_forbids_and_the_generation_fails(
    work_file: duckdb.DuckDBPyConnection, name: str, corruption: str
) -> None:
    check = BY_NAME[name]
    work_file.execute(corruption)
    result = result_of(check, work_file)
    assert not result.passed and result.violations > 0
    assert 1 <= len(result.sample) <= 5
    assert generation(work_file).state == "failed"


def test_a_check_that_is_left_out_for_want_of_rows_would_have_passed(work_file: duckdb.DuckDBPyConnection) -> None:
    may_be_left_out = [check for check in INTEGRITY if check.needs]
    asked = [dataclasses.replace(check, needs="") for check in may_be_left_out]
    needed = {check.needs.split()[1] for check in may_be_left_out}
    assert len(needed) > 5
    states = [f"DELETE FROM {table}" for table in sorted(needed)] + [all_[0] for all_ in CORRUPTIONS.values()]
    for statement in states:
        work_file.execute(f"BEGIN; {statement}")
        found, found_if_asked = (
            [(result.check.name, result.violations) for result in run_blocking_checks(work_file, checks)]
            for checks in (may_be_left_out, asked)
        )
        work_file.execute("ROLLBACK")
        assert found == found_if_asked, statement


def test_a_sample_names_the_rows_that_break_a_check(work_file: duckdb.DuckDBPyConnection) -> None:
    work_file.execute("INSERT INTO tags SELECT * FROM tags WHERE tag_id = 't1'")
    result = result_of(BY_NAME["tags_are_unique_and_used"], work_file)
    assert result.violations == 1
    assert result.sample == ["tag_id = t1, rows = 2"]


@pytest.mark.built(by=loaded)
def test_good_aggregates_do_not_make_up_for_broken_tables(site: Site) -> None:
    refresh = Refresh(site.settings)
    with refresh.work.opened() as con:
        con.execute("INSERT INTO authors SELECT * FROM authors LIMIT 1")
    refresh.run_checks("tables")
    refresh.build_aggregates()
    assert all(result.passed for result in refresh.run_checks("aggregates") if result.check.is_blocking)
    with pytest.raises(NotChecked, match="generation 1 is failed"):
        refresh.publish()
    assert not site.published.exists()


@pytest.mark.built(by=loaded)
def test_a_failed_generation_passes_when_what_broke_it_is_gone(site: Site) -> None:
    refresh = Refresh(site.settings)
    with refresh.work.opened() as con:
        con.execute("INSERT INTO authors VALUES ('nobody', 'Nobody')")
    refresh.run_checks("tables")
    with refresh.work.opened() as con:
        con.execute("DELETE FROM authors WHERE author_id = 'nobody'")
    site.refresh()
    assert site.last_plan and site.last_plan.reasons == ["the checks of the last refresh failed"]
    assert site.column("SELECT count(*) FROM articles") == [7]


@pytest.mark.built(by=loaded)
def test_a_failed_generation_waits_until_something_changes(site: Site) -> None:
    refresh = Refresh(site.settings)
    with refresh.work.opened() as con:
        con.execute("INSERT INTO authors VALUES ('nobody', 'Nobody')")
    refresh.run_checks("tables")
    _, plan = site.plan()
    plan.close()
    assert plan.waits_for_a_person
    site.write("_posts/2026-01-08-8.md", POST.format(name="8"))
    _, plan = site.plan()
    plan.close()
    assert not plan.waits_for_a_person and not plan.is_no_op
