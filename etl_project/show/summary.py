"""The end of a refresh: what changed, what there is now, what was rejected, and the next command to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl_project.checks.check import CheckResult
from etl_project.database.publish import Published
from etl_project.load.merge import commits_in_words
from etl_project.reasons import WARNINGS
from etl_project.refresh.result import TablesLoaded
from etl_project.show.console import bytes_in_words, command, safe
from etl_project.show.query import open_published
from etl_project.show.warnings import show_warnings

MISSED_NAMED = 10


def show_summary(
    tables: TablesLoaded,
    published: Published,
    aggregates: Mapping[str, int],
    checks: Sequence[CheckResult],
    console: Console,
) -> None:
    """Print what a refresh did and what may be tried next."""
    rows = tables.rows
    changes = ", ".join(f"{count:,} {change.replace('_', ' ')}" for change, count in tables.changes.items())
    table = Table(show_header=False, show_edge=False, box=None, pad_edge=False)
    table.add_column(style="cyan")
    with open_published(published.path) as con:
        reasons = con.execute("SELECT reason, count(*) FROM rejected_files GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
        half_written = len(con.execute("SELECT path FROM post_files WHERE is_deferred").fetchall())
        warned = con.execute(
            "SELECT w, count(*) FROM (SELECT unnest(warnings) AS w FROM post_files) GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
    table.add_row(
        "articles",
        f"{rows['articles']:,}, {rows['articles_live']:,} of them out now ({changes or 'no article changed'})",
    )
    table.add_row(
        "files",
        f"{rows['post_files']:,} listed, {tables.files_read:,} read ({bytes_in_words(tables.bytes_read)}), "
        f"{rows['rejected_files']:,} rejected",
    )
    if commits := commits_in_words(tables.commits):
        table.add_row("commit", safe(commits))
    table.add_row("terms", f"{rows['categories']:,} categories, {rows['tags']:,} tags, {rows['authors']:,} authors")
    table.add_row("aggregates", f"{len(aggregates):,} tables, {sum(aggregates.values()):,} rows")
    passed = sum(check.passed for check in checks)
    table.add_row("checks", f"{passed:,} of {len(checks):,} hold")
    table.add_row("published", f"{published.path} ({bytes_in_words(published.size)}), refresh {published.generation}")
    times = ", ".join(f"{stage} {ms / 1000:.2f} s" for stage, ms in tables.milliseconds.items())
    table.add_row("time", f"{times}, publish {published.milliseconds / 1000:.2f} s")
    console.print(table)
    if warned:
        console.print(Text("\nLoaded with warnings", style="bold"))
        for code, count in warned:
            console.print(Text.assemble(f"  {count:>6,}  ", (code, "yellow"), f"  {WARNINGS.get(code, '')}"))
    if half_written:
        console.print(f"\n{half_written:,} files were caught half written: their last good rows stay for now.")
    if reasons:
        console.print(Text("\nRejected", style="bold"))
        for reason, count in reasons:
            console.print(Text.assemble(f"  {count:>6,}  ", (reason, "red")))
    show_warnings([check for check in checks if not check.passed], console)
    if tables.missed:
        console.print(
            Text.assemble(
                ("\nAlarm: ", "red"),
                f"{len(tables.missed):,} files had other bytes although their size, times and inode had not. They "
                "are loaded now. Something writes behind the back of the file system, or the disk is failing.",
            )
        )
        for path in tables.missed[:MISSED_NAMED]:
            console.print(Text("  ").append_text(safe(path)))
    for source, why in tables.unavailable.items():
        console.print(
            Text.assemble(
                ("\nNot read: ", "red"),
                safe(f"the source {source}: {why}. Its articles are kept as they were."),
            )
        )
    console.print(Text("\nTry next", style="bold"))
    if reasons:
        console.print(f"  {command()} rejected    # why each file was rejected and what to do")
    console.print(f'  {command()} sql "SELECT * FROM articles_by_month ORDER BY month DESC"')
    if published.generation > 1:
        console.print(f"  {command()} changes     # what this refresh changed, and which counts it moved")
    console.print(f"  {command()} ui          # the same refresh in Dagster, on a schedule")
