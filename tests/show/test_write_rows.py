"""Rows of every type that DuckDB has, as CSV, JSON and Parquet; formulas; the format by the name of the output."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from etl_project.show.query import CannotReadStatement, OutputInUse, read_statement, run_query
from etl_project.show.row_table import show_rows
from etl_project.show.write_rows import Format, NoFormat, choose_format, serialize


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


VALUES = [
    # SQL, text in CSV, value in JSON (None: the text), text of the value that Parquet gives back (None: the text)
    ("DATE 'infinity'", "infinity", None, None),
    ("TIMESTAMP '-infinity'", "-infinity", None, None),
    ("TIMESTAMPTZ 'infinity'", "infinity", None, None),
    ("'infinity'::TIMESTAMP_S", "infinity", None, None),
    ("TIMESTAMPTZ '2026-01-01 00:00:00.5+08'", "2025-12-31T16:00:00.5+00:00", None, "2025-12-31 16:00:00.5+00"),
    ("DATE '10000-01-01'", "10000-01-01", None, None),
    ("TIMESTAMP '0044-03-15 (BC)'", "0044-03-15 (BC) 00:00:00", None, None),
    ("TIMETZ '12:00:00+08'", "12:00:00+08", None, None),
    ("histogram(1)", "{1=1}", {"1": 1}, None),
    ("MAP {'a': DATE 'infinity'}", "{a=infinity}", {"a": "infinity"}, None),
    ("MAP {}", "{}", {}, "[]"),
    ("{'a': [1, NULL], 'b': INTERVAL 1 DAY}", "{'a': [1, NULL], 'b': 1 day}", {"a": [1, None], "b": "1 day"}, None),
    ("row(1, 2)", "(1, 2)", [1, 2], "{'element1': 1, 'element2': 2}"),
    ("union_value(k := 1)", "1", {"k": 1}, None),
    ("[union_value(k := 1)]", "[1]", [{"k": 1}], None),
    ("12345678901234567890123456789012345678901234567890::BIGNUM", "1234567890" * 5, int("1234567890" * 5), None),
    ("340282366920938463463374607431768211455::UHUGEINT", str(2**128 - 1), 2**128 - 1, None),
    ("-170141183460469231731687303715884105727::HUGEINT", str(1 - 2**127), 1 - 2**127, None),
    ("9007199254740993", "9007199254740993", 9007199254740993, None),
    ("-0.10::DECIMAL(38, 2)", "-0.10", -0.1, None),
    ("{'a': [1]}::VARIANT", "{'a': [1]}", {"a": [1]}, None),
    ("'101'::BIT", "101", None, None),
    ("[INTERVAL 3 DAY]", "[3 days]", ["3 days"], None),
    ("'POINT(1 2)'::GEOMETRY", "POINT (1 2)", None, None),
    ("'NaN'::DOUBLE", "nan", "NaN", None),
    ("[1.5, '-inf'::DOUBLE]", "[1.5, -inf]", [1.5, "-Infinity"], None),
    ("{'NaN': 'inf'::FLOAT, 't': 'NaN, Infinity\"\\'}", "{'NaN': inf, 't': 'NaN, Infinity\"\\\\'}",
     {"NaN": "Infinity", "t": 'NaN, Infinity"\\'}, None),
    ("'a'::ENUM('a', 'b')", "a", None, None),
    ("'00000000-0000-0000-0000-000000000001'::UUID", "00000000-0000-0000-0000-000000000001", None, None),
    ("'\\xFF'::BLOB", "\\xFF", None, None),
    ("'{\"k\": NaN}'", '{"k": NaN}', None, None),
    ("[]", "[]", [], None),
    ("[[1], [2]]::INTEGER[1][2]", "[[1], [2]]", [[1], [2]], None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "text", "value", "again"), VALUES, ids=[row[0][:30] for row in VALUES])
def test_every_value_is_written_in_every_format(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str, text: str, value: object, again: str | None
) -> None:
    rows = con.sql(f"SELECT 1 AS n, {sql} AS v UNION ALL SELECT 2, NULL ORDER BY n")
    read = list(csv.reader(io.StringIO(serialize(rows, Format.csv).decode())))
    assert read == [["n", "v"], ["1", text], ["2", ""]]
    [row, empty] = json.loads(serialize(rows, Format.json), parse_constant=pytest.fail)
    assert empty == {"n": 2, "v": None} and row["n"] == 1
    assert row["v"] == (text if value is None else value)
    file = tmp_path / "v.parquet"
    file.write_bytes(serialize(rows, Format.parquet))
    assert con.sql(f"SELECT v::VARCHAR FROM '{file}' ORDER BY n").fetchall() == [(again or text,), (None,)]
    shown = Console(file=io.StringIO(), width=200)
    show_rows(rows, shown)
    assert str(shown.file.getvalue()).count("\n") == 5  # type: ignore[attr-defined]


FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "\rx", "\nx", "\tx", " =1", "\u3000=1", "\xa0=1", "\ufeff=1", "\u200b@x"]
FORMULAS += ["＝1", "＋1", "－1", "＠x", "﹦1", "\n\n=1", "\x00=1"]
FORMULAS += ["\u200e=1", "\u202e=1", "\xad=1", "\u2063=1", "\u061c=1", " \u2066+1"]
HARMLESS = ["a=1", "1+1", "", " a", "“=”", "'=1", "港=", "(-1)"]


def test_no_text_and_no_name_is_a_formula(con: duckdb.DuckDBPyConnection) -> None:
    for value in FORMULAS + HARMLESS:
        name = value.replace('"', '""').replace("\x00", "")
        guarded = "'" if value in FORMULAS else ""
        rows = con.sql(f'SELECT $1 AS "x{name}", [$1] AS l, $1 AS "{name or "n"}"', params=[value])
        header, cells = csv.reader(io.StringIO(serialize(rows, Format.csv).decode(), newline=""))
        assert cells == [guarded + value, cells[1], guarded + value]
        assert header[2] == guarded * bool(name) + (name or "n") and header[0] == f"x{name}"
        [written] = json.loads(serialize(rows, Format.json))
        assert next(iter(written.values())) == value, "JSON is exact"


def test_numbers_and_days_are_none_but_what_is_made_of_texts_may_be(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.sql("SELECT -1 AS a, -1.5 AS b, '-infinity'::DATE AS c, '=x'::ENUM('=x') AS d, INTERVAL '-3' DAY AS e")
    [_, cells] = csv.reader(io.StringIO(serialize(rows, Format.csv).decode()))
    assert cells == ["-1", "-1.5", "-infinity", "'=x", "'-3 days"]


def test_names_that_occur_again_are_numbered(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.sql('SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS A, 5 AS "q""x"')
    names = ["a", "a_1", "a_1_1", "A", 'q"x']
    assert next(csv.reader(io.StringIO(serialize(rows, Format.csv).decode()))) == names
    [row] = json.loads(serialize(rows, Format.json))
    assert list(row) == names and list(row.values()) == [1, 2, 3, 4, 5]
    assert pl.read_parquet(io.BytesIO(serialize(rows, Format.parquet))).columns == names


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters(exclude_categories=("Cs",))), st.floats())
@example("NaN\\", float("nan"))
@example('"Infinity', float("-inf"))
def test_json_gives_every_text_and_number_back(con: duckdb.DuckDBPyConnection, text: str, number: float) -> None:
    rows = con.sql("SELECT $1 AS t, $2::DOUBLE AS d, {'t': $1, 'd': [$2::DOUBLE]} AS s", params=[text, number])
    [row] = json.loads(serialize(rows, Format.json), parse_constant=pytest.fail)
    assert row["t"] == row["s"]["t"] == text
    expected = number if abs(number) < float("inf") else {"nan": "NaN", "inf": "Infinity"}.get(str(number), "-Infinity")
    assert row["d"] == expected and row["s"]["d"] == [expected]


@pytest.mark.parametrize(
    ("asked", "output", "chosen"),
    [
        (None, None, "table"), ("json", None, "json"), (None, "x.csv", "csv"), (None, "x.PARQUET", "parquet"),
        (None, "x.json", "json"), ("table", "x.json", "json"), (None, "x", "csv"), (None, "x.txt", "csv"),
        (None, "/dev/stdout", "csv"), ("json", "x.jsonl", "json"), ("csv", "x.tsv", "csv"), ("json", "x.json", "json"),
    ],
)  # fmt: skip
def test_the_ending_says_the_format_where_nobody_else_does(asked: str | None, output: str | None, chosen: str) -> None:
    assert choose_format(asked, Path(output) if output else None) == chosen


@pytest.mark.parametrize(
    ("asked", "output"),
    [
        (None, "x.xlsx"), (None, "x.jsonl"), (None, "x.duckdb"), (None, "x.csv.gz"), ("table", "x.xlsx"),
        ("csv", "x.parquet"), ("parquet", "x.csv"), ("json", "x.csv"), ("xlsx", None), ("CSV", None),
    ],
)  # fmt: skip
def test_no_file_says_what_it_is_not(asked: str | None, output: str | None) -> None:
    with pytest.raises(NoFormat) as refused:
        choose_format(asked, Path(output) if output else None)
    assert (refused.value.exit_code == 2 and ".csv" in str(refused.value)) or "csv" in str(refused.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le with mark", "utf-16-be with mark"]
)
def test_a_statement_is_read_as_its_mark_says(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "query.sql"
    text = "SELECT '港' -- ä\n"
    name, marked, _ = encoding.partition(" with")
    file.write_bytes((f"\ufeff{text}" if marked else text).encode(name))
    assert read_statement(file) == text


def test_a_statement_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_bytes("SELECT 1,\n'港'".encode("gb18030"))
    with pytest.raises(CannotReadStatement, match=r"query\.sql, line 2: is not UTF-8; save"):
        read_statement(file)


@pytest.mark.parametrize(
    "name", ["posts.duckdb", "posts.previous.duckdb", ".work/posts.duckdb", "link", "x/../posts.duckdb"]
)
def test_rows_are_not_written_over_the_warehouse(tmp_path: Path, name: str) -> None:
    published = tmp_path / "posts.duckdb"
    published.write_bytes(b"kept")
    (tmp_path / "link").symlink_to(published)
    (tmp_path / "x").mkdir()
    with pytest.raises(OutputInUse, match="belongs to the warehouse"):
        run_query(published, "SELECT 1", Format.csv, tmp_path / name, Console())
    assert published.read_bytes() == b"kept"
