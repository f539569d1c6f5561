"""Sources on disks that fail, empty themselves, or change under a refresh."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site, equals_full_build
from failing_reads import fail_reads
from loaded_tables import equals_a_full_load

from etl_project.database.contract import tables_by_article
from etl_project.engines import batch
from etl_project.load import append
from etl_project.refresh.guard import RefreshStopped
from etl_project.sources import signature


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    for n in range(10):
        site.write(f"_posts/2026-01-{n + 1:02}-{n}.md", title=f"Title {n}")
    (site.folder / "notes").mkdir()
    (site.folder / "notes/note.md").write_text("# Note\n\nText\n")
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    site.refresh()
    return site


@pytest.fixture
def ten(built_sites: BuiltSites, tmp_path: Path) -> Site:
    """A published site of ten posts, with a note in a second source."""
    return built_sites.copy(build, tmp_path)


def state_of(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, size and time of change of everything below a folder."""
    return {
        str(path.relative_to(folder)): (info.st_ino, info.st_size, info.st_ctime_ns)
        for path in sorted(folder.rglob("*"))
        for info in [path.lstat()]
    }


def test_an_empty_mount_point_is_stopped_by_the_guard_and_heals_when_the_disk_is_back(ten: Site) -> None:
    before, work = ten.published.read_bytes(), (ten.published.parent / ".work/posts.duckdb").read_bytes()
    ten.posts.rename(ten.folder / "disk")
    ten.posts.mkdir()
    with pytest.raises(RefreshStopped, match="10 of the 10 posts of the source 'site'"):
        ten.refresh()
    assert ten.published.read_bytes() == before
    assert (ten.published.parent / ".work/posts.duckdb").read_bytes() == work
    ten.posts.rmdir()
    (ten.folder / "disk").rename(ten.posts)
    assert ten.refresh() is None


def test_half_of_a_source_gone_is_stopped_and_goes_on_when_a_person_says_so(ten: Site) -> None:
    work = (ten.published.parent / ".work/posts.duckdb").read_bytes()
    for n in range(5):
        (ten.posts / f"_posts/2026-01-{n + 1:02}-{n}.md").unlink()
    with pytest.raises(RefreshStopped, match=r"5 of the 10 posts .* --allow-deletes"):
        ten.refresh()
    assert (ten.published.parent / ".work/posts.duckdb").read_bytes() == work
    loaded = ten.load(allow_deletes=True)
    assert loaded and loaded.changes == {"deleted": 5}
    equals_a_full_load(ten)


def test_files_that_vanish_between_the_listing_and_the_reading_are_gone_and_the_others_are_loaded(ten: Site) -> None:
    new = ten.write("_posts/2026-02-01-new.md")
    edited = ten.write("_posts/2026-01-01-0.md", title="Edited", age=30)
    ten.write("_posts/2026-02-02-stays.md")
    refresh, plan = ten.plan()
    new.unlink()
    edited.unlink()
    loaded = refresh.load_tables(plan)
    assert loaded.changes == {"added": 1, "deleted": 1}
    ten.refresh()
    assert ten.column("SELECT count(*) FROM post_files WHERE source_id = 'site'") == [10]
    assert ten.column("SELECT count(*) FROM articles WHERE path LIKE '%-new.md' OR path LIKE '%-0.md'") == [0]
    equals_full_build(ten)


OTHER_ZONE = 'dialect = "jekyll"\ntime_zone = "UTC"\ninclude = ["_posts/**", "old_post/**"]\n'
"""Settings under which every post is read again."""


@pytest.mark.parametrize("is_empty_now", [False, True])
def test_a_folder_lost_between_the_listing_and_the_reading_keeps_its_articles(ten: Site, is_empty_now: bool) -> None:
    ten.configure(OTHER_ZONE)
    refresh, plan = ten.plan()
    ten.posts.rename(ten.folder / "disk")
    if is_empty_now:
        ten.posts.mkdir()
    loaded = refresh.load_tables(plan)
    assert loaded.changes == {} and set(loaded.unavailable) == {"site"}
    assert loaded.rows["articles"] == 11
    if is_empty_now:
        ten.posts.rmdir()
    (ten.folder / "disk").rename(ten.posts)
    ten.load()
    equals_a_full_load(ten)


def test_a_folder_lost_while_every_table_is_built_anew_changes_nothing(ten: Site) -> None:
    work = (ten.published.parent / ".work/posts.duckdb").read_bytes()
    refresh, plan = ten.plan(full=True)
    ten.posts.rename(ten.folder / "disk")
    with pytest.raises(RefreshStopped, match=r"needs every source: there is no folder .*/site"):
        refresh.load_tables(plan)
    assert (ten.published.parent / ".work/posts.duckdb").read_bytes() == work


def test_a_folder_lost_while_its_last_folder_is_listed_keeps_its_articles(
    ten: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ten.write("old_post/2026-02-01-old.md")
    ten.refresh()
    real, below = os.open, set[str]()

    def losing(path: str | bytes, *flags: int) -> int:
        path = os.fsdecode(path)
        if Path(path).parent == ten.posts:
            below.add(path)
        if len(below) == 2 and ten.posts.exists():
            ten.posts.rename(ten.folder / "disk")
        return real(path, *flags)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", losing)
        assert ten.refresh() is None
    assert ten.last_plan and set(ten.last_plan.diff.unavailable) == {"site"}


def test_a_folder_that_goes_while_the_source_is_listed_goes_with_its_files(
    ten: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ten.write("old_post/2026-02-01-old.md")
    ten.load()
    real = os.open

    def losing(path: str | bytes, *flags: int) -> int:
        if old.exists() and Path(os.fsdecode(path)) == old.parent:
            old.unlink()
            old.parent.rmdir()
        return real(path, *flags)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", losing)
        loaded = ten.load()
    assert loaded and loaded.changes == {"deleted": 1} and loaded.unavailable == {}


@pytest.mark.parametrize("full", [False, True])
def test_half_of_a_source_that_goes_after_the_listing_is_stopped_and_goes_on_when_a_person_says_so(
    ten: Site, full: bool
) -> None:
    ten.configure(OTHER_ZONE)
    files = [ten.posts / f"_posts/2026-01-{n + 1:02}-{n}.md" for n in range(5)]
    texts = [file.read_bytes() for file in files]
    work = (ten.published.parent / ".work/posts.duckdb").read_bytes()
    refresh, plan = ten.plan(full=full)
    for file in files:
        file.unlink()
    with pytest.raises(RefreshStopped, match=r"5 of the 10 posts of the source 'site' .* --allow-deletes"):
        refresh.load_tables(plan)
    assert (ten.published.parent / ".work/posts.duckdb").read_bytes() == work
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(text)
    refresh, plan = ten.plan(full=full, allow_deletes=True)
    for file in files:
        file.unlink()
    assert refresh.load_tables(plan).rows["articles"] == 6


@pytest.mark.parametrize("full", [False, True])
def test_posts_that_are_moved_after_the_listing_stop_nothing_and_are_back_with_the_next_look(
    ten: Site, full: bool
) -> None:
    ten.configure(OTHER_ZONE)
    refresh, plan = ten.plan(full=full)
    (ten.posts / "_posts/later").mkdir()
    for file in list((ten.posts / "_posts").glob("*.md"))[:5]:
        file.rename(file.parent / "later" / file.name)
    loaded = refresh.load_tables(plan)
    assert loaded.changes == {"changed": 5, "deleted": 5}
    again = ten.load()
    assert again and again.rows["articles"] == 11


def test_a_disk_that_fails_while_files_are_read_keeps_its_source_and_lets_the_others_go_on(
    ten: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        ten.write(f"_posts/2026-01-{n + 1:02}-{n}.md", title=f"Other {n}", age=30)
    (ten.folder / "notes/more.md").write_text("# More\n\nText\n")
    with monkeypatch.context() as patch:
        fail_reads(patch, "/_posts/", after=2)
        loaded = ten.load()
    assert loaded and set(loaded.unavailable) == {"site"} and "Input/output error" in loaded.unavailable["site"]
    assert ten.column_of_work("SELECT count(*) FROM articles WHERE title LIKE 'Other %'") == [0], "all of it or nothing"
    assert ten.column_of_work("SELECT count(*) FROM articles WHERE source_id = 'notes'") == [2]
    loaded = ten.load()
    assert loaded and loaded.changes == {"changed": 3}
    equals_a_full_load(ten)


def test_a_disk_that_fails_in_the_first_build_leaves_nothing_of_its_source_and_lets_the_others_be_loaded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(10):
        site.write(f"_posts/2026-01-{n + 1:02}-{n}.md", title=f"Title {n}")
    (site.folder / "notes").mkdir()
    (site.folder / "notes/note.md").write_text("# Note\n\nText\n")
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    # Three batches are read, and the rows of two of them are in the tables, when the fourth fails.
    monkeypatch.setattr(batch, "BATCH_FILES", 2)
    monkeypatch.setattr(append, "FILES_PER_STATEMENT", 4)
    with monkeypatch.context() as patch:
        reads = fail_reads(patch, "/_posts/", after=7)
        loaded = site.load()
    assert loaded and set(loaded.unavailable) == {"site"} and len(reads) == 8
    for table in tables_by_article():
        assert site.column_of_work(f"SELECT count(*) FROM {table} WHERE starts_with(article_id, 'site:')") == [0], table
    assert site.column_of_work("SELECT title FROM articles") == ["Note"]
    loaded = site.load()
    assert loaded and loaded.changes == {"added": 10}
    equals_a_full_load(site)


def test_a_disk_that_fails_while_a_folder_is_listed_deletes_nothing(ten: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (ten.folder / "notes/more.md").write_text("# More\n\nText\n")
    real = os.open

    def failing(path: str | bytes, *flags: int) -> int:
        if os.fsdecode(path).rstrip("/").endswith("_posts"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *flags)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing)
        loaded = ten.refresh()
    assert loaded and set(loaded.unavailable) == {"site"}
    assert ten.column("SELECT count(*) FROM articles WHERE source_id = 'site'") == [10]
    assert ten.refresh() is None


def test_a_refresh_writes_nothing_into_a_source(ten: Site) -> None:
    ten.write("_posts/2026-02-01-new.md")
    before = state_of(ten.posts) | state_of(ten.folder / "notes")
    ten.refresh()
    ten.load(full=True)
    assert state_of(ten.posts) | state_of(ten.folder / "notes") == before


def test_a_disk_that_fails_when_its_files_are_read_once_more_keeps_its_source(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    site.configure(site.source + 'identity = "file_name"\n')
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.write("old_post/2026-01-02-1.md", title="Archive")
    site.refresh()
    before = site.derived()
    # The first is not good any more, so that the one in old_post is to step in: that takes a second pass.
    site.write("_posts/2026-01-02-1.md", "---\n- a list\n---\n", age=30)
    site.write("_posts/2026-01-02-2.md", title="New", age=30)
    with monkeypatch.context() as patch:
        fail_reads(patch, "/old_post/")
        loaded = site.refresh()
    assert loaded and loaded.changes == {} and set(loaded.unavailable) == {"site"}
    assert site.derived() == before
    loaded = site.load()
    assert loaded and loaded.changes == {"changed": 1, "moved": 1}
    equals_a_full_load(site)
