"""What the steps of a run share: the lock of the warehouse, held from first to last, and the stages of the refresh."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from assets.dead_runs import process_tags, report_dead_runs
from etl_project.disk import DiskFull
from etl_project.load.check import CheckResult
from etl_project.load.lock import LockHeld, RefreshLock
from etl_project.load.publish import NotChecked, Published
from etl_project.look import Look, RefreshStopped
from etl_project.refresh import Refresh, Report, TablesLoaded
from etl_project.settings import SettingsError, read_settings

WAIT_SECONDS = 600
"""How long a run waits for another refresh to end."""

_ASK_AGAIN_SECONDS = 5


@dataclass(slots=True)
class Session:
    """The refresh a run works on, and what its steps have done so far."""

    refresh: Refresh
    look: Look | None = None
    """A look that was taken before the run; the step `tables` uses it up."""
    report: Report | None = None
    """Called with (files done, files in all) while batches run."""
    tables: TablesLoaded | None = None
    aggregates: dict[str, int] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    published: Published | None = None


def session_resource(handed_over: Session | None = None) -> dg.ResourceDefinition:
    """Make the resource `session`: it holds the lock of the warehouse as long as the run lasts.

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
        context.instance.add_run_tags(run_id, process_tags())
        with told_plainly():
            present = handed_over or Session(Refresh(read_settings()))
            lock = present.refresh.work.lock
            _wait_for(lock, f"Dagster run {run_id[:8]}", context.log)
        try:
            for dead in report_dead_runs(context.instance):
                context.log.warning("Run %s was reported as failed: its process is gone.", dead)
            yield present
        finally:
            lock.release()

    return session


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what a person can set right into a failure that shows its sentence, and is not tried again.

    Raises:
        dg.Failure: for settings that cannot be used, a refresh that must not go on, a lock, an unchecked generation, a
            full disk.
    """
    try:
        yield
    except (SettingsError, RefreshStopped, LockHeld, NotChecked, DiskFull) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


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
