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
dialect = "{dialect}"
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
with duckdb.connect(str(refresh.work.published), read_only=True) as con:
    rows = con.execute(sys.argv[1]).fetchall()
passed = {result.check.name: result.passed for result in results}
with refresh.work.opened() as con:
    con.execute(sys.argv[2])
    again = [result for stage in ("tables", "aggregates") for result in run_checks(con, stage, refresh.settings.checks)]
failed = [result.check.name for result in again if result.check.is_blocking and not result.passed]
print(json.dumps({"rows": rows, "passed": passed, "failed": failed}, default=str))
"""
"""Refreshes the site in the current folder, and prints what a query of the published file gives, which checks passed,
and which blocking ones fail after a statement on the work file."""


def blocks(title: str) -> list[str]:
    """The blocks of code in the example of this title."""
    text = EXAMPLES.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
    return re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class House:
    """A copy of the project that an example is applied to, and a site to refresh with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        built = shutil.ignore_patterns(".*", "*.duckdb*", "__pycache__")
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

    def refresh(self, posts: dict[str, str], query: str, statement: str, dialect: str = "plain") -> dict[str, Any]:
        """Refresh a site of these posts: see REFRESH."""
        for name, text in posts.items():
            path = self.folder / "site" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        (self.folder / "etl.toml").write_text(CONFIG.format(dialect=dialect), "utf-8")
        printed: dict[str, Any] = json.loads(self.run("-c", REFRESH, query, statement))
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


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


POSTS = {
    "a.md": "---\ntitle: A\ndate: 2026-01-02\nauthors: [Mo, Lin]\n---\n# One\n",
    "b.md": "---\ntitle: B\ndate: 2026-01-03\nauthor: Mo\n---\n# Two\n",
    "c.md": "---\ntitle: C\n---\nNo author.\n",
}


def test_an_aggregate_is_one_file(house: House) -> None:
    [sql] = blocks("Add an aggregate")
    (house.folder / "warehouse" / "aggregates" / "articles_by_author.sql").write_text(sql, "utf-8")
    done = house.refresh(
        POSTS,
        "SELECT author_id, articles, last_published_on FROM articles_by_author ORDER BY ALL",
        "UPDATE articles_by_author SET articles = articles + 1 WHERE author_id = 'mo'",
    )
    assert done["rows"] == [["(none)", 1, None], ["lin", 1, "2026-01-02"], ["mo", 2, "2026-01-03"]]
    assert done["passed"]["articles_by_author_adds_up"] is True
    assert done["failed"] == ["articles_by_author_adds_up"]
    assert "### `articles_by_author_adds_up`" in house.make_docs()
    house.test(
        ("tests/load/test_aggregates.py", "tests/load/test_lineage.py", "tests/checks/test_checks.py", PAGE),
        "articles_by_author or good_site or corruptions_that or the_aggregate_of_its_name or every_column or page",
    )


def test_a_check_is_declared_in_one_place_and_its_corruption_in_another(house: House) -> None:
    check, corruption = blocks("Add a check")
    house.insert("etl_project/checks/integrity.py", "    *(_make_law_check(aggregate)", check)
    done = house.refresh(POSTS, "SELECT count(*) FROM article_headings", "UPDATE article_headings SET level = 7")
    assert done["passed"]["heading_levels_are_one_to_six"] is True
    assert done["failed"] == ["heading_levels_are_one_to_six"]
    page = house.make_docs()
    assert "### `heading_levels_are_one_to_six`\n\nThe level of every heading is between 1 and 6.\n" in page
    house.insert("tests/checks/test_checks.py", '    "articles_by_date_has_every_day": (', corruption)
    house.test(("tests/checks/test_checks.py", PAGE), "heading_levels or good_site or corruptions_that or page")


def test_a_dialect_is_one_declaration(house: House) -> None:
    declaration, row = blocks("Add a dialect")
    house.insert("etl_project/dialects.py", "DIALECTS: dict", f"{declaration}\n")
    done = house.refresh(
        {"20240501_rat.md": "---\nBetreff: Ratssitzung\n---\nText.\n"},
        "SELECT title, slug, published_on, published_from FROM articles",
        "SELECT 1",
        dialect="minutes",
    )
    assert done["rows"] == [["Ratssitzung", "rat", "2024-05-01", "file_name"]]
    house.insert("docs/reading.md", "| `obsidian` | yaml", row)
    house.test(("tests/test_dialects.py", "tests/laws/test_docs.py"), "declared or dialect_looks_for")
