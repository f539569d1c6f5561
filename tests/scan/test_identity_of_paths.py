"""What makes two files the same article."""

from __future__ import annotations

import duckdb
import pytest

from etl_project.scan.identity import NAME_IDENTITY


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
        (".md", ".md"),
        ("_posts/.md", ".md"),
        ("_posts/iron.md", "iron"),
        ("_posts/_drafts.md", "_drafts"),
        ("posts/新闻/INDEX.ZH.md", "新闻.ZH"),
        ("posts/my-post/indexes.md", "indexes"),
        ("posts/my-post/.index.md", ".index"),
        ("posts/a\nb/index.c\nd.md", "a\nb.c\nd"),
    ],
)
def test_the_identity_by_file_name_has_no_ending_and_an_index_goes_by_its_folder(path: str, identity: str) -> None:
    with duckdb.connect() as con:
        found = con.execute(f"SELECT {NAME_IDENTITY} FROM (SELECT ? AS path)", [path]).fetchone()
    assert found == (identity,)
