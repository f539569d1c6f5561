"""The resource `session`, which the steps of a run share: the refresh, its results so far and the warehouse lock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from assets.dead_runs import WAIT_SECONDS, process_tags, report_dead_runs
from assets.records import trim_runs
from etl_project.alerts.alerts import Alerts
from etl_project.alerts.outcome import tell_outcome
from etl_project.database.lock import LockHeld, RefreshLock
from etl_project.database.publish import Published
from etl_project.errors import UserError, is_query_interrupt
from etl_project.lake.choose import refresh_class
from etl_project.refresh import Refresh, trying_again
from etl_project.refresh.handed_on import HandedOn
from etl_project.refresh.outcome import Outcome
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import Report
from etl_project.refresh.trying_again import may_pass, require_known_outages
from etl_project.report import Written, write_page_of
from etl_project.settings import Settings, read_settings
from etl_project.show.error_sentence import describe_error
from etl_project.show.news import Findings, findings_of

_LOCK_POLL_SECONDS = 5


@dataclass(slots=True)
class Session(Outcome):
    """The refresh of a run, and the results of its steps so far."""

    refresh: Refresh | HandedOn
    plan: RefreshPlan | None = None
    """A plan that was made before the run; the step `tables` uses it up."""
    report: Report | None = None
    """Called with (files done, files in total) while batches run."""
    alerts: Alerts | None = None
    read_findings: Callable[[Published, Path], Findings] = findings_of
    """Counts the warnings and rejections in the published file, beside the one before it."""
    write_page: Callable[[Settings], Written | None] = write_page_of

    @property
    def follows(self) -> bool:
        """Whether the stages are taken by another thread, which also holds the lock and tells the alerts."""
        return isinstance(self.refresh, HandedOn)

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
            self.refresh = self.refresh.again(**options)
            plan = self.refresh.plan()
        self.diff = plan.diff
        if attempts_left and self.alerts:
            require_known_outages(plan, self.alerts.has_reported_source)
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
        except KeyboardInterrupt as error:
            raise DagsterExecutionInterruptedError from error
        except Exception as error:
            if is_query_interrupt(error):
                raise DagsterExecutionInterruptedError from error
            if attempts_left and may_pass(error):
                raise dg.RetryRequested(max_retries=1, seconds_to_wait=trying_again.RETRY_SECONDS) from error
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


def session_resource(handed_over: Session | None = None) -> dg.ResourceDefinition:
    """Make the resource `session`, which holds the lock of the warehouse until the run ends, or follows who holds it.

    At the end of the run it sends the alerts, unless it follows, and deletes the records of old runs.

    Args:
        handed_over: the session of a caller in this process. By default the process of the run reads the settings and
            begins a session itself.
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
        with _led(handed_over, f"Dagster run {run_id[:8]}", context.log) as current:
            for dead_run in report_dead_runs(context.instance):
                context.log.warning("Run %s was reported as failed: its process is gone.", dead_run)
            yield current
            if current.alerts:
                tell_outcome(current.alerts, current)
            try:
                schedule = current.refresh.settings.schedule
                trim_runs(context.instance, schedule.keep_runs, schedule.keep_days)
            except Exception as error:
                # A refresh does not fail because old records could not be deleted.
                context.log.warning("Records of old runs could not be deleted: %s", error)

    return session


@contextmanager
def _led(handed_over: Session | None, who: str, log: logging.Logger) -> Iterator[Session]:
    """Hold the lock, and note that a refresh is at work; a session that follows leaves both to whom it follows.

    Raises:
        dg.Failure: the settings cannot be used, or the lock is held for too long.
    """
    if handed_over and handed_over.follows:
        yield handed_over
        return
    alerts, current = None, handed_over
    try:
        current = current or _new_session()
        alerts = Alerts(current.refresh.settings.alerts, current.refresh.work, log.warning)
        lock = current.refresh.work.lock
        _acquire_lock(lock, who, log)
    except UserError as error:
        if alerts:
            alerts.report_failure(str(error))
        raise dg.Failure(description=str(error), allow_retries=False) from error
    try:
        alerts.begin(who)
        current.alerts = alerts
        yield current
    finally:
        alerts.end()
        current.refresh.work.close()
        lock.release()


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
