"""Print the results of failed checks that block nothing: one line for each violating row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from etl_project.checks.check import CheckResult
from etl_project.show.console import count_of, print_hanging, safe


def show_warnings(results: Sequence[CheckResult], console: Console) -> None:
    """Print one warning for each sampled row of each result, and how many more rows there are.

    Args:
        results: results of failed checks; none prints nothing. Rows that stand since an earlier refresh are left out.
        console: the console to print to.
    """
    told = [result for result in results if result.new]
    if told:
        console.print()
    for result in told:
        new = result.sample[: result.new]
        for line in new:
            print_hanging(console, Text("Warning: ", style="yellow"), safe(line))
        if more := result.new - len(new):
            console.print(Text.assemble(("Warning: ", "yellow"), f"and {more:,} more ({result.check.name})"))


def standing_in_words(results: Sequence[CheckResult]) -> str:
    """Say how many warnings of checks stand since earlier refreshes; empty where none does."""
    since = [number for result in results for number in result.standing_since]
    if not since:
        return ""
    oldest = "since" if len(set(since)) == 1 else "the oldest since"
    return f"{count_of(len(since), 'warning')} of checks, {oldest} refresh {min(since)}"
