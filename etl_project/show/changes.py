"""Print what refreshes changed: articles by source and kind of change, counts by date and category, some articles."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import command, safe
from etl_project.show.query import published_tables

_KINDS = ("added", "changed", "moved", "deleted", "rejected", "restored", "came_out", "expired")
_COUNTS_SHOWN = 30

_SELECT_CHANGES = """
CREATE TEMP TABLE selected_changes AS SELECT * FROM changes WHERE refresh_id > $after AND seen_at >= $since
"""

# For each source, date and category the number of articles gained and lost. An article counts once for its date and
# each of its categories, as in articles_by_date_category.
_CHANGED_COUNTS = """
WITH counted AS (
    SELECT refresh_id, article_id, source_id, unnest([old_published_on, new_published_on]) AS published_on,
        unnest([if(was_live, old_categories, NULL), if(is_live, new_categories, NULL)]) AS categories,
        unnest([-1, 1]) AS sign
    FROM selected_changes
), by_article AS (
    SELECT refresh_id, article_id, source_id, published_on,
        unnest(if(categories = [], ['(none)'], categories)) AS category, sign
    FROM counted WHERE categories IS NOT NULL AND published_on IS NOT NULL
), net AS (
    SELECT source_id, published_on, category, sum(sign) AS net
    FROM by_article GROUP BY refresh_id, article_id, source_id, published_on, category HAVING sum(sign) <> 0
)
SELECT source_id, published_on, category, coalesce(sum(net) FILTER (net > 0), 0)::BIGINT AS more,
    coalesce(-sum(net) FILTER (net < 0), 0)::BIGINT AS fewer
FROM net GROUP BY ALL ORDER BY published_on DESC, source_id, category
"""


class BadSince(UserError):
    """`--since` is neither the number of a refresh nor a date or time."""

    exit_code = BAD_USAGE


def show_changes(published: Path, since: str | None, limit: int, console: Console) -> None:
    """Print the changes after a refresh or a time; by default those of the last refresh.

    Args:
        published: the published file.
        since: number of a refresh, or a date or time (UTC if it has no zone).
        limit: most articles that are listed one by one.
        console: the console to print to.

    Raises:
        NoWarehouse: nothing has been published yet.
        OtherVersion: the tables are those of another version.
        BadSince: `since` cannot be read, or no refresh has that number.
    """
    with published_tables(published) as con:
        last = con.execute("SELECT max(refresh_id) FROM refreshes").fetchone()
        after, moment = _parse_since(since, last[0] if last and last[0] else 0)
        con.execute(_SELECT_CHANGES, {"after": after, "since": moment})
        refreshes = con.execute(
            "SELECT count(*), min(as_of), max(as_of) FROM refreshes WHERE refresh_id > $after AND as_of >= $since",
            {"after": after, "since": moment},
        ).fetchone()
        assert refreshes is not None, "an aggregate without GROUP BY has one row"
        count, first, latest = refreshes
        if not count:
            console.print("No refresh has changed anything since then.")
            return
        # Before anything is printed: a file of another version may lack what is asked.
        counts = con.execute(_CHANGED_COUNTS).fetchall()
        when = f"{first:%Y-%m-%d %H:%M:%S}" + (f" to {latest:%Y-%m-%d %H:%M:%S}" if count > 1 else "")
        console.print(f"{count:,} refresh{'es' if count > 1 else ''}, {when} UTC\n")
        rows = con.execute("SELECT source_id, change, count(*) FROM selected_changes GROUP BY ALL").fetchall()
        if not rows:
            console.print("No article changed: files were touched, rejected or renamed, or settings changed.")
            return
        _show_kinds(rows, console)
        _show_counts(counts, console)
        _show_articles(con, limit, console)


def _parse_since(since: str | None, last: int) -> tuple[int, dt.datetime]:
    """Parse `since`. Returns (number of a refresh, time): changes after the refresh and not before the time count."""
    earliest = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    if since is None:
        return last - 1, earliest
    is_number = since.isascii() and since.isdigit() and len(since) < 10
    if is_number and int(since) <= last:
        return int(since), earliest
    try:
        # A number that is not that of a refresh can be a date if it has eight digits: 20260131.
        moment = dt.datetime.fromisoformat("" if is_number and len(since) != 8 else since)
    except ValueError:
        if is_number:
            raise BadSince(
                f"there is no refresh {since}, the last one is {last}; write --since {last - 1} to see what it changed"
            ) from None
        raise BadSince(
            f"{since!r} is neither the number of a refresh nor a date; write --since 12, --since 2026-01-31 or "
            "--since 2026-01-31T08:00:00+08:00"
        ) from None
    return 0, moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _show_kinds(rows: list[tuple[str, str, int]], console: Console) -> None:
    counts = {(source_id, change): count for source_id, change, count in rows}
    kinds = [kind for kind in _KINDS if any(change == kind for _, change in counts)]
    table = Table(header_style="bold", show_edge=False)
    table.add_column("source")
    for kind in kinds:
        table.add_column(kind.replace("_", " "), justify="right")
    for source_id in sorted({source_id for source_id, _ in counts}):
        table.add_row(safe(source_id), *(f"{counts.get((source_id, kind), 0):,}" for kind in kinds))
    console.print(table)


def _show_counts(rows: list[tuple[Any, ...]], console: Console) -> None:
    if not rows:
        console.print("\nNo count by date and category changed.")
        return
    table = Table(header_style="bold", show_edge=False, title="\nChanged counts", title_justify="left")
    for name in ("date", "source", "category", "more", "fewer", "net"):
        table.add_column(name, justify="right" if name in ("more", "fewer", "net") else "left")
    for source_id, day, category, more, fewer in rows[:_COUNTS_SHOWN]:
        table.add_row(str(day), safe(source_id), safe(category), f"{more:,}", f"{fewer:,}", f"{more - fewer:+,}")
    console.print(table)
    if len(rows) > _COUNTS_SHOWN:
        console.print(f"... and {len(rows) - _COUNTS_SHOWN:,} more.", style="dim")


def _show_articles(con: duckdb.DuckDBPyConnection, limit: int, console: Console) -> None:
    rows = con.execute(
        """
        SELECT refresh_id, change, source_id, path, old_path, title, count(*) OVER () FROM selected_changes
        ORDER BY refresh_id DESC, change, source_id, path LIMIT $limit
        """,
        {"limit": limit},
    ).fetchall()
    if rows:
        console.print(Text("\nArticles", style="bold"))
    for refresh_id, change, source_id, path, old_path, title, _ in rows:
        line = Text.assemble(f"  {refresh_id:>5}  ", (f"{change.replace('_', ' '):<9}", "cyan"), "  ")
        line.append_text(safe(f"{source_id}/{path}"))
        if change == "moved" and old_path != path:
            line.append_text(safe(f" from {old_path}", "dim"))
        console.print(line.append_text(safe(f"  {title or ''}")))
    if rows and rows[0][-1] > len(rows):
        console.print(
            f'  ... and {rows[0][-1] - len(rows):,} more: {command()} sql "FROM changes ORDER BY refresh_id DESC"',
            style="dim",
        )
