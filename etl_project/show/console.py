"""The two consoles, and escaping of text from posts for the terminal."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

PIPED_WIDTH_CHARS = 160


def consoles() -> tuple[Console, Console]:
    """Make the console for results and the one for errors. Neither interprets markup: a path may contain brackets."""
    # A stream is None where the caller closed it. Lines are wrapped, between words, for a terminal only.
    results, errors = (stream is not None and stream.isatty() for stream in (sys.stdout, sys.stderr))
    width = None if results else PIPED_WIDTH_CHARS
    return (
        Console(width=width, highlight=False, markup=False, emoji=False, soft_wrap=not results),
        Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=not errors),
    )


def print_hanging(console: Console, first: Text, rest: Text) -> None:
    """Print a line whose further lines, where it is wrapped, begin below its second part.

    Args:
        console: the console to print to; one that does not wrap gets a single line.
        first: the first part, with its indentation and the spaces after it.
        rest: the second part.
    """
    if console.soft_wrap or first.cell_len > console.width // 2:
        console.print(Text.assemble(first, rest))
        return
    line = Table.grid()
    line.add_column(no_wrap=True)
    line.add_column()
    line.add_row(first, rest)
    console.print(line)


def print_table(table: Table, console: Console) -> None:
    """Print a table; in a pipe or a file its lines end without blanks."""
    if not console.soft_wrap:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.print(Text(line.rstrip()))


def shown_path(path: Path) -> str:
    """How to name a file from the current folder: relative where it is below it."""
    with contextlib.suppress(ValueError, OSError):  # the current folder may be gone
        return str(path.absolute().relative_to(Path.cwd()))
    return str(path)


def safe(value: object, style: str = "") -> Text:
    r"""Escape a value for the terminal: no markup, and invisible characters are written as `\uNNNN`.

    A title may contain terminal escapes, or characters that reverse the direction of the line. The warehouse keeps
    them; a terminal must not obey them.

    Args:
        value: the value; None is shown as NULL.
        style: style of the text, as rich names it.
    """
    if value is None:
        return Text("NULL", style="dim")
    shown = _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", str(value))
    return Text(shown, style=style)


def command() -> str:
    """How to call `etl` from the current folder: its name if it is on the PATH, else the path of the running one."""
    running = Path(sys.argv[0])
    found = shutil.which("etl")
    if running.name != "etl" or (found and Path(found).resolve() == running.resolve()):
        return "etl"
    return shown_path(running)


_settings_option = ""
"""How the running command was told its settings, as a shell takes it, with a space before; empty where it was not."""


def note_settings_file(file: Path | None) -> None:
    """Note the settings file that a command was called with, so that the commands it suggests name it, too."""
    global _settings_option
    _settings_option = f" --config {shlex.quote(str(file))}" if file else ""


def call(words: str) -> str:
    """How to call `etl` from the current folder with the settings of the running command.

    Args:
        words: the command and its options: `refresh --full`.
    """
    return f"{command()} {words}{_settings_option}"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Format a count with its noun: `1 file`, `1,204 files`.

    Args:
        number: the count.
        singular: the noun for a count of one.
        plural: the noun otherwise; by default the singular with an s.
    """
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def bytes_in_words(size: float) -> str:
    """Format a number of bytes for people: `8.9 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    raise AssertionError("not reached: the last unit returns")


def endings_in_words(not_read: Mapping[str, int]) -> str:
    """Say how many files have endings that posts may have and that the dialect does not read."""
    counts = ", ".join([f"{count:,} {ending}" for ending, count in sorted(not_read.items())])
    return f"{count_of(sum(not_read.values()), 'file')} that the dialect has no reader for: {counts}"
