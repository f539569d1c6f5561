"""Print the status: the published file, its sources, the last refresh, and what failed or runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from etl_project.alerts.failures import Failures, read_failures
from etl_project.checks.check import CheckResult
from etl_project.checks.record import LastChecks, last_checks
from etl_project.checks.run import warnings
from etl_project.database.contract import schema_version
from etl_project.database.generation import GenerationState, generation
from etl_project.database.lock import describe_holder
from etl_project.database.publication_record import are_alike
from etl_project.database.work_file import WorkFile
from etl_project.settings import Settings
from etl_project.show.console import bytes_in_words, call, count_of, print_table, safe, shown_path
from etl_project.show.news import Findings, findings_in, show_findings
from etl_project.show.query import published_tables
from etl_project.show.times import Clock, ago
from etl_project.show.warnings import show_warnings

_SOURCES = """
SELECT s.source_id, s.dialect, coalesce(f.files, 0), coalesce(f.rejected, 0), coalesce(a.articles, 0), l.latest
FROM sources AS s
LEFT JOIN (
    SELECT source_id, count(*) AS files, count(*) FILTER (status = 'rejected') AS rejected FROM post_files GROUP BY ALL
) AS f ON f.source_id = s.source_id
LEFT JOIN (SELECT source_id, count(*) AS articles FROM articles GROUP BY ALL) AS a ON a.source_id = s.source_id
LEFT JOIN (
    SELECT source_id, max(published_on) AS latest FROM articles_live GROUP BY ALL
) AS l ON l.source_id = s.source_id
ORDER BY 1
"""

_LAST_REFRESH = """
SELECT refresh_id, as_of, files_read, list_milliseconds + extract_milliseconds + load_milliseconds
    + coalesce(aggregate_milliseconds, 0), source_commit
FROM refreshes ORDER BY refresh_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What the published file holds of a source."""

    source: str
    dialect: str
    files: int
    rejected: int
    articles: int
    latest: dt.date | None
    """Day of the latest live article."""


@dataclass(frozen=True, slots=True)
class LastRefresh:
    """The last refresh of the published file."""

    refresh: int
    as_of: dt.datetime
    files_read: int
    milliseconds: int
    commit: str | None


@dataclass(frozen=True, slots=True)
class SourceOutage:
    """A source that could not be read."""

    source: str
    reason: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a warehouse."""

    warehouse: str
    bytes: int
    published_at: dt.datetime
    time_zone: str
    """Zone in which times are shown to people."""
    running: str | None
    """Who refreshes it now."""
    last_refresh: LastRefresh | None
    checks: LastChecks | None
    """Which rows the checks of the published refresh covered; None where that is not known."""
    checked_at: dt.datetime | None
    """Instant of the last plan."""
    failures: Failures | None
    outages: list[SourceOutage]
    unpublished: str | None
    """What became of the generation in the work file, where it is not the published one."""
    sources: list[SourceStatus]
    findings: Findings | None
    """Files that were loaded with warnings, or rejected, by kind; None where the tables are of another version."""
    warned: list[CheckResult]

    def as_json(self) -> dict[str, object]:
        """The same as values of JSON: warnings of checks as sentences, findings in files as code -> files."""
        told = [{"check": result.check.name, "sentences": result.sample} for result in self.warned]
        kept = {name: value for name, value in asdict(self).items() if name not in ("warned", "findings")}
        found = self.findings
        return kept | {
            "warnings": told,
            "files_with_warnings": {kind.code: kind.files for kind in found.warnings} if found else {},
            "rejected_files": {kind.code: kind.files for kind in found.rejected} if found else {},
        }


def read_status(settings: Settings) -> Status:
    """Find out the status of the warehouse.

    Args:
        settings: the settings, which name the warehouse.

    Raises:
        NoWarehouse: nothing has been published yet, or the published file cannot be opened.
    """
    path = settings.warehouse.path
    work = WorkFile(path)
    holder = work.lock.holder()
    with published_tables(path) as con:
        sources = [SourceStatus(*row) for row in con.execute(_SOURCES).fetchall()]
        last = con.execute(_LAST_REFRESH).fetchone()
        checked_at = work.last_plan.planned_at()
        # A file of another schema version may lack columns that the checks read; the next refresh rebuilds it.
        is_current = generation(con).schema_version == schema_version()
        empty = {source.source for source in sources if not source.files}
        checks = last_checks(con) if is_current else None
        findings = findings_in(con, "main") if is_current else None
        warned = warnings(con, settings.checks, checked_at, _passed_over(settings, empty)) if is_current else []
    info = path.stat()
    return Status(
        warehouse=str(path),
        bytes=info.st_size,
        published_at=dt.datetime.fromtimestamp(info.st_mtime, dt.UTC),
        time_zone=Clock(source.time_zone for source in settings.sources).name,
        running=describe_holder(holder) if holder else None,
        last_refresh=LastRefresh(*last) if last else None,
        checks=checks,
        checked_at=checked_at,
        failures=read_failures(work),
        outages=[
            SourceOutage(name, reason, dt.datetime.fromisoformat(since))
            for name, (reason, since) in work.last_plan.outages().items()
        ],
        unpublished=_describe_unpublished(work, last[0] if last else 0),
        sources=sources,
        findings=findings,
        warned=warned,
    )


def _passed_over(settings: Settings, empty: Collection[str]) -> dict[str, str]:
    """What lies at the folders without posts now, in words. A repository is not asked: it may be far away."""
    if not empty:
        return {}
    from etl_project.scan.passed_over import describe_passed_over, files_passed_over
    from etl_project.sources.folder import PinnedFolder
    from etl_project.sources.place import PinnedSource

    found = {}
    for source in settings.sources:
        if source.name in empty and isinstance(source.location, Path):
            pinned = PinnedSource(source, PinnedFolder(source.location))
            found[source.name] = describe_passed_over(pinned, files_passed_over(pinned))
    return found


def show_status(settings: Settings, console: Console) -> None:
    """Print the status of the warehouse; what is wrong comes first.

    Args:
        settings: the settings, which name the warehouse.
        console: the console to print to.

    Raises:
        NoWarehouse: nothing has been published yet, or the published file cannot be opened.
    """
    status = read_status(settings)
    clock = Clock([status.time_zone])
    if status.running:
        console.print(f"Running now: {status.running}.")
    if status.failures:
        console.print(safe(_describe_failures(status.failures, clock), "red"))
    size = bytes_in_words(status.bytes)
    console.print(safe(f"{shown_path(settings.warehouse.path)}: {size}, published {ago(status.published_at)}"))
    if last := status.last_refresh:
        read = f"{count_of(last.files_read, 'file')} read in {last.milliseconds / 1000:.1f} s"
        console.print(f"Refresh {last.refresh}: as of {clock.at(last.as_of)}, {read}")
        if last.commit:
            console.print(safe(f"Read at commit {last.commit}"))
    if status.checks:
        console.print(f"Its checks covered {_describe_checks(status.checks, clock)}")
    if status.checked_at:
        console.print(f"Last checked: {ago(status.checked_at)}")
    for name, reason, since in ((outage.source, outage.reason, outage.since) for outage in status.outages):
        told = (
            f"The source {name} could not be read, first {ago(since)}: {reason}. Its articles are kept as they were. "
            f"Bring it back or correct its location, then: {call('refresh')}"
        )
        console.print(safe(told, "red"))
    if status.unpublished:
        console.print(status.unpublished, style="yellow")
    print_table(_source_table(status.sources), console)
    if status.findings:
        show_findings(status.findings, console)
    if any(source.rejected for source in status.sources):
        console.print(f"To see why files were rejected: {call('rejected')}", style="dim")
    show_warnings(status.warned, console)


def _source_table(sources: list[SourceStatus]) -> Table:
    table = Table(header_style="bold", show_edge=False)
    for name in ("source", "dialect", "files", "rejected", "articles", "latest"):
        table.add_column(name, justify="right" if name in ("files", "rejected", "articles") else "left")
    for s in sources:
        latest = safe("" if s.latest is None else s.latest)
        table.add_row(safe(s.source), s.dialect, f"{s.files:,}", f"{s.rejected:,}", f"{s.articles:,}", latest)
    return table


def _describe_failures(failures: Failures, clock: Clock) -> str:
    last = f"{ago(failures.last_at)} ({clock.at(failures.last_at)})"
    if failures.count == 1:
        return f"The last refresh failed or was stopped {last}: {failures.sentence}"
    return (
        f"The last {failures.count:,} refreshes failed or were stopped, the first {ago(failures.first_at)}, the last "
        f"{last}: {failures.sentence}"
    )


def _describe_checks(checks: LastChecks, clock: Clock) -> str:
    if checks.checked_all_rows:
        return "all rows"
    return f"the rows that changed; all rows were covered as of {clock.at(checks.all_rows_as_of)}"


def _describe_unpublished(work: WorkFile, published: int) -> str | None:
    """Describe the generation of the work file, if it is not the published one."""
    if are_alike(work.path, work.published):
        return None  # to open the work file takes a tenth of the time of `etl status`
    try:
        with work.opened(read_only=True) as con:
            current = generation(con)
    except (FileNotFoundError, duckdb.Error):
        return None
    if current.number == published:
        return None
    if current.state is GenerationState.FAILED:
        return f"Refresh {current.number} failed a check and was not published. To try again: {call('refresh')}"
    state = str(current.state).replace("_", " ")
    return f"Refresh {current.number} is not published yet (state: {state}). To go on: {call('refresh')}"
