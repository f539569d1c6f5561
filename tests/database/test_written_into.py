"""A published file that somebody wrote into, or put another in the place of, is published anew, with a warning."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import Site, one_post
from reading import reading
from rich.console import Console

from etl_project.database.publish import Published
from etl_project.refresh import Refresh
from etl_project.show.news import findings_of
from etl_project.show.plan import show_plan
from etl_project.show.summary import show_summary

NOT_AS_PUBLISHED = ["the published file is not as it was published"]


def write_into(site: Site, sql: str, *, is_checkpointed: bool = True) -> None:
    site.published.chmod(0o644)
    with duckdb.connect(str(site.published)) as con:
        if not is_checkpointed:
            con.execute("SET checkpoint_threshold = '1TB'; PRAGMA disable_checkpoint_on_shutdown")
        con.execute(sql)


def put_a_copy_of_another_in_its_place(site: Site) -> None:
    work, copy = site.published.parent / ".work/posts.duckdb", site.folder / "copy.duckdb"
    shutil.copyfile(work, copy)
    with duckdb.connect(str(copy)) as con:
        con.execute("CREATE TABLE mine AS SELECT 1 AS one")
    copy.replace(site.published)


def put_the_file_before_in_its_place(site: Site) -> None:
    site.write("_posts/2026-01-03-two.md")
    site.refresh()
    site.published.with_name("posts.previous.duckdb").replace(site.published)


CHANGES: dict[str, Callable[[Site], None]] = {
    "a table was created in it": lambda site: write_into(site, "CREATE TABLE mine AS SELECT 1 AS one"),
    "a row was changed": lambda site: write_into(site, "UPDATE articles SET title = 'Mine'"),
    "what was written is in its log": lambda site: write_into(
        site, "UPDATE articles SET title = 'Mine'", is_checkpointed=False
    ),
    "another was put in its place": put_a_copy_of_another_in_its_place,
    "the one before was put in its place": put_the_file_before_in_its_place,
}


def publish_anew(site: Site) -> tuple[Refresh, Published]:
    refresh, plan = site.plan()
    assert plan.reasons == NOT_AS_PUBLISHED and not plan.is_changed
    assert refresh.load_tables(plan).files_read == 0
    return refresh, refresh.publish()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.built(by=one_post)
def test_a_published_file_that_was_written_into_is_published_anew(site: Site, change: Callable[[Site], None]) -> None:
    change(site)
    refresh, published = publish_anew(site)
    assert published.is_new and published.was_written_into
    assert site.column("SELECT DISTINCT title FROM articles WHERE title = 'Mine'") == []
    assert site.column("SELECT table_name FROM duckdb_tables() WHERE table_name = 'mine'") == []
    assert site.published.read_bytes() == refresh.work.path.read_bytes()
    assert site.refresh() is None, "and only once"


@pytest.mark.built(by=one_post)
def test_a_lost_work_file_is_not_made_of_what_somebody_wrote(site: Site) -> None:
    site.write("_posts/2026-01-03-two.md")
    site.refresh()
    write_into(site, "UPDATE articles SET title = 'Mine'")
    (site.published.parent / ".work/posts.duckdb").unlink()
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1, "from the file before, which lacks the second post"
    assert site.column("SELECT DISTINCT title = 'Mine' FROM articles") == [False]


def copied_in_place(site: Site) -> None:
    copy = site.folder / "copy.duckdb"
    shutil.copyfile(site.published, copy)
    copy.replace(site.published)


def opened_for_writing(site: Site) -> None:
    site.published.chmod(0o644)
    duckdb.connect(str(site.published)).close()


SAME: dict[str, Callable[[Site], None]] = {
    "touched": lambda site: os.utime(site.published),
    "linked for a backup": lambda site: os.link(site.published, site.folder / "backup.duckdb"),
    "restored from a copy": copied_in_place,
    "opened for writing and closed": opened_for_writing,
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
@pytest.mark.built(by=one_post)
def test_a_published_file_with_the_same_bytes_is_left_as_it_is(site: Site, change: Callable[[Site], None]) -> None:
    change(site)
    before = site.published.stat()
    assert site.refresh() is None
    assert site.refresh() is None
    now = site.published.stat()
    assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.built(by=one_post)
def test_a_crash_before_the_rename_accuses_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-03-two.md")
    with monkeypatch.context() as crash:
        crash.setattr(Path, "replace", _crashing_at_the_publication)
        with pytest.raises(InterruptedError):
            site.refresh()
    refresh, plan = site.plan()
    assert plan.reasons == ["the last refresh was not published"]
    refresh.load_tables(plan)
    assert not refresh.publish().was_written_into
    assert site.column("SELECT count(*) FROM articles") == [2]


_replace = Path.replace


def _crashing_at_the_publication(self: Path, target: Path) -> Path:
    if self.name == ".posts.duckdb.publishing":
        raise InterruptedError
    return _replace(self, target)


@pytest.mark.built(by=one_post)
def test_what_somebody_wrote_stays_in_the_file_before_and_the_summary_warns(site: Site) -> None:
    write_into(site, "CREATE TABLE mine AS SELECT 1 AS one")
    refresh, plan = site.plan()
    text = io.StringIO()
    console = Console(file=text, width=200)
    show_plan(plan, "", console)
    loaded = refresh.load_tables(plan)
    published = refresh.publish()
    with reading(refresh.work.previous) as con:
        assert con.execute("FROM mine").fetchall() == [(1,)]
    found = findings_of(published, refresh.work.previous)
    show_summary(loaded, published, {}, [], [], {}, 0, found, refresh.work.previous, console)
    assert "Built anew: the published file." in text.getvalue()
    assert "Warning: posts.duckdb was not as it had been published" in text.getvalue()
    assert "posts.previous.duckdb is what was there" in text.getvalue()
