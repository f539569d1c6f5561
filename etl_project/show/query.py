"""Run one SQL query on the published file and write its rows as a table for people, CSV, JSON or Parquet."""

from __future__ import annotations

import io
import re
import sys
from enum import StrEnum
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from etl_project.database.sql import openable
from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import safe

ROWS_SHOWN = 100


class Format(StrEnum):
    """Output format of the rows of a query."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


_TYPES_WITHOUT_COLUMN = "BIT|INTERVAL|TIME WITH TIME ZONE|UNION"
_TYPES_AS_TEXT = {
    Format.csv: re.compile(rf"BLOB|STRUCT|MAP|\]$|\b({_TYPES_WITHOUT_COLUMN})\b"),
    Format.json: re.compile(rf"\b(BLOB|{_TYPES_WITHOUT_COLUMN})\b"),
    Format.parquet: re.compile(rf"\b({_TYPES_WITHOUT_COLUMN})\b"),
}
"""DuckDB types that a format cannot represent: their values are written as the text that DuckDB shows."""


class NoWarehouse(UserError):
    """There is no published file yet, or it cannot be opened. The message says what to do."""


class NoStatement(UserError):
    """The query is empty."""

    exit_code = BAD_USAGE

    def __init__(self) -> None:
        super().__init__('There is no statement to run. Write one, as in: etl sql "SELECT count(*) FROM articles"')


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; queries on the connection can reach no other file.

    Raises:
        NoWarehouse: the file does not exist, or cannot be opened.
    """
    if not path.exists():
        raise NoWarehouse(f"{path} has not been built yet. Run: etl refresh")
    try:
        con = duckdb.connect(openable(path), read_only=True)
        con.execute("SET enable_external_access = false")
        return con
    except duckdb.Error as error:
        wal = Path(f"{path}.wal")
        advice = f"Remove the stale {wal}." if wal.exists() else "Run: etl refresh"
        raise NoWarehouse(f"{path} does not open: {error}. {advice}") from error


def run_query(path: Path, query: str, output_format: Format, output: Path | None, console: Console) -> None:
    """Run a query and write its rows.

    Args:
        path: the published file.
        query: one SQL statement.
        output_format: format of the rows. In CSV a text that a spreadsheet would take for a formula gets a leading
            apostrophe; JSON and Parquet are exact. A table that is written to a file is written as CSV.
        output: the file to write; standard output by default.
        console: where a table is shown.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        NoStatement: the query is empty.
        duckdb.Error: the query is wrong.
        OSError: the file cannot be written.
    """
    with open_published(path) as con:
        if not con.extract_statements(query):
            raise NoStatement
        if output_format is Format.table and output is None:
            _show_table(con, query, console)
            return
        data = _serialize(con, query, Format.csv if output_format is Format.table else output_format)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(data)


def _show_table(con: duckdb.DuckDBPyConnection, query: str, console: Console) -> None:
    cursor = con.execute(query)
    columns = [(str(column[0]), str(column[1])) for column in cursor.description or ()]
    table = Table(header_style="bold", show_edge=False)
    for name, kind in columns:
        is_number = kind.upper().startswith(("NUMBER", "BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "DECIMAL", "FLOAT"))
        table.add_column(safe(name), justify="right" if is_number else "left", overflow="fold")
    rows = cursor.fetchmany(ROWS_SHOWN + 1)
    for row in rows[:ROWS_SHOWN]:
        table.add_row(*(safe(_format_cell(value)) for value in row))
    console.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"The first {ROWS_SHOWN} rows; --format csv, json or parquet writes all of them.", style="dim")


def _format_cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return round(value, 3) if isinstance(value, float) else value


def _serialize(con: duckdb.DuckDBPyConnection, query: str, output_format: Format) -> bytes:
    import polars as pl

    relation = con.sql(query)
    columns = [
        f"#{number}{'::VARCHAR' if _TYPES_AS_TEXT[output_format].search(str(kind)) else ''} AS {_quote(name)}"
        for number, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True), 1)
    ]
    frame: pl.DataFrame = relation.project(", ".join(columns)).pl()
    out = io.BytesIO()
    if output_format is Format.parquet:
        frame.write_parquet(out)
    elif output_format is Format.json:
        frame.write_json(out)
        out.write(b"\n")
    else:
        frame.with_columns(pl.col(pl.String).str.replace(r"^([=+\-@\t\r])", "'$1")).write_csv(out)
    return out.getvalue()


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
