"""A git repository at an address: fetched into a copy of ours, which heals, and goes when no source needs it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from git_site import GitSite, six_committed

from etl_project.sources.access import sweep_mirrors


@pytest.fixture
def remote(tmp_path: Path) -> GitSite:
    """A site read from an address, through a bare copy."""
    site = six_committed(tmp_path)
    site.location = f"file://{site.repo.path}"
    site.configure()
    site.load()
    return site


def mirrors(site: GitSite) -> list[Path]:
    """Our copies of remote repositories."""
    return sorted((site.published.parent / ".work/posts.mirrors").glob("*"))


def test_an_address_is_fetched_at_every_look(remote: GitSite) -> None:
    remote.repo.write("_posts/2026-01-02-0.md", title="Pushed")
    remote.repo.commit()
    loaded = remote.refresh()
    assert loaded and loaded.files_read == 1
    assert remote.refresh() is None
    remote.repo.write("_posts/2026-01-02-0.md", title="Forced")
    remote.repo.commit(amend=True)
    loaded = remote.load()
    assert loaded and loaded.files_read == 1
    assert "Forced" in remote.column_of_work("SELECT title FROM articles")


def test_a_remote_that_does_not_answer_leaves_the_rows_and_is_named(remote: GitSite) -> None:
    hidden = remote.repo.path.rename(remote.folder / "hidden")
    remote.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    (remote.folder / "other").mkdir()
    (remote.folder / "other/a.md").write_text("# A\n")
    loaded = remote.load()
    assert loaded and "cannot be fetched" in loaded.unavailable["site"]
    assert remote.column_of_work("SELECT count(*) FROM articles WHERE source_id = 'site'") == [6]
    hidden.rename(remote.repo.path)
    remote.repo.write("_posts/2026-01-02-0.md", title="Back")
    remote.repo.commit()
    loaded = remote.load()
    assert loaded and loaded.files_read == 1 and not loaded.unavailable


def _lose_its_beginning(copy: Path) -> None:
    (copy / "HEAD").unlink()
    (copy / "config").unlink()


def _lock(copy: Path) -> None:
    (copy / "refs/posts/present.lock").touch()
    (copy / "packed-refs.lock").touch()
    (copy / "objects/pack").mkdir(exist_ok=True)
    (copy / "objects/pack/tmp_pack_x").write_bytes(b"half")


def _lose_objects(copy: Path) -> None:
    shutil.rmtree(copy / "objects")
    (copy / "objects").mkdir()


def _damage_objects(copy: Path) -> None:
    for file in [*copy.glob("objects/pack/*.pack"), *copy.glob("objects/??/*")]:
        file.chmod(0o644)
        file.write_bytes(b"")


BREAK: list[Callable[[Path], object]] = [shutil.rmtree, _lose_its_beginning, _lock, _lose_objects, _damage_objects]
"""What may have happened to a copy: it was deleted, half made, locked, or its objects were lost or damaged."""


def test_a_copy_that_is_lost_or_broken_is_made_anew(remote: GitSite) -> None:
    (copy,) = mirrors(remote)
    for number, damage in enumerate(BREAK):
        remote.repo.write("_posts/2026-01-02-0.md", title=f"Pushed {number}")
        remote.repo.commit()
        damage(copy)
        looks = 0
        while f"Pushed {number}" not in remote.column_of_work("SELECT title FROM articles"):
            looks += 1
            assert looks <= 3, damage
            remote.load()
        assert remote.last_plan and not remote.last_plan.diff.unavailable, damage
        assert not list(copy.glob("objects/pack/tmp_*")), damage


def test_a_renamed_source_keeps_its_copy(remote: GitSite) -> None:
    copies = mirrors(remote)
    objects = sorted(copies[0].glob("objects/*/*"))
    text = remote.config.read_text("utf-8")
    remote.config.write_text(text.replace('name = "site"', 'name = "paper"\nrenamed_from = "site"'), "utf-8")
    loaded = remote.load()
    assert loaded and loaded.files_read == 0
    assert mirrors(remote) == copies and sorted(copies[0].glob("objects/*/*")) == objects


def test_the_copy_of_a_source_that_left_is_swept_and_those_in_use_stay(remote: GitSite) -> None:
    remote.repo.git("branch", "side")
    other = f'[[source]]\nname = "other"\nlocation = "{remote.location}"\nbranch = "side"\n'
    remote.configure(extra=other)
    remote.load()
    assert len(mirrors(remote)) == 2
    assert sweep_mirrors(remote.published, remote.settings.sources) == 0
    remote.configure(extra="")
    remote.refresh(allow_deletes=True)
    assert sweep_mirrors(remote.published, remote.settings.sources) == 1
    assert len(mirrors(remote)) == 1 and remote.refresh() is None
    remote.location = f"git+{remote.repo.path}"
    remote.configure()
    assert sweep_mirrors(remote.published, remote.settings.sources) == 1 and mirrors(remote) == []
