"""Show the progress of reading: a bar on a terminal, elsewhere a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

SECONDS_BETWEEN_LINES = 5.0


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} posts/s" if task.speed else "", style="dim")


@contextmanager
def progress(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show how many files have been read.

    Yields:
        A function to be called with (files done, files in total).
    """
    if console.is_terminal:
        with Progress(
            TextColumn("Reading posts"),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        ) as bar:
            task = bar.add_task("read", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    began = last = time.monotonic()

    def print_line(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES or not done:
            return
        last = now
        speed = done / (now - began)
        seconds_left = (total - done) / speed
        console.print(f"read {done:,} of {total:,} files, {speed:,.0f} a second, about {seconds_left:,.0f} s left")

    yield print_line
