"""The published file is replaced while others open it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from built_sites import BuiltSites
from changing_site import write_posts
from conftest import Site

from etl_project.database.sql import openable
from etl_project.show.query import open_published

OPEN = """
import sys, duckdb
duckdb.connect(sys.argv[1], read_only=True).execute("SELECT count(*) FROM articles").fetchone()
"""


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    write_posts(site, 3)
    site.refresh()
    return site


@pytest.fixture
def built(built_sites: BuiltSites, tmp_path: Path) -> Site:
    return built_sites.copy(build, tmp_path)


def test_a_file_is_opened_once_so_that_no_swap_falls_between_two_looks_at_it(built: Site, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = [sys.executable, "-c", OPEN, openable(built.published)]
    try:
        subprocess.run(["strace", "-f", "-e", "trace=open,openat", "-o", trace, *command], check=True, timeout=60)
    except (FileNotFoundError, PermissionError, subprocess.CalledProcessError):
        pytest.skip("needs strace, and a machine on which it may trace")
    assert trace.read_text("utf-8", "replace").count(f'"{built.published}"') == 1


def test_queries_on_a_file_opened_so_reach_no_other_file(built: Site) -> None:
    with open_published(built.published) as con:
        assert con.execute("SELECT current_database(), count(*) FROM articles").fetchall() == [("posts", 3)]
        with pytest.raises(duckdb.PermissionException):
            con.execute(f"FROM read_csv('{built.config}')")
        with pytest.raises(duckdb.Error):
            con.execute("DROP TABLE articles")
