"""Print the summary of a refresh: changes, totals, rejected files, warnings; and the next command to try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl_project.checks.check import CheckResult
from etl_project.database.publish import Published
from etl_project.load.refresh_log import commits_in_words
from etl_project.refresh.result import TablesLoaded
from etl_project.show.console import (
    bytes_in_words,
    call,
    count_of,
    endings_in_words,
    print_hanging,
    print_table,
    safe,
    shown_path,
)
from etl_project.show.news import Findings, show_findings, standing_in_words
from etl_project.show.nodes import nodes_in_words
from etl_project.show.warnings import show_warnings
from etl_project.show.warnings import standing_in_words as standing_warnings_in_words

MISSED_PATHS_SHOWN = 10


def show_summary(
    tables: TablesLoaded,
    published: Published,
    aggregates: Mapping[str, int],
    checks: Sequence[CheckResult],
    others: Sequence[bool],
    spent: Mapping[str, float],
    total: float,
    found: Findings,
    before: Path,
    console: Console,
) -> None:
    """Print the results of a refresh that was published.

    Args:
        tables: result of loading the tables.
        published: result of publishing.
        aggregates: name of each aggregate that was built -> number of rows.
        checks: results of all checks of the tables.
        others: whether the checks passed that Dagster shows besides.
        spent: stage -> seconds.
        total: seconds since the command was called.
        found: the warnings and rejections in it.
        before: the file that was published before, where there was one.
        console: the console to print to.
    """
    rows = tables.rows
    changes = changes_in_words(tables.changes)
    table = Table(show_header=False, show_edge=False, box=None, pad_edge=False)
    table.add_column(style="cyan")
    warned = [check for check in checks if not check.passed]
    table.add_row(
        "articles",
        f"{rows['articles']:,}, {rows['articles_live']:,} of them live now ({changes})",
    )
    table.add_row(
        "files",
        f"{rows['post_files']:,} listed, {tables.files_read:,} read ({bytes_in_words(tables.bytes_read)}), "
        f"{rows['rejected_files']:,} rejected",
    )
    if tables.nodes:
        table.add_row("nodes", safe(nodes_in_words(tables.nodes)))
    if tables.not_read:
        table.add_row("not read", endings_in_words(tables.not_read))
    if commits := commits_in_words(tables.commits):
        table.add_row("commit", safe(commits))
    table.add_row("terms", _describe_terms(rows))
    table.add_row("aggregates", f"{count_of(len(aggregates), 'table')}, {count_of(sum(aggregates.values()), 'row')}")
    passed = sum(check.passed for check in checks) + sum(others)
    covered = rows_checked_in_words(checks)
    table.add_row("checks", f"{passed:,} of {len(checks) + len(others):,} passed, on {covered}")
    table.add_row(
        "published", f"{shown_path(published.path)} ({bytes_in_words(published.size)}), refresh {published.generation}"
    )
    table.add_row("time", times_in_words(spent, total))
    print_table(table, console)
    show_findings(found, console)
    show_warnings(warned, console)
    if published.was_written_into:
        if not any(check.new for check in warned):  # else the warnings above begin with an empty line
            console.print()
        print_hanging(console, Text("Warning: ", style="yellow"), Text(_describe_written_into(published.path, before)))
    if tables.missed:
        console.print(
            Text.assemble(
                ("\nAlarm: ", "red"),
                _describe_missed(len(tables.missed)),
            )
        )
        for path in tables.missed[:MISSED_PATHS_SHOWN]:
            console.print(Text("  ").append_text(safe(path)))
    for source, reason in tables.unavailable.items():
        if source not in tables.still_unavailable:
            console.print(
                Text.assemble(
                    ("\nNot read: ", "red"),
                    safe(f"the source {source}: {reason}. Its articles are kept as they were."),
                )
            )
    if still := sorted(tables.still_unavailable):
        told = f"the source{'s' if len(still) > 1 else ''} {', '.join(still)}. Why: {call('status')}"
        console.print(Text.assemble(("\nNot read, as before: ", "red"), safe(told)))
    standing = [words for words in (standing_in_words(found), standing_warnings_in_words(warned)) if words]
    if standing:
        console.print(Text(f"\nAs before: {'; '.join(standing)}. All: {call('status')}", style="dim"))


def show_next(tables: TablesLoaded, console: Console) -> None:
    """Print the commands that a person may want after a refresh."""
    console.print(Text("\nTry next", style="bold"))
    width = len(call("rejected"))

    def suggest(words: str, remark: str) -> None:
        console.print(safe(f"  {call(words):<{width}}    # {remark}"))

    if tables.rows["rejected_files"]:
        suggest("rejected", "why each file was rejected and what to do")
    asked = call('sql "SELECT * FROM articles_by_month ORDER BY month DESC"')
    console.print(safe(f"  {asked}"))
    if tables.generation > 1:
        suggest("changes", "what this refresh changed, counts included")
    suggest("ui", "the same refresh in Dagster, on a schedule")


def changes_in_words(changes: Mapping[str, int]) -> str:
    """Say how many articles a refresh changed, and how: `2 added, 1 came out`."""
    told = [f"{count:,} {change.replace('_', ' ')}" for change, count in changes.items()]
    return ", ".join(told) or "no article changed"


def times_in_words(spent: Mapping[str, float], total: float) -> str:
    """Say where the time went, to the hundredth of a second; what no stage took, Dagster did.

    Args:
        spent: stage -> seconds.
        total: seconds in all.
    """
    rounded = {stage: round(seconds, 2) for stage, seconds in spent.items()}
    if (rest := round(total, 2) - sum(rounded.values())) >= 0.01:
        rounded["Dagster"] = rest
    return f"{total:.2f} s: {', '.join(f'{stage} {seconds:.2f}' for stage, seconds in rounded.items())}"


def rows_checked_in_words(checks: Iterable[CheckResult]) -> str:
    """Say which rows the blocking checks of a refresh covered."""
    return "all rows" if all(check.checked_all_rows for check in checks) else "the rows that changed"


def _describe_terms(rows: Mapping[str, int]) -> str:
    categories = count_of(rows["categories"], "category", "categories")
    return f"{categories}, {count_of(rows['tags'], 'tag')}, {count_of(rows['authors'], 'author')}"


def _describe_written_into(published: Path, before: Path) -> str:
    return (
        f"{published.name} was not as it had been published: something wrote into it, or took its place. It is "
        f"published anew, and until the next refresh {before.name} is what was there, if that could be opened. Keep "
        "tables of your own in another file, and attach this one."
    )


def _describe_missed(count: int) -> str:
    subject = "1 file has changed although its" if count == 1 else f"{count:,} files have changed although their"
    verb = "It is" if count == 1 else "They are"
    return (
        f"{subject} size, times and inode have not. {verb} loaded now. Either a program writes to the disk without the "
        "file system noticing, or the disk is failing."
    )


def show_failure(
    reason: str | None,
    checks: Sequence[CheckResult],
    published: Path,
    run_id: str | None,
    console: Console,
    *,
    is_published: bool = False,
) -> None:
    """Print why a refresh failed, and what to do about it.

    Args:
        reason: why, in a sentence.
        checks: results of the checks that ran.
        published: the published file.
        run_id: the run in Dagster, if it was recorded.
        console: the console to print to.
        is_published: whether the file was published before the step that failed.
    """
    console.print(f"The refresh failed: {reason}", style="red")
    failed = [result for result in checks if result.check.is_blocking and not result.passed]
    for result in failed:
        check = result.check
        violations = count_of(result.violations, "row violates", "rows violate")
        console.print(f"  {check.name}: {check.description} {violations} it:")
        for line in result.sample:
            console.print(safe(f"    {line}"))
    if failed:
        console.print(f"If no post explains that, build every table anew: {call('refresh --full')}")
    state = "was published before that" if is_published else "is as it was"
    see = f" See the run in Dagster with: {call('ui')} (run {run_id})" if run_id else ""
    console.print(f"{published} {state}.{see}")
