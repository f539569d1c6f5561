"""The dictionary is what the comments of the warehouse make of it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from etl_project.database.contract import Column, Table, declared, macros

DOCS = Path(__file__).parents[2] / "docs"
MAKER = runpy.run_path(str(DOCS / "make_dictionary.py"))


def test_the_dictionary_is_made_from_the_comments() -> None:
    written = (DOCS / "dictionary.md").read_text("utf-8")
    assert written == MAKER["make_page"](), "docs/dictionary.md is outdated: run `make docs`"


def test_every_table_column_and_macro_has_an_entry() -> None:
    page = (DOCS / "dictionary.md").read_text("utf-8")
    entries = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    for table in declared().values():
        assert re.findall(r"^\| `(\w+)` \|", entries[table.name], re.MULTILINE) == [c.name for c in table.columns]
    assert [name for name in macros() if f"{name}({', '.join(macros()[name].parameters)})`" not in page] == []


def test_the_diagram_draws_who_names_whose_rows() -> None:
    def table(name: str, grain: str, *columns: str) -> Table:
        return Table(name, grain, tuple(Column(c, "VARCHAR", f'The "{c}".', False) for c in columns), None)

    drawn = MAKER["make_diagram"](
        [
            table("articles", "One row per article.", "article_id", "title"),
            table("article_bodies", "One row per article: its body.", "article_id", "body"),
            table("article_links", "One row per link.", "article_id", "url"),
            table("categories", "One row per category.", "category_id", "parent_id"),
            table("metrics", "One row per metric.", "name"),
        ]
    )
    assert re.findall(r"^    (\w+ \S+ \w+ : .*)$", drawn, re.MULTILINE) == [
        'articles ||--o| article_bodies : "article_id"',
        'articles ||--o{ article_links : "article_id"',
        'categories ||--o{ categories : "parent_id"',
    ]
    assert (
        "        VARCHAR article_id PK \"The 'article_id'.\"" in drawn and "metrics" not in drawn and "url" not in drawn
    )
