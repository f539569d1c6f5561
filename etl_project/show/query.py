"""One SQL query on the published file: a table for people, or CSV, JSON or Parquet."""

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
from etl_project.errors import BAD_USAGE, Stop
from etl_project.show.console import safe

ROWS_SHOWN = 100


class Format(StrEnum):
    """How the rows of a query are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


_NO_COLUMN_FOR = "BIT|INTERVAL|TIME WITH TIME ZONE|UNION"
_AS_TEXT = {
    Format.csv: re.compile(rf"BLOB|STRUCT|MAP|\]$|\b({_NO_COLUMN_FOR})\b"),
    Format.json: re.compile(rf"\b(BLOB|{_NO_COLUMN_FOR})\b"),
    Format.parquet: re.compile(rf"\b({_NO_COLUMN_FOR})\b"),
}
"""Types of DuckDB that a format cannot hold: they are written as the text that DuckDB shows."""


class NoWarehouse(Stop):
    """There is no published file yet, or it does not open; the message says what to do."""


class NoStatement(Stop):
    """There is nothing to run."""

    exit_code = BAD_USAGE

    def __init__(self) -> None:
        super().__init__('There is no statement to run. Write one, as in: etl sql "SELECT count(*) FROM articles"')


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; queries can reach no other file.

    Raises:
        NoWarehouse: it is not there or does not open.
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


def run_query(path: Path, query: str, style: Format, output: Path | None, console: Console) -> None:
    """Run a query and write its rows.

    Args:
        path: the published file.
        query: one SQL statement.
        style: how the rows are written. In CSV a text that a spreadsheet would take for a formula gets a leading
            apostrophe; JSON and Parquet are exact.
        output: the file to write; standard output by default.
        console: where a table is shown.

    Raises:
        NoWarehouse: there is nothing to query.
        NoStatement: there is nothing to run.
        duckdb.Error: the query is wrong.
    """
    with open_published(path) as con:
        if not con.extract_statements(query):
            raise NoStatement
        if style is Format.table and output is None:
            _show_table(con, query, console)
            return
        written = _written(con, query, Format.csv if style is Format.table else style)
    if output is None:
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(written)


def _show_table(con: duckdb.DuckDBPyConnection, query: str, console: Console) -> None:
    cursor = con.execute(query)
    columns = [(str(column[0]), str(column[1])) for column in cursor.description or ()]
    table = Table(header_style="bold", show_edge=False)
    for name, kind in columns:
        is_number = kind.upper().startswith(("NUMBER", "BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "DECIMAL", "FLOAT"))
        table.add_column(safe(name), justify="right" if is_number else "left", overflow="fold")
    rows = cursor.fetchmany(ROWS_SHOWN + 1)
    for row in rows[:ROWS_SHOWN]:
        table.add_row(*(safe(_short(value)) for value in row))
    console.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"The first {ROWS_SHOWN} rows; --format csv, json or parquet writes all.", style="dim")


def _short(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return round(value, 3) if isinstance(value, float) else value


def _written(con: duckdb.DuckDBPyConnection, query: str, style: Format) -> bytes:
    import polars as pl

    relation = con.sql(query)
    columns = [
        f"#{position}{'::VARCHAR' if _AS_TEXT[style].search(str(kind)) else ''} AS {_identifier(name)}"
        for position, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True), 1)
    ]
    frame: pl.DataFrame = relation.project(", ".join(columns)).pl()
    out = io.BytesIO()
    if style is Format.parquet:
        frame.write_parquet(out)
    elif style is Format.json:
        frame.write_json(out)
        out.write(b"\n")
    else:
        frame.with_columns(pl.col(pl.String).str.replace(r"^([=+\-@\t\r])", "'$1")).write_csv(out)
    return out.getvalue()


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
