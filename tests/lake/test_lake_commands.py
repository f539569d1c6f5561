"""`etl refresh` on a lake as people call it, with its run in Dagster, and what the commands then say."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from conftest import Site

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from commands import etl, etl_process, said
from part_twins import run_stages

from etl_project.database.opening import NO_DOWNLOADS
from etl_project.database.work_file import WorkFile
from etl_project.lake.driver import LakeRefresh
from etl_project.show.news import read_findings


def lake_site(folder: Path, publish: str) -> Site:
    site = Site(folder)
    site.configure()
    text = site.config.read_text("utf-8")
    keys = f'[warehouse]\nkind = "lake"\nlocation = "lake"\nparts = 2\npublish = "{publish}"\n'
    site.config.write_text(text.replace("[warehouse]\n", keys), "utf-8")
    for n in range(3):
        site.write(f"_posts/2026-01-0{n + 1}-{n}.md", title=f"防波堤 {n}")
    site.write("_posts/2026-01-04-empty.md", b"")
    return site


def check_what_is_said(site: Site) -> None:
    """Refresh twice, then once with nothing to do, and ask the other commands."""
    first = etl_process(site, "refresh")
    assert (first.returncode, first.stderr) == (0, ""), first
    text = " ".join(first.stdout.split())
    assert "articles 3, 3 of them live now (3 added)" in text and "Rejected 1 empty" in text
    site.write("_posts/2026-01-05-late.md", title="late")
    site.write("_posts/2026-01-06-empty.md", b"")
    second = etl(site, "refresh")
    assert (second.exit_code, second.stderr) == (0, ""), second
    text = said(second)
    assert "articles 4, 4 of them live now (1 added)" in text
    assert "Rejected, new +1 empty" in text and "As before: rejected 1 empty." in text, "the file before is read, too"
    again = etl(site, "refresh")
    assert again.exit_code == 0 and said(again).startswith("Nothing to do: none of the 6 files changed")
    status, changes = etl(site, "status"), etl(site, "changes")
    assert status.exit_code == changes.exit_code == 0
    assert re.search(r"site │ \w+ │ 6 │ 2 │ 4 │", said(status)), status.output
    assert re.search(r"source ┃ added .*site │ 1 Changed counts", said(changes)), changes.output
    assert "3 articles found" in said(etl(site, "search", "防波堤"))
    assert said(etl(site, "rejected")).count("empty: The file is empty.") == 2


def test_refreshes_of_a_lake_say_what_those_of_a_file_say(tmp_path: Path) -> None:
    check_what_is_said(lake_site(tmp_path, "views"))


@pytest.mark.prove("lake")
def test_refreshes_of_a_lake_whose_file_holds_all_rows_say_the_same(tmp_path: Path) -> None:
    check_what_is_said(lake_site(tmp_path, "file"))


def test_what_was_published_before_may_be_gone_from_the_lake(tmp_path: Path) -> None:
    site = lake_site(tmp_path, "views")
    assert run_stages(LakeRefresh(site.settings))
    before = tmp_path / "before.duckdb"
    with duckdb.connect(str(before)) as con:
        con.execute("CREATE TABLE nowhere AS SELECT 1 AS x")
    found = read_findings(site.published, before)
    assert found.is_first and [(kind.code, kind.files) for kind in found.rejected] == [("empty", 1)]


def test_no_extension_is_fetched(tmp_path: Path) -> None:
    work = WorkFile(tmp_path / "posts.duckdb")
    for con in (duckdb.connect(config=NO_DOWNLOADS), work.connect()):
        with pytest.raises(duckdb.Error, match="Install it first"):
            con.execute("FROM delta_scan('/nowhere')")
        con.close()
    work.close()
