"""Show what a refresh is doing: its stage and a bar on a terminal, elsewhere a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from etl_project.refresh.stages import StageName

SECONDS_BETWEEN_LINES = 5.0

_WORDS: dict[StageName | None, str] = {
    "list": "Listing",
    "read": "Reading",
    "load": "Loading",
    "relate": "Relating",
    "aggregate": "Aggregating",
    "check": "Checking",
    "publish": "Publishing",
    None: "Dagster",
}
"""Stage -> what is shown of it; between the stages, Dagster records the run."""


class Display:
    """What a person sees of a refresh, elsewhere than on a terminal: a line now and then."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last = time.monotonic()
        self._began = self._last

    def enter(self, stage: StageName | None) -> None:
        """Take notice of a stage that begins."""
        self._began = time.monotonic()
        if self._is_time():
            self.console.print(f"{_WORDS[stage]} ...")

    def expect(self, total: int) -> None:
        """Take notice of how many files are to be read."""

    def report(self, done: int, total: int) -> None:
        """Take notice of files that were read: how many of how many."""
        if done and self._is_time():
            speed = done / (self._last - self._began)
            left = f"{speed:,.0f} a second, about {(total - done) / speed:,.0f} s left"
            self.console.print(f"read {done:,} of {total:,} files, {left}")

    def close(self) -> None:
        """Show nothing more."""

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return False
        self._last = now
        return True


class BarDisplay(Display):
    """The same on a terminal: the stage, a bar, and how long it has taken."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.bar = Progress(
            TextColumn("{task.description:<11}"),
            BarColumn(),
            _Files(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._total: int | None = None
        self._task = self.bar.add_task(_WORDS["list"], total=None)

    def enter(self, stage: StageName | None) -> None:
        """Show a stage that begins."""
        self.bar.remove_task(self._task)
        self._task = self.bar.add_task(_WORDS[stage], total=self._total if stage == "read" else None)

    def expect(self, total: int) -> None:
        """Show how many files are to be read as soon as reading begins."""
        self._total = total

    def report(self, done: int, total: int) -> None:
        """Show how many files have been read."""
        self.bar.update(self._task, completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        self.bar.stop()


class _Files(ProgressColumn):
    """Number of files and speed, where they are known."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        speed = f", {task.speed:,.0f} a second" if task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} files{speed}")


@contextmanager
def progress(console: Console) -> Iterator[Display]:
    """Show what a refresh is doing until it ends.

    Yields:
        What is to be told of stages and files.
    """
    if not console.is_terminal:
        yield Display(console)
        return
    display = BarDisplay(console)
    with display.bar:
        yield display
