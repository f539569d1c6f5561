"""`updated_from = "git"`: when a post was last committed, the same from a thousand looks as from one.

That the tables equal one full build after each of these steps is what `tests/laws/test_law_git.py` proves.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from built_sites import BuiltSites
from git_site import DAY, START, GitSite
from loaded_tables import equals_a_full_load


def committed(folder: Path) -> GitSite:
    """Commit six posts on the first day."""
    site = GitSite(folder, 'dialect = "jekyll"\nupdated_from = "git"\n')
    for n in range(6):
        site.repo.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}")
    site.repo.commit()
    return site


def loaded(folder: Path) -> GitSite:
    """Load six posts of the first day."""
    site = committed(folder)
    site.load()
    return site


def trunk_and_side(folder: Path) -> GitSite:
    """Load the trunk of a repository: one post of it was edited on a side of the second day, one on the trunk after."""
    site = committed(folder)
    site.repo.git("checkout", "-q", "-b", "side")
    site.repo.write("_posts/2026-01-02-0.md", title="On the side")
    site.repo.commit()
    site.repo.git("checkout", "-q", "main")
    site.repo.write("_posts/2026-01-02-1.md", title="On the trunk")
    site.repo.commit()
    site.load()
    assert days(site)["0"] == 0
    return site


@pytest.fixture
def site(built_sites: BuiltSites, tmp_path: Path, request: pytest.FixtureRequest) -> GitSite:
    """Six posts committed on the first day; where a test is marked `built(by=...)`, a copy of what that builds."""
    mark = request.node.get_closest_marker("built")
    return built_sites.copy(mark.kwargs["by"] if mark else committed, tmp_path)


def days(site: GitSite) -> dict[str, int | None]:
    """Last character of the name -> days from the first commit to `updated_at`."""
    rows = site.query_work("SELECT path, epoch(updated_at)::BIGINT FROM articles")
    return {Path(path).stem[-1]: None if second is None else (second - START) // DAY for path, second in rows}


def test_a_post_is_dated_by_the_commit_that_last_touched_it(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-1.md", title="Second day")
    site.repo.commit()
    site.load()
    assert days(site) == {"0": 0, "1": 1, "2": 0, "3": 0, "4": 0, "5": 0}
    site.repo.write("_posts/2026-01-02-2.md", title="Third day")
    site.repo.git("mv", "_posts/2026-01-02-3.md", "_posts/2026-01-02-x.md")
    site.repo.commit()
    read = site.load()
    assert read and read.files_read == 2
    assert days(site) == {"0": 0, "1": 1, "2": 2, "x": 2, "4": 0, "5": 0}


def test_the_front_matter_wins(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", "---\ntitle: x\nlast_modified_at: 2025-01-01\n---\n\nText\n")
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT updated_at::DATE::VARCHAR FROM articles WHERE path LIKE '%-0.md'") == [
        "2025-01-01"
    ]


@pytest.mark.built(by=loaded)
def test_bytes_that_come_back_between_two_looks_are_dated_anew(site: GitSite) -> None:
    was = (site.repo.path / "_posts/2026-01-02-0.md").read_bytes()
    site.repo.write("_posts/2026-01-02-0.md", title="For a day")
    site.repo.commit()
    site.repo.write("_posts/2026-01-02-0.md", was)
    site.repo.commit()
    site.load()
    assert days(site)["0"] == 2


@pytest.mark.built(by=trunk_and_side)
def test_a_merge_dates_what_it_brought_in(site: GitSite) -> None:
    site.repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    site.repo.commits += 1
    site.load()
    assert (days(site)["0"], days(site)["1"]) == (3, 2)


@pytest.mark.built(by=trunk_and_side)
def test_a_chain_that_no_longer_holds_the_last_commit_is_read_anew(site: GitSite) -> None:
    # The side merges the trunk and becomes it: the last commit is an ancestor, but not by first parents.
    site.repo.git("checkout", "-q", "side")
    site.repo.git("merge", "-q", "--no-ff", "--no-edit", "main")
    site.repo.commits += 1
    site.repo.git("branch", "-qf", "main", "side")
    site.repo.git("checkout", "-q", "main")
    site.load()
    assert (days(site)["0"], days(site)["1"]) == (1, 3)
    equals_a_full_load(site)


def test_dates_that_a_force_push_changes_are_noticed(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Second day")
    site.repo.commit()
    site.load()
    site.repo.commits += 5
    site.repo.commit(amend=True)
    read = site.load()
    assert read and read.files_read == 1 and days(site)["0"] == 7


@pytest.mark.built(by=loaded)
def test_turning_it_off_and_on_dates_every_post(site: GitSite) -> None:
    on = site.source
    assert set(days(site).values()) == {0}
    site.configure('dialect = "jekyll"\n')
    site.load()
    assert set(days(site).values()) == {None}
    site.configure(on)
    site.load()
    assert set(days(site).values()) == {0}


def test_a_shadowed_post_that_steps_in_has_its_date(site: GitSite) -> None:
    site.configure(site.source + 'identity = "file_name"\ninclude = ["_posts/**", "old_post/**"]\n')
    site.repo.write("old_post/2026-01-02-0.md", title="Archive")
    site.repo.commit()
    site.load()
    assert days(site)["0"] == 0
    site.repo.git("rm", "-q", "_posts/2026-01-02-0.md")
    site.repo.commit()
    site.load()
    assert days(site)["0"] == 1


def test_what_a_shallow_clone_does_not_know_is_not_dated(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Second day")
    site.repo.commit()
    site.repo.write("_posts/2026-01-02-1.md", title="Third day")
    site.repo.commit()
    clone = site.folder / "shallow"
    site.repo.git("clone", "--quiet", "--depth=2", f"file://{site.repo.path}", str(clone))
    site.location = f"git+{clone}"
    site.configure()
    site.load()
    assert days(site) == {"0": None, "1": 2, "2": None, "3": None, "4": None, "5": None}
    site.repo.git("-C", str(clone), "fetch", "--quiet", "--unshallow")
    site.load()
    assert days(site) == {"0": 1, "1": 2, "2": 0, "3": 0, "4": 0, "5": 0}


def test_a_commit_of_no_earthly_time_dates_nothing(site: GitSite) -> None:
    tree = site.repo.git("rev-parse", "HEAD^{tree}")
    who = "a <a@b> 99999999999999 +0000"
    commit = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n"
    head = site.repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=commit.encode())
    site.repo.git("reset", "-q", "--hard", head)
    site.load()
    assert set(days(site).values()) == {None}
