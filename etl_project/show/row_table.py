"""Shows the rows of a query to people: as a table that fits the terminal, or one field a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from etl_project.show.console import count_of, safe

if TYPE_CHECKING:
    import duckdb

ROWS_SHOWN = 100

MOST_CELL_CHARACTERS = 10_000
MOST_FIELD_CHARACTERS = 100_000
"""Longest text that is shown in a table, and one field a line: to lay out a hundred megabytes takes a minute."""

_LEAST_TEXT_WIDTH = 16
"""Cells to which a column of texts may be cut before another column is left out."""
_MARGIN = 3
"""Cells between two columns: a blank, a line, a blank; and around the first and the last together, but one."""
_LEFT_PER_RIGHT = 2
"""Columns that are taken from the left for each from the right: what says what a row is stands on the left."""

_ELLIPSIS = "…"
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL\(.*\)")
_NEVER_CUT = re.compile(rf"{_NUMBER.pattern}|BOOLEAN|DATE|UUID|TIME\w*( WITH TIME ZONE)?")
"""DuckDB types of which half a value would mislead."""

Cell = str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are shown, how wide, and what had to give way."""

    shown: tuple[int, ...]
    """Places of the columns that are shown, from 0."""
    widths: tuple[int, ...]
    """Cells of each of them."""
    left_out: tuple[int, ...]
    """Places of the columns that are not."""


def show_rows(rows: duckdb.DuckDBPyRelation, console: Console, *, one_field_a_line: bool = False) -> None:
    """Print the first rows of a query, and how many there are.

    In a terminal a table is made to fit: cells of texts are cut, then columns in the middle are left out, and a note
    names them. Where the output is no terminal, every column is shown. A line break within a cell is shown as ↵. A text
    of more than `MOST_CELL_CHARACTERS`, or `MOST_FIELD_CHARACTERS`, is cut and says so.

    Args:
        rows: the answer of a query.
        console: the console to print to; one that wraps nothing, as `consoles` makes for a pipe, has no width to fit.
        one_field_a_line: whether to write each field on lines of its own, whole.
    """
    if list(rows.columns) == ["explain_key", "explain_value"]:
        for _, plan in rows.fetchall():  # a drawing of several lines
            _print(console, safe(plan.rstrip("\n")))
        return
    most = MOST_FIELD_CHARACTERS if one_field_a_line else MOST_CELL_CHARACTERS
    shown = [f'{_bounded(as_shown(n, str(kind)), most)} AS "{n}"' for n, kind in enumerate(rows.types, 1)]
    cells: list[tuple[Cell, ...]] = rows.project(", ".join(shown)).limit(ROWS_SHOWN + 1).fetchall()
    kinds = [str(kind) for kind in rows.types]
    if one_field_a_line:
        _show_fields(rows.columns, cells[:ROWS_SHOWN], console)
        left_out: Sequence[str] = ()
    else:
        width = None if console.soft_wrap else console.width
        left_out = show_cells(rows.columns, cells[:ROWS_SHOWN], kinds, console, width)
    if len(cells) > ROWS_SHOWN:
        note = f"The first {ROWS_SHOWN} rows; --format csv, json or parquet writes all of them."
    else:
        note = f"({count_of(len(cells), 'row')})"
    console.print(note, style="dim")
    if left_out:
        named = f"{count_of(len(left_out), 'column')} left out: {', '.join(left_out)}."
        console.print(safe(f"{named} --format line shows all.", "dim"))


def as_shown(number: int, kind: str) -> str:
    """SQL that makes the text of a column for people: as DuckDB shows it, seconds and numbers without long fractions.

    Args:
        number: place of the column, from 1.
        kind: its DuckDB type.
    """
    if kind in ("DOUBLE", "FLOAT"):
        return f"round(#{number}, 3)::VARCHAR"
    text = f"#{number}::VARCHAR"
    return rf"regexp_replace({text}, '\.\d+', '')" if kind.startswith("TIMESTAMP") else text


def _bounded(text: str, most: int) -> str:
    """SQL that cuts a text of SQL to so many characters, and says how many there are."""
    told = f"'{_ELLIPSIS} (cut: ' || format('{{:,}}', length({text})) || ' characters in all)'"
    return f"CASE WHEN length({text}) > {most} THEN left({text}, {most}) || {told} ELSE {text} END"


def show_cells(
    names: Sequence[str], rows: Sequence[Sequence[Cell]], kinds: Sequence[str], console: Console, width: int | None
) -> list[str]:
    """Print rows as a table.

    Args:
        names: names of the columns.
        rows: their texts; None for NULL.
        kinds: the DuckDB type of each column: numbers stand on the right, and of texts alone a part is shown.
        console: the console to print to.
        width: cells to fit in; None to show everything.

    Returns:
        Names of the columns that are left out.
    """
    heads = [_one_line(name, "bold") for name in names]
    lines = [[_one_line(cell) for cell in row] for row in rows]
    natural = [max(cell_len(text.plain) for text in column) for column in zip(heads, *lines, strict=True)]
    layout = fit(natural, [bool(_NEVER_CUT.fullmatch(kind)) for kind in kinds], width)
    is_number = [bool(_NUMBER.fullmatch(kind)) for kind in kinds]
    gap = sum(place < layout.left_out[0] for place in layout.shown) if layout.left_out else None
    places = list(zip(layout.shown, layout.widths, strict=True))

    def line(cells: Sequence[Text], sign: str) -> Text:
        parts = [_padded(cells[place], cells_wide, is_number[place]) for place, cells_wide in places]
        if gap is not None:
            parts.insert(gap, Text(_ELLIPSIS))
        text = Text(" ").append_text(Text(f" {sign} ").join(parts))
        text.rstrip()
        return text

    rule = ["━" * (cells_wide + 2) for cells_wide in layout.widths]
    if gap is not None:
        rule.insert(gap, "━━━")
    _print(console, line(heads, "┃"))
    _print(console, Text("╇".join(rule)))
    for row in lines:
        _print(console, line(row, "│"))
    return [names[place] for place in layout.left_out]


def fit(natural: Sequence[int], is_whole: Sequence[bool], width: int | None) -> Layout:
    """Choose which columns are shown, and how wide, so that a line fits.

    Args:
        natural: cells that each column would need.
        is_whole: which columns are not cut.
        width: cells of a line; None for as many as needed.

    Returns:
        At least the first column, however narrow the line is; what is left out stands together.
    """
    count = len(natural)
    everything = tuple(range(count))
    if width is None or sum(natural) + _MARGIN * count - 1 <= width:
        return Layout(everything, tuple(natural), ())
    least = [wide if whole else min(wide, _LEAST_TEXT_WIDTH) for wide, whole in zip(natural, is_whole, strict=True)]
    fits = sum(least) + _MARGIN * count - 1 <= width
    shown = everything if fits else _choose(least, width - 1 - _MARGIN)
    left_out = tuple(place for place in everything if place not in shown)
    room = width + 1 - _MARGIN * len(shown) - (1 + _MARGIN if left_out else 0)
    widths = _share(room, [natural[place] for place in shown], [is_whole[place] for place in shown])
    return Layout(shown, widths, left_out)


def _choose(least: Sequence[int], room: int) -> tuple[int, ...]:
    """Take columns from both ends while they fit into the room; the first one always."""
    left, right = [0], list[int]()
    used = least[0] + _MARGIN - 1
    while len(left) + len(right) < len(least):
        from_right = len(left) > _LEFT_PER_RIGHT * len(right) + 1
        place = len(least) - 1 - len(right) if from_right else len(left)
        used += least[place] + _MARGIN
        if used > room:
            break
        (right if from_right else left).append(place)
    return (*left, *reversed(right))


def _share(room: int, natural: Sequence[int], is_whole: Sequence[bool]) -> tuple[int, ...]:
    """Widths that add up to the room at most: the widest columns of texts are cut to one width."""
    width = max(natural)
    while width > 1 and sum(_widths(width, natural, is_whole)) > room:
        width -= 1
    widths = list(_widths(width, natural, is_whole))
    for place, (wide, whole) in enumerate(zip(natural, is_whole, strict=True)):
        if not whole and widths[place] < wide and sum(widths) < room:
            widths[place] += 1
    return tuple(widths)


def _widths(width: int, natural: Sequence[int], is_whole: Sequence[bool]) -> list[int]:
    return [wide if whole else min(wide, width) for wide, whole in zip(natural, is_whole, strict=True)]


def _one_line(cell: Cell, style: str = "") -> Text:
    return safe(cell if cell is None else "↵".join(cell.replace("\t", " ").splitlines()), style)


def _padded(text: Text, width: int, on_right: bool) -> Text:
    shown = text.copy()
    if cell_len(text.plain) > width:
        shown = Text(_cut(text.plain, width), style=text.style)
    blanks = " " * (width - cell_len(shown.plain))
    return Text(blanks).append_text(shown) if on_right else shown.append(blanks)


def _cut(text: str, width: int) -> str:
    """The beginning of a text and an ellipsis, together at most so many cells wide."""
    end = min(len(text), width)
    while end and cell_len(text[:end]) > width - 1:
        end -= 1
    return text[:end] + _ELLIPSIS


def _show_fields(names: Sequence[str], rows: Sequence[Sequence[Cell]], console: Console) -> None:
    width = max(cell_len(safe(name).plain) for name in names)
    for number, row in enumerate(rows, 1):
        _print(console, Text(f"─── row {number} ───", style="dim"))
        for name, cell in zip(names, row, strict=True):
            head = safe(name, "bold")
            head.append(" " * (width - cell_len(head.plain) + 2))
            first, *others = ["NULL"] if cell is None else cell.splitlines() or [""]
            head.append_text(safe(None if cell is None else first)).rstrip()
            _print(console, head)
            for line in others:
                _print(console, Text(" " * (width + 2)).append_text(safe(line)))


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True, no_wrap=True, overflow="ignore", crop=False)
