"""Refreshes of a folder that changes: what is read, and what the tables say.

That they equal one full build after each of these steps is what `tests/laws/test_law.py` proves; that they are the same
with one process and with two, `tests/engines/test_same_rows.py`.
"""

from __future__ import annotations

import datetime as dt
import os

import duckdb
import pytest
from conftest import Site, one_post, six_posts

from etl_project.scan.clock import Clock


def test_a_first_refresh_loads_every_post(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", title="One", tags="a b")
    site.write("old_post/2025-12-31-two.md", title="Two", date="2025-12-31")
    site.load()
    assert site.query_work(
        "SELECT article_id, title, published_on::VARCHAR, published_precision FROM articles ORDER BY 1"
    ) == [
        ("site:_posts/2026-01-02-one.md", "One", "2026-01-02", "second"),
        ("site:old_post/2025-12-31-two.md", "Two", "2025-12-31", "day"),
    ]
    assert site.column_of_work("SELECT tag_id FROM article_tags WHERE article_id LIKE '%one.md' ORDER BY position") == [
        "a",
        "b",
    ]
    assert site.column_of_work("SELECT change FROM article_changes") == ["added", "added"]


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
    site.load()
    site.write("_posts/2026-01-02-3.md", title="New title", age=30)
    loaded = site.load()
    assert loaded and loaded.files_read == 1 and loaded.changes == {"changed": 1}
    assert site.column_of_work("SELECT title FROM articles WHERE path LIKE '%-3.md'") == ["New title"]


@pytest.mark.built(by=one_post)
def test_a_touched_file_makes_no_new_generation(site: Site) -> None:
    file = site.posts / "_posts/2026-01-02-one.md"
    published = site.published.stat().st_ino
    os.utime(file, (1_700_000_000, 1_700_000_000))
    refresh, plan = site.plan()
    assert not plan.is_no_op
    loaded = refresh.load_tables(plan)
    assert loaded.files_read == 1 and not loaded.is_new
    assert site.refresh() is None
    assert site.published.stat().st_ino == published


def test_files_that_are_rejected_and_were_not_before_are_named(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.write("_posts/2026-01-03-binary.md", b"\0")
    assert (loaded := site.load()) and loaded.newly_rejected == ["site/_posts/2026-01-03-binary.md"]
    site.write("_posts/2026-01-02-one.md", b"\0\0", age=30)
    site.write("_posts/2026-01-03-binary.md", b"\0\0\0", age=30)
    site.write("_posts/2026-01-04-new.md", b"\0")
    new = ["site/_posts/2026-01-02-one.md", "site/_posts/2026-01-04-new.md"]
    assert (loaded := site.load(allow_deletes=True)) and loaded.newly_rejected == new
    assert (loaded := site.load(full=True)) and loaded.newly_rejected == []


def test_a_young_file_overwritten_at_the_same_size_and_time_is_read_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site.write("_posts/2026-01-02-one.md", title="Aaa", age=0)
    site.load()
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
    assert site.load() is not None
    assert site.column_of_work("SELECT title FROM articles") == ["Bbb"]


def test_a_deleted_post_leaves_every_table(site: Site) -> None:
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md", tags=f"only{n}", body=f"# Head\n\n[link](https://h{n}.example/)")
    site.load()
    (site.posts / "_posts/2026-01-02-4.md").unlink()
    loaded = site.load()
    assert loaded and loaded.changes == {"deleted": 1}
    assert "only4" not in site.column_of_work("SELECT tag_id FROM tags")
    assert "h4.example" not in site.column_of_work("SELECT host FROM article_links")
    assert site.column_of_work(
        "SELECT missing_since IS NOT NULL FROM article_history WHERE article_id LIKE '%-4.md'"
    ) == [True]


def test_a_post_that_comes_back_is_restored(site: Site) -> None:
    files = [site.write(f"_posts/2026-01-02-{n}.md") for n in range(6)]
    site.load()
    text = files[0].read_bytes()
    files[0].unlink()
    site.load()
    site.write("_posts/2026-01-02-0.md", text)
    loaded = site.load()
    assert loaded and loaded.changes == {"restored": 1}


@pytest.mark.built(by=six_posts)
def test_a_moved_post_keeps_its_first_seen_date(site: Site) -> None:
    first = site.column_of_work("SELECT first_seen_at FROM article_history WHERE article_id LIKE '%-2.md'")
    (site.posts / "old_post").mkdir()
    (site.posts / "_posts/2026-01-02-2.md").rename(site.posts / "old_post/2026-01-02-2.md")
    loaded = site.load()
    assert loaded and loaded.changes == {"moved": 1}
    row = site.query_work(
        "SELECT first_seen_at, previous_article_id FROM article_history "
        "WHERE article_id = 'site:old_post/2026-01-02-2.md'"
    )
    assert row == [(first[0], "site:_posts/2026-01-02-2.md")]


def test_moving_every_post_at_once_is_not_taken_for_deleting_them(site: Site) -> None:
    for n in range(4):
        site.write(f"_posts/2026-01-02-{n}.md", body=f"Body {n}")
    site.load()
    (site.posts / "_posts").rename(site.posts / "old_post")
    loaded = site.load()
    assert loaded and loaded.changes == {"moved": 4}


BY_NAME = 'dialect = "jekyll"\ninclude = ["_posts/**", "old_post/**"]\nidentity = "file_name"\n'


@pytest.mark.built(by=six_posts)
def test_a_post_that_breaks_is_rejected_and_its_bytes_are_kept(site: Site) -> None:
    site.write("_posts/2026-01-02-1.md", b"---\n- x\n---\n", age=30)
    loaded = site.load()
    assert loaded and loaded.changes == {"rejected": 1}
    assert site.query_work("SELECT reason, line, bytes FROM rejected_files") == [
        ("front_matter_not_mapping", 2, b"---\n- x\n---\n")
    ]
    site.write("_posts/2026-01-02-1.md", age=20)
    loaded = site.load()
    assert loaded and loaded.changes == {"restored": 1}
    assert site.column_of_work("SELECT count(*) FROM rejected_files") == [0]


def test_a_future_post_comes_out_when_its_time_has_come(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-old.md")
    site.write("_posts/2026-01-03-soon.md", date="2097-01-03 08:00:00 +0000")
    for hour, live in ((7, 1), (8, 2)):
        now = dt.datetime(2097, 1, 3, hour, tzinfo=dt.UTC)
        monkeypatch.setattr(Clock, "now", lambda now=now: Clock(now, round(now.timestamp()) * 10**9))
        loaded = site.refresh()
        assert loaded and loaded.files_read == (2 if live == 1 else 0)
        assert site.column("SELECT count(*) FROM articles_live") == [live]
        assert site.column("SELECT sum(articles)::INT FROM articles_by_date") == [live]


def test_changed_settings_read_every_post_of_the_source_again(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", date="2026-01-02 20:00:00")
    site.load()
    assert site.column_of_work("SELECT epoch(published_at)::BIGINT FROM articles") == [1767355200]
    site.configure(site.source.replace("Asia/Shanghai", "UTC"))
    site.load()
    assert site.column_of_work("SELECT epoch(published_at)::BIGINT FROM articles") == [1767384000]
    assert site.column_of_work("SELECT change FROM article_changes") == ["added"], "the post itself did not change"


def test_a_file_that_kills_its_reader_is_rejected_and_the_others_are_loaded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("13", "2"):
        site.write(f"_posts/2026-01-02-{name}.md")
    monkeypatch.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("etl_project.engines.local.run_batch", deadly_batch)
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    assert refresh.engine._pool is None, "its processes have ended"
    assert site.query_work("SELECT path, reason FROM rejected_files") == [("_posts/2026-01-02-13.md", "crashed_parser")]
    assert site.column_of_work("SELECT count(*) FROM articles") == [1]


def deadly_batch(batch: object) -> object:
    """Stand in for `run_batch` in a worker: one file ends the process, as a fault in a C library would."""
    from etl_project.engines.batch import Batch
    from etl_project.engines.local import run_batch

    assert isinstance(batch, Batch)
    if any("-13.md" in task.path for task in batch.tasks):
        os._exit(139)
    return run_batch(batch)
