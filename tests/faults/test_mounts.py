"""Sources on disks that fail, empty themselves, or change under a refresh."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from conftest import Site, equals_full_build

from etl_project.look import RefreshStopped


@pytest.fixture
def ten(site: Site) -> Site:
    """A published site of ten posts, with a note in a second source."""
    for n in range(10):
        site.write(f"_posts/2026-01-{n + 1:02}-{n}.md", title=f"Title {n}")
    (site.folder / "notes").mkdir()
    (site.folder / "notes/note.md").write_text("# Note\n\nText\n")
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    site.refresh()
    return site


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
    loaded = ten.refresh(allow_deletes=True)
    assert loaded and loaded.changes == {"deleted": 5}
    equals_full_build(ten)


def test_files_that_vanish_between_the_listing_and_the_reading_are_gone_and_the_others_are_loaded(ten: Site) -> None:
    new = ten.write("_posts/2026-02-01-new.md")
    edited = ten.write("_posts/2026-01-01-0.md", title="Edited", age=30)
    ten.write("_posts/2026-02-02-stays.md")
    refresh, look = ten.look()
    new.unlink()
    edited.unlink()
    loaded = refresh.load_tables(look)
    assert loaded.changes == {"added": 1, "deleted": 1}
    ten.refresh()
    assert ten.column("SELECT count(*) FROM post_files WHERE source_id = 'site'") == [10]
    assert ten.column("SELECT count(*) FROM articles WHERE path LIKE '%-new.md' OR path LIKE '%-0.md'") == [0]
    equals_full_build(ten)


def test_a_disk_that_fails_while_files_are_read_keeps_its_source_and_lets_the_others_go_on(
    ten: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        ten.write(f"_posts/2026-01-{n + 1:02}-{n}.md", title=f"Other {n}", age=30)
    (ten.folder / "notes/more.md").write_text("# More\n\nText\n")
    real, reads = os.read, []

    def failing(descriptor: int, length: int) -> bytes:
        if "/_posts/" in os.readlink(f"/proc/self/fd/{descriptor}"):
            reads.append(descriptor)
            if len(reads) > 2:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, length)

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", failing)
        loaded = ten.refresh()
    assert loaded and set(loaded.unavailable) == {"site"} and "Input/output error" in loaded.unavailable["site"]
    assert ten.column("SELECT count(*) FROM articles WHERE title LIKE 'Other %'") == [0], "all of it or nothing"
    assert ten.column("SELECT count(*) FROM articles WHERE source_id = 'notes'") == [2]
    loaded = ten.refresh()
    assert loaded and loaded.changes == {"changed": 3}
    equals_full_build(ten)


def test_a_disk_that_fails_while_a_folder_is_listed_deletes_nothing(ten: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (ten.folder / "notes/more.md").write_text("# More\n\nText\n")
    real = os.scandir

    def failing(path: str) -> object:
        if str(path).rstrip("/").endswith("_posts"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", failing)
        loaded = ten.refresh()
    assert loaded and set(loaded.unavailable) == {"site"}
    assert ten.column("SELECT count(*) FROM articles WHERE source_id = 'site'") == [10]
    assert ten.refresh() is None


def test_a_refresh_writes_nothing_into_a_source(ten: Site) -> None:
    ten.write("_posts/2026-02-01-new.md")
    before = state_of(ten.posts) | state_of(ten.folder / "notes")
    ten.refresh()
    ten.refresh(full=True)
    assert state_of(ten.posts) | state_of(ten.folder / "notes") == before
