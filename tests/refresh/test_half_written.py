"""Files caught while they are written: young, deferred, judged."""

from __future__ import annotations

import os
import time

import duckdb
import pytest
from conftest import Site, six_posts
from loaded_tables import equals_a_full_load

from etl_project.scan.clock import Clock
from etl_project.sources import signature


@pytest.mark.built(by=six_posts)
def test_a_file_caught_half_written_keeps_its_last_good_row_for_a_while(site: Site) -> None:
    good = (site.posts / "_posts/2026-01-02-1.md").read_bytes()
    site.write("_posts/2026-01-02-1.md", b"", age=0)
    site.load()
    assert site.query_work("SELECT path, status, reason FROM post_files WHERE is_deferred") == [
        ("_posts/2026-01-02-1.md", "loaded", None)
    ]
    assert "2026-01-02-1" in site.column_of_work("SELECT title FROM articles")
    site.write("_posts/2026-01-02-1.md", good.replace(b"title: 2026-01-02-1", b"title: Better"), age=0)
    site.load()
    assert "Better" in site.column_of_work("SELECT title FROM articles")
    assert site.column_of_work("SELECT count(*) FROM post_files WHERE is_deferred") == [0]
    equals_a_full_load(site)


@pytest.mark.built(by=six_posts)
def test_a_file_that_stays_half_written_is_rejected_after_two_refreshes(site: Site) -> None:
    broken = "---\ntitle: x\n"
    for expected in ("loaded", "loaded", "rejected"):
        site.write("_posts/2026-01-02-1.md", broken, age=0)
        site.load()
        assert site.column_of_work("SELECT status FROM post_files WHERE path LIKE '%-1.md'") == [expected]
        broken += "x"


@pytest.mark.built(by=six_posts)
def test_a_half_written_file_at_rest_is_judged_like_any_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "YOUNG_NS", 100_000_000)
    site.write("_posts/2026-01-02-1.md", b"")
    os.utime(site.posts / "_posts/2026-01-02-1.md", (1_700_000_000, 1_700_000_000))
    time.sleep(0.2)
    site.load()
    assert site.column_of_work("SELECT reason FROM post_files WHERE path LIKE '%-1.md'") == ["empty"]


def test_a_new_file_caught_half_written_is_rejected_at_once(site: Site) -> None:
    site.write("_posts/2026-01-02-1.md", b"", age=0)
    site.load()
    assert site.column_of_work("SELECT reason FROM post_files") == ["empty"]


def test_a_file_caught_half_written_under_new_settings_does_not_keep_a_row_of_the_old_ones(site: Site) -> None:
    (site.folder / "notes").mkdir()
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md", date="2026-01-02 20:00:00")
    site.load()
    file = site.posts / "_posts/2026-01-02-1.md"
    good, then = file.read_bytes(), file.stat().st_mtime
    site.configure(site.source.replace("Asia/Shanghai", "America/New_York"))
    file.write_bytes(b"")
    site.load()
    file.write_bytes(good)
    os.utime(file, (then, then))
    site.load()
    assert len(set(site.column_of_work("SELECT published_at FROM articles"))) == 1
    equals_a_full_load(site)


def test_a_half_written_file_that_is_the_article_no_more_keeps_no_row(site: Site) -> None:
    site.configure(site.source + 'identity = "file_name"\n')
    for n in range(6):
        site.write(f"old_post/2026-01-02-{n}.md", title="Archive")
    site.load()
    site.write("_posts/2026-01-02-1.md", title="Live", age=0)
    site.write("old_post/2026-01-02-1.md", b"", age=0)
    site.load()
    assert site.query_work("SELECT path, status FROM post_files WHERE path LIKE '%-1.md' ORDER BY 1") == [
        ("_posts/2026-01-02-1.md", "loaded"),
        ("old_post/2026-01-02-1.md", "rejected"),
    ]
    equals_a_full_load(site)


@pytest.mark.built(by=six_posts)
def test_a_file_from_the_future_is_judged_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-1.md", b"", age=0)
    set_back = Clock.now()
    set_back = Clock(set_back.as_of, set_back.started_ns - 3_600_000_000_000)
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "now", lambda: set_back)
        site.load()
    assert site.column_of_work("SELECT reason FROM post_files WHERE path LIKE '%-1.md'") == ["empty"]


@pytest.mark.built(by=six_posts)
def test_a_file_truncated_after_the_look_began_keeps_its_last_good_row(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site.write("_posts/2026-01-02-1.md", title="New", age=30)
    with monkeypatch.context() as patch:
        patch.setattr(signature, "YOUNG_NS", 0)
        refresh, plan = site.plan()
        file.write_bytes(b"")
        assert refresh.load_tables(plan).changes == {}
    refresh.run_checks("tables")
    with duckdb.connect(str(site.published.parent / ".work/posts.duckdb")) as con:
        assert con.execute("SELECT path FROM post_files WHERE is_deferred").fetchall() == [("_posts/2026-01-02-1.md",)]


def test_a_touch_after_a_quiet_look_is_hashed_again_while_it_is_young(site: Site) -> None:
    file = site.write("_posts/2026-01-02-one.md", title="Aaa", age=60)
    site.refresh()
    assert site.refresh() is None
    os.utime(file)
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    # Written again within the same tick of a coarse clock: the signature is forged to be the recorded one.
    text = file.read_text("utf-8").replace("Aaa", "Bbb")
    file.write_text(text, "utf-8")
    info = file.stat()
    with duckdb.connect(str(site.published.parent / ".work/posts.duckdb")) as con:
        con.execute("UPDATE internal.inventory SET ctime_ns = ?, mtime_ns = ?", [info.st_ctime_ns, info.st_mtime_ns])
    assert site.load() is not None
    assert site.column_of_work("SELECT title FROM articles") == ["Bbb"]
