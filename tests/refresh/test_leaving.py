"""Posts and sources that leave: the guard, outages, articles that are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Site, assert_the_change_log_adds_up, one_post
from loaded_tables import equals_a_full_load

from etl_project.reasons import Rejection
from etl_project.refresh.guard import RefreshStopped
from etl_project.settings import SettingsError
from etl_project.sources import folder
from etl_project.sources.signature import ReadFile, SourceUnavailable

KEEPING = 'dialect = "jekyll"\ninclude = ["_posts/**"]\non_missing = "keep"\n'


def ten_posts(folder: Path) -> Site:
    """Build the warehouse of ten posts."""
    site = Site(folder)
    site.configure()
    for n in range(10):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    return site


def two_to_keep(folder: Path) -> Site:
    """Load two posts of a source that keeps articles whose files go."""
    site = Site(folder, KEEPING)
    site.configure()
    site.write("_posts/2026-01-02-1.md", tags="rare")
    site.write("_posts/2026-01-02-2.md", body="Others.")
    site.load()
    return site


@pytest.mark.built(by=ten_posts)
def test_most_posts_gone_stops_the_refresh_before_anything_is_written(site: Site) -> None:
    files = sorted(site.posts.glob("_posts/*.md"))
    before = site.published.read_bytes()
    for file in files[:5]:
        file.unlink()
    with pytest.raises(RefreshStopped, match=r"5 of the 10 posts of the source 'site'.*--allow-deletes"):
        site.refresh()
    assert site.published.read_bytes() == before
    site.load(allow_deletes=True)
    assert site.column_of_work("SELECT count(*) FROM articles") == [5]


@pytest.mark.built(by=ten_posts)
@pytest.mark.parametrize("on_missing", ["delete", "keep"])
def test_posts_that_cannot_be_opened_any_more_stop_a_refresh_as_if_they_were_gone(
    site: Site, monkeypatch: pytest.MonkeyPatch, on_missing: str
) -> None:
    site.configure(f'{site.source}on_missing = "{on_missing}"\n')
    files = sorted(site.posts.glob("_posts/*.md"))
    before = site.published.read_bytes()
    locked = {file.name for file in files[:5]}

    real = folder.read_file

    def read_file(root: bytes, path: str, *known: Any) -> ReadFile:
        if path.rpartition("/")[2] in locked:
            raise Rejection("permission_denied", "cannot be opened: permission denied")
        return real(root, path, *known)

    monkeypatch.setattr(folder, "read_file", read_file)
    for file in files[:5]:
        os.utime(file)  # as a change of its mode shows in its signature
    with pytest.raises(RefreshStopped, match=r"5 of the 10 posts of the source 'site'.*cannot be opened"):
        site.refresh()
    assert site.published.read_bytes() == before
    locked -= {file.name for file in files[2:]}
    # Two of ten are within the share that may leave.
    loaded = site.load()
    assert loaded and loaded.changes == {"rejected": 2}
    assert site.column_of_work("SELECT DISTINCT reason FROM rejected_files") == ["permission_denied"]
    locked.clear()
    for file in files[:2]:
        os.utime(file)  # as a change of its mode does once more: they need not be young any longer
    loaded = site.load()
    assert loaded and loaded.changes == {"restored": 2}, "a file that could not be opened is asked again"
    equals_a_full_load(site)


def test_one_new_file_stands_for_one_of_many_that_were_alike(site: Site) -> None:
    first = site.write("_posts/2026-01-02-0.md")
    links = [site.posts / f"_posts/2026-01-02-{n}.md" for n in range(1, 10)]
    for link in links:
        link.hardlink_to(first)
    site.load()
    (site.posts / "_posts/2026-02-02-new.md").hardlink_to(first)
    for link in links:
        link.unlink()
    with pytest.raises(RefreshStopped, match="8 of the 10 posts"):
        site.load()


def test_a_source_that_was_never_there_is_a_wrong_setting(site: Site) -> None:
    site.posts.rmdir()
    with pytest.raises(SettingsError, match=r"etl\.toml, line 6: the source 'site' cannot be read: there is no folder"):
        site.load()


@pytest.mark.built(by=one_post)
def test_a_source_whose_folder_went_away_keeps_its_articles(site: Site) -> None:
    site.posts.rename(site.folder / "elsewhere")
    _, plan = site.plan()
    assert plan.is_no_op and "there is no folder" in plan.diff.unavailable["site"]
    assert site.column("SELECT count(*) FROM articles") == [1]


def test_looks_find_nothing_to_do_while_a_site_with_settings_of_its_own_is_away(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    (site.posts / "_config.yml").write_text("title: Harbour\npermalink: /:title/\n")
    (site.folder / "other").mkdir()
    (site.folder / "other/note.md").write_text("# Note\n\nText")
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.refresh()
    published = site.published.stat().st_ino
    site.posts.rename(site.folder / "elsewhere")
    for _ in range(2):
        assert site.refresh() is None
        assert site.last_plan and "there is no folder" in site.last_plan.diff.unavailable["site"]
    assert site.published.stat().st_ino == published
    loaded = site.refresh(full=True)
    assert loaded and loaded.files_read == 1
    assert site.last_plan.reasons == ["every file of other is read again, as asked"]
    (site.folder / "elsewhere").rename(site.posts)
    assert site.refresh() is None, "the folder that is back is the one that was read"


def test_a_source_that_fails_half_way_keeps_its_articles(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-one.md", title="Before")
    (site.folder / "other").mkdir()
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.load()
    site.write("_posts/2026-01-02-one.md", title="After", age=30)
    (site.folder / "other/note.md").write_text("# Note\n\nText")
    real = folder.read_file

    def failing(root: bytes, path: str, *known: Any) -> ReadFile:
        if root.endswith(b"/site"):
            raise SourceUnavailable("the disk is gone")
        return real(root, path, *known)

    monkeypatch.setattr(folder, "read_file", failing)
    loaded = site.load()
    assert loaded and loaded.unavailable == {"site": "the disk is gone"}
    assert sorted(site.column_of_work("SELECT title FROM articles")) == ["Before", "Note"]
    monkeypatch.undo()
    site.load()
    assert sorted(site.column_of_work("SELECT title FROM articles")) == ["After", "Note"]


def test_a_removed_source_leaves_through_the_guard(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    (site.folder / "other").mkdir()
    (site.folder / "other/note.md").write_text("# Note\n\nText")
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.load()
    site.configure(extra="")
    with pytest.raises(RefreshStopped, match="'other'"):
        site.load()
    site.load(allow_deletes=True)
    assert site.column_of_work("SELECT source_id FROM sources") == ["site"]
    assert site.column_of_work("SELECT source_id FROM articles") == ["site"]
    equals_a_full_load(site)


@pytest.mark.built(by=two_to_keep)
def test_an_article_whose_file_went_is_kept_where_the_source_says_so(site: Site) -> None:
    first = site.posts / "_posts/2026-01-02-1.md"
    text = first.read_bytes()
    first.unlink()
    loaded = site.load()
    assert loaded and loaded.changes == {"deleted": 1}
    kept = "SELECT missing_since IS NOT NULL FROM articles WHERE path LIKE '%-1.md'"
    assert site.column_of_work(kept) == [True]
    assert "rare" in site.column_of_work("SELECT tag_id FROM tags")
    assert site.column_of_work("SELECT count(*) FROM articles_live") == [1]
    site.load(full=True)
    assert site.column_of_work(kept) == [True], "a full build carries it"
    assert site.column_of_work("SELECT count(*) FROM article_bodies") == [2]
    site.write("_posts/2026-01-02-1.md", text)
    loaded = site.load()
    assert loaded and loaded.changes == {"restored": 1}
    assert site.column_of_work(kept) == [False]


@pytest.mark.built(by=two_to_keep)
def test_kept_articles_go_when_the_source_no_longer_keeps_them(site: Site) -> None:
    first = site.posts / "_posts/2026-01-02-1.md"
    first.unlink()
    site.load()
    site.configure(KEEPING.replace("keep", "delete"))
    site.load()
    assert site.column_of_work("SELECT path FROM articles") == ["_posts/2026-01-02-2.md"]


@pytest.mark.built(by=two_to_keep)
def test_a_kept_article_whose_file_comes_back_broken_is_not_restored(site: Site) -> None:
    first = site.posts / "_posts/2026-01-02-1.md"
    text = first.read_bytes()
    first.unlink()
    site.load()
    site.write("_posts/2026-01-02-1.md", "---\n- a list\n---\n", age=40)
    loaded = site.load()
    assert loaded and loaded.changes == {}
    missing = "SELECT missing_since IS NOT NULL FROM {} WHERE article_id LIKE '%-1.md'"
    assert (
        site.column_of_work(missing.format("articles"))
        == site.column_of_work(missing.format("article_history"))
        == [True]
    )
    site.write("_posts/2026-01-02-1.md", text, age=20)
    loaded = site.refresh()
    assert loaded and loaded.changes == {"restored": 1}
    assert_the_change_log_adds_up(site)


@pytest.mark.built(by=two_to_keep)
def test_a_post_that_moves_is_not_kept_at_its_old_path(site: Site) -> None:
    first = site.posts / "_posts/2026-01-02-1.md"
    (site.posts / "_posts/x").mkdir()
    first.rename(site.posts / "_posts/x/2026-01-02-1.md")
    loaded = site.refresh()
    assert loaded and loaded.changes == {"moved": 1}
    assert site.query_work("SELECT path, missing_since FROM articles ORDER BY 1") == [
        ("_posts/2026-01-02-2.md", None),
        ("_posts/x/2026-01-02-1.md", None),
    ]
    assert_the_change_log_adds_up(site)
