"""Rows for people: what fits is shown, what does not is named, and every line is as wide as it may be."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import duckdb
import pytest
from rich.cells import cell_len
from rich.console import Console

from etl_project.show.row_table import Layout, fit, show_rows

WIDE = """
SELECT * FROM (VALUES
    ('harbour:2026-10-20-gull', '银鸥号要退休了，最后一次过海是周六', DATE '2026-10-20', TIMESTAMPTZ '2026-10-20 00:00:00.123456+00',
     154, 0.30812, true, ['ferry', 'LNG, 电动'], NULL, 'The ferry leaves at six.' || chr(10) || 'It does not come back.', '{}'),
    ('harbour:x', 'Short', NULL, NULL, 1234567, 12.0, false, [], 'x', '', '{"a": 1}')
) AS t(article_id, title, published_on, published_at, words, minutes, is_live, tags, medium, excerpt, extra)
"""  # noqa: E501

AT_80 = """\
 article_id              ┃ title                  ┃ published_on ┃ … ┃ extra
━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━╇━━━━━━━━━━
 harbour:2026-10-20-gull │ 银鸥号要退休了，最后…  │ 2026-10-20   │ … │ {}
 harbour:x               │ Short                  │ NULL         │ … │ {"a": 1}
(2 rows)
7 columns left out: published_at, words, minutes, is_live, tags, medium,
excerpt. --format line shows all.
"""

AT_120 = """\
 article_id          ┃ title               ┃ published_on ┃ published_at           ┃ … ┃ excerpt             ┃ extra
━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━
 harbour:2026-10-20… │ 银鸥号要退休了，最… │ 2026-10-20   │ 2026-10-20 00:00:00+00 │ … │ The ferry leaves a… │ {}
 harbour:x           │ Short               │ NULL         │ NULL                   │ … │                     │ {"a": 1}
(2 rows)
5 columns left out: words, minutes, is_live, tags, medium. --format line shows all.
"""

WHOLE = """\
 article_id              ┃ title                              ┃ published_on ┃ published_at           ┃   words ┃  minutes ┃ is_live ┃ tags                 ┃ medium ┃ excerpt                                         ┃ extra
━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━
 harbour:2026-10-20-gull │ 银鸥号要退休了，最后一次过海是周六 │ 2026-10-20   │ 2026-10-20 00:00:00+00 │     154 │  0.30812 │ true    │ [ferry, 'LNG, 电动'] │ NULL   │ The ferry leaves at six.↵It does not come back. │ {}
 harbour:x               │ Short                              │ NULL         │ NULL                   │ 1234567 │ 12.00000 │ false   │ []                   │ x      │                                                 │ {"a": 1}
(2 rows)
"""  # noqa: E501

AS_LINES = """\
─── row 1 ───
article_id    harbour:2026-10-20-gull
title         银鸥号要退休了，最后一次过海是周六
published_on  2026-10-20
published_at  2026-10-20 00:00:00+00
words         154
minutes       0.30812
is_live       true
tags          [ferry, 'LNG, 电动']
medium        NULL
excerpt       The ferry leaves at six.
              It does not come back.
extra         {}
─── row 2 ───
article_id    harbour:x
title         Short
published_on  NULL
published_at  NULL
words         1234567
minutes       12.00000
is_live       false
tags          []
medium        x
excerpt
extra         {"a": 1}
(2 rows)
"""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


def shown(con: duckdb.DuckDBPyConnection, sql: str, width: int | None, *, line: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width or 160, soft_wrap=width is None)
    show_rows(con.sql(sql), console, one_field_a_line=line)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def test_a_wide_table_is_cut_to_80_columns(con: duckdb.DuckDBPyConnection) -> None:
    assert shown(con, WIDE, 80) == AT_80


def test_a_wide_table_is_cut_to_120_columns(con: duckdb.DuckDBPyConnection) -> None:
    assert shown(con, WIDE, 120) == AT_120


def test_one_field_stands_on_a_line_whole(con: duckdb.DuckDBPyConnection) -> None:
    assert shown(con, WIDE, 80, line=True) == AS_LINES


def test_a_pipe_gets_everything(con: duckdb.DuckDBPyConnection) -> None:
    assert shown(con, WIDE, None) == WHOLE


def test_no_line_is_wider_than_the_terminal_and_the_bars_stand_in_one_column(con: duckdb.DuckDBPyConnection) -> None:
    for width in range(60, 200):
        head, _, *rows = shown(con, WIDE, width).split("\n(")[0].split("\n")
        bars = [cell_len(head[:place]) for place, sign in enumerate(head) if sign == "┃"]
        for line in rows:
            assert cell_len(line) <= width
            assert [cell_len(line[:place]) for place, sign in enumerate(line) if sign == "│"] == bars


def test_numbers_and_days_are_never_cut() -> None:
    for width in range(10, 90):
        layout = fit([40, 12, 30, 10], [False, True, False, True], width)
        assert layout.shown[0] == 0
        assert all(layout.widths[layout.shown.index(place)] == wide for place, wide in ((1, 12), (3, 10))
                   if place in layout.shown)  # fmt: skip


def test_what_fits_is_left_as_it_is() -> None:
    assert fit([5, 5], [False, False], 15) == Layout((0, 1), (5, 5), ())
    assert fit([50, 50], [False, False], None) == Layout((0, 1), (50, 50), ())
    assert fit([5, 50], [False, False], 40) == Layout((0, 1), (5, 30), ())


def test_what_is_left_out_stands_together_and_the_first_column_stays() -> None:
    layout = fit([20] * 9, [True] * 9, 100)
    assert layout.shown == (0, 1, 2, 8) and layout.left_out == (3, 4, 5, 6, 7)
    assert fit([200], [True], 10).shown == (0,)


def test_no_rows_are_told(con: duckdb.DuckDBPyConnection) -> None:
    assert shown(con, "SELECT 1 AS n WHERE false", 80) == " n\n━━━\n(0 rows)\n"
    assert shown(con, "SELECT 1 AS n", 80) == " n\n━━━\n 1\n(1 row)\n"


def test_what_a_terminal_would_obey_is_written_out(con: duckdb.DuckDBPyConnection) -> None:
    text = shown(con, "SELECT chr(27) || '[31m' || chr(8238) AS \"x\u202ey\"", 80)
    assert "\x1b" not in text and "\u202e" not in text and "\\u001b[31m\\u202e" in text


def test_a_plan_is_shown_as_it_is_drawn(con: duckdb.DuckDBPyConnection) -> None:
    assert "╭─ " in shown(con, "EXPLAIN SELECT 1", 80) and "explain_key" not in shown(con, "EXPLAIN SELECT 1", 80)


def test_a_reader_that_goes_away_ends_nothing() -> None:
    code = "from etl_project.show.streams import prepare_streams as p; p()\n" + (
        "import duckdb; from etl_project.show.console import consoles\n"
        "from etl_project.show.row_table import show_rows\n"
        "show_rows(duckdb.sql(\"SELECT repeat('x', 9000) AS t FROM range(99)\"), consoles()[0])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 0
