"""What the steps of a run share: the lock of the warehouse, held from first to last, and the stages of the refresh."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import duckdb

from assets.dead_runs import WAIT_SECONDS, process_tags, report_dead_runs
from assets.records import trim_runs
from etl_project.alerts.alerts import Alerts
from etl_project.checks.check import CheckResult
from etl_project.database.lock import LockHeld, RefreshLock
from etl_project.database.publish import Published
from etl_project.database.work_file import OpenElsewhere
from etl_project.errors import Stop
from etl_project.refresh.look import Look
from etl_project.refresh.read_files import Report
from etl_project.refresh.refresh import Refresh
from etl_project.refresh.result import TablesLoaded
from etl_project.scan.compare import Scan
from etl_project.settings import read_settings
from etl_project.sources.signature import SourceUnavailable

RETRY_SECONDS = 10
"""How long a step waits before it tries once more what may pass by itself."""

_ASK_AGAIN_SECONDS = 5


@dataclass(slots=True)
class Session:
    """The refresh a run works on, and what its steps have done so far."""

    refresh: Refresh
    look: Look | None = None
    """A look that was taken before the run; the step `tables` uses it up."""
    report: Report | None = None
    """Called with (files done, files in all) while batches run."""
    alerts: Alerts | None = None
    scan: Scan | None = None
    """What the look found; None before it."""
    tables: TablesLoaded | None = None
    aggregates: dict[str, int] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    published: Published | None = None
    error: str | None = None
    """Why a step failed."""

    def take_look(self, *, attempts_left: bool = False, **asked: Any) -> Look:
        """Look at the sources, or use the look that was taken before the run.

        Args:
            asked: what is asked of the refresh, as `Refresh` takes it; a look taken before knows it already.
            attempts_left: a source that could be read until now, and cannot, is worth another attempt.

        Raises:
            SourceUnavailable: the look is to be taken again.
        """
        look, self.look = self.look, None
        if look is None:
            self.refresh = Refresh(self.refresh.settings, **asked)
            look = self.refresh.look()
        self.scan = look.scan
        for name, why in look.scan.unavailable.items():
            if attempts_left and self.alerts and not self.alerts.has_told_of_source(name):
                look.close()
                raise SourceUnavailable(f"{name}: {why}")
        return look

    @contextmanager
    def step(self, *, attempts_left: bool = False) -> Iterator[None]:
        """Do the work of a step: what a person can set right fails with its sentence.

        Args:
            attempts_left: what may pass by itself is tried once more; it is not the failure of the run yet.

        Raises:
            dg.RetryRequested: for a source or a file that cannot be read now.
            dg.Failure: for settings that cannot be used, a refresh that must not go on, a lock, an unchecked
                generation; not tried again.
        """
        try:
            yield
        except Exception as error:
            if attempts_left and _may_pass(error):
                raise dg.RetryRequested(max_retries=1, seconds_to_wait=RETRY_SECONDS) from error
            self.error = str(error)
            if isinstance(error, Stop):
                raise dg.Failure(description=str(error), allow_retries=False) from error
            raise


def _may_pass(error: Exception) -> bool:
    return isinstance(error, OSError | duckdb.IOException | SourceUnavailable | OpenElsewhere) or isinstance(
        error.__cause__, SourceUnavailable
    )


def session_resource(handed_over: Session | None = None) -> dg.ResourceDefinition:
    """Make the resource `session`: it holds the lock of the warehouse as long as the run lasts.

    When the run is over it tells how it went where [alerts] says, and lets go of the records of old runs.

    Args:
        handed_over: the session of a caller who holds the lock in this process; else settings are read and a session
            is begun in the process of the run.
    """

    @dg.resource(description="Holds the lock of the warehouse from the first step to the last.")
    def session(context: dg.InitResourceContext) -> Iterator[Session]:
        assert context.instance and context.run and context.log, "a session belongs to a run"
        run_id = context.run.run_id
        run = context.instance.get_run_by_id(run_id)
        if run and run.is_finished:
            # Dagster's own commands set resources up once more to show the result: no reason to wait for the lock.
            yield handed_over or Session(Refresh(read_settings()))
            return
        context.instance.add_run_tags(run_id, process_tags(run_id))
        who = f"Dagster run {run_id[:8]}"
        alerts, present = None, handed_over
        try:
            present = present or Session(Refresh(read_settings()))
            alerts = Alerts(present.refresh.settings.alerts, present.refresh.work, context.log.warning)
            lock = present.refresh.work.lock
            _wait_for(lock, who, context.log)
        except Stop as stop:
            if alerts:
                alerts.failed(str(stop))
            raise dg.Failure(description=str(stop), allow_retries=False) from stop
        try:
            for dead in report_dead_runs(context.instance):
                context.log.warning("Run %s was reported as failed: its process is gone.", dead)
            alerts.begin(who)
            present.alerts = alerts
            yield present
            _tell(present, alerts)
            try:
                schedule = present.refresh.settings.schedule
                trim_runs(context.instance, schedule.keep_runs, schedule.keep_days)
            except Exception as error:
                # What is kept too long is no reason to call a refresh failed.
                context.log.warning("Records of old runs could not be deleted: %s", error)
        finally:
            alerts.end()
            lock.release()

    return session


def _tell(session: Session, alerts: Alerts) -> None:
    """Tell how a run went. One that was cancelled, or did a part only, is neither a failure nor a recovery."""
    broken = [check for check in session.checks if check.check.is_blocking and not check.passed]
    loaded = session.tables
    if loaded and loaded.is_new:
        numbers = {"files_read": loaded.files_read, **loaded.changes}
        alerts.rejected(loaded.rows["rejected_files"], loaded.generation, numbers, loaded.newly_rejected)
        alerts.missed(loaded.missed, loaded.generation)
    if session.error:
        alerts.failed(session.error)
    elif broken:
        names = ", ".join(f"{check.check.name} ({check.broken:,} rows)" for check in broken)
        alerts.failed(f"Checks failed and nothing was published: {names}. The published file is as it was.")
    elif session.published and session.scan:
        alerts.well(session.published.generation, session.scan.listed, session.scan.unavailable)


def _wait_for(lock: RefreshLock, who: str, log: logging.Logger) -> None:
    """Take the lock; while another holds it, say who."""
    deadline = time.monotonic() + WAIT_SECONDS
    wait, told = 0.0, ""
    while True:
        try:
            lock.acquire(who, wait)
            return
        except LockHeld as held:
            if time.monotonic() >= deadline:
                raise
            if str(held) != told:
                told = str(held)
                log.info("Waiting up to %d minutes: %s.", WAIT_SECONDS // 60, told)
            wait = _ASK_AGAIN_SECONDS
