"""Refreshes of a folder that changes: what is read, what the tables say, what is published."""

from __future__ import annotations

import datetime as dt
import os
import time

import duckdb
import pytest
from conftest import Site

from etl_project.extract import posts as posts_module
from etl_project.refresh import Refresh, RefreshStopped
from etl_project.settings import SettingsError
from etl_project.sources.folder import ReadFile, SourceUnavailable


def equals_full_build(site: Site) -> None:
    incremental = site.derived()
    site.refresh(full=True)
    assert site.derived() == incremental


def test_a_first_refresh_loads_every_post(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", title="One", tags="a b")
    site.write("old_post/2025-12-31-two.md", title="Two", date="2025-12-31")
    site.refresh()
    assert site.query(
        "SELECT article_id, title, published_on::VARCHAR, published_precision FROM articles ORDER BY 1"
    ) == [
        ("site:_posts/2026-01-02-one.md", "One", "2026-01-02", "second"),
        ("site:old_post/2025-12-31-two.md", "Two", "2025-12-31", "day"),
    ]
    assert site.column("SELECT tag_id FROM article_tags WHERE article_id LIKE '%one.md' ORDER BY position") == [
        "a",
        "b",
    ]
    assert site.column("SELECT change FROM article_changes") == ["added", "added"]


def test_every_listed_file_is_loaded_or_rejected(site: Site) -> None:
    site.write("_posts/2026-01-02-good.md")
    site.write("_posts/2026-01-02-empty.md", b"")
    site.write("_posts/2026-01-02-open.md", "---\ntitle: x\n\nno end\n")
    (site.posts / "_posts/folder.md").mkdir()
    (site.posts / "_posts/out.md").symlink_to("/etc/passwd")
    os.mkfifo(site.posts / "_posts/fifo.md")
    site.refresh()
    assert dict(site.query("SELECT path, coalesce(reason, status) FROM post_files")) == {
        "_posts/2026-01-02-good.md": "loaded",
        "_posts/2026-01-02-empty.md": "empty",
        "_posts/2026-01-02-open.md": "unterminated_front_matter",
        "_posts/folder.md": "not_regular_file",
        "_posts/out.md": "not_regular_file",
        "_posts/fifo.md": "not_regular_file",
    }
    assert site.refresh() is None, "what cannot be read must not keep the refresh busy"


def test_nothing_to_do_changes_no_file_of_the_warehouse(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", age=0)
    site.refresh()
    files = [site.published, site.published.parent / ".work/posts.duckdb"]
    before = [(f.stat().st_mtime_ns, f.stat().st_ino) for f in files]
    assert site.refresh() is None
    assert site.refresh() is None
    assert [(f.stat().st_mtime_ns, f.stat().st_ino) for f in files] == before


def test_only_files_whose_signature_changed_are_read(site: Site) -> None:
    for n in range(5):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    site.write("_posts/2026-01-02-3.md", title="New title", age=30)
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1 and loaded.changes == {"changed": 1}
    assert site.column("SELECT title FROM articles WHERE path LIKE '%-3.md'") == ["New title"]
    equals_full_build(site)


def test_a_touched_file_makes_no_new_generation(site: Site) -> None:
    file = site.write("_posts/2026-01-02-one.md")
    site.refresh()
    published = site.published.stat().st_ino
    os.utime(file, (1_700_000_000, 1_700_000_000))
    refresh, look = site.look()
    assert not look.is_idle
    loaded = refresh.load_tables(look)
    assert loaded.files_read == 1 and not loaded.is_new
    assert site.refresh() is None
    assert site.published.stat().st_ino == published


def test_a_young_file_overwritten_at_the_same_size_and_time_is_read_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site.write("_posts/2026-01-02-one.md", title="Aaa", age=0)
    site.refresh()
    signature = file.stat()
    text = file.read_text("utf-8").replace("Aaa", "Bbb")
    with file.open("r+b") as handle:
        handle.write(text.encode())
    os.utime(file, ns=(signature.st_atime_ns, signature.st_mtime_ns))
    # ctime cannot be set back; forge it in the inventory, as a coarse clock would have it.
    with duckdb.connect(str(site.published.parent / ".work/posts.duckdb")) as con:
        con.execute(
            "UPDATE internal.inventory SET ctime_ns = ?, mtime_ns = ?",
            [file.stat().st_ctime_ns, file.stat().st_mtime_ns],
        )
    assert site.refresh() is not None
    assert site.column("SELECT title FROM articles") == ["Bbb"]


def test_a_deleted_post_leaves_every_table(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md", tags=f"only{n}", body=f"# Head\n\n[link](https://h{n}.example/)")
    site.refresh()
    (site.posts / "_posts/2026-01-02-4.md").unlink()
    loaded = site.refresh()
    assert loaded and loaded.changes == {"deleted": 1}
    assert "only4" not in site.column("SELECT tag_id FROM tags")
    assert "h4.example" not in site.column("SELECT host FROM article_links")
    assert site.column("SELECT missing_since IS NOT NULL FROM article_history WHERE article_id LIKE '%-4.md'") == [True]
    equals_full_build(site)


def test_a_post_that_comes_back_is_restored(site: Site) -> None:
    files = [site.write(f"_posts/2026-01-02-{n}.md") for n in range(6)]
    site.refresh()
    text = files[0].read_bytes()
    files[0].unlink()
    site.refresh()
    site.write("_posts/2026-01-02-0.md", text)
    loaded = site.refresh()
    assert loaded and loaded.changes == {"restored": 1}


def test_a_moved_post_keeps_its_first_seen_date(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    first = site.column("SELECT first_seen_at FROM article_history WHERE article_id LIKE '%-2.md'")
    (site.posts / "old_post").mkdir()
    (site.posts / "_posts/2026-01-02-2.md").rename(site.posts / "old_post/2026-01-02-2.md")
    loaded = site.refresh()
    assert loaded and loaded.changes == {"moved": 1}
    row = site.query(
        "SELECT first_seen_at, previous_article_id FROM article_history "
        "WHERE article_id = 'site:old_post/2026-01-02-2.md'"
    )
    assert row == [(first[0], "site:_posts/2026-01-02-2.md")]
    equals_full_build(site)


def test_moving_every_post_at_once_is_not_taken_for_deleting_them(site: Site) -> None:
    for n in range(4):
        site.write(f"_posts/2026-01-02-{n}.md", body=f"Body {n}")
    site.refresh()
    (site.posts / "_posts").rename(site.posts / "old_post")
    loaded = site.refresh()
    assert loaded and loaded.changes == {"moved": 4}


BY_NAME = 'dialect = "jekyll"\ninclude = ["_posts/**", "old_post/**"]\nidentity = "file_name"\n'


def test_of_two_files_with_one_identity_the_earlier_pattern_wins_and_the_other_is_shadowed(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", title="Live")
    site.refresh()
    assert site.query("SELECT article_id, path, title FROM articles") == [
        ("site:2026-01-02-one", "_posts/2026-01-02-one.md", "Live")
    ]
    assert site.query("SELECT path, is_shadowed, warnings FROM post_files ORDER BY path") == [
        ("_posts/2026-01-02-one.md", False, []),
        ("old_post/2026-01-02-one.md", True, ["duplicate_identity"]),
    ]


def test_a_shadowed_file_steps_in_when_the_winner_goes(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", title="Live")
    site.refresh()
    (site.posts / "_posts/2026-01-02-one.md").unlink()
    loaded = site.refresh()
    assert loaded and loaded.changes == {"moved": 1}
    assert site.query("SELECT article_id, title FROM articles") == [("site:2026-01-02-one", "Archive")]
    equals_full_build(site)


def test_a_shadowed_file_steps_in_when_the_winner_breaks_and_goes_back_when_it_is_repaired(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    good = site.write("_posts/2026-01-02-one.md", title="Live").read_bytes()
    site.refresh()
    site.write("_posts/2026-01-02-one.md", "---\n- a list\n---\n", age=30)
    site.refresh()
    assert site.column("SELECT title FROM articles") == ["Archive"]
    equals_full_build(site)
    site.write("_posts/2026-01-02-one.md", good, age=20)
    site.refresh()
    assert site.column("SELECT title FROM articles") == ["Live"]
    equals_full_build(site)


def test_a_first_build_whose_winner_is_broken_takes_the_next_file(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", b"")
    site.refresh()
    assert site.column("SELECT title FROM articles") == ["Archive"]
    assert site.column("SELECT is_shadowed FROM post_files WHERE status = 'loaded'") == [False]


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_what_happens_to_a_shadowed_file_leaves_the_article_alone(site: Site, change: str) -> None:
    site.configure(BY_NAME)
    shadowed = site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", title="Live")
    site.refresh()
    if change == "delete":
        shadowed.unlink()
    else:
        site.write("old_post/2026-01-02-one.md", title="Edited", age=20)
    site.refresh()
    assert site.column("SELECT title FROM articles") == ["Live"]
    assert site.column("SELECT count(*) FROM article_bodies") == [1]
    equals_full_build(site)


def test_a_post_that_breaks_is_rejected_and_its_bytes_are_kept(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    site.write("_posts/2026-01-02-1.md", b"---\n- x\n---\n", age=30)
    loaded = site.refresh()
    assert loaded and loaded.changes == {"rejected": 1}
    assert site.query("SELECT reason, line, bytes FROM rejected_files") == [
        ("front_matter_not_mapping", 2, b"---\n- x\n---\n")
    ]
    site.write("_posts/2026-01-02-1.md", age=20)
    loaded = site.refresh()
    assert loaded and loaded.changes == {"restored": 1}
    assert site.column("SELECT count(*) FROM rejected_files") == [0]
    equals_full_build(site)


def test_a_future_post_comes_out_when_its_time_has_come(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    site.write("_posts/2026-01-02-old.md")
    site.write("_posts/2026-01-03-soon.md", date=soon.strftime("%Y-%m-%d %H:%M:%S +0000"))
    site.refresh()
    assert site.column("SELECT count(*) FROM articles_live") == [1]
    assert site.column("SELECT sum(articles)::INT FROM articles_by_date") == [1]
    time.sleep(2.2)
    loaded = site.refresh()
    assert loaded and loaded.files_read == 0
    assert site.column("SELECT count(*) FROM articles_live") == [2]
    assert site.column("SELECT sum(articles)::INT FROM articles_by_date") == [2]


def test_changed_settings_read_every_post_of_the_source_again(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", date="2026-01-02 20:00:00")
    site.refresh()
    assert site.column("SELECT epoch(published_at)::BIGINT FROM articles") == [1767355200]
    site.configure(site.source.replace("Asia/Shanghai", "UTC"))
    site.refresh()
    assert site.column("SELECT epoch(published_at)::BIGINT FROM articles") == [1767384000]
    assert site.column("SELECT change FROM article_changes") == ["added"], "the post itself did not change"


def test_most_posts_gone_stops_the_refresh_before_anything_is_written(site: Site) -> None:
    files = [site.write(f"_posts/2026-01-02-{n}.md") for n in range(10)]
    site.refresh()
    before = site.published.read_bytes()
    for file in files[:5]:
        file.unlink()
    with pytest.raises(RefreshStopped, match=r"5 of the 10 posts of the source 'site'.*--allow-deletes"):
        site.refresh()
    assert site.published.read_bytes() == before
    site.refresh(allow_deletes=True)
    assert site.column("SELECT count(*) FROM articles") == [5]


def test_a_source_that_was_never_there_is_a_wrong_setting(site: Site) -> None:
    site.posts.rmdir()
    with pytest.raises(SettingsError, match=r"etl\.toml, line 6: the source 'site' cannot be read: there is no folder"):
        site.refresh()


def test_a_source_whose_folder_went_away_keeps_its_articles(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    site.posts.rename(site.folder / "elsewhere")
    _, look = site.look()
    assert look.is_idle and "there is no folder" in look.scan.unavailable["site"]
    assert site.column("SELECT count(*) FROM articles") == [1]


def test_a_source_that_fails_half_way_keeps_its_articles(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-one.md", title="Before")
    (site.folder / "other").mkdir()
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.refresh()
    site.write("_posts/2026-01-02-one.md", title="After", age=30)
    (site.folder / "other/note.md").write_text("# Note\n\nText")
    real = posts_module.read_file

    def failing(root: bytes, path: str, largest: int) -> ReadFile:
        if root.endswith(b"/site"):
            raise SourceUnavailable("the disk is gone")
        return real(root, path, largest)

    monkeypatch.setattr(posts_module, "read_file", failing)
    loaded = site.refresh()
    assert loaded and loaded.unavailable == {"site": "the disk is gone"}
    assert sorted(site.column("SELECT title FROM articles")) == ["Before", "Note"]
    monkeypatch.undo()
    site.refresh()
    assert sorted(site.column("SELECT title FROM articles")) == ["After", "Note"]


def test_a_removed_source_leaves_through_the_guard(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    (site.folder / "other").mkdir()
    (site.folder / "other/note.md").write_text("# Note\n\nText")
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.refresh()
    site.configure(extra="")
    with pytest.raises(RefreshStopped, match="'other'"):
        site.refresh()
    site.refresh(allow_deletes=True)
    assert site.column("SELECT source_id FROM sources") == ["site"]
    assert site.column("SELECT source_id FROM articles") == ["site"]
    equals_full_build(site)


def test_a_full_rebuild_carries_over_what_was_observed_and_calls_nothing_added(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    seen = site.query("SELECT * FROM article_history")
    loaded = site.refresh(full=True)
    assert loaded and loaded.changes == {}
    assert site.query("SELECT * FROM article_history") == seen
    assert site.column("SELECT refresh_id FROM refreshes ORDER BY 1") == [1, 2]


def test_a_lost_work_file_is_restored_from_the_published_one(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    (site.published.parent / ".work/posts.duckdb").unlink()
    assert site.refresh() is None
    site.write("_posts/2026-01-03-two.md")
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1 and loaded.changes == {"added": 1}


def test_a_work_file_that_does_not_open_is_restored_from_the_published_one(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    (site.published.parent / ".work/posts.duckdb").write_bytes(b"not a database")
    assert site.refresh() is None


def test_a_work_file_of_another_version_is_built_anew_with_its_history(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    seen = site.query("SELECT * FROM article_history")
    for file in (site.published.parent / ".work/posts.duckdb", site.published):
        file.chmod(0o644)
        with duckdb.connect(str(file)) as con:
            con.execute("UPDATE internal.generation SET schema_version = 'older'")
    loaded = site.refresh()
    assert loaded and loaded.is_new and loaded.changes == {}
    assert site.query("SELECT * FROM article_history") == seen


def test_a_lost_published_file_is_published_again(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    site.published.unlink()
    site.refresh()
    assert site.last_look and site.last_look.reasons == ["the last refresh was not published"]
    assert site.column("SELECT count(*) FROM articles") == [1]


def test_a_refresh_that_stopped_after_its_commit_is_resumed(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    before = site.published.read_bytes()
    site.write("_posts/2026-01-03-two.md")
    refresh, look = site.look()
    refresh.load_tables(look)  # and here the process died
    assert site.published.read_bytes() == before
    resumed = site.refresh()
    assert resumed and resumed.files_read == 0
    assert site.column("SELECT count(*) FROM articles") == [2]


def test_a_stale_wal_beside_the_published_file_is_removed(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    wal = site.published.with_name("posts.duckdb.wal")
    wal.write_bytes(b"left by somebody")
    site.refresh()
    assert not wal.exists()
    assert site.column("SELECT count(*) FROM articles") == [1]


def test_results_are_the_same_with_one_process_and_with_two(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(300):
        site.write(f"_posts/2026-01-{1 + n % 28:02}-{n}.md", title=f"Title {n}", body=f"Paragraph {n}. " * (n % 40))
    site.refresh()
    alone = site.derived()
    monkeypatch.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("etl_project.engines.batch.BATCH_FILES", 37)
    site.refresh(full=True)
    assert site.derived() == alone


def test_a_file_that_kills_its_reader_is_rejected_and_the_others_are_loaded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        site.write(f"_posts/2026-01-02-{n}.md")
    monkeypatch.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
    monkeypatch.setenv("ETL_TEST_KILLER", "2026-01-02-13.md")
    monkeypatch.setattr("etl_project.engines.local.run_batch", deadly_batch)
    site.refresh()
    assert site.query("SELECT path, reason FROM rejected_files") == [("_posts/2026-01-02-13.md", "crashed_parser")]
    assert site.column("SELECT count(*) FROM articles") == [19]


def deadly_batch(batch: object) -> object:
    """Stand in for `run_batch` in a worker: one file ends the process, as a fault in a C library would."""
    from etl_project.engines.batch import Batch, run_batch

    assert isinstance(batch, Batch)
    if any("-13.md" in task.path for task in batch.tasks):
        os._exit(139)
    return run_batch(batch)


def test_the_engine_is_closed_after_a_refresh(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-one.md")
    monkeypatch.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
    refresh = Refresh(site.settings)
    refresh.load_tables(refresh.look())
    assert refresh.engine._pool is None


def test_a_file_caught_half_written_keeps_its_last_good_row_for_a_while(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    good = site.write("_posts/2026-01-02-1.md", title="Good").read_bytes()
    site.refresh()
    site.write("_posts/2026-01-02-1.md", b"", age=0)
    site.refresh()
    assert site.query("SELECT path, status, reason FROM post_files WHERE is_deferred") == [
        ("_posts/2026-01-02-1.md", "loaded", None)
    ]
    assert "Good" in site.column("SELECT title FROM articles")
    site.write("_posts/2026-01-02-1.md", good.replace(b"Good", b"Better"), age=0)
    site.refresh()
    assert "Better" in site.column("SELECT title FROM articles")
    assert site.column("SELECT count(*) FROM post_files WHERE is_deferred") == [0]
    equals_full_build(site)


def test_a_file_that_stays_half_written_is_rejected_after_two_refreshes(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    broken = "---\ntitle: x\n"
    for expected in ("loaded", "loaded", "rejected"):
        site.write("_posts/2026-01-02-1.md", broken, age=0)
        site.refresh()
        assert site.column("SELECT status FROM post_files WHERE path LIKE '%-1.md'") == [expected]
        broken += "x"


def test_a_half_written_file_at_rest_is_judged_like_any_other(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    site.write("_posts/2026-01-02-1.md", b"")
    os.utime(site.posts / "_posts/2026-01-02-1.md", (1_700_000_000, 1_700_000_000))
    time.sleep(3.1)
    site.refresh()
    assert site.column("SELECT reason FROM post_files WHERE path LIKE '%-1.md'") == ["empty"]


def test_a_new_file_caught_half_written_is_rejected_at_once(site: Site) -> None:
    site.write("_posts/2026-01-02-1.md", b"", age=0)
    site.refresh()
    assert site.column("SELECT reason FROM post_files") == ["empty"]


KEEPING = 'dialect = "jekyll"\ninclude = ["_posts/**"]\non_missing = "keep"\n'


def test_an_article_whose_file_went_is_kept_where_the_source_says_so(site: Site) -> None:
    site.configure(KEEPING)
    first = site.write("_posts/2026-01-02-1.md", tags="rare")
    site.write("_posts/2026-01-02-2.md")
    text = first.read_bytes()
    site.refresh()
    first.unlink()
    loaded = site.refresh()
    assert loaded and loaded.changes == {"deleted": 1}
    kept = "SELECT missing_since IS NOT NULL FROM articles WHERE path LIKE '%-1.md'"
    assert site.column(kept) == [True]
    assert "rare" in site.column("SELECT tag_id FROM tags")
    assert site.column("SELECT count(*) FROM articles_live") == [1]
    site.refresh(full=True)
    assert site.column(kept) == [True], "a full build carries it"
    assert site.column("SELECT count(*) FROM article_bodies") == [2]
    site.write("_posts/2026-01-02-1.md", text)
    loaded = site.refresh()
    assert loaded and loaded.changes == {"restored": 1}
    assert site.column(kept) == [False]


def test_kept_articles_go_when_the_source_no_longer_keeps_them(site: Site) -> None:
    site.configure(KEEPING)
    first = site.write("_posts/2026-01-02-1.md")
    site.write("_posts/2026-01-02-2.md")
    site.refresh()
    first.unlink()
    site.refresh()
    site.configure(KEEPING.replace("keep", "delete"))
    site.refresh()
    assert site.column("SELECT path FROM articles") == ["_posts/2026-01-02-2.md"]


def test_a_touch_after_a_quiet_look_is_hashed_again_while_it_is_young(site: Site) -> None:
    file = site.write("_posts/2026-01-02-one.md", title="Aaa", age=60)
    site.refresh()
    assert site.refresh() is None
    os.utime(file)
    refresh, look = site.look()
    refresh.load_tables(look)
    # Written again within the same tick of a coarse clock: the signature is forged to be the recorded one.
    text = file.read_text("utf-8").replace("Aaa", "Bbb")
    file.write_text(text, "utf-8")
    info = file.stat()
    with duckdb.connect(str(site.published.parent / ".work/posts.duckdb")) as con:
        con.execute("UPDATE internal.inventory SET ctime_ns = ?, mtime_ns = ?", [info.st_ctime_ns, info.st_mtime_ns])
    assert site.refresh() is not None
    assert site.column("SELECT title FROM articles") == ["Bbb"]
