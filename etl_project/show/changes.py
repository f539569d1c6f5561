"""Print what refreshes changed: articles by source and kind of change, counts by date and category, some articles."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import call, count_of, print_hanging, print_table, safe
from etl_project.show.query import published_tables
from etl_project.show.times import Clock

_KINDS = ("added", "changed", "moved", "deleted", "rejected", "restored", "came_out", "expired")
_COUNTS_SHOWN = 30
_DAYS_AGO = {"today": 0, "yesterday": 1, "last week": 7}
"""Words -> how many days ago the day began with which it begins."""

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


_KINDS_CHANGED = "SELECT source_id, change, count(*) FROM selected_changes GROUP BY ALL ORDER BY ALL"

_ARTICLES = """
SELECT refresh_id, change, source_id, path, old_path, title FROM selected_changes
ORDER BY refresh_id DESC, change, source_id, path LIMIT $limit
"""

_KIND_NAMES = ("source", "change", "articles")
_COUNT_NAMES = ("source", "date", "category", "more", "fewer")
_ARTICLE_NAMES = ("refresh", "change", "source", "path", "old_path", "title")


class BadSince(UserError):
    """`--since` is neither the number of a refresh nor a date or time."""

    exit_code = BAD_USAGE


@dataclass(frozen=True, slots=True)
class Changes:
    """What some refreshes changed."""

    refreshes: int
    is_first: bool
    """It is the first refresh alone, which added everything."""
    first_as_of: dt.datetime | None
    last_as_of: dt.datetime | None
    time_zone: str
    """Zone in which times are shown to people."""
    kinds: list[tuple[str, str, int]]
    """Source, kind of change, articles."""
    counts: list[tuple[str, dt.date, str, int, int]]
    """Source, day, category, articles more, articles fewer."""
    articles: list[tuple[int, str, str, str, str | None, str | None]]
    """Refresh, kind of change, source, path, path before, title."""
    articles_in_all: int

    def as_json(self) -> dict[str, object]:
        """The same as values of JSON, with a name for each."""
        lists = {"kinds": _KIND_NAMES, "counts": _COUNT_NAMES, "articles": _ARTICLE_NAMES}
        return asdict(self) | {
            name: [dict(zip(names, row, strict=True)) for row in getattr(self, name)] for name, names in lists.items()
        }


def read_changes(published: Path, since: str | None, limit: int) -> Changes:
    """Read the changes after a refresh or a time; by default those of the last refresh.

    Args:
        published: the published file.
        since: number of a refresh, or a date or time (that of the sources if it has no zone), or how long ago.
        limit: most articles that are listed one by one.

    Raises:
        NoWarehouse: nothing has been published yet.
        OtherVersion: the tables are those of another version.
        BadSince: `since` cannot be read, or no refresh has that number.
    """
    with published_tables(published) as con:
        clock = Clock(zone for (zone,) in con.execute("SELECT DISTINCT time_zone FROM sources").fetchall())
        last = con.execute("SELECT max(refresh_id) FROM refreshes").fetchone()
        after, moment = _parse_since(since, last[0] if last and last[0] else 0, clock)
        con.execute(_SELECT_CHANGES, {"after": after, "since": moment})
        refreshes = con.execute(
            "SELECT count(*), min(as_of), max(as_of), max(refresh_id) FROM refreshes "
            "WHERE refresh_id > $after AND as_of >= $since",
            {"after": after, "since": moment},
        ).fetchone()
        assert refreshes is not None, "an aggregate without GROUP BY has one row"
        articles = con.execute(_ARTICLES, {"limit": limit}).fetchall()
        kinds = con.execute(_KINDS_CHANGED).fetchall()
        return Changes(
            refreshes=refreshes[0],
            is_first=refreshes[0] == 1 and refreshes[3] == 1,
            first_as_of=refreshes[1],
            last_as_of=refreshes[2],
            time_zone=clock.name,
            kinds=kinds,
            counts=con.execute(_CHANGED_COUNTS).fetchall(),
            articles=articles,
            articles_in_all=sum(number for _, _, number in kinds),
        )


def show_changes(changes: Changes, console: Console) -> None:
    """Print what refreshes changed.

    Args:
        changes: the changes.
        console: the console to print to.
    """
    first, latest = changes.first_as_of, changes.last_as_of
    if not changes.refreshes or first is None or latest is None:
        console.print("No refresh has changed anything since then.")
        return
    clock = Clock([changes.time_zone])
    when = f"{clock.time(first)} to {clock.at(latest)}" if changes.refreshes > 1 else clock.at(latest)
    console.print(f"{count_of(changes.refreshes, 'refresh', 'refreshes')}, {when}\n")
    if not changes.kinds:
        console.print("No article changed: files were touched, rejected or renamed, or settings changed.")
        return
    _show_kinds(changes.kinds, console)
    if changes.is_first:
        asked = call('sql "FROM articles_by_date"')
        console.print(safe(f"\nIt is the first refresh: every article is new. To see how many there are: {asked}"))
        return
    _show_counts(changes.counts, console)
    _show_articles(changes, console)


def _parse_since(since: str | None, last: int, clock: Clock) -> tuple[int, dt.datetime]:
    """Parse `since`. Returns (number of a refresh, time): changes after the refresh and not before the time count."""
    earliest = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    if since is None:
        return last - 1, earliest
    if (ago := _parse_ago(since, clock)) is not None:
        return 0, ago
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
            f"{since!r} is neither the number of a refresh nor a time; write --since 12, --since yesterday, "
            "--since 7d, --since 2026-01-31 or --since 2026-01-31T08:00:00+08:00"
        ) from None
    return 0, clock.localized(moment)


def _parse_ago(since: str, clock: Clock) -> dt.datetime | None:
    """Parse a time in words: `today`, `yesterday`, `last week`, `36h`, `7d`, `2w`. None where it is no such words."""
    words = " ".join(since.lower().split())
    if words in _DAYS_AGO:
        return clock.day_begin(_DAYS_AGO[words])
    if match := re.fullmatch(r"([0-9]{1,4}) ?([hdw])", words):
        unit = {"h": dt.timedelta(hours=1), "d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}[match[2]]
        return dt.datetime.now(dt.UTC) - int(match[1]) * unit
    return None


def _show_kinds(rows: list[tuple[str, str, int]], console: Console) -> None:
    counts = {(source_id, change): count for source_id, change, count in rows}
    kinds = [kind for kind in _KINDS if any(change == kind for _, change in counts)]
    table = Table(header_style="bold", show_edge=False)
    table.add_column("source")
    for kind in kinds:
        table.add_column(kind.replace("_", " "), justify="right")
    for source_id in sorted({source_id for source_id, _ in counts}):
        table.add_row(safe(source_id), *(f"{counts.get((source_id, kind), 0):,}" for kind in kinds))
    print_table(table, console)


def _show_counts(rows: list[tuple[str, dt.date, str, int, int]], console: Console) -> None:
    if not rows:
        console.print("\nNo count by date and category changed.")
        return
    table = Table(header_style="bold", show_edge=False, title="\nChanged counts", title_justify="left")
    for name in ("date", "source", "category", "more", "fewer", "net"):
        table.add_column(name, justify="right" if name in ("more", "fewer", "net") else "left")
    for source_id, day, category, more, fewer in rows[:_COUNTS_SHOWN]:
        table.add_row(str(day), safe(source_id), safe(category), f"{more:,}", f"{fewer:,}", f"{more - fewer:+,}")
    print_table(table, console)
    if len(rows) > _COUNTS_SHOWN:
        console.print(f"... and {len(rows) - _COUNTS_SHOWN:,} more.", style="dim")


def _show_articles(changes: Changes, console: Console) -> None:
    if changes.articles:
        console.print(Text("\nArticles", style="bold"))
        console.print(Text("refresh  change     file and title", style="bold"))
    for refresh_id, change, source_id, path, old_path, title in changes.articles:
        first = Text.assemble(f"{refresh_id:>7}  ", (f"{change.replace('_', ' '):<9}", "cyan"), "  ")
        rest = safe(f"{source_id}/{path}")
        if change == "moved" and old_path != path:
            rest.append_text(safe(f" from {old_path}", "dim"))
        print_hanging(console, first, rest.append_text(safe(f"  {title or ''}")))
    if changes.articles and (more := changes.articles_in_all - len(changes.articles)):
        asked = call('sql "FROM changes ORDER BY refresh_id DESC"')
        console.print(safe(f"... and {more:,} more: {asked}", "dim"))
