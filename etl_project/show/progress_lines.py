"""What a person sees of a refresh that is at work, where there is no terminal: a line every few seconds."""

from __future__ import annotations

import time

from rich.console import Console

from etl_project.refresh.stages import StageName

SECONDS_BETWEEN_LINES = 5.0

STAGE_WORDS: dict[StageName, str] = {
    "list": "Listing",
    "read": "Reading",
    "load": "Loading",
    "relate": "Relating",
    "aggregate": "Aggregating",
    "check": "Checking",
    "publish": "Publishing",
    "page": "Writing the page",
    "record": "Dagster",
}
"""Stage -> what is shown of it."""


class Display:
    """Prints a line now and then."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last = time.monotonic()
        self._began = self._last

    def enter(self, stage: StageName) -> None:
        """Take notice of a stage that begins."""
        self._began = time.monotonic()
        if self._is_time():
            self.console.print(f"{STAGE_WORDS[stage]} ...")

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
