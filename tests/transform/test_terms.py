"""Bridges of posts to terms: ids that fold spellings together, order and spelling as written, nesting."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_project.extract.term_names import NESTING
from etl_project.load.terms import PARENT_ID_SQL
from etl_project.transform.terms import (
    article_authors,
    article_categories,
    article_tags,
    fold,
)


def posts(**columns: list[list[str]]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    return pl.DataFrame(
        {"article_id": [f"s:{i}" for i in range(count)], **columns},
        schema={"article_id": pl.String, **dict.fromkeys(columns, pl.List(pl.String))},
    )


@pytest.mark.parametrize(
    ("name", "term_id"),
    [
        ("Rust", "rust"),
        ("ＲＵＳＴ", "rust"),
        ("This  Week\tin Rust", "this week in rust"),
        ("Straße", "strasse"),
        ("ﬁnance ①", "finance 1"),
        ("Café", "café"),
        ("A股", "a股"),
        ("新闻", "新闻"),
        ("404", "404"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
    ],
)
def test_spellings_of_one_name_have_one_id(name: str, term_id: str) -> None:
    assert fold(name) == term_id


@given(st.text())
def test_the_id_of_an_id_is_itself(name: str) -> None:
    assert fold(fold(name)) == fold(name)


def test_a_bridge_keeps_order_and_spelling_and_counts_positions_from_one() -> None:
    bridge = article_tags(posts(tags=[["Zebra", "apple"], [], ["Apple"]]))
    assert bridge.rows() == [
        ("s:0", "zebra", 1, "Zebra"),
        ("s:0", "apple", 2, "apple"),
        ("s:2", "apple", 1, "Apple"),
    ]
    assert bridge.columns == ["article_id", "tag_id", "position", "name_as_written"]
    assert bridge.schema["position"] == pl.Int32


def test_two_spellings_in_one_article_are_one_row_and_the_first_counts() -> None:
    bridge = article_authors(posts(authors=[["Ｍａｘ", "max", "MAX", "Eve"]]))
    assert bridge.rows() == [("s:0", "max", 1, "Ｍａｘ"), ("s:0", "eve", 2, "Eve")]


def test_no_posts_and_no_terms_give_no_rows() -> None:
    assert article_categories(posts(categories=[])).is_empty()
    assert article_tags(posts(tags=[[], []])).is_empty()


def test_the_id_of_a_nested_category_is_its_path_and_its_name_the_last_part() -> None:
    bridge = article_categories(posts(categories=[["News", NESTING.join(("News", "TCP/IP"))]]))
    assert bridge.rows() == [("s:0", "news", 1, "News"), ("s:0", "news/tcp/ip", 2, "TCP/IP")]


def test_the_parent_is_the_path_above_and_a_slash_in_a_name_is_no_nesting() -> None:
    bridge = article_categories(
        posts(
            categories=[
                ["News", NESTING.join(("News", "TCP/IP")), NESTING.join(("News", "TCP/IP", "V6"))],
                ["TCP/IP", "Straße／Weg", "℀", "../../etc/passwd"],
            ]
        )
    )
    assert "bridge" in locals() and bridge.height == 7  # DuckDB reads the frame by its name
    parents = dict(duckdb.sql(f"SELECT category_id, {PARENT_ID_SQL} FROM bridge").fetchall())
    assert parents == {
        "news": None,
        "news/tcp/ip": "news",
        "news/tcp/ip/v6": "news/tcp/ip",
        "tcp/ip": None,
        "strasse/weg": None,
        "a/c": None,
        "../../etc/passwd": None,
    }


name = st.text(st.characters(exclude_characters=NESTING, exclude_categories=("Cs",)), min_size=1)


@given(st.lists(st.lists(name), min_size=1, max_size=5))
def test_any_names_give_unique_rows_with_positions_without_gaps(tags: list[list[str]]) -> None:
    bridge = article_tags(posts(tags=tags))
    assert not bridge.select("article_id", "tag_id").is_duplicated().any()
    for _, article in bridge.group_by("article_id"):
        assert article["position"].to_list() == list(range(1, article.height + 1))
