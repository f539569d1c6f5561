"""Several files of one identity: who is the article, and who steps in."""

from __future__ import annotations

import pytest
from conftest import Site
from loaded_tables import equals_a_full_load

BY_NAME = 'dialect = "jekyll"\ninclude = ["_posts/**", "old_post/**"]\nidentity = "file_name"\n'


def test_of_two_files_with_one_identity_the_earlier_pattern_wins_and_the_other_is_shadowed(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", title="Live")
    site.load()
    assert site.query_work("SELECT article_id, path, title FROM articles") == [
        ("site:2026-01-02-one", "_posts/2026-01-02-one.md", "Live")
    ]
    assert site.query_work("SELECT path, is_shadowed, warnings FROM post_files ORDER BY path") == [
        ("_posts/2026-01-02-one.md", False, []),
        ("old_post/2026-01-02-one.md", True, ["duplicate_identity"]),
    ]


def test_a_shadowed_file_steps_in_when_the_winner_goes(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", title="Live")
    site.load()
    (site.posts / "_posts/2026-01-02-one.md").unlink()
    loaded = site.load()
    assert loaded and loaded.changes == {"moved": 1}
    assert site.query_work("SELECT article_id, title FROM articles") == [("site:2026-01-02-one", "Archive")]
    equals_a_full_load(site)


def test_a_shadowed_file_steps_in_when_the_winner_breaks_and_goes_back_when_it_is_repaired(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    good = site.write("_posts/2026-01-02-one.md", title="Live").read_bytes()
    site.load()
    site.write("_posts/2026-01-02-one.md", "---\n- a list\n---\n", age=30)
    site.load()
    assert site.column_of_work("SELECT title FROM articles") == ["Archive"]
    equals_a_full_load(site)
    site.write("_posts/2026-01-02-one.md", good, age=20)
    site.load()
    assert site.column_of_work("SELECT title FROM articles") == ["Live"]
    equals_a_full_load(site)


def test_a_first_build_whose_winner_is_broken_takes_the_next_file(site: Site) -> None:
    site.configure(BY_NAME)
    site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", b"")
    site.load()
    assert site.column_of_work("SELECT title FROM articles") == ["Archive"]
    assert site.column_of_work("SELECT is_shadowed FROM post_files WHERE status = 'loaded'") == [False]


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_what_happens_to_a_shadowed_file_leaves_the_article_alone(site: Site, change: str) -> None:
    site.configure(BY_NAME)
    shadowed = site.write("old_post/2026-01-02-one.md", title="Archive")
    site.write("_posts/2026-01-02-one.md", title="Live")
    site.load()
    if change == "delete":
        shadowed.unlink()
    else:
        site.write("old_post/2026-01-02-one.md", title="Edited", age=20)
    site.load()
    assert site.column_of_work("SELECT title FROM articles") == ["Live"]
    assert site.column_of_work("SELECT count(*) FROM article_bodies") == [1]
    equals_a_full_load(site)
