"""A site that a test writes, its settings, and the stages of a refresh run on it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import duckdb
import pytest
from built_sites import BuiltSites
from reading import reading

from etl_project.database.contract import INTERNAL_BY_ARTICLE, OBSERVED, contract
from etl_project.database.json_file import write_json
from etl_project.database.work_file import WorkFile
from etl_project.load.aggregates import aggregates
from etl_project.refresh import Refresh
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.result import TablesLoaded
from etl_project.settings import Settings, read_settings
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source

SHARED = Path(__file__).resolve().parents[2] / "shared"

POST = """---
title: {title}
date: {date}
categories: {categories}
tags: {tags}
---

{body}
"""


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what was frozen after the collection: extension modules complain of what is left at the end


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fail-without-tools",
        action="store_true",
        default=bool(os.environ.get("CI")),
        help="fail where a test would skip itself for want of a tool or of posts; by default where CI is set",
    )
    parser.addoption("--section", help="run the proofs of one section only, and nothing else (see tests/prove.py)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "built(by): the fixture `site` is a copy of what this function builds")


def may_be_skipped(reason: str, *, is_root: bool, has_shared: bool) -> bool:
    """Whether a test may skip itself where nothing may be missing.

    Only for what no installation mends: a few tests are for a user who is not root, and root is who runs CI; a user who
    is not root mounts no disk; other users may not read the home of root; some kernels grant no leases; and a checkout
    alone has no `../shared`. Part of a `../shared` that is there may not be missing.
    """
    return (
        reason.startswith(
            ("needs a Python and a checkout that other users may read", "needs a kernel that grants leases")
        )
        or (is_root and reason.startswith("needs a user who is not root"))
        or (not is_root and reason.startswith("needs root"))
        or (not has_shared and reason.startswith(("needs ../shared", "got empty parameter set")))
    )


def _judge_skip(report: pytest.CollectReport | pytest.TestReport, config: pytest.Config) -> None:
    """Make a failure of a skip that may not be."""
    if not config.getoption("fail_without_tools") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not may_be_skipped(reason, is_root=os.geteuid() == 0, has_shared=SHARED.is_dir()):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be missing (--fail-without-tools, CI): {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    _judge_skip(report, item.config)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    _judge_skip(report, collector.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among what is imported: half of the time of each worker's collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()  # modules and tests stay to the end
        gc.enable()


LONG_FILES = (
    *("test_law.py", "test_law_git.py", "test_kills.py", "test_maintain_kills.py", "test_soak.py", "test_crashes.py"),
    *("test_matrix.py", "test_ui.py", "test_browser.py", "test_refresh_job.py", "test_standing.py"),
    *("test_lake_refresh_kills.py", "test_lake_commands.py", "test_parts_rename.py", "test_parts_twins.py"),
    *("test_lake_upgrade.py", "test_lake_update.py", "test_part_checks.py", "test_lake_of_a_bucket.py"),
)
"""Files with tests that take ten seconds of a core or more."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose a section, and let the longest tests begin: else the last of them keeps one core idle at the end."""
    if section := config.getoption("section"):
        chosen = [item for item in items if (mark := item.get_closest_marker("prove")) and section in mark.args]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    items.sort(key=lambda item: item.path.name not in LONG_FILES)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ETL_CONFIG", "ETL_WAREHOUSE", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real posts beside the project."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared: the real posts")
    return SHARED


@dataclass
class Site:
    """A folder of posts with an etl.toml, as a test writes it."""

    folder: Path
    source: str = 'dialect = "jekyll"\ntime_zone = "Asia/Shanghai"\ninclude = ["_posts/**", "old_post/**"]\n'
    extra: str = ""
    warehouse: str = "warehouse/posts.duckdb"
    last_plan: RefreshPlan | None = field(default=None, repr=False)

    def at(self, folder: Path) -> Self:
        """The same site in another folder, to which its files were copied."""
        return replace(self, folder=folder, last_plan=None)

    @property
    def posts(self) -> Path:
        return self.folder / "site"

    @property
    def config(self) -> Path:
        return self.folder / "etl.toml"

    @property
    def published(self) -> Path:
        return self.folder / self.warehouse

    def configure(self, source: str | None = None, extra: str | None = None) -> None:
        self.source = self.source if source is None else source
        self.extra = self.extra if extra is None else extra
        self.posts.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            f'[warehouse]\npath = "{self.warehouse}"\n\n[[source]]\nname = "site"\nlocation = "site"\n'
            f"{self.source}\n{self.extra}",
            "utf-8",
        )

    def write(self, path: str, text: str | bytes | None = None, *, age: float = 60, **values: str) -> Path:
        """Write a post, by default as if a minute ago, so that it is not young."""
        file = self.posts / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            values = {
                "title": file.stem, "date": "2026-01-02 03:04:05 +0800", "categories": "news", "tags": "one two",
                "body": "Some words.",
            } | values  # fmt: skip
            text = POST.format(**values)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        then = file.stat().st_mtime - age
        os.utime(file, (then, then))
        return file

    @property
    def settings(self) -> Settings:
        return read_settings(self.config)

    def plan(self, **options: Any) -> tuple[Refresh, RefreshPlan]:
        refresh = Refresh(self.settings, **options)
        return refresh, refresh.plan()

    def refresh(self, **options: Any) -> TablesLoaded | None:
        """Run every stage, without Dagster; None when there is nothing to do."""
        refresh, plan = self.plan(**options)
        self.last_plan = plan
        if plan.is_no_op:
            return None
        refresh.work.stays_attached = True
        outcome = Outcome()
        take_stages(refresh, plan, outcome)
        assert not outcome.failed, outcome.failed
        return outcome.tables

    def load(self, **options: Any) -> TablesLoaded | None:
        """Plan and load the tables of the work file, and no more; None when there is nothing to do.

        For a test that asks these tables only, or that refreshes in full afterwards: checks, aggregates and publication
        take as long as the rest.
        """
        refresh, plan = self.plan(**options)
        self.last_plan = plan
        return None if plan.is_no_op else refresh.load_tables(plan)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query of the published file."""
        with reading(self.published) as con:
            return con.execute(sql).fetchall()

    def column(self, sql: str) -> list[Any]:
        return [row[0] for row in self.query(sql)]

    def query_work(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query of the work file, whose tables are loaded before they are published."""
        with reading(self.published.parent / ".work" / self.published.name) as con:
            return con.execute(sql).fetchall()

    def column_of_work(self, sql: str) -> list[Any]:
        return [row[0] for row in self.query_work(sql)]

    def derived(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table that is a function of the files, settings, code and as_of.

        Those of the schema `internal` are among them, and views but those of links and trends, which are of tables that
        are compared and take long.
        """
        with reading(self.published) as con:
            return _derived(con)

    def built(self) -> dict[str, list[tuple[Any, ...]]]:
        """Build the tables and aggregates once, and return the same of them without publishing."""
        refresh, plan = self.plan()
        refresh.load_tables(plan)
        refresh.build_aggregates()
        with refresh.work.opened(read_only=True) as con:
            return _derived(con)


OF_LINKS_AND_TRENDS = {
    "backlinks", "orphans", "broken_links", "images_without_text", "heading_jumps", "article_terms", "dated_stories",
    "terms_by_week", "trending_terms", "tag_pairs", "mentions_by_date",
}  # fmt: skip


def _derived(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    left_out = {*OBSERVED, "changes", *OF_LINKS_AND_TRENDS}
    names = [name for name in (*contract(), *aggregates(), *INTERNAL_BY_ARTICLE) if name not in left_out]
    return {name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in names}


CHECK_ALL_ROWS_NEXT = "UPDATE internal.checks_passed SET all_rows_as_of = NULL"
"""Statement on a work file: as at the first refresh of a day, so that rows which no refresh wrote are checked, too."""


def rewrite_last_plan(work: WorkFile, **values: Any) -> None:
    """Change what the last plan wrote down."""
    last = work.last_plan.read()
    assert last
    write_json(work.last_plan.path, asdict(replace(last, **values)))


def pinned(source: Source) -> PinnedSource:
    """A source that is a folder, as readers take it."""
    assert isinstance(source.location, Path)
    return PinnedSource(source, PinnedFolder(source.location))


def one_post(folder: Path) -> Site:
    """Build the warehouse of one post."""
    site = Site(folder)
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    return site


def six_posts(folder: Path) -> Site:
    """Build the warehouse of six posts that differ in their names."""
    site = Site(folder)
    site.configure()
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    return site


@pytest.fixture
def site(tmp_path: Path, built_sites: BuiltSites, request: pytest.FixtureRequest) -> Site:
    """A site without posts; where a test is marked `built(by=one_post)`, a copy of what that function builds."""
    if mark := request.node.get_closest_marker("built"):
        return built_sites.copy(mark.kwargs["by"], tmp_path)
    site = Site(tmp_path)
    site.configure()
    return site


@pytest.fixture(scope="session")
def built_sites(tmp_path_factory: pytest.TempPathFactory) -> BuiltSites:
    """Sites that several tests begin with, each built once."""
    return BuiltSites(lambda: tmp_path_factory.mktemp("built"))


def equals_full_build(site: Site) -> None:
    """Assert that what increments led to, and was published, is what one full build gives; that is not published."""
    incremental = site.derived()
    refresh, plan = site.plan(full=True)
    refresh.load_tables(plan)
    # Checks of the aggregates could only find in them what they found in those that are compared.
    broken = [r for r in refresh.run_checks("tables") if r.check.is_blocking and not r.passed]
    assert not broken, broken
    refresh.build_aggregates()
    with refresh.work.opened(read_only=True) as con:
        assert _derived(con) == incremental


def assert_the_change_log_adds_up(site: Site) -> None:
    """Every article came once more than it left, and the counts that moved add up to the counts there are."""
    wrong = site.query(
        """
        SELECT coalesce(a.article_id, told.article_id), told.times
        FROM (SELECT * FROM articles WHERE missing_since IS NULL) AS a FULL JOIN (
            SELECT article_id, sum(times) AS times FROM (
                SELECT article_id, CASE WHEN change IN ('added', 'restored') OR change = 'moved'
                    AND old_article_id IS NOT NULL THEN 1 WHEN change IN ('deleted', 'rejected') THEN -1 ELSE 0 END
                    AS times FROM article_changes
                UNION ALL SELECT old_article_id, -1 FROM article_changes WHERE old_article_id IS NOT NULL
            ) GROUP BY ALL HAVING sum(times) <> 0
        ) AS told ON told.article_id = a.article_id
        WHERE a.article_id IS NULL OR told.times IS DISTINCT FROM 1
        """
    )
    assert wrong == [], "no change was lost, and none told twice"
    wrong = site.query(
        """
        WITH counted AS (
            SELECT source_id, old_published_on AS published_on, old_categories AS categories, -1 AS articles
            FROM changes WHERE was_live
            UNION ALL SELECT source_id, new_published_on, new_categories, 1 FROM changes WHERE is_live
        )
        SELECT source_id, published_on, category_id, sum(articles)::BIGINT AS too_many FROM (
            SELECT source_id, published_on, unnest(if(categories = [], ['(none)'], categories)) AS category_id, articles
            FROM counted WHERE published_on IS NOT NULL
            UNION ALL SELECT source_id, published_on, category_id, -articles FROM articles_by_date_category
        ) GROUP BY ALL HAVING too_many <> 0
        """
    )
    assert wrong == [], "the log explains every count by date and category"
