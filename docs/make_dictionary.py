"""Writes docs/dictionary.md from the comments of the warehouse: run it with `make docs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from etl_project.database.contract import Macro, Table, declared, macros
from etl_project.load.aggregates import aggregates

PAGE = Path(__file__).with_name("dictionary.md")

_INTRODUCTION = """\
<!-- Written by `make docs` from the comments in warehouse/. Change the comments, not this page. -->

# Dictionary

Every table, view and macro of the published file, with the comments that are in the file, too:
`FROM readme` says what to read first, and `duckdb_tables()`, `duckdb_columns()`, `duckdb_views()` and
`duckdb_functions()` have a column `comment`. [schema.sql](../warehouse/schema.sql) declares the tables.
"""

_DIAGRAM = """\
## How tables belong together

A line leads from the table whose rows have a key to a table whose rows name it; the crow's foot is at the side of many.
Tables of what refreshes saw, such as `article_changes`, also name articles and sources that are gone. Only the columns
that connect tables are drawn.

```mermaid
erDiagram
{lines}
```
"""


_NOT_IN_DIAGRAMS = str.maketrans({'"': "'", "<": None, ">": None})
_ONE_FOR_ONE = ("One row per article:", "One row per article ever seen")
"""Beginnings of the grains of tables that have at most one row for an article."""


def make_page() -> str:
    """Write the dictionary as Markdown: a diagram, then each table, view, aggregate and macro with its columns."""
    # The grain of an aggregate stands in its file.
    tables = declared() | {name: aggregate.table for name, aggregate in aggregates().items()}
    kinds: dict[str, list[Table]] = {"Tables": [], "Views": [], "Aggregates": []}
    for table in tables.values():
        kinds["Aggregates" if table.name in aggregates() else "Views" if table.is_view else "Tables"].append(table)
    parts = [_INTRODUCTION, make_diagram(kinds["Tables"])]
    for kind, members in kinds.items():
        parts += [f"## {kind}\n", *map(_entry, members)]
    parts += ["## Macros\n", *map(_macro_entry, macros().values())]
    return "\n".join(parts)


def make_diagram(tables: Iterable[Table]) -> str:
    """Draw the tables and the columns by which they name each other, as Mermaid has it.

    A table that begins with a column `<singular>_id` and is called `<singular>s` has that key; a column of the same
    name elsewhere, alone or after `old_`, `previous_` or `parent_`, names a row of it.
    """
    tables = list(tables)
    keys = _find_keys(tables)
    lines, entities = [], []
    for table in tables:
        named = {column.name: owner for column in table.columns if (owner := _find_owner(column.name, table, keys))}
        own = [column for column in table.columns if keys.get(column.name) == table.name]
        for column, owner in named.items():
            one_for_one = column == "article_id" and table.comment.startswith(_ONE_FOR_ONE)
            lines.append(f'    {owner} ||--{"o|" if one_for_one else "o{"} {table.name} : "{column}"')
        if named or own:
            entities.append(f"    {table.name} {{")
            for column in table.columns:
                if column in own or column.name in named:
                    role = "PK" if column in own else "FK"
                    comment = column.comment.translate(_NOT_IN_DIAGRAMS)
                    entities.append(f'        {_mermaid_type(column.type)} {column.name} {role} "{comment}"')
            entities.append("    }")
    return _DIAGRAM.format(lines="\n".join([*lines, *entities]))


def _find_keys(tables: Iterable[Table]) -> dict[str, str]:
    """Key column -> the table whose rows it tells apart."""
    plurals = {"category_id": "categories", "refresh_id": "refreshes"}
    keys = {}
    for table in tables:
        first = table.columns[0].name
        if table.name == plurals.get(first, f"{first.removesuffix('_id')}s"):
            keys[first] = table.name
    return keys


def _find_owner(column: str, table: Table, keys: Mapping[str, str]) -> str | None:
    """The table whose key a column of another table holds."""
    if column == "parent_id":
        return table.name
    for prefix in ("old_", "previous_"):
        column = column.removeprefix(prefix)
    owner = keys.get(column)
    return None if owner == table.name and table.columns[0].name == column else owner


def _mermaid_type(kind: str) -> str:
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replace(" ", "_")


def _entry(table: Table) -> str:
    rows = [f"| `{column.name}` | {column.type} | {_cell(column.comment)} |" for column in table.columns]
    return f"### `{table.name}`\n\n{table.comment}\n\n| column | type | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _macro_entry(macro: Macro) -> str:
    call = f"{macro.name}({', '.join(macro.parameters)})"
    return f"### `{f'FROM {call}' if macro.is_table else call}`\n\n{macro.comment}\n"


def _cell(text: str) -> str:
    """A text as a cell of a table in Markdown: no bar ends it, and no bracket begins HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(make_page(), "utf-8")
