"""Writes docs/dictionary.md from the comments of the warehouse: run it with `make docs`."""

from __future__ import annotations

from collections.abc import Iterable
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
Tables of what refreshes saw, such as `article_changes`, also name articles and sources that are gone, and `post_files`
articles that could not be loaded. Only keys, and the columns that name those of other tables, are drawn.

Comments say both: that of a table ends with its key, that of a column with the table whose rows it names. They are not
declared as constraints, for which DuckDB keeps indexes: on 100,000 articles with 800,000 links, two keys alone made a
file of 6 MB one of 62 and took loading from 0.5 to 1.9 CPU s. What they would hold is [checked](checks.md) before a
file is published.

```mermaid
erDiagram
{lines}
```
"""


_NOT_IN_DIAGRAMS = str.maketrans({'"': "'", "<": None, ">": None})


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
    """Draw the tables that name rows of each other, by keys and tables that comments state, as Mermaid has it."""
    tables = list(tables)
    named = {column.refers_to for table in tables for column in table.columns}
    lines, entities = [], []
    for table in tables:
        naming = [column for column in table.columns if column.refers_to]
        for column in naming:
            one_for_one = table.key == (column.name,)
            lines.append(f'    {column.refers_to} ||--{"o|" if one_for_one else "o{"} {table.name} : "{column.name}"')
        if naming or table.name in named:
            entities.append(f"    {table.name} {{")
            for column in table.columns:
                roles = ["PK"] * (column.name in table.key) + ["FK"] * bool(column.refers_to)
                if roles:
                    comment = column.comment.translate(_NOT_IN_DIAGRAMS)
                    entities.append(
                        f'        {_mermaid_type(column.type)} {column.name} {", ".join(roles)} "{comment}"'
                    )
            entities.append("    }")
    return _DIAGRAM.format(lines="\n".join([*lines, *entities]))


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
