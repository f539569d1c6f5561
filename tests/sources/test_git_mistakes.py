"""Mistakes in what names a git source: each ends in a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site
from git_site import GitSite, six_committed

from etl_project.settings import SettingsError


@pytest.fixture
def site(built_sites: BuiltSites, tmp_path: Path) -> GitSite:
    """A repository of six posts in one commit."""
    return built_sites.copy(six_committed, tmp_path)


def stopped(site: GitSite) -> str:
    with pytest.raises(SettingsError) as caught:
        site.refresh()
    return str(caught.value)


def test_a_branch_that_is_not_there_is_named_with_those_that_are(site: GitSite) -> None:
    site.configure(site.source + 'branch = "mian"\n')
    assert "there is no branch 'mian'; there are main" in stopped(site)
    assert "etl.toml, line 6" in stopped(site)
    site.location = f"file://{site.repo.path}"
    site.configure()
    assert "there is no branch 'mian'; there are main" in stopped(site)


def test_a_head_that_names_no_commit_asks_for_a_branch(site: GitSite) -> None:
    site.repo.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    assert "Set `branch` to one of main" in stopped(site)
    site.location = f"file://{site.repo.path}"
    site.configure()
    assert "Set `branch` to one of main" in stopped(site)


def test_what_is_no_repository_is_said_so(site: GitSite, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for location, why in (
        (f"git+{tmp_path}/plain", "is not a git repository"),
        (f"git+{tmp_path}/nowhere", "there is no repository"),
        (f"file://{tmp_path}/nowhere", "cannot be fetched"),
    ):
        site.location = location
        site.configure()
        assert why in stopped(site)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('location = "ftp://host/posts"', "not read from ftp:// addresses"),
        ('location = "ext::sh -c true://x"', "there is no folder"),
        ('location = "posts"\nbranch = "main"', "`branch` needs a git source"),
        ('location = "posts"\nupdated_from = "git"', "needs a git source"),
        ('location = "git+."\nbranch = "--upload-pack=x"', "is no name of a branch"),
        ('location = "git+."\nbranch = "a:b"', "is no name of a branch"),
        ("location = 3", "write a folder or a git address as a text"),
    ],
)
def test_settings_that_no_git_source_can_have_are_named(tmp_path: Path, line: str, why: str) -> None:
    site = Site(tmp_path)
    site.config.write_text(f'[[source]]\nname = "site"\n{line}\n', "utf-8")
    with pytest.raises(SettingsError, match=r"etl\.toml, line") as caught:
        site.load()
    assert why in str(caught.value)


def test_a_password_in_an_address_is_never_shown(site: GitSite) -> None:
    site.location = "https://me:secret@127.0.0.1:9/x.git"
    site.configure()
    assert "secret" not in (said := stopped(site)) and "https://***@127.0.0.1" in said


def test_without_git_the_reason_is_plain(site: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(site.folder))
    assert "git is not installed" in stopped(site)


def test_a_repository_that_lost_objects_is_not_called_without_commits(site: GitSite) -> None:
    """The branch is named by a ref; its commit, or the tree of that, is not there."""
    tree = site.repo.git("rev-parse", "HEAD^{tree}")
    site.refresh()
    for lost, words in {tree: "the tree of the commit", site.repo.head: "the commit"}.items():
        (site.repo.path / ".git/objects" / lost[:2] / lost[2:]).unlink()
        _, plan = site.plan()
        assert list(plan.diff.unavailable) == ["site"], lost
        (said,) = plan.diff.unavailable.values()
        assert words in said and "fsck" in said and "there is no folder" not in said, said
        plan.close()
