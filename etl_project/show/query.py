"""Run a query of the published file and show its rows, or write them as CSV, JSON or Parquet."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console

from etl_project.database.contract import schema_version
from etl_project.database.delta_views import holds_articles, scans_of
from etl_project.database.sql import is_ambiguous, openable, quoted
from etl_project.errors import BAD_USAGE, FAILED, UserError
from etl_project.show.console import call
from etl_project.show.deadline import deadline
from etl_project.show.row_table import show_rows
from etl_project.show.write_rows import Format, serialize

QUERY_SECONDS = 300
"""Longest that a query may take, where nothing else is said."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Marks and the encodings they say; that of UTF-16 begins that of UTF-32, and so comes after it."""


_HINTS: dict[type[duckdb.Error], tuple[str, str, str]] = {
    duckdb.CatalogException: ("What can be asked: ", "tables", "; articles_full has one row for each post."),
    duckdb.BinderException: ("Columns of a table: ", "describe NAME", ""),
    duckdb.PermissionException: (
        "A statement opens no file: --output FILE writes its rows, and whole tables ",
        "export",
        "",
    ),
}
"""What helps further after errors of names and files: a command, with the words before and after it."""


_ADVICE = "\n\nPossible"
"""Begins what DuckDB adds to an error for want of memory."""


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


class TwoAnswers(UserError):
    """Several statements answer with rows, where those of one can be written."""

    exit_code = BAD_USAGE


class CannotReadStatement(UserError):
    """The text of a statement is not in an encoding that is read."""

    exit_code = BAD_USAGE


class OutputInUse(UserError):
    """The output would replace a file of the warehouse."""

    exit_code = BAD_USAGE


def open_published(
    path: Path, *, settings: Mapping[str, object] | None = None, export_to: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; queries on the connection can open no file, for reading or for writing.

    Instants are shown in UTC, whatever the zone of the machine.

    Args:
        path: the published file.
        settings: name -> value of settings of DuckDB, as SQL writes it.
        export_to: a folder in which statements may write nevertheless. DuckDB lets them write over the published file
            and beside it then, too: run none that somebody typed.

    Raises:
        NoWarehouse: the file does not exist, or cannot be opened.
        LakeUnavailable: it shows tables of a lake, and that cannot be read.
    """
    if not path.exists():
        raise NoWarehouse(f"{path} has not been built yet. Run: {call('refresh')}")
    try:
        path.open("rb").close()
    except OSError as error:
        right = " Give the user that runs etl the right to read it." if isinstance(error, PermissionError) else ""
        raise NoWarehouse(f"{path} cannot be read: {error.strerror}.{right}") from None
    try:
        if is_ambiguous(path):
            con = duckdb.connect()
            con.execute(f"ATTACH {quoted(path)} AS warehouse (READ_ONLY, TYPE duckdb)")
            con.execute("USE warehouse")
        else:
            con = duckdb.connect(openable(path), read_only=True)
        con.execute("SET TimeZone = 'UTC'")
        for name, value in (settings or {}).items():
            con.execute(f"SET {name} = {value}")
        _close_files(con, export_to)
        return con
    except duckdb.Error as error:
        wal = Path(f"{path}.wal")
        advice = f"Remove the stale {wal}." if wal.exists() else f"Run: {call('refresh')}"
        raise NoWarehouse(f"{path} does not open: {error}. {advice}") from error


def _close_files(con: duckdb.DuckDBPyConnection, export_to: Path | None) -> None:
    """Let no statement open a file, but those of the lake that views show, for reading.

    Raises:
        LakeUnavailable: the lake cannot be read.
    """
    folders = [str(export_to)] if export_to else []
    if not holds_articles(con) and (scans := scans_of(con)):
        from etl_project.lake.connect import stand_in

        folders += stand_in(con, scans, only_read=export_to is None)
    if folders:
        con.execute(f"SET allowed_directories = [{', '.join(map(quoted, folders))}]")
    if export_to is None:
        con.execute("SET temp_directory = ''")
    con.execute("SET enable_external_access = false")
    if export_to is None:
        # What is attached stays allowed to COPY, the file of its log beside it too, whatever was opened read-only.
        con.execute("SET disabled_filesystems = 'LocalFileSystem'")


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
                f"The next refresh brings them to this one, and carries over what was observed. Run: {call('refresh')}"
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


def require_unicode(*texts: str) -> None:
    """Refuse texts of the command line that are not UTF-8: Python has stand-ins there that no query can hold.

    Raises:
        CannotReadStatement: one is not.
    """
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            shown = text[max(0, error.start - 20) : error.start]
            raise CannotReadStatement(f"What follows {shown!r} is not UTF-8; type it in a terminal of UTF-8.") from None


def lock_settings(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse every change of a setting on a connection, but for the time zone in which instants are shown.

    A name in a query no longer leads to a variable of this program, either.
    """
    con.execute("SET python_enable_replacements = false")
    con.execute("SET allowed_configs = ['TimeZone']")
    con.execute("SET lock_configuration = true")


def run_query(
    path: Path,
    query: str,
    output_format: Format,
    output: Path | None,
    console: Console,
    values: Mapping[str, object] | None = None,
    seconds: float = QUERY_SECONDS,
) -> None:
    """Run a query and write its rows.

    Args:
        path: the published file.
        query: one SQL statement, or several, of which each that answers with rows is shown.
        output_format: format of the rows, as `serialize` writes them; `table` and `line` are shown.
        output: the file to write; standard output by default.
        console: where rows are shown.
        values: parameter -> value, without the sign `$`.
        seconds: longest that it may take.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        NoStatement: the query is empty.
        QueryFailed: the query is wrong.
        TwoAnswers: two statements answer with rows, and the format holds those of one.
        TookTooLong: it was stopped at its deadline.
        OutputInUse: the output is a file of the warehouse.
        CannotReadStatement: the query or a value was typed in another encoding than UTF-8.
        OSError: the file cannot be written.
    """
    if output is not None:
        refuse_own_file(output, path)
    require_unicode(query, *(value for value in (values or {}).values() if isinstance(value, str)))
    is_shown = output_format in (Format.table, Format.line) and output is None
    with open_published(path) as con:
        lock_settings(con)
        # Asked before: a statement may leave a transaction behind that answers nothing more.
        is_known = _is_of_this_version(con)
        told = f"The query took longer than {seconds:g} seconds and was stopped; --seconds allows more."
        try:
            with deadline(con, seconds, told, lambda: _end_process(told)):
                answers = _answers(con, query, values or {})
                if is_shown:
                    for number, rows in enumerate(answers):
                        if number:
                            console.print()
                        show_rows(rows, console, one_field_a_line=output_format is Format.line)
                    return
                data = _serialize_one(answers, Format.csv if output_format is Format.table else output_format)
        except duckdb.Error as error:
            # What follows is advice on settings, which are locked.
            told = str(error).partition(_ADVICE)[0]
            if hint := _HINTS.get(type(error)):
                told += f"\n\n{hint[0]}{call(hint[1])}{hint[2]}"
            if not is_known:
                told += f"\n\n{path} has the tables of another version: {call('refresh')}"
            raise QueryFailed(told) from error
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(data)


def _end_process(told: str) -> None:
    """End this process at once: it only reads, and what it reads cannot be interrupted."""
    os.write(2, f"{told}\n".encode())
    os._exit(FAILED)


def _answers(
    con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object]
) -> Iterator[duckdb.DuckDBPyRelation]:
    """Run the statements of a query one after the other, and give the answer of each that has one.

    Raises:
        NoStatement: there is none.
        QueryFailed: a value is given for a parameter that no statement has.
        duckdb.Error: a statement cannot be run.
    """
    statements = con.extract_statements(query)
    if not statements:
        raise NoStatement
    used = {name for statement in statements for name in statement.named_parameters}
    if unused := [name for name in values if name not in used]:
        raise QueryFailed(f"The statement does not use ${unused[0]}.")
    for statement in statements:
        mine = {name: value for name, value in values.items() if name in statement.named_parameters}
        rows, kinds = con.sql(statement.query, params=mine), statement.expected_result_type
        # What only may answer, such as CREATE, tells a count that nobody asked for.
        if duckdb.ExpectedResultType.QUERY_RESULT in kinds and duckdb.ExpectedResultType.NOTHING not in kinds:
            yield rows


def _serialize_one(answers: Iterator[duckdb.DuckDBPyRelation], output_format: Format) -> bytes:
    """Write the rows of the only answer.

    Raises:
        TwoAnswers: there are several.
    """
    data = b""
    for number, rows in enumerate(answers):
        if number:
            raise TwoAnswers(
                f"Two statements answer with rows, and {output_format} holds those of one: run them one by one."
            )
        data = serialize(rows, output_format)
    return data


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
