"""The checks that do not hold and stop nothing: one line for each row that breaks one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from etl_project.checks.check import CheckResult
from etl_project.show.console import safe


def show_warnings(results: Sequence[CheckResult], console: Console) -> None:
    """Print what people are warned of; nothing when there is nothing."""
    if results:
        console.print()
    for result in results:
        for line in result.sample:
            console.print(Text.assemble(("Warning: ", "yellow"), safe(line)))
        if result.broken > len(result.rows):
            more = result.broken - len(result.rows)
            console.print(Text.assemble(("Warning: ", "yellow"), f"and {more:,} more ({result.check.name})"))
