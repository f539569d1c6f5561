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
    def table(table: str, grain: str, **columns: str) -> Table:
        return Table(table, grain, tuple(Column(c, "VARCHAR", columns[c], False) for c in columns), None)

    drawn = MAKER["make_diagram"](
        [
            table("articles", "One row per article. Key: article_id.", article_id='The "id".', title="Title."),
            table("article_bodies", "Its body. Key: article_id.", article_id="Article → articles.", body="Body."),
            table("article_links", "Key: article_id, position.", article_id="Article → articles.", position="Order."),
            table("categories", "Key: category_id.", category_id="Name.", parent_id="Above → categories."),
            table("metrics", "One row per metric. Key: name.", name="Name."),
        ]
    )
    assert re.findall(r"^    (\w+ \S+ \w+ : .*)$", drawn, re.MULTILINE) == [
        'articles ||--o| article_bodies : "article_id"',
        'articles ||--o{ article_links : "article_id"',
        'categories ||--o{ categories : "parent_id"',
    ]
    assert "        VARCHAR article_id PK \"The 'id'.\"" in drawn and "title" not in drawn and "metrics" not in drawn
    assert '        VARCHAR article_id PK, FK "Article → articles."' in drawn
