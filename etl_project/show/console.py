"""The two consoles, and text from posts made safe to show."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

WIDTH_WHEN_PIPED = 160


def consoles() -> tuple[Console, Console]:
    """The console for results and the one for errors. Neither obeys markup: a path may hold brackets."""
    width = None if sys.stdout.isatty() else WIDTH_WHEN_PIPED
    return (
        Console(width=width, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty()),
        Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True),
    )


def safe(value: object, style: str = "") -> Text:
    r"""Text of a value as it may be shown: no markup, and characters that are not seen written `\uNNNN`.

    A title may hold terminal escapes or turn the direction of the line around; the warehouse keeps it, a terminal
    must not obey it.
    """
    if value is None:
        return Text("NULL", style="dim")
    shown = _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", str(value))
    return Text(shown, style=style)


def command() -> str:
    """How the `etl` command is called from where the person is: its name, or the path of the one that is running."""
    running = Path(sys.argv[0])
    found = shutil.which("etl")
    if running.name != "etl" or (found and Path(found).resolve() == running.resolve()):
        return "etl"
    with contextlib.suppress(ValueError):
        return str(running.absolute().relative_to(Path.cwd()))
    return str(running)


def bytes_in_words(size: float) -> str:
    """A size as people write it: `8.9 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    raise AssertionError("not reached: the last unit returns")
