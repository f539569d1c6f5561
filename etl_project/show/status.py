"""Where things stand: the published file, its sources, the last refresh, who is at work."""

from __future__ import annotations

import datetime as dt

import duckdb
from rich.console import Console
from rich.table import Table

from etl_project.checks.run import warnings
from etl_project.database.contract import schema_version
from etl_project.database.lock import describe_holder
from etl_project.database.work_file import WorkFile, generation
from etl_project.settings import Settings
from etl_project.show.console import bytes_in_words, safe
from etl_project.show.query import open_published
from etl_project.show.warnings import show_warnings

_SOURCES = """
SELECT s.source_id, s.dialect,
    count(f.path) AS files, count(*) FILTER (WHERE f.status = 'rejected') AS rejected,
    (SELECT count(*) FROM articles AS a WHERE a.source_id = s.source_id) AS articles,
    (SELECT max(published_on) FROM articles_live AS a WHERE a.source_id = s.source_id) AS latest
FROM sources AS s LEFT JOIN post_files AS f ON f.source_id = s.source_id
GROUP BY ALL ORDER BY 1
"""


def show_status(settings: Settings, console: Console) -> None:
    """Print where things stand.

    Raises:
        NoWarehouse: nothing has been published yet.
    """
    work = WorkFile(settings.warehouse.path)
    if holder := work.lock.holder():
        console.print(f"At work now: {describe_holder(holder)}.")
    path = settings.warehouse.path
    with open_published(path) as con:
        sources = con.execute(_SOURCES).fetchall()
        last = con.execute(
            """
            SELECT refresh_id, as_of, files_read, list_milliseconds + extract_milliseconds + load_milliseconds
                + coalesce(aggregate_milliseconds, 0), source_commit
            FROM refreshes ORDER BY refresh_id DESC LIMIT 1
            """
        ).fetchone()
        looked_at = _looked_at(work)
        # A file of another version may lack what the checks read; the next refresh builds it anew.
        is_ours = generation(con).schema_version == schema_version()
        warned = warnings(con, settings.checks, looked_at) if is_ours else []
    info = path.stat()
    console.print(f"{path}: {bytes_in_words(info.st_size)}, published {_ago(info.st_mtime)}")
    if last:
        number, as_of, read, milliseconds, commit = last
        console.print(
            f"Refresh {number}: as of {as_of:%Y-%m-%d %H:%M:%S} UTC, {read:,} files read in {milliseconds / 1000:.1f} s"
        )
        if commit:
            console.print(safe(f"Read at commit {commit}"))
    if looked_at:
        console.print(f"Last look: {_ago(looked_at.timestamp())}")
    for name, (why, since) in work.outages().items():
        first = _ago(dt.datetime.fromisoformat(since).timestamp())
        outage = (
            f"The source {name} could not be read, first {first}: {why}. Its articles are kept as they were. "
            "Bring it back or correct its location, then: etl refresh"
        )
        console.print(safe(outage, "red"))
    if unpublished := _unpublished(work, last[0] if last else 0):
        console.print(unpublished, style="yellow")
    table = Table(header_style="bold", show_edge=False)
    for name in ("source", "dialect", "files", "rejected", "articles", "latest"):
        table.add_column(name, justify="right" if name in ("files", "rejected", "articles") else "left")
    for source_id, dialect, files, rejected, articles, latest in sources:
        table.add_row(safe(source_id), dialect, f"{files:,}", f"{rejected:,}", f"{articles:,}", safe(latest))
    console.print(table)
    if any(row[3] for row in sources):
        console.print("See why files were rejected: etl rejected", style="dim")
    show_warnings(warned, console)


def _looked_at(work: WorkFile) -> dt.datetime | None:
    looked_at = work.last_look().get("looked_at")
    return dt.datetime.fromisoformat(looked_at) if isinstance(looked_at, str) else None


def _unpublished(work: WorkFile, published: int) -> str | None:
    try:
        with work.opened(read_only=True) as con:
            present = generation(con)
    except (FileNotFoundError, duckdb.Error):
        return None
    if present.number == published:
        return None
    if present.state == "failed":
        return f"Refresh {present.number} broke a check and was not published. Try again: etl refresh"
    return f"Refresh {present.number} is {present.state} but not published yet. Go on: etl refresh"


def _ago(timestamp: float) -> str:
    seconds = max(0, dt.datetime.now(dt.UTC).timestamp() - timestamp)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
