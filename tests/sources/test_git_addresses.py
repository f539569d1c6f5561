"""A git repository at an address: fetched into a copy of ours, which heals, and goes when no source needs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import equals_full_build
from git_site import GitSite

from etl_project.sources.access import sweep_mirrors


@pytest.fixture
def remote(tmp_path: Path) -> GitSite:
    """A site read from an address, through a bare copy."""
    site = GitSite(tmp_path)
    for n in range(6):
        site.repo.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}")
    site.repo.commit()
    site.location = f"file://{site.repo.path}"
    site.configure()
    site.refresh()
    return site


def mirrors(site: GitSite) -> list[Path]:
    """Our copies of remote repositories."""
    return sorted((site.published.parent / ".work/posts.mirrors").glob("*"))


def test_an_address_is_fetched_at_every_look(remote: GitSite) -> None:
    assert remote.refresh() is None
    remote.repo.write("_posts/2026-01-02-0.md", title="Pushed")
    remote.repo.commit()
    loaded = remote.refresh()
    assert loaded and loaded.files_read == 1
    remote.repo.write("_posts/2026-01-02-0.md", title="Forced")
    remote.repo.commit(amend=True)
    loaded = remote.refresh()
    assert loaded and loaded.files_read == 1
    assert "Forced" in remote.column("SELECT title FROM articles")
    equals_full_build(remote)


def test_a_remote_that_does_not_answer_leaves_the_rows_and_is_named(remote: GitSite) -> None:
    hidden = remote.repo.path.rename(remote.folder / "hidden")
    remote.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    (remote.folder / "other").mkdir()
    (remote.folder / "other/a.md").write_text("# A\n")
    loaded = remote.refresh()
    assert loaded and "cannot be fetched" in loaded.unavailable["site"]
    assert remote.column("SELECT count(*) FROM articles WHERE source_id = 'site'") == [6]
    hidden.rename(remote.repo.path)
    remote.repo.write("_posts/2026-01-02-0.md", title="Back")
    remote.repo.commit()
    loaded = remote.refresh()
    assert loaded and loaded.files_read == 1 and not loaded.unavailable


@pytest.mark.parametrize("what", ["deleted", "half made", "locked", "objects lost", "objects damaged"])
def test_a_copy_that_is_lost_or_broken_is_made_anew(remote: GitSite, what: str) -> None:
    (copy,) = mirrors(remote)
    remote.repo.write("_posts/2026-01-02-0.md", title="Pushed")
    remote.repo.commit()
    if what == "deleted":
        shutil.rmtree(copy)
    elif what == "half made":
        (copy / "HEAD").unlink()
        (copy / "config").unlink()
    elif what == "locked":
        (copy / "refs/posts/present.lock").touch()
        (copy / "packed-refs.lock").touch()
        (copy / "objects/pack").mkdir(exist_ok=True)
        (copy / "objects/pack/tmp_pack_x").write_bytes(b"half")
    elif what == "objects lost":
        shutil.rmtree(copy / "objects")
        (copy / "objects").mkdir()
    else:
        for file in [*copy.glob("objects/pack/*.pack"), *copy.glob("objects/??/*")]:
            file.chmod(0o644)
            file.write_bytes(b"")
    for _ in range(3):
        remote.refresh()
    assert "Pushed" in remote.column("SELECT title FROM articles")
    assert remote.last_plan and not remote.last_plan.diff.unavailable
    assert not list(copy.glob("objects/pack/tmp_*"))


def test_a_renamed_source_keeps_its_copy(remote: GitSite) -> None:
    copies = mirrors(remote)
    objects = sorted(copies[0].glob("objects/*/*"))
    text = remote.config.read_text("utf-8")
    remote.config.write_text(text.replace('name = "site"', 'name = "paper"\nrenamed_from = "site"'), "utf-8")
    loaded = remote.refresh()
    assert loaded and loaded.files_read == 0
    assert mirrors(remote) == copies and sorted(copies[0].glob("objects/*/*")) == objects


def test_the_copy_of_a_source_that_left_is_swept_and_those_in_use_stay(remote: GitSite) -> None:
    remote.repo.git("branch", "side")
    other = f'[[source]]\nname = "other"\nlocation = "{remote.location}"\nbranch = "side"\n'
    remote.configure(extra=other)
    remote.refresh()
    assert len(mirrors(remote)) == 2
    assert sweep_mirrors(remote.published, remote.settings.sources) == 0
    remote.configure(extra="")
    remote.refresh(allow_deletes=True)
    assert sweep_mirrors(remote.published, remote.settings.sources) == 1
    assert len(mirrors(remote)) == 1 and remote.refresh() is None
    remote.location = f"git+{remote.repo.path}"
    remote.configure()
    assert sweep_mirrors(remote.published, remote.settings.sources) == 1 and mirrors(remote) == []
