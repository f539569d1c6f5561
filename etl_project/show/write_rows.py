"""Write the rows of a query as CSV, JSON or Parquet, whatever types DuckDB gave them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.sql import quoted
from etl_project.errors import BAD_USAGE, UserError

if TYPE_CHECKING:
    import duckdb
    import polars as pl


class Format(StrEnum):
    """Output format of the rows of a query."""

    table = "table"
    line = "line"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class NoFormat(UserError):
    """The format does not exist, or does not fit the name of the output."""

    exit_code = BAD_USAGE


_ENDINGS = {".csv": Format.csv, ".json": Format.json, ".parquet": Format.parquet, ".pq": Format.parquet}

_PLAIN_ENDINGS = ("", ".txt", ".out", ".dat")
"""Endings that say nothing of the format: CSV goes below these names."""

_NUMBERS = re.compile(r"BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL\b.*")
_TIMES = re.compile(r"DATE|TIME\b.*|TIME_NS|TIMESTAMP.*")
"""DuckDB types whose texts no spreadsheet takes for formulas, whatever the posts say."""

_TEXT_IN_PARQUET = re.compile(r"\b(BIT|INTERVAL|TIME WITH TIME ZONE|UNION|BIGNUM|VARIANT|GEOMETRY|UHUGEINT)\b")
"""DuckDB types that Polars cannot write to Parquet, or only as bytes without meaning: text is written for them."""

_COARSE_TIMES = ("TIMESTAMP_S", "TIMESTAMP_MS")
"""Types whose infinities Polars would turn into times near 1970."""

_BLANKS = "\\s\x00-\x20\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = rf"^([{_BLANKS}]*[=+\-@＝＋－＠﹦﹢﹣﹫]|[\t\r\n])"
"""A cell that a spreadsheet may take for a formula: what OWASP's page "CSV Injection" lists, full-width and small forms
of the signs, and any of them after blanks and characters that are not seen."""

_JSON_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN', re.S)


def choose_format(asked: str | None, output: Path | None) -> Format:
    """Choose the format of the rows: the one asked for, else by the ending of the output, else a table.

    Args:
        asked: value of `--format`; None where it was not given.
        output: file to be written; None for standard output.

    Raises:
        NoFormat: there is no such format; the ending is of another one, or of one that is not written; `line` is no
            format of files.
    """
    if asked is not None and asked not in Format.__members__:
        raise NoFormat(f"There is no format {asked!r}; the formats are {', '.join(Format.__members__)}.")
    if output is None:
        return Format(asked or Format.table)
    ending = output.suffix.lower()
    by_ending = _ENDINGS.get(ending)
    if by_ending is None and ending not in _PLAIN_ENDINGS and asked in (None, Format.table):
        raise NoFormat(
            f"{output}: {ending} files are not written; end the name with {', '.join(_ENDINGS)}, or say what to write "
            "with --format csv, json or parquet."
        )
    if asked == Format.line:
        raise NoFormat("--format line shows rows and writes no file; leave out --output.")
    if asked in (None, Format.table):
        return by_ending or Format.csv
    if by_ending not in (None, Format(asked)):
        raise NoFormat(f"{output}: the name says {by_ending}, and --format says {asked}; leave one of them out.")
    return Format(asked)


def serialize(rows: duckdb.DuckDBPyRelation, output_format: Format) -> bytes:
    """Write rows in a format.

    Args:
        rows: the answer of a query.
        output_format: `csv`: values are texts as DuckDB shows them; a text or a name that a spreadsheet may take for a
            formula gets a leading apostrophe. `json`: an array of objects; numbers have every digit, and NaN and the
            infinities are the texts "NaN", "Infinity" and "-Infinity", as JSON has no number for them; bytes,
            intervals and the like are texts as DuckDB shows them. `parquet`: with types; text where it has none.

    Returns:
        The file, in UTF-8 where it is text.
    """
    write = {Format.csv: _as_csv, Format.json: _as_json, Format.parquet: _as_parquet}[output_format]
    return write(rows, distinct(rows.columns))


def as_text(number: int, kind: object) -> str:
    """SQL that makes a text of a column: instants as ISO 8601 has them, everything else as DuckDB shows it.

    Args:
        number: place of the column, from 1.
        kind: its DuckDB type.
    """
    text = f"#{number}::VARCHAR"
    if str(kind).startswith("TIMESTAMP"):
        # DuckDB separates day and time by a blank; `+00` alone is read by few programs.
        text = rf"regexp_replace({text}, '^(\S+) (\d)', '\1T\2')"
    if str(kind) == "TIMESTAMP WITH TIME ZONE":
        text = rf"regexp_replace({text}, '([+-]\d\d)$', '\1:00')"
    return text


def distinct(names: list[str]) -> list[str]:
    """Number the names that occur again: `a`, `a_1`."""
    seen: set[str] = set()
    result = []
    for name in names:
        unique, count = name, 0
        while unique in seen:
            count += 1
            unique = f"{name}_{count}"
        seen.add(unique)
        result.append(unique)
    return result


def _as_csv(rows: duckdb.DuckDBPyRelation, names: list[str]) -> bytes:
    frame = _frame(rows, [as_text(number, kind) for number, kind in enumerate(rows.types, 1)])
    return csv_header(names) + csv_rows(frame, rows.types)


def csv_header(names: Sequence[str]) -> bytes:
    """The first line of a CSV file; names are guarded as texts are."""
    import polars as pl

    # A row of texts: they are guarded and quoted like the others, and may occur twice once guarded.
    guarded = {str(number): [re.sub(_FORMULA, r"'\1", name)] for number, name in enumerate(names)}
    return pl.DataFrame(guarded).write_csv(include_header=False).encode()


def csv_rows(frame: pl.DataFrame, kinds: Sequence[object]) -> bytes:
    """Rows of a CSV file, without a header.

    Args:
        frame: texts as `as_text` makes them.
        kinds: the DuckDB type that each column had; the texts of those that posts may fill are guarded.
    """
    import polars as pl

    free = [column for column, kind in zip(frame.columns, kinds, strict=True) if not _cannot_be_formula(kind)]
    return frame.with_columns(pl.col(free).str.replace(_FORMULA, "'$1")).write_csv(include_header=False).encode()


def _cannot_be_formula(kind: object) -> bool:
    # A list of numbers is a text in CSV.
    return not str(kind).endswith("]") and bool(_NUMBERS.fullmatch(str(kind)) or _TIMES.fullmatch(str(kind)))


def _as_json(rows: duckdb.DuckDBPyRelation, names: list[str]) -> bytes:
    objects = rows.project(json_object(names, rows.types)).fetchall()
    return json_bytes(f"[{','.join(line for (line,) in objects)}]\n")


def json_object(names: Sequence[str], kinds: Sequence[object]) -> str:
    """SQL that makes a JSON object of a row.

    Args:
        names: names of the columns, each once.
        kinds: their DuckDB types.
    """
    parts: list[str] = []
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True), 1):
        key = quoted(f"{',' if parts else ''}{json.dumps(name, ensure_ascii=False)}:")
        # A column of JSON is a text, as it is in Parquet and CSV: what it holds may be anything.
        is_text = str(kind) in ("JSON", "TIMESTAMP WITH TIME ZONE")
        parts.append(
            f"{key} || coalesce(to_json({as_text(number, kind) if is_text else f'#{number}'})::VARCHAR, 'null')"
        )
    return f"'{{' || {' || '.join(parts)} || '}}'"


def json_bytes(text: str) -> bytes:
    """Objects that `json_object` made as JSON has them: NaN and the infinities are texts."""
    if "NaN" in text or "Infinity" in text:
        text = _JSON_TOKENS.sub(lambda token: token[0] if token[0][0] == '"' else f'"{token[0]}"', text)
    return text.encode("utf-8", "backslashreplace")


def _as_parquet(rows: duckdb.DuckDBPyRelation, names: list[str]) -> bytes:
    frame = _frame(rows, [_for_parquet(number, str(kind)) for number, kind in enumerate(rows.types, 1)])
    frame.columns = names
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def _for_parquet(number: int, kind: str) -> str:
    if kind in _COARSE_TIMES:
        return f"#{number}::TIMESTAMP"
    return as_text(number, kind) if _TEXT_IN_PARQUET.search(kind) else f"#{number}"


def _frame(rows: duckdb.DuckDBPyRelation, columns: list[str]) -> pl.DataFrame:
    """Frame of the columns that SQL makes of rows; its names are numbers, so that none of them occurs twice."""
    frame: pl.DataFrame = rows.project(", ".join(f'{sql} AS "{number}"' for number, sql in enumerate(columns))).pl()
    return frame
