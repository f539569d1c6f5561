"""Show what a refresh is doing: its stage and a bar on a terminal, elsewhere a line every few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from etl_project.show.progress_lines import Display


@contextmanager
def progress(console: Console) -> Iterator[Display]:
    """Show what a refresh is doing until it ends.

    Yields:
        What is to be told of stages and files.
    """
    if not console.is_terminal:
        yield Display(console)
        return
    from etl_project.show.progress_bar import BarDisplay

    display = BarDisplay(console)
    with display.bar:
        yield display
