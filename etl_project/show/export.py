"""Writes the tables of the published file as Parquet, CSV or JSON lines, into a folder that is replaced whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from etl_project.database.contract import Table, describe
from etl_project.database.json_file import write_json
from etl_project.database.sql import quoted
from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.query import open_published
from etl_project.show.tables import nearest, short_type
from etl_project.show.write_rows import as_text, csv_header, csv_rows, json_bytes, json_object

MANIFEST = "manifest.json"
README = "README.md"
PARTITION = "published_month"
"""Name of the folders of a table by month, as hive has them: `published_month=2026-01`."""

_MADE_BY = "etl export"
_ROWS_AT_A_TIME = 2_000
_ROWS_IN_A_GROUP = 20_480
"""Rows of Parquet that are held in memory together: with texts of many kilobytes each, the default is too many."""
_NO_MONTH = "__HIVE_DEFAULT_PARTITION__"
"""What hive writes for NULL."""


class ExportFormat(StrEnum):
    """Format of exported files; also their ending."""

    parquet = "parquet"
    csv = "csv"
    jsonl = "jsonl"


class BadExport(UserError):
    """There is no such format or table, or the folder holds what no export wrote. The message says what to do."""

    exit_code = BAD_USAGE


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export."""

    path: str
    """Path below the folder, with `/`."""
    bytes: int


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """One table of an export."""

    name: str
    rows: int
    comment: str
    columns: list[dict[str, str]]
    """Of each column: name, type, comment."""
    files: list[ExportedFile]


def export_tables(
    published: Path, folder: Path, output_format: ExportFormat, asked: Sequence[str] = (), *, by_month: bool = False
) -> list[ExportedTable]:
    """Export tables into a folder, which appears whole or not at all.

    Args:
        published: the published file.
        folder: the folder to make. One that an export made, and in which nothing else lies, is replaced.
        output_format: format of the files.
        asked: tables or views; every table by default. The schema `internal` has none that can be asked for.
        by_month: whether a table with the column `published_on` or `month` is a folder with a file for each month.

    Returns:
        What was written, in the order of names.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        BadExport: there is no such table, or the folder holds what no export wrote.
        OSError: a file cannot be written.
    """
    refuse_what_is_not_ours(folder)
    with (
        _new_folder(folder) as new,
        open_published(published, export_to=new) as con,
    ):
        tables = choose_tables(con, asked)
        written = [_export(con, table, new, output_format, by_month) for table in tables]
        about = _describe_file(con, published)
        write_json(new / MANIFEST, {"made_by": _MADE_BY, **about, "format": output_format.value,
                                    "tables": [asdict(table) for table in written]})  # fmt: skip
        (new / README).write_text(_readme(about, output_format, written), "utf-8")
        refuse_what_is_not_ours(folder)
        _put_in_place(new, folder)
    return written


def choose_tables(con: duckdb.DuckDBPyConnection, asked: Sequence[str]) -> list[Table]:
    """Find the tables of these names; all tables that are no views where none is asked for.

    Raises:
        BadExport: there is none of a name.
    """
    tables = describe(con)
    for name in asked:
        if name not in tables:
            raise BadExport(nearest(name, {one.name: one.comment for one in tables.values()}))
    return [table for name, table in sorted(tables.items()) if (name in asked if asked else not table.is_view)]


def refuse_what_is_not_ours(folder: Path) -> None:
    """Allow a folder that does not exist, is empty, or holds what an export wrote and nothing else.

    Raises:
        BadExport: it holds, or is, anything else; the message names it.
    """
    if not folder.is_symlink() and not folder.exists():
        return
    remedy = "Name another folder with --output."
    if folder.is_symlink() or not folder.is_dir():
        raise BadExport(f"{folder} is no folder, and is not replaced. {remedy}")
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    if not files and not any(folder.iterdir()):
        return
    ours = _files_of_manifest(folder) | {MANIFEST: None, README: None}
    if MANIFEST not in files:
        raise BadExport(f"{folder} is not empty, and no export made it. {remedy}")
    for name, path in sorted(files.items()):
        if name not in ours or path.is_symlink() or ours[name] not in (None, path.stat().st_size):
            raise BadExport(f"{folder} holds what no export wrote, or was changed since: {name}. {remedy}")


def _files_of_manifest(folder: Path) -> dict[str, int | None]:
    """Files that the manifest of a folder names, with their bytes; none where there is no manifest of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["made_by"] != _MADE_BY:
            return {}
        return {file["path"]: file["bytes"] for table in manifest["tables"] for file in table["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside another; what is left of it in the end is deleted."""
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    new = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _put_in_place(new: Path, folder: Path) -> None:
    if not folder.exists():
        new.rename(folder)
        return
    old = new.with_suffix(".old")
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _export(
    con: duckdb.DuckDBPyConnection, table: Table, new: Path, output_format: ExportFormat, by_month: bool
) -> ExportedTable:
    column = next((one.name for one in table.columns if one.name in ("published_on", "month")), None)
    if by_month and column:
        month = f"strftime({column}, '%Y-%m')"
        months = [m for (m,) in con.execute(f"SELECT DISTINCT {month} AS m FROM {table.name} ORDER BY m").fetchall()]
        queries = {
            f"{table.name}/{PARTITION}={_NO_MONTH if m is None else m}/rows.{output_format}":
            f"FROM {table.name} WHERE {month} IS NOT DISTINCT FROM {'NULL' if m is None else quoted(m)}"
            for m in months or [None]
        }  # fmt: skip
    else:
        queries = {f"{table.name}.{output_format}": f"FROM {table.name}"}
    rows, files = 0, []
    for path, query in queries.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        rows += _write(con, query, target, output_format)
        files.append(ExportedFile(path, target.stat().st_size))
    columns = [{"name": one.name, "type": short_type(one.type), "comment": one.comment} for one in table.columns]
    return ExportedTable(table.name, rows, table.comment, columns, files)


def _write(con: duckdb.DuckDBPyConnection, query: str, target: Path, output_format: ExportFormat) -> int:
    """Write the rows of a query, a few at a time, and count them."""
    if output_format is ExportFormat.parquet:
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_IN_A_GROUP}"
        [(count,)] = con.execute(f"COPY ({query}) TO {quoted(target)} ({options})").fetchall()
        return int(count)
    rows = con.sql(query)
    write = _write_csv if output_format is ExportFormat.csv else _write_jsonl
    return write(rows, target)


def _write_csv(rows: duckdb.DuckDBPyRelation, target: Path) -> int:
    import polars as pl

    kinds, count = rows.types, 0
    texts = [f'{as_text(number, kind)} AS "{number}"' for number, kind in enumerate(kinds, 1)]
    with target.open("wb") as file:
        file.write(csv_header(rows.columns))
        for batch in rows.project(", ".join(texts)).to_arrow_reader(_ROWS_AT_A_TIME):
            frame = pl.DataFrame(pl.from_arrow(batch))
            file.write(csv_rows(frame, kinds))
            count += frame.height
    return count


def _write_jsonl(rows: duckdb.DuckDBPyRelation, target: Path) -> int:
    count = 0
    objects = rows.project(f"{json_object(rows.columns, rows.types)} AS line")
    with target.open("wb") as file:
        for batch in objects.to_arrow_reader(_ROWS_AT_A_TIME):
            lines = batch.column(0).to_pylist()
            file.write(json_bytes("".join(f"{line}\n" for line in lines)))
            count += len(lines)
    return count


def _describe_file(con: duckdb.DuckDBPyConnection, published: Path) -> dict[str, Any]:
    """Of which file, refresh and instant an export is, and the form of its tables."""
    about: dict[str, Any] = {"file": published.name, "refresh": None, "as_of": None, "schema_version": None}
    with suppress(duckdb.Error):  # a file of another version may lack them
        row = con.execute("SELECT refresh_id, as_of::VARCHAR FROM refreshes ORDER BY 1 DESC LIMIT 1").fetchone()
        about["refresh"], about["as_of"] = row or (None, None)
        row = con.execute("SELECT schema_version FROM schema_version").fetchone()
        about["schema_version"] = row[0] if row else None
    return about


def _readme(about: dict[str, Any], output_format: ExportFormat, tables: Sequence[ExportedTable]) -> str:
    lines = [
        "# Tables of posts",
        "",
        f"Written by `etl export` from `{about['file']}`: refresh {about['refresh']}, as of {about['as_of']}.",
        f"Each table is a file of {output_format}, or a folder with one for each month. `{MANIFEST}` says the same for "
        "programs. Titles and texts are what people wrote in posts.",
        "",
    ]
    for table in tables:
        path = table.files[0].path if len(table.files) == 1 else f"{table.name}/"
        lines += [f"## {table.name}", "", f"{table.comment} `{path}`, rows: {table.rows:,}.", ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [
            f"| {one['name']} | {one['type']} | {one['comment'].replace('|', chr(92) + '|').replace('<', '&lt;')} |"
            for one in table.columns
        ]
        lines.append("")
    return "\n".join(lines)
