"""What a refresh finds of earlier ones: rebuilt, restored, resumed."""

from __future__ import annotations

import duckdb
import pytest
from conftest import Site, one_post

from etl_project.refresh.guard import RefreshStopped


@pytest.mark.built(by=one_post)
def test_a_full_rebuild_carries_over_what_was_observed_and_calls_nothing_added(site: Site) -> None:
    seen = site.query("SELECT * FROM article_history")
    loaded = site.refresh(full=True)
    assert loaded and loaded.changes == {}
    assert site.last_plan and site.last_plan.reasons == ["every file of site is read again, as asked"]
    assert site.query("SELECT * FROM article_history") == seen
    assert site.column("SELECT refresh_id FROM refreshes ORDER BY 1") == [1, 2]


@pytest.mark.built(by=one_post)
def test_a_lost_work_file_is_restored_from_the_published_one(site: Site) -> None:
    (site.published.parent / ".work/posts.duckdb").unlink()
    assert site.refresh() is None
    site.write("_posts/2026-01-03-two.md")
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1 and loaded.changes == {"added": 1}


@pytest.mark.built(by=one_post)
def test_a_work_file_that_does_not_open_is_restored_from_the_published_one(site: Site) -> None:
    work = site.published.parent / ".work/posts.duckdb"
    work.write_bytes(b"not a database")
    loaded = site.refresh()
    assert loaded and loaded.files_read == 0
    (kept,) = work.parent.glob("posts.duckdb.damaged-*")
    assert kept.read_bytes() == b"not a database"
    assert site.last_plan and site.last_plan.reasons == [f"the work file was damaged and is kept as {kept}"]
    assert site.refresh() is None


@pytest.mark.built(by=one_post)
def test_a_work_file_of_another_version_is_built_anew_with_its_history(site: Site) -> None:
    seen = site.query("SELECT * FROM article_history")
    for file in (site.published.parent / ".work/posts.duckdb", site.published):
        file.chmod(0o644)
        with duckdb.connect(str(file)) as con:
            con.execute("UPDATE internal.generation SET schema_version = 'older'")
    loaded = site.refresh()
    assert loaded and loaded.is_new and loaded.changes == {}
    assert site.query("SELECT * FROM article_history") == seen


@pytest.mark.built(by=one_post)
def test_a_lost_published_file_is_published_again(site: Site) -> None:
    site.published.unlink()
    site.refresh()
    assert site.last_plan and site.last_plan.reasons == ["the last refresh was not published"]
    assert site.column("SELECT count(*) FROM articles") == [1]


@pytest.mark.built(by=one_post)
def test_a_refresh_that_stopped_after_its_commit_is_resumed(site: Site) -> None:
    before = site.published.read_bytes()
    site.write("_posts/2026-01-03-two.md")
    refresh, plan = site.plan()
    refresh.load_tables(plan)  # and here the process died
    assert site.published.read_bytes() == before
    resumed = site.refresh()
    assert resumed and resumed.files_read == 0
    assert site.column("SELECT count(*) FROM articles") == [2]


@pytest.mark.built(by=one_post)
def test_a_stale_wal_beside_the_published_file_is_removed(site: Site) -> None:
    wal = site.published.with_name("posts.duckdb.wal")
    wal.write_bytes(b"left by somebody")
    site.refresh()
    assert not wal.exists()
    assert site.column("SELECT count(*) FROM articles") == [1]


def test_the_guard_stands_through_an_upgrade(site: Site) -> None:
    for n in range(10):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    with duckdb.connect(str(site.published.parent / ".work/posts.duckdb")) as con:
        con.execute("UPDATE internal.generation SET schema_version = 'older'")
    for n in range(5):
        (site.posts / f"_posts/2026-01-02-{n}.md").unlink()
    with pytest.raises(RefreshStopped, match="5 of the 10 posts"):
        site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [10]
    loaded = site.refresh(allow_deletes=True)
    assert loaded and loaded.changes == {"deleted": 5}


@pytest.mark.built(by=one_post)
def test_what_a_killed_refresh_left_behind_is_swept_by_the_next_look(site: Site) -> None:
    work = site.published.parent / ".work"
    left = [
        site.published.with_name(".posts.duckdb.publishing"),
        site.published.with_name(".posts.previous.duckdb.linking"),
        work / "posts.duckdb.rebuilding",
        work / "posts.duckdb.rebuilding.wal",
        work / "posts.duckdb.restoring",
        work / "posts.last_plan.tmp",
        work / "posts.published.tmp",
        work / "posts.staging/0-articles.parquet",
        work / "posts.spill/duckdb_temp_storage-0.tmp",
    ]
    for file in left:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"half")
    assert site.refresh() is None
    assert [file for file in left if file.exists()] == []
    assert sorted(p.name for p in work.iterdir()) == ["posts.duckdb", "posts.last_plan.json", "posts.published.json"]
