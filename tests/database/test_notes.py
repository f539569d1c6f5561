"""Tasks, fields and other names are found in what people write, and not in code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from shelf import Shelf

Rows = list[tuple[Any, ...]]


Ask = Callable[..., Rows]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Asks a warehouse of one article."""
    with Shelf.empty().con as con:

        def ask(query: str, body: str = "", front_matter: dict[str, object] | None = None) -> Rows:
            con.execute("BEGIN")
            try:
                con.execute(
                    "INSERT INTO articles BY NAME SELECT 's:a' AS article_id, 's' AS source_id, 'a.md' AS path, "
                    "'draft' AS status, '' AS text_hash, $1 AS front_matter, '{}' AS extra",
                    [json.dumps(front_matter or {})],
                )
                con.execute("INSERT INTO article_bodies VALUES ('s:a', $1, '')", [body])
                return con.execute(query).fetchall()
            finally:
                con.execute("ROLLBACK")

        yield ask


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("- [ ] buy `rope`", ("buy `rope`", False, " ")),
        ("  * [x] sold [[Gull]]", ("sold [[Gull]]", True, "x")),
        ("> 12. [X]\tread", ("read", True, "X")),
        ("+ [/] half done [ ]", ("half done [ ]", False, "/")),
        ("- [1] of two", None),
        ("- [ab] two letters", None),
        ("- [](https://a.example/) an image", None),
        ("- [ ]", None),
        ("[ ] no item", None),
        ("say - [ ] so", None),
    ],
)
def test_a_task_is_an_item_that_begins_with_a_sign_in_brackets(ask: Ask, line: str, found: Rows | None) -> None:
    rows = ask("SELECT text, is_done, status FROM article_tasks", f"One.\n\n{line}\n")
    assert rows == ([found] if found else [])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("due:: Friday", [("due", "Friday")]),
        ("**Read by**:: Ann, Bo", [("Read by", "Ann, Bo")]),
        ("- 作者:: 王五", [("作者", "王五")]),
        ("- [ ] due:: [[2026-05-01]]", [("due", "[[2026-05-01]]")]),
        ("Seen (at:: the pier) and [by:: [[Ann]]].", [("at", "the pier"), ("by", "[[Ann]]")]),
        ("std::vector and (std::move)", []),
        ("Thus, and so:: not", []),
        ("As follows::", []),
        ("So much for " * 6 + "it:: no", []),
        ("`a:: b` and `[c:: d]`", []),
    ],
)
def test_a_field_is_a_key_two_colons_and_a_value(ask: Ask, line: str, found: Rows) -> None:
    assert ask("SELECT key, value FROM article_fields ORDER BY position", f"One.\n\n{line}\n") == found


@pytest.mark.parametrize(
    "around",
    ["```\n{}\n```", "~~~ md\n```\n{}\n~~~", "````\n```\n{}\n```\n{}\n````", "<!--\n{}\n-->", "  - a\n\n    ```\n{}"],
)
def test_code_and_comments_hold_neither_and_what_follows_them_does(ask: Ask, around: str) -> None:
    inside = around.replace("{}", "- [ ] inside\nkey:: inside")
    body = f"{inside}\n" if around.endswith("{}") else f"{inside}\n\n- [ ] outside\n\nkey:: outside\n"
    rest = [] if around.endswith("{}") else [("outside",)]
    assert ask("SELECT text FROM article_tasks", body) == rest
    assert ask("SELECT value FROM article_fields", body) == rest


def test_other_names_come_in_the_order_of_the_front_matter(ask: Ask) -> None:
    stated = {"Aliases": ["Gull", " ", "银鸥"], "title": "alias", "redirect_from": "/old/", "alias": None}
    rows = ask("SELECT position, alias FROM article_aliases ORDER BY position", front_matter=stated)
    assert rows == [(1, "Gull"), (2, "银鸥"), (3, "/old/")]
    assert ask("FROM article_aliases", front_matter={"a/b": {"alias": ["x"]}}) == []
