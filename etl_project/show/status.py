"""Print the status: the published file, its sources, the last refresh, and a refresh that is running."""

from __future__ import annotations

import datetime as dt

import duckdb
from rich.console import Console
from rich.table import Table

from etl_project.checks.run import warnings
from etl_project.database.contract import schema_version
from etl_project.database.generation import GenerationState, generation
from etl_project.database.lock import describe_holder
from etl_project.database.work_file import WorkFile
from etl_project.settings import Settings
from etl_project.show.console import bytes_in_words, count_of, safe
from etl_project.show.query import published_tables
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
    """Print the status of the warehouse.

    Args:
        settings: the settings, which name the warehouse.
        console: the console to print to.

    Raises:
        NoWarehouse: nothing has been published yet, or the published file cannot be opened.
    """
    work = WorkFile(settings.warehouse.path)
    if holder := work.lock.holder():
        console.print(f"Running now: {describe_holder(holder)}.")
    path = settings.warehouse.path
    with published_tables(path) as con:
        sources = con.execute(_SOURCES).fetchall()
        last = con.execute(
            """
            SELECT refresh_id, as_of, files_read, list_milliseconds + extract_milliseconds + load_milliseconds
                + coalesce(aggregate_milliseconds, 0), source_commit
            FROM refreshes ORDER BY refresh_id DESC LIMIT 1
            """
        ).fetchone()
        checked_at = work.last_plan.planned_at()
        # A file of another schema version may lack columns that the checks read; the next refresh rebuilds it.
        is_current = generation(con).schema_version == schema_version()
        warned = warnings(con, settings.checks, checked_at) if is_current else []
    info = path.stat()
    console.print(f"{path}: {bytes_in_words(info.st_size)}, published {_ago(info.st_mtime)}")
    if last:
        number, as_of, files_read, milliseconds, commit = last
        read = f"{count_of(files_read, 'file')} read in {milliseconds / 1000:.1f} s"
        console.print(f"Refresh {number}: as of {as_of:%Y-%m-%d %H:%M:%S} UTC, {read}")
        if commit:
            console.print(safe(f"Read at commit {commit}"))
    if checked_at:
        console.print(f"Last checked: {_ago(checked_at.timestamp())}")
    for name, (reason, since) in work.last_plan.outages().items():
        first = _ago(dt.datetime.fromisoformat(since).timestamp())
        outage = (
            f"The source {name} could not be read, first {first}: {reason}. Its articles are kept as they were. "
            "Bring it back or correct its location, then: etl refresh"
        )
        console.print(safe(outage, "red"))
    if unpublished := _describe_unpublished(work, last[0] if last else 0):
        console.print(unpublished, style="yellow")
    table = Table(header_style="bold", show_edge=False)
    for name in ("source", "dialect", "files", "rejected", "articles", "latest"):
        table.add_column(name, justify="right" if name in ("files", "rejected", "articles") else "left")
    for source_id, dialect, files, rejected, articles, latest in sources:
        table.add_row(safe(source_id), dialect, f"{files:,}", f"{rejected:,}", f"{articles:,}", safe(latest))
    console.print(table)
    if any(row[3] for row in sources):
        console.print("To see why files were rejected: etl rejected", style="dim")
    show_warnings(warned, console)


def _describe_unpublished(work: WorkFile, published: int) -> str | None:
    """Describe the generation of the work file, if it is not the published one."""
    try:
        with work.opened(read_only=True) as con:
            current = generation(con)
    except (FileNotFoundError, duckdb.Error):
        return None
    if current.number == published:
        return None
    if current.state is GenerationState.FAILED:
        return f"Refresh {current.number} failed a check and was not published. To try again: etl refresh"
    state = str(current.state).replace("_", " ")
    return f"Refresh {current.number} is not published yet (state: {state}). To go on: etl refresh"


def _ago(timestamp: float) -> str:
    seconds = max(0, dt.datetime.now(dt.UTC).timestamp() - timestamp)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
