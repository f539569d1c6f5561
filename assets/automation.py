"""When a refresh runs by itself: a schedule that looks, and asks for a run only when there is something to do."""

from __future__ import annotations

import hashlib
import threading

import dagster as dg

from assets.dead_runs import report_dead_runs
from etl_project.load.lock import LockHeld
from etl_project.look import Look, RefreshStopped
from etl_project.refresh import Refresh
from etl_project.settings import SettingsError, read_settings

JOB = "refresh"

_STOPPED = "etl/stopped"
"""Tag of a run that was asked for only to fail with its sentence in sight of people."""

_ON_ITS_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]

# Ticks share the process of the code server, and the lock of the warehouse tells processes apart, not threads.
_one_look = threading.Lock()


def refresh_schedule(cron: str) -> dg.ScheduleDefinition:
    """Make the schedule of the job `refresh`.

    Args:
        cron: when it looks, in UTC.
    """

    @dg.schedule(
        job_name=JOB,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks for changes, and starts the job `refresh` when there is something to do.",
    )
    def look_for_changes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return decide(context.instance)

    return look_for_changes


def decide(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """Look at the sources and tell whether a refresh should run, and why or why not.

    A refresh that must not go on without a person is asked for once, so that a failed run shows the reason; while the
    reason stays the same the next looks only repeat it.

    Args:
        instance: where runs are recorded.

    Raises:
        SettingsError: the settings file cannot be used; the tick fails with the sentence.
    """
    refresh = Refresh(read_settings())
    if not _one_look.acquire(blocking=False):
        return dg.SkipReason("another look is at work")
    try:
        refresh.work.lock.acquire("look of the schedule")
    except LockHeld as held:
        _one_look.release()
        return dg.SkipReason(str(held))
    try:
        report_dead_runs(instance)
        if instance.get_runs_count(dg.RunsFilter(job_name=JOB, statuses=_ON_ITS_WAY)):
            return dg.SkipReason("a run of the job `refresh` is already on its way")
        look = refresh.look()
        look.connection.close()
        return _what_to_do(look)
    except (RefreshStopped, SettingsError) as stopped:
        return _once(instance, str(stopped))
    finally:
        refresh.work.lock.release()
        _one_look.release()


def _what_to_do(look: Look) -> dg.RunRequest | dg.SkipReason:
    if look.is_idle:
        return dg.SkipReason("nothing to do: no file, setting or definition has changed since the last refresh")
    if look.waits_for_a_person:
        return dg.SkipReason(
            f"the checks of generation {look.generation} failed and nothing has changed since: see the failed run, "
            "correct the posts or settings it names, or start the job `refresh` to try again"
        )
    return dg.RunRequest(tags={"etl/reasons": "; ".join(look.reasons)})


def _once(instance: dg.DagsterInstance, sentence: str) -> dg.RunRequest | dg.SkipReason:
    digest = hashlib.blake2b(sentence.encode(), digest_size=8).hexdigest()
    last = instance.get_runs(dg.RunsFilter(job_name=JOB), limit=1)
    if last and last[0].tags.get(_STOPPED) == digest:
        return dg.SkipReason(sentence)
    return dg.RunRequest(tags={_STOPPED: digest})
