"""The published file in Python with no package but DuckDB, as README says it."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from conftest import Site, one_post

ROOT = Path(__file__).parents[2]


def run(site: Site, code: str, *packages: str) -> subprocess.CompletedProcess[str]:
    """Run code beside the warehouse of a site, in a Python that has only some of the packages of this one."""
    alone = site.folder / "packages"
    alone.mkdir(exist_ok=True)
    for package in packages:
        for found in Path(sysconfig.get_path("purelib")).glob(f"{package}*"):
            link = alone / found.name
            if not link.exists():
                link.symlink_to(found)
    begin = f"import sys; sys.path.insert(0, {str(alone)!r})\n"
    command = [sys.executable, "-I", "-S", "-c", begin + code]  # without the folder of packages
    return subprocess.run(command, cwd=site.folder, capture_output=True, text=True, timeout=60, check=False)


DUCKDB = ("duckdb", "_duckdb")


@pytest.mark.built(by=one_post)
@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_what_readme_says_of_python_works_as_typed(site: Site, page: str) -> None:
    (statement,) = re.findall(r"^- Python[:：]\s*`(.+?)`", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    ran = run(site, statement, *DUCKDB)
    assert ran.returncode == 0 and "2026-01-02" in ran.stdout, ran.stderr


@pytest.mark.built(by=one_post)
def test_an_instant_is_fetched_with_pytz_and_local_times_without_it(site: Site) -> None:
    fetch = (
        'import duckdb; print(duckdb.connect("{path}", read_only=True).sql("SELECT {column} FROM articles").fetchall())'
    )
    fetch = fetch.replace("{path}", "duckdb:warehouse/posts.duckdb")
    for column in ("published_local", "published_on", "title"):
        ran = run(site, fetch.replace("{column}", column), *DUCKDB)
        assert ran.returncode == 0, ran.stderr
    without = run(site, fetch.replace("{column}", "published_at"), *DUCKDB)
    assert without.returncode == 1 and "pytz" in without.stderr
    ran = run(site, fetch.replace("{column}", "published_at"), *DUCKDB, "pytz")
    assert ran.returncode == 0 and "datetime.datetime(2026, 1, " in ran.stdout, ran.stderr
