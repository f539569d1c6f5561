"""Run one SQL query on the published file and show its rows, or write them as CSV, JSON or Parquet."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from etl_project.database.contract import schema_version
from etl_project.database.sql import is_ambiguous, openable, quoted
from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import safe
from etl_project.show.write_rows import Format, as_text, serialize

ROWS_SHOWN = 100

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Marks and the encodings they say; that of UTF-16 begins that of UTF-32, and so comes after it."""

_SHOWN_BY_PYTHON = re.compile(r"(?!.*\b(DATE|TIME|TIMESTAMP\w*|INTERVAL|BLOB|GEOMETRY|MAP|STRUCT|UNION|VARIANT)\b).*")
"""DuckDB types whose values Python shows well; others, such as an infinite date or a month, are shown by DuckDB."""


class NoWarehouse(UserError):
    """There is no published file yet, or it cannot be opened. The message says what to do."""


class OtherVersion(UserError):
    """The published file was made by another version, and lacks what this one asks of it."""


class NoStatement(UserError):
    """The query is empty."""

    exit_code = BAD_USAGE

    def __init__(self) -> None:
        super().__init__('There is no statement to run. Write one, as in: etl sql "SELECT count(*) FROM articles"')


class QueryFailed(UserError):
    """DuckDB cannot run the query; its message shows the place."""


class CannotReadStatement(UserError):
    """The text of a statement is not in an encoding that is read."""

    exit_code = BAD_USAGE


class OutputInUse(UserError):
    """The output would replace a file of the warehouse."""

    exit_code = BAD_USAGE


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; queries on the connection can reach no other file.

    Instants are shown in UTC, whatever the zone of the machine.

    Raises:
        NoWarehouse: the file does not exist, or cannot be opened.
    """
    if not path.exists():
        raise NoWarehouse(f"{path} has not been built yet. Run: etl refresh")
    try:
        if is_ambiguous(path):
            con = duckdb.connect()
            con.execute(f"ATTACH {quoted(path)} AS warehouse (READ_ONLY, TYPE duckdb)")
            con.execute("USE warehouse")
        else:
            con = duckdb.connect(openable(path), read_only=True)
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET enable_external_access = false")
        return con
    except duckdb.Error as error:
        wal = Path(f"{path}.wal")
        advice = f"Remove the stale {wal}." if wal.exists() else "Run: etl refresh"
        raise NoWarehouse(f"{path} does not open: {error}. {advice}") from error


@contextmanager
def published_tables(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file for queries of ours, which know the tables of this version.

    Raises:
        NoWarehouse: the file does not exist, or cannot be opened.
        OtherVersion: another version made it, and a query failed for that.
    """
    with open_published(path) as con:
        try:
            yield con
        except (duckdb.Error, ValueError) as error:
            if _is_of_this_version(con):
                raise
            raise OtherVersion(
                f"{path} has the tables of another version of etl: {str(error).partition(chr(10))[0].rstrip('.!')}. "
                "The next refresh brings them to this one, and carries over what was observed. Run: etl refresh"
            ) from error


def _is_of_this_version(con: duckdb.DuckDBPyConnection) -> bool:
    try:
        return con.execute("SELECT schema_version FROM internal.generation").fetchall() == [(schema_version(),)]
    except duckdb.Error:
        return False


def read_statement(file: Path | None) -> str:
    """Read a statement from a file, or from standard input where none is given.

    UTF-8, or what a byte order mark at the beginning says, as Windows' editors and PowerShell write one.

    Raises:
        CannotReadStatement: it is in another encoding.
        OSError: the file cannot be read.
    """
    data = file.read_bytes() if file else sys.stdin.buffer.read()
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CannotReadStatement(
            f"{file or 'standard input'}, line {line}: is not {encoding.upper()}; save the statement as UTF-8."
        ) from None


def run_query(path: Path, query: str, output_format: Format, output: Path | None, console: Console) -> None:
    """Run a query and write its rows.

    Args:
        path: the published file.
        query: one SQL statement.
        output_format: format of the rows, as `serialize` writes them; a table is shown.
        output: the file to write; standard output by default.
        console: where a table is shown.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        NoStatement: the query is empty.
        QueryFailed: the query is wrong.
        OutputInUse: the output is a file of the warehouse.
        OSError: the file cannot be written.
    """
    if output is not None:
        refuse_own_file(output, path)
    with open_published(path) as con:
        try:
            if not con.extract_statements(query):
                raise NoStatement
            rows = con.sql(query)
            if output_format is Format.table and output is None:
                _show_table(rows, console)
                return
            data = serialize(rows, Format.csv if output_format is Format.table else output_format)
        except duckdb.Error as error:
            other = "" if _is_of_this_version(con) else f"\n\n{path} has the tables of another version: etl refresh"
            raise QueryFailed(f"{error}{other}") from error
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(data)


def refuse_own_file(output: Path, published: Path) -> None:
    """Refuse to write over the published file, the one before it, or anything in the folders of its work.

    Args:
        output: the file that somebody asks to be written.
        published: the published file.

    Raises:
        OutputInUse: it would.
    """
    target, folder = output.resolve(), published.parent.resolve()
    ours = [published.resolve(), published.with_name(f"{published.stem}.previous{published.suffix}").resolve()]
    if target in ours or any(target.is_relative_to(folder / work) for work in (".work", ".dagster")):
        raise OutputInUse(f"{output} belongs to the warehouse; write to another file.")


def _show_table(rows: duckdb.DuckDBPyRelation, console: Console) -> None:
    table = Table(header_style="bold", show_edge=False)
    columns = []
    for number, (name, kind) in enumerate(zip(rows.columns, rows.types, strict=True), 1):
        is_number = str(kind).startswith(("BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "DECIMAL", "FLOAT", "UBIGINT"))
        table.add_column(safe(name), justify="right" if is_number else "left", overflow="fold")
        column = f"#{number}" if _SHOWN_BY_PYTHON.fullmatch(str(kind)) else as_text(number, kind)
        columns.append(f'{column} AS "{number}"')
    shown = rows.project(", ".join(columns)).limit(ROWS_SHOWN + 1).fetchall()
    for row in shown[:ROWS_SHOWN]:
        table.add_row(*(safe(_format_cell(value)) for value in row))
    console.print(table)
    if len(shown) > ROWS_SHOWN:
        console.print(f"The first {ROWS_SHOWN} rows; --format csv, json or parquet writes all of them.", style="dim")


def _format_cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return round(value, 3) if isinstance(value, float) else value
