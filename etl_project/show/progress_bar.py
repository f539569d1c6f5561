"""The stage of a refresh on a terminal. A file of its own: what draws bars takes a while to import."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from etl_project.refresh.stages import StageName
from etl_project.show.progress_lines import STAGE_WORDS, Display


class BarDisplay(Display):
    """Shows the stage, a bar, and how long the stage has taken."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.bar = Progress(
            TextColumn("{task.description:<11}"),
            BarColumn(bar_width=20),
            _Files(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._total: int | None = None
        self._task = self.bar.add_task(STAGE_WORDS["list"], total=None)

    def enter(self, stage: StageName) -> None:
        """Show a stage that begins."""
        self.bar.remove_task(self._task)
        self._task = self.bar.add_task(STAGE_WORDS[stage], total=self._total if stage == "read" else None)

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
    """Number of files and their speed since reading began, where they are known."""

    def __init__(self) -> None:
        super().__init__(table_column=Column(no_wrap=True))

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        speed = f", {task.completed / task.elapsed:,.0f}/s" if task.completed and task.elapsed else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} files{speed}")
