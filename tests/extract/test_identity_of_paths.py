"""What makes two files the same article."""

from __future__ import annotations

import pytest

from etl_project.extract.identity import name_identity


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("_posts/2022-01-07-NW2022.md", "2022-01-07-NW2022"),
        ("old_post/2022-01-07-NW2022.md", "2022-01-07-NW2022"),
        ("posts/my-post/index.md", "my-post"),
        ("posts/section/_index.html", "section"),
        ("index.md", "index"),
        ("posts/my-post/index.zh.md", "my-post.zh"),
        ("a.b.md", "a.b"),
    ],
)
def test_the_identity_by_file_name_has_no_ending_and_an_index_goes_by_its_folder(path: str, identity: str) -> None:
    assert name_identity(path) == identity
