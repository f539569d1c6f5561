"""`updated_from = "git"`: when a post was last committed, the same from a thousand looks as from one."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import equals_full_build
from git_site import DAY, START, GitSite


@pytest.fixture
def site(tmp_path: Path) -> GitSite:
    site = GitSite(tmp_path, 'dialect = "jekyll"\nupdated_from = "git"\n')
    for n in range(6):
        site.repo.write(f"_posts/2026-01-02-{n}.md", title=f"Post {n}")
    site.repo.commit()
    return site


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
    loaded = site.refresh()
    assert loaded and loaded.files_read == 2
    assert days(site) == {"0": 0, "1": 1, "2": 2, "x": 2, "4": 0, "5": 0}
    equals_full_build(site)


def test_the_front_matter_wins(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", "---\ntitle: x\nlast_modified_at: 2025-01-01\n---\n\nText\n")
    site.repo.commit()
    site.load()
    assert site.column_of_work("SELECT updated_at::DATE::VARCHAR FROM articles WHERE path LIKE '%-0.md'") == [
        "2025-01-01"
    ]


def test_bytes_that_come_back_between_two_looks_are_dated_anew(site: GitSite) -> None:
    site.load()
    was = (site.repo.path / "_posts/2026-01-02-0.md").read_bytes()
    site.repo.write("_posts/2026-01-02-0.md", title="For a day")
    site.repo.commit()
    site.repo.write("_posts/2026-01-02-0.md", was)
    site.repo.commit()
    site.refresh()
    assert days(site)["0"] == 2
    equals_full_build(site)


def test_a_merge_dates_what_it_brought_in(site: GitSite) -> None:
    site.repo.git("checkout", "-q", "-b", "side")
    site.repo.write("_posts/2026-01-02-0.md", title="On the side")
    site.repo.commit()
    site.repo.git("checkout", "-q", "main")
    site.repo.write("_posts/2026-01-02-1.md", title="On the trunk")
    site.repo.commit()
    site.load()
    assert days(site)["0"] == 0
    site.repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
    site.repo.commits += 1
    site.refresh()
    assert (days(site)["0"], days(site)["1"]) == (3, 2)
    equals_full_build(site)


def test_a_chain_that_no_longer_holds_the_last_commit_is_read_anew(site: GitSite) -> None:
    site.repo.git("checkout", "-q", "-b", "side")
    site.repo.write("_posts/2026-01-02-0.md", title="On the side")
    site.repo.commit()
    site.repo.git("checkout", "-q", "main")
    site.repo.write("_posts/2026-01-02-1.md", title="On the trunk")
    site.repo.commit()
    site.load()
    # The side merges the trunk and becomes it: the last commit is an ancestor, but not by first parents.
    site.repo.git("checkout", "-q", "side")
    site.repo.git("merge", "-q", "--no-ff", "--no-edit", "main")
    site.repo.commits += 1
    site.repo.git("branch", "-qf", "main", "side")
    site.repo.git("checkout", "-q", "main")
    site.refresh()
    assert (days(site)["0"], days(site)["1"]) == (1, 3)
    equals_full_build(site)


def test_dates_that_a_force_push_changes_are_noticed(site: GitSite) -> None:
    site.repo.write("_posts/2026-01-02-0.md", title="Second day")
    site.repo.commit()
    site.load()
    site.repo.commits += 5
    site.repo.commit(amend=True)
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1 and days(site)["0"] == 7
    equals_full_build(site)


def test_turning_it_on_and_off_dates_every_post(site: GitSite) -> None:
    on = site.source
    site.configure('dialect = "jekyll"\n')
    site.load()
    assert set(days(site).values()) == {None}
    site.configure(on)
    site.load()
    assert set(days(site).values()) == {0}
    site.configure('dialect = "jekyll"\n')
    site.load()
    assert set(days(site).values()) == {None}


def test_a_shadowed_post_that_steps_in_has_its_date(site: GitSite) -> None:
    site.configure(site.source + 'identity = "file_name"\ninclude = ["_posts/**", "old_post/**"]\n')
    site.repo.write("old_post/2026-01-02-0.md", title="Archive")
    site.repo.commit()
    site.load()
    assert days(site)["0"] == 0
    site.repo.git("rm", "-q", "_posts/2026-01-02-0.md")
    site.repo.commit()
    site.refresh()
    assert days(site)["0"] == 1
    equals_full_build(site)


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
