"""`etl refresh --plan`: what a refresh would do, and nothing of it done."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from built_sites import BuiltSites
from conftest import Site
from typer.testing import CliRunner, Result

from etl_project.cli import app
from etl_project.errors import BAD_USAGE, BUSY, DONE, FAILED, SOURCE_MISSING, WORK_TO_DO
from etl_project.refresh import Refresh
from etl_project.scan.preview import FileCounts, count_files

OTHER = '[[source]]\nname = "notes"\nlocation = "notes"\n'


def plan(site: Site, *options: str) -> Result:
    return CliRunner().invoke(app, ["refresh", "--plan", "--config", str(site.config), *options])


def said(result: Result) -> str:
    return " ".join(result.output.split())


def files_of(site: Site) -> dict[Path, tuple[int, int, bytes]]:
    """Every file below the folder of the site with its times, inode and bytes; the lock is written by every command."""
    found = (path for path in site.folder.rglob("*") if path.is_file() and path.name != "posts.lock")
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in found}


def ten_posts(folder: Path) -> Site:
    """Build the warehouse of ten posts that differ."""
    site = Site(folder)
    site.configure()
    for n in range(10):
        site.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}", body=f"Words {n}.")
    site.refresh()
    return site


@pytest.fixture
def changed(built_sites: BuiltSites, tmp_path: Path) -> Site:
    """A built site of ten posts, to which one of everything has happened."""
    site = built_sites.copy(ten_posts, tmp_path)
    posts = site.posts / "_posts"
    site.write("_posts/2026-01-03-new.md")
    site.write("_posts/2026-01-02-1.md", title="Edited", age=30)
    (posts / "2026-01-02-2.md").rename(posts / "2026-01-04-moved.md")
    (posts / "2026-01-02-3.md").unlink()
    return site


def test_a_plan_counts_what_is_new_changed_moved_and_gone_by_source(changed: Site) -> None:
    plan = Refresh(changed.settings).preview()
    assert count_files(plan.connection) == {
        "site": FileCounts(listed=10, new=1, changed=1, moved=1, deleted=1, read_again=0)
    }
    plan.close()


def test_a_plan_is_printed_with_its_reasons_and_is_exit_5(changed: Site) -> None:
    result = plan(changed)
    assert result.exit_code == WORK_TO_DO
    text = said(result)
    assert "To do: 3 files are new or may have changed; 2 files are gone." in text
    assert "site │ 10 │ 1 │ 1 │ 1 │ 1 │ 0" in text
    assert "Leaving: 1 of the 10 posts of the source site." in text
    assert "Nothing was changed. To do it:" in text


def test_a_plan_changes_no_file_and_the_refresh_after_it_does_what_it_said(changed: Site) -> None:
    before = files_of(changed)
    for options in ([], ["--full"], ["--verify"], ["--source", "site"]):
        assert plan(changed, *options).exit_code == WORK_TO_DO
        assert files_of(changed) == before, options
    loaded = changed.refresh()
    assert loaded and loaded.changes == {"added": 1, "changed": 1, "deleted": 1, "moved": 1}
    before = files_of(changed)
    result = plan(changed)
    assert result.exit_code == DONE and "Nothing to do" in said(result)
    assert files_of(changed) == before


def test_a_plan_before_the_first_build_builds_nothing(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    result = plan(site)
    assert result.exit_code == WORK_TO_DO
    assert "Built anew: every table and every aggregate." in said(result)
    assert [path.name for path in site.published.parent.rglob("*") if path.is_file()] == ["posts.lock"]


def test_a_plan_where_the_work_file_is_lost_reads_the_published_one(changed: Site) -> None:
    work = changed.published.parent / ".work/posts.duckdb"
    work.unlink()
    result = plan(changed)
    assert result.exit_code == WORK_TO_DO and "site │ 10 │ 1 │ 1 │ 1 │ 1 │ 0" in said(result)
    assert not work.exists()


def test_changed_settings_read_every_file_again_and_build_every_table_anew(changed: Site) -> None:
    changed.configure(f"{changed.source}language = 'zh'\n")
    text = said(plan(changed))
    assert "settings or code of site changed" in text and "site │ 10 │ 1 │ 1 │ 1 │ 1 │ 7" in text
    assert "Built anew: every table and every aggregate." in text


def test_tables_of_another_version_are_all_read_again_and_nothing_is_called_changed(changed: Site) -> None:
    work = changed.published.parent / ".work/posts.duckdb"
    with duckdb.connect(str(work)) as con:
        con.execute("UPDATE internal.generation SET schema_version = 'another'")
    text = said(plan(changed))
    assert "the tables have another form in this version" in text
    assert "site │ 10 │ 2 │ 0 │ 0 │ 2 │ 8" in text and "known only when they are read" in text


def test_a_refresh_that_was_not_finished_is_named(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    refresh, made = site.plan()
    refresh.load_tables(made)
    result = plan(site)
    assert result.exit_code == WORK_TO_DO
    assert "the tables of the last refresh have not been checked" in said(result)
    assert "nothing; the refresh goes on where the last one stopped" in said(result)


def test_what_the_guard_would_stop_is_exit_1_with_its_sentence_and_the_counts(changed: Site) -> None:
    for n in range(4, 9):
        (changed.posts / f"_posts/2026-01-02-{n}.md").unlink()
    before = files_of(changed)
    result = plan(changed)
    assert result.exit_code == FAILED
    assert "The guard would stop this refresh: 6 of the 10 posts" in said(result) and "--allow-deletes" in said(result)
    assert "site │ 5 │ 1 │ 1 │ 1 │ 6 │ 0" in said(result)
    assert files_of(changed) == before
    assert plan(changed, "--allow-deletes").exit_code == WORK_TO_DO


def test_a_source_that_is_away_is_exit_4_also_where_there_is_something_to_do(changed: Site) -> None:
    (changed.folder / "notes").mkdir()
    changed.configure(extra=OTHER)
    changed.load()
    (changed.folder / "notes").rmdir()
    result = plan(changed)
    assert result.exit_code == SOURCE_MISSING and "The source notes could not be read" in said(result)
    changed.write("_posts/2026-02-03-more.md")
    result = plan(changed)
    assert result.exit_code == SOURCE_MISSING and "1 file is new or may have changed" in said(result)


def test_wrong_settings_and_a_running_refresh_come_before_the_plan(changed: Site) -> None:
    assert plan(changed, "--source", "nobody").exit_code == BAD_USAGE
    refresh, made = changed.plan()
    made.close()
    pid = os.fork()
    if pid == 0:
        refresh.work.lock.acquire("another refresh")
        os.kill(os.getpid(), 19)  # SIGSTOP: it holds the lock until it is killed
    os.waitpid(pid, os.WUNTRACED)
    try:
        result = plan(changed)
        assert result.exit_code == BUSY and "another refresh" in said(result)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
