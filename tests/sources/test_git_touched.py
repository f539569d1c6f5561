"""What a refresh of a git source looks at: what the commit changed, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from git_site import GitSite

from etl_project.sources.git import blobs, command, fetch, history, tree
from etl_project.sources.listing import Listing
from etl_project.sources.location import Repository


def touched_by_a_commit(site: GitSite, posts: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Commit 30 of so many posts anew: the rows listed, blobs read and bytes told by git in the next refresh."""
    site.repo.commit()
    paths = [f"_posts/{n % 20}/2026-01-02-many-{n}.md" for n in range(posts)]
    site.repo.import_posts({path: f"---\ntitle: {path}\n---\n" for path in paths})
    site.load()
    site.repo.import_posts(dict.fromkeys(paths[:300:10], "---\ntitle: Edited\n---\n"))
    touched = {"rows listed": 0, "blobs read": 0, "bytes told": 0}
    list_posts, read, git = tree.list_posts, blobs._read_bytes, tree.git

    def listed(*arguments: Any) -> Listing:
        found = list_posts(*arguments)
        touched["rows listed"] += found.posts.height
        return found

    def blob(repository: Repository, blob_id: str) -> bytes:
        touched["blobs read"] += 1
        return read(repository, blob_id)

    def told(*arguments: str, **options: Any) -> bytes:
        out = git(*arguments, **options)
        touched["bytes told"] += len(out)
        return out

    with monkeypatch.context() as patch:
        patch.setattr(tree, "list_posts", listed)
        patch.setattr(blobs, "_read_bytes", blob)
        for module in (tree, blobs, fetch, history):
            patch.setattr(module, "git", told)
        refresh, plan = site.plan()
        loaded = refresh.load_tables(plan)
    assert loaded.files_read == 30 and loaded.changes == {"changed": 30}
    return touched


def touches_the_same(folder: Path, posts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a commit of 30 posts touches as much in a repository of so many posts as in one of 300."""
    few = touched_by_a_commit(GitSite(folder / "small"), 300, monkeypatch)
    many = touched_by_a_commit(GitSite(folder / "large"), posts, monkeypatch)
    assert few["rows listed"] == few["blobs read"] == 30
    assert few == many


def test_a_commit_touches_what_it_changed_however_large_the_repository_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touches_the_same(tmp_path, 1_200, monkeypatch)


def test_the_same_commit_is_not_listed_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = GitSite(tmp_path)
    site.repo.write("_posts/2026-01-02-one.md")
    site.repo.commit()
    site.refresh()
    commands: list[str] = []
    start = command.start

    def started(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        commands.append(arguments[0])
        return start(*arguments, **options)

    monkeypatch.setattr(command, "start", started)
    assert site.refresh() is None
    assert commands and not {"diff-tree", "ls-tree"} & set(commands)


@pytest.mark.prove("growth")
def test_a_commit_touches_what_it_changed_in_a_repository_of_thousands_of_posts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touches_the_same(tmp_path, 3_000, monkeypatch)
