"""Shows what can be asked: the tables, views and macros of the published file, with their comments."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table as Grid

from etl_project.database.contract import Macro, Table, describe
from etl_project.database.sql import count_rows_of_each
from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import call, count_of, print_table, safe
from etl_project.show.query import open_published


class NoTable(UserError):
    """There is no table, view or macro of that name. The message says which are near."""

    exit_code = BAD_USAGE


def show_tables(published: Path, console: Console) -> None:
    """Print each table and view with its rows and its comment, then each macro.

    Args:
        published: the published file.
        console: the console to print to.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
    """
    with open_published(published) as con:
        tables, macros = describe(con), macros_of(con)
        counts = count_rows_of_each(con, tables)
    grid = _grid()
    grid.columns[1].justify = "right"
    for is_view in (False, True):
        grid.add_row(safe("Views" if is_view else "Tables", "dim"))
        for name, table in sorted(tables.items()):
            if table.is_view == is_view:
                grid.add_row(safe(name, "bold"), safe(f"{counts[name]:,}"), safe(table.comment))
    grid.add_row(safe("Macros", "dim"))
    for macro in macros:
        grid.add_row(safe(call_of(macro), "bold"), "", safe(macro.comment))
    print_table(grid, console)
    console.print(
        safe(f"Columns of one: {call('describe articles')}. Questions ready to run: {call('queries')}", "dim")
    )


def describe_one(published: Path, name: str, console: Console) -> None:
    """Print the columns of a table or view with their types and comments, or the comment of a macro.

    Args:
        published: the published file.
        name: of a table, view or macro.
        console: the console to print to.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        NoTable: it has none of that name.
    """
    with open_published(published) as con:
        tables, macros = describe(con), macros_of(con)
        found = [macro for macro in macros if macro.name == name]
        if name not in tables and not found:
            comments = {table.name: table.comment for table in tables.values()}
            raise NoTable(nearest(name, comments | {macro.name: macro.comment for macro in macros}))
        rows = count_rows_of_each(con, [name]) if name in tables else {}
    if name in tables:
        _print_columns(tables[name], rows[name], console)
    for macro in found:
        console.print(safe(f"{call_of(macro)}  {'macro, after FROM' if macro.is_table else 'macro, a value'}", "bold"))
        console.print(safe(macro.comment))


def _print_columns(table: Table, rows: int, console: Console) -> None:
    kind = "view" if table.is_view else "table"
    console.print(safe(f"{table.name}  {kind}, {count_of(rows, 'row')}", "bold"))
    console.print(safe(table.comment))
    grid = _grid()
    for column in table.columns:
        grid.add_row(safe(column.name, "bold"), safe(short_type(column.type), "cyan"), safe(column.comment))
    print_table(grid, console)


def _grid() -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def short_type(kind: str) -> str:
    """Name of a DuckDB type as it is written in a query: `TIMESTAMPTZ`."""
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def call_of(macro: Macro) -> str:
    """How a macro is called: `search(query)`."""
    return f"{macro.name}({', '.join(macro.parameters)})"


def macros_of(con: duckdb.DuckDBPyConnection) -> list[Macro]:
    """Read the macros of the current database that have a comment, in the order of names."""
    rows = con.execute(
        """
        SELECT function_name, comment, parameters, function_type = 'table_macro' FROM duckdb_functions()
        WHERE NOT internal AND database_name = current_database() AND comment IS NOT NULL ORDER BY 1
        """
    ).fetchall()
    return [Macro(name, comment, tuple(parameters), is_table) for name, comment, parameters, is_table in rows]


def nearest(name: str, comments: Mapping[str, str], all_of_them: str | None = None) -> str:
    """Sentence for a name that does not exist.

    Args:
        name: what was asked for.
        comments: name -> comment of all there are. Near are names that are spelled alike, those that hold the word, and
            those that are about it.
        all_of_them: what lists them; by default the command.
    """
    word = name.lower().rstrip("s")
    near = difflib.get_close_matches(name.lower(), comments, n=3, cutoff=0.6)
    if len(word) > 2:
        near += [one for one in comments if word in one]
        near += [one for one, comment in comments.items() if word in comment.lower()]
    hint = f"Did you mean {' or '.join([*dict.fromkeys(near)][:3])}?" if near else "None is like it."
    return f"There is no table {name!r}. {hint} All of them: {all_of_them or call('tables')}"
