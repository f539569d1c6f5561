"""The worked examples of CONTRIBUTING.md, applied to a copy of the project: they work, and nothing else is edited."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("\n## Worked examples\n")[2]

PAGE = "tests/laws/test_checks_page.py"

CONFIG = """
[warehouse]
path = "warehouse/posts.duckdb"
[[source]]
name = "site"
location = "site"
dialect = "plain"
[[source]]
name = "council"
location = "council"
dialect = "minutes"
"""

REFRESH = """
import json, sys
from pathlib import Path

import etl_project, warehouse

from etl_project.checks.run import run_checks
from etl_project.refresh import Refresh
from etl_project.settings import read_settings

house = Path.cwd()
assert all(Path(package.__file__).is_relative_to(house) for package in (etl_project, warehouse))
refresh = Refresh(read_settings(Path("etl.toml")))
refresh.load_tables(refresh.plan())
results = refresh.run_checks("tables")
refresh.build_aggregates()
results += refresh.run_checks("aggregates")
refresh.publish()
import duckdb
queries, statements = map(json.loads, sys.argv[1:])
with duckdb.connect(str(refresh.work.published), read_only=True) as con:
    rows = [con.execute(query).fetchall() for query in queries]
passed = {result.check.name: result.passed for result in results}
failed = []
with refresh.work.opened() as con:
    for statement, undone in statements:
        con.execute(statement)
        both = ("tables", "aggregates")
        again = [result for stage in both for result in run_checks(con, stage, refresh.settings.checks)]
        failed.append([result.check.name for result in again if result.check.is_blocking and not result.passed])
        con.execute(undone)
print(json.dumps({"rows": rows, "passed": passed, "failed": failed}, default=str))
"""
"""Refreshes the sites in the current folder, and prints what queries of the published file give, which checks passed,
and which blocking ones fail after each statement on the work file, which another one undoes."""


def blocks(title: str) -> list[str]:
    """The blocks of code in the example of this title."""
    text = EXAMPLES.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
    return re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class House:
    """A copy of the project that an example is applied to, and a site to refresh with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # What was compiled is copied along: it is good for files that are not changed.
        built = shutil.ignore_patterns(".*", "*.duckdb*")
        for room in ("etl_project", "assets", "warehouse", "tests", "docs"):
            shutil.copytree(ROOT / room, folder / room, ignore=built)
        for file in ("pyproject.toml", "CONTRIBUTING.md"):
            shutil.copy(ROOT / file, folder)

    def insert(self, file: str, before: str, text: str) -> None:
        """Insert text into a file before the first line that begins so."""
        path = self.folder / file
        head, line, tail = path.read_text("utf-8").partition(f"\n{before}")
        assert line, f"{file} has no line that begins with {before}"
        path.write_text(f"{head}\n{text}{line.removeprefix(chr(10))}{tail}", "utf-8")

    def refresh(self, posts: dict[str, str], queries: list[str], statements: list[tuple[str, str]]) -> dict[str, Any]:
        """Refresh sites of these posts: see REFRESH."""
        for name, text in posts.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        (self.folder / "etl.toml").write_text(CONFIG, "utf-8")
        printed: dict[str, Any] = json.loads(self.run("-c", REFRESH, json.dumps(queries), json.dumps(statements)))
        return printed

    def run(self, *arguments: str) -> str:
        """Run Python on the copy."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTEST_ADDOPTS": ""}
        ended = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def make_docs(self) -> str:
        """Make the page of checks as `make docs` does."""
        self.run("docs/make_checks.py")
        return (self.folder / "docs" / "checks.md").read_text("utf-8")

    def test(self, tests: tuple[str, ...], which: str) -> None:
        """Run some of the project's own tests on the copy."""
        self.run("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *tests, "-k", which)


POSTS = {
    "site/a.md": "---\ntitle: A\ndate: 2026-01-02\nauthors: [Mo, Lin]\n---\n# One\n",
    "site/b.md": "---\ntitle: B\ndate: 2026-01-03\nauthor: Mo\n---\n# Two\n",
    "site/c.md": "---\ntitle: C\n---\nNo author.\n",
    "council/20240501_rat.md": "---\nBetreff: Ratssitzung\n---\nText.\n",
}
QUERIES = {
    "aggregate": "SELECT author_id, articles, last_published_on FROM articles_by_author WHERE source_id = 'site' "
    "ORDER BY ALL",
    "dialect": "SELECT title, slug, published_on, published_from FROM articles WHERE source_id = 'council'",
}
STATEMENTS = {
    "aggregate": (
        "UPDATE articles_by_author SET articles = articles + 1 WHERE author_id = 'mo'",
        "UPDATE articles_by_author SET articles = articles - 1 WHERE author_id = 'mo'",
    ),
    "check": (
        "UPDATE article_headings SET level = level + 6",
        "UPDATE article_headings SET level = level - 6",
    ),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A copy of the project with every example applied."""
    house = House(tmp_path_factory.mktemp("house"))
    [sql] = blocks("Add an aggregate")
    (house.folder / "warehouse" / "aggregates" / "articles_by_author.sql").write_text(sql, "utf-8")
    check, corruption = blocks("Add a check")
    house.insert("etl_project/checks/integrity.py", "    *LAWS,", check)
    house.insert("tests/checks/test_checks.py", '    "articles_by_date_has_every_day": (', corruption)
    declaration, row = blocks("Add a dialect")
    house.insert("etl_project/dialects.py", "DIALECTS: dict", f"{declaration}\n")
    house.insert("docs/reading.md", "| `obsidian` | yaml", row)
    return house


@pytest.fixture(scope="module")
def done(house: House) -> dict[str, Any]:
    """What a refresh of the copy gives: see REFRESH."""
    printed = house.refresh(POSTS, list(QUERIES.values()), list(STATEMENTS.values()))
    return printed | {
        "rows": dict(zip(QUERIES, printed["rows"], strict=True)),
        "failed": dict(zip(STATEMENTS, printed["failed"], strict=True)),
    }


def test_an_aggregate_is_one_file(done: dict[str, Any]) -> None:
    assert done["rows"]["aggregate"] == [["(none)", 1, None], ["lin", 1, "2026-01-02"], ["mo", 2, "2026-01-03"]]
    assert done["passed"]["articles_by_author_adds_up"] is True
    assert done["failed"]["aggregate"] == ["articles_by_author_adds_up"]


def test_a_check_is_declared_in_one_place_and_its_corruption_in_another(done: dict[str, Any]) -> None:
    assert done["passed"]["heading_levels_are_one_to_six"] is True
    assert done["failed"]["check"] == ["heading_levels_are_one_to_six"]


def test_a_dialect_is_one_declaration(done: dict[str, Any]) -> None:
    assert done["rows"]["dialect"] == [["Ratssitzung", "rat", "2024-05-01", "file_name"]]


def test_the_page_and_the_tests_of_the_project_know_the_examples(house: House) -> None:
    page = house.make_docs()
    assert "### `articles_by_author_adds_up`" in page
    assert "### `heading_levels_are_one_to_six`\n\nThe level of every heading is between 1 and 6.\n" in page
    house.test(
        (
            *("tests/load/test_aggregates.py", "tests/load/test_lineage.py", "tests/checks/test_checks.py", PAGE),
            *("tests/test_dialects.py", "tests/laws/test_docs.py"),
        ),
        "articles_by_author or heading_levels or good_site or corruptions_that or the_aggregate_of_its_name "
        "or every_column or page or declared or dialect_looks_for",
    )
