"""A copy of a built site is as if it had been built where the copy is."""

from __future__ import annotations

from pathlib import Path

from built_sites import BuiltSites
from conftest import Site, equals_full_build, six_posts
from git_site import GitSite


def two_sources(folder: Path) -> Site:
    site = six_posts(folder)
    (site.folder / "notes").mkdir()
    (site.folder / "notes/note.md").write_text("# Note\n\nText\n")
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    site.refresh()
    return site


def repository(folder: Path) -> GitSite:
    site = GitSite(folder)
    site.repo.write("_posts/2026-01-02-one.md")
    site.repo.commit()
    site.refresh()
    return site


def test_a_copy_has_nothing_to_do_until_one_of_its_own_posts_changes(built_sites: BuiltSites, tmp_path: Path) -> None:
    copy, other = (built_sites.copy(two_sources, tmp_path / name) for name in ("copy", "other"))
    assert copy.refresh() is None
    assert copy.last_plan and copy.last_plan.diff.listed == {"site": 6, "notes": 1}
    copy.write("_posts/2026-01-02-3.md", title="Edited", age=30)
    loaded = copy.refresh()
    assert loaded and loaded.files_read == 1 and loaded.changes == {"changed": 1}
    equals_full_build(copy)
    assert other.refresh() is None, "what a copy does is nothing to another"


def test_a_copy_restores_its_work_file_from_its_own_published_one(built_sites: BuiltSites, tmp_path: Path) -> None:
    copy = built_sites.copy(two_sources, tmp_path)
    (copy.published.parent / ".work/posts.duckdb").unlink()
    assert copy.refresh() is None


def test_a_copied_repository_is_read_at_its_new_place(built_sites: BuiltSites, tmp_path: Path) -> None:
    copy = built_sites.copy(repository, tmp_path)
    assert copy.refresh() is None
    copy.repo.write("_posts/2026-01-03-two.md")
    copy.repo.commit()
    loaded = copy.load()
    assert loaded and loaded.changes == {"added": 1}
    assert copy.column_of_work("SELECT location FROM sources") == [f"git+{tmp_path}/repo"]
