r"""Write tables of kramdown and Python-Markdown as tables of GFM.

In kramdown every block whose lines all hold a `|` is a table, with or without a line of dashes, and lines of dashes and
of `=` may stand anywhere in it. In both, a `|` in code is no border; in GFM it is one unless it is written `\|`.

Source: `parse_table` in kramdown 2.4 `lib/kramdown/parser/kramdown/table.rb`; `_split` in Python-Markdown's
`extensions/tables.py`.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_NO_TABLE = r"(?![ ]{0,3}(?:[-*+][ ]|[0-9]+[.)][ ]|[<>#]|\[[^\]\n]+\]:)|[ ]{4}|\t)"
_BLOCK = compile_outside_code(
    rf"(?:(?<=\n\n)|(?<![\s\S]))(?P<table>{_NO_TABLE}"
    r"(?:[^\n|]*\|[^\n]*(?:\n|\Z))+)(?=[ \t]*(?:\n|\Z)|[ ]{0,3}\{:)",
    r"\n(?=[^\n|]*\|)",
)
_BEGINS = re.compile(rf"{_NO_TABLE}[^\n|]*\|")
_MAY_BEGIN = re.compile(rf"\n\n{_NO_TABLE}[^\n|]*\|")
_ATOM = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}|</?[a-zA-Z][^<>\n]*>"
)
"""What holds no border: code, template tags, tags of HTML."""
_BORDER = re.compile(r"(?<!\\)\|")
_DASHES = re.compile(r"[+|: \t-]*-[+|: \t-]*")
_EQUALS = re.compile(r"[+|: \t=]*=[+|: \t=]*")
_MAX_LINE_CHARACTERS = 4_000
_MAX_COLUMNS = 100
_MAX_BORDERS = 50_000
"""A body of more borders is left as it is: a table for each of so many takes about a second."""


def write_kramdown_tables(markdown: str) -> str:
    """Write each table of kramdown as one of GFM, whose first row is its head.

    Args:
        markdown: a body in Markdown of kramdown, without attribute lists.

    Returns:
        The body changed; the same object if it has no table.
    """
    if "|" not in markdown or not _may_hold_table(markdown):
        return markdown
    return substitute_outside_code(_BLOCK, _write_table, markdown)


def write_code_in_tables(markdown: str) -> str:
    r"""Write `\|` for each `|` in the code of a table.

    Args:
        markdown: a body in Markdown of Python-Markdown.

    Returns:
        The body changed; the same object if it has no such code.
    """
    if "|" not in markdown or "`" not in markdown or not _may_hold_table(markdown):
        return markdown
    return substitute_outside_code(_BLOCK, _write_code, markdown)


def _may_hold_table(markdown: str) -> bool:
    """Tell whether a block begins with a line that holds a border."""
    if markdown.count("|") > _MAX_BORDERS:
        return False
    return _BEGINS.match(markdown) is not None or _MAY_BEGIN.search(markdown) is not None


def _write_code(match: re.Match[str]) -> str:
    written = match["table"]
    lines = written.split("\n")
    if len(lines) < 2 or _DASHES.fullmatch(lines[1]) is None:
        return written
    return "\n".join(map(_protect, lines))


def _write_table(match: re.Match[str]) -> str:
    written = match["table"]
    lines = [_protect(line) for line in written.rstrip("\n").split("\n")]
    rows: list[str] = []
    for line in lines:
        if _BORDER.search(line) is None:
            return written
        if not (_DASHES.fullmatch(line) or _EQUALS.fullmatch(line)):
            rows.append(line.strip())
    columns = max(map(_count_columns, rows), default=0)
    if not columns or columns > _MAX_COLUMNS:
        return written
    head = rows[0] if rows[0].startswith("|") else f"|{rows[0]}"
    if not head.endswith("|") or head.endswith("\\|") or head == "|":
        head += "|"
    head += " |" * (columns - _count_columns(head))
    return "\n".join([head, "|" + "-|" * columns, *rows[1:], ""])


def _count_columns(row: str) -> int:
    """Count the cells of a row; borders at its ends make none."""
    borders = len(_BORDER.findall(row))
    return borders + 1 - row.startswith("|") - (len(row) > 1 and row.endswith("|") and not row.endswith("\\|"))


def _protect(line: str) -> str:
    r"""Write `\|` for each `|` that is no border."""
    if len(line) > _MAX_LINE_CHARACTERS or not any(sign in line for sign in "`{<"):
        return line
    return _ATOM.sub(lambda atom: _BORDER.sub(r"\\|", atom[0]), line)
