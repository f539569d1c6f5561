"""Progress of the batches: a bar on a terminal, a line now and then elsewhere."""

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

LINE_EVERY_SECONDS = 5.0


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} posts/s" if task.speed else "", style="dim")


@contextmanager
def progress(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show how far the batches are.

    Yields:
        A function of (files done, files in all).
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

    def line(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LINE_EVERY_SECONDS or not done:
            return
        last = now
        speed = done / (now - began)
        left = (total - done) / speed
        console.print(f"read {done:,} of {total:,} files, {speed:,.0f} a second, about {left:,.0f} s left")

    yield line
