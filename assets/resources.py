"""The resource `session`, which the steps of a run share: the refresh, its results so far and the warehouse lock."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import duckdb
from dagster._core.errors import DagsterExecutionInterruptedError

from assets.dead_runs import WAIT_SECONDS, process_tags, report_dead_runs
from assets.records import trim_runs
from etl_project.alerts.alerts import Alerts
from etl_project.checks.check import CheckResult
from etl_project.database.lock import LockHeld, RefreshLock
from etl_project.database.opening import OpenElsewhere
from etl_project.database.publish import Published
from etl_project.errors import UserError, is_query_interrupt
from etl_project.lake.choose import refresh_class
from etl_project.refresh import Refresh
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import Report
from etl_project.refresh.result import TablesLoaded
from etl_project.scan.compare import Diff
from etl_project.settings import read_settings
from etl_project.show.error_sentence import describe_error
from etl_project.sources.signature import SourceUnavailable

RETRY_SECONDS = 10
"""Wait before a step is tried a second time, after an error that may be transient."""

_LOCK_POLL_SECONDS = 5


@dataclass(slots=True)
class Session:
    """The refresh of a run, and the results of its steps so far."""

    refresh: Refresh
    plan: RefreshPlan | None = None
    """A plan that was made before the run; the step `tables` uses it up."""
    report: Report | None = None
    """Called with (files done, files in total) while batches run."""
    alerts: Alerts | None = None
    diff: Diff | None = None
    """How the sources differed from the inventory; None before there is a plan."""
    tables: TablesLoaded | None = None
    aggregates: dict[str, int] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    reported: list[bool] = field(default_factory=list)
    """Whether the checks passed that are no queries of tables: every source was read, and the file is fresh."""
    published: Published | None = None
    error: str | None = None
    """Reason why a step failed."""

    def take_plan(self, *, attempts_left: bool = False, **options: Any) -> RefreshPlan:
        """Plan the refresh, or use the plan that was made before the run.

        Args:
            attempts_left: whether the step can be tried again. Then a source that could be read until now, and cannot
                be read any more, is an error.
            options: options of `Refresh`; a plan made before the run has them already.

        Raises:
            SourceUnavailable: the plan is to be made again.
        """
        plan, self.plan = self.plan, None
        if plan is None:
            self.refresh = type(self.refresh)(self.refresh.settings, **options)
            self.refresh.work.stays_attached = True
            plan = self.refresh.plan()
        self.diff = plan.diff
        for name, reason in plan.diff.unavailable.items():
            if attempts_left and self.alerts and not self.alerts.has_reported_source(name):
                plan.close()
                raise SourceUnavailable(f"{name}: {reason}")
        return plan

    @contextmanager
    def step(self, *, attempts_left: bool = False) -> Iterator[None]:
        """Run the work of a step, and turn its errors into those that Dagster handles.

        Args:
            attempts_left: whether the step can be tried again after an error that may be transient; such an error does
                not fail the run yet.

        Raises:
            dg.RetryRequested: a source or a file cannot be read now, and there are attempts left.
            dg.Failure: a user error: settings that cannot be used, a refresh that must not go on, a lock, an unchecked
                generation. The description is its message. The step is not tried again.
            DagsterExecutionInterruptedError: a Ctrl-C while DuckDB was at work, which is no failure to alert about.
        """
        try:
            yield
        except Exception as error:
            if is_query_interrupt(error):
                raise DagsterExecutionInterruptedError from error
            if attempts_left and _is_transient(error):
                raise dg.RetryRequested(max_retries=1, seconds_to_wait=RETRY_SECONDS) from error
            self.error = describe_error(error).text
            if isinstance(error, UserError):
                # Its sentence says it all: the trace of where it was raised would bury it.
                raise dg.Failure(description=_in_dagster(str(error)), allow_retries=False) from None
            raise


def _in_dagster(sentence: str) -> str:
    """Add to a sentence that names an option of the command line how to set it on the page of a job."""
    if "--allow-deletes" not in sentence:
        return sentence
    return f"{sentence} Here: Jobs, refresh, Launchpad, with `allow_deletes: true` under ops, tables, config."


def _is_transient(error: Exception) -> bool:
    return isinstance(error, OSError | duckdb.IOException | SourceUnavailable | OpenElsewhere) or isinstance(
        error.__cause__, SourceUnavailable
    )


def session_resource(handed_over: Session | None = None) -> dg.ResourceDefinition:
    """Make the resource `session`, which holds the lock of the warehouse until the run ends.

    At the end of the run it sends the alerts and deletes the records of old runs.

    Args:
        handed_over: the session of a caller who holds the lock in this process. By default the process of the run
            reads the settings and begins a session itself.
    """

    @dg.resource(description="Holds the lock of the warehouse from the first step to the last.")
    def session(context: dg.InitResourceContext) -> Iterator[Session]:
        assert context.instance and context.run and context.log, "a session belongs to a run"
        run_id = context.run.run_id
        run = context.instance.get_run_by_id(run_id)
        if run and run.is_finished:
            # Dagster's own commands initialize resources again to show the result: no reason to wait for the lock.
            yield handed_over or _new_session()
            return
        context.instance.add_run_tags(run_id, process_tags(run_id))
        who = f"Dagster run {run_id[:8]}"
        alerts, current = None, handed_over
        try:
            current = current or _new_session()
            alerts = Alerts(current.refresh.settings.alerts, current.refresh.work, context.log.warning)
            lock = current.refresh.work.lock
            _acquire_lock(lock, who, context.log)
        except UserError as error:
            if alerts:
                alerts.report_failure(str(error))
            raise dg.Failure(description=str(error), allow_retries=False) from error
        try:
            for dead_run in report_dead_runs(context.instance):
                context.log.warning("Run %s was reported as failed: its process is gone.", dead_run)
            alerts.begin(who)
            current.alerts = alerts
            yield current
            _send_alerts(current, alerts)
            try:
                schedule = current.refresh.settings.schedule
                trim_runs(context.instance, schedule.keep_runs, schedule.keep_days)
            except Exception as error:
                # A refresh does not fail because old records could not be deleted.
                context.log.warning("Records of old runs could not be deleted: %s", error)
        finally:
            alerts.end()
            current.refresh.work.close()
            lock.release()

    return session


def _send_alerts(session: Session, alerts: Alerts) -> None:
    """Alert about the outcome of a run. A run that was cancelled, or partial, is neither a failure nor a recovery."""
    failed = [check for check in session.checks if check.check.is_blocking and not check.passed]
    loaded = session.tables
    if loaded and loaded.is_new:
        numbers = {"files_read": loaded.files_read, **loaded.changes}
        alerts.report_rejected(loaded.rows["rejected_files"], loaded.generation, numbers, loaded.newly_rejected)
        alerts.report_missed_changes(loaded.missed, loaded.generation)
    if session.error:
        alerts.report_failure(session.error)
    elif failed:
        names = ", ".join(f"{check.check.name} ({check.violations:,} rows)" for check in failed)
        alerts.report_failure(f"Checks failed and nothing was published: {names}. The published file is as it was.")
    elif session.published and session.diff:
        # A source may also fail while it is read.
        unavailable = loaded.unavailable if loaded else session.diff.unavailable
        alerts.report_success(session.published.generation, session.diff.listed, unavailable)


def _new_session() -> Session:
    """A session of the warehouse that the settings name."""
    settings = read_settings()
    return Session(refresh_class(settings)(settings))


def _acquire_lock(lock: RefreshLock, who: str, log: logging.Logger) -> None:
    """Acquire the lock, waiting `WAIT_SECONDS` at most; log who holds it whenever that changes.

    Raises:
        LockHeld: another process still held it at the end of the wait.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    wait, logged = 0.0, ""
    while True:
        try:
            lock.acquire(who, wait)
            return
        except LockHeld as held:
            if time.monotonic() >= deadline:
                raise
            if str(held) != logged:
                logged = str(held)
                log.info("Waiting up to %d minutes: %s.", WAIT_SECONDS // 60, logged)
            wait = _LOCK_POLL_SECONDS
