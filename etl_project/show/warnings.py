"""Print the results of failed checks that block nothing: one line for each violating row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from etl_project.checks.check import CheckResult
from etl_project.show.console import print_hanging, safe


def show_warnings(results: Sequence[CheckResult], console: Console) -> None:
    """Print one warning for each sampled row of each result, and how many more rows there are.

    Args:
        results: results of failed checks; none prints nothing.
        console: the console to print to.
    """
    if results:
        console.print()
    for result in results:
        for line in result.sample:
            print_hanging(console, Text("Warning: ", style="yellow"), safe(line))
        if result.violations > len(result.rows):
            more = result.violations - len(result.rows)
            console.print(Text.assemble(("Warning: ", "yellow"), f"and {more:,} more ({result.check.name})"))
