"""The schedule and the sensors: check for changes, and request a run of the job `refresh` only when there is work."""

from __future__ import annotations

import hashlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as PlanTimeout

import dagster as dg

from assets.dead_runs import report_dead_runs
from assets.freshness import check_sources_read, report_freshness, report_if_changed
from assets.jobs import MAINTAIN, REFRESH
from etl_project.alerts.alerts import Alerts
from etl_project.database.lock import LockHeld, describe_holder
from etl_project.database.opening import OpenElsewhere
from etl_project.database.work_file import WorkFile
from etl_project.lake.choose import refresh_class
from etl_project.refresh import Refresh
from etl_project.refresh.guard import RefreshStopped
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.result import describe_outage
from etl_project.settings import ScheduleSettings, Settings, SettingsError, read_settings
from etl_project.show.error_sentence import describe_error

PLAN_TIMEOUT_SECONDS = 40
"""How long a tick waits for the plan before it requests a run without it: the daemon gives a tick 60 seconds."""

SENSOR_INTERVAL_SECONDS = 60

_ONCE_SECONDS = 365 * 24 * 3600
"""Interval of a sensor that is to check once. Dagster keeps the time of its last tick, also while no server runs."""

_STOPPED_TAG = "etl/stopped"
"""Tag of a run that is requested only to fail, so that people see the reason on its page: a digest of the reason."""

_QUEUED_OR_STARTING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]

_log = logging.getLogger(__name__)

# Ticks are threads of the code server's process, and the lock of the warehouse keeps only processes apart.
_plan_lock = threading.Lock()
_planner = ThreadPoolExecutor(1, "plan")


def automation(settings: Settings | None) -> tuple[list[dg.ScheduleDefinition], list[dg.SensorDefinition]]:
    """Make the schedules and the sensors.

    Args:
        settings: as they were when the definitions were loaded; each tick reads them again. None if they could not
            be used then: the schedules get the default times.

    Returns:
        The schedules and the sensors.
    """
    times = settings.schedule if settings else ScheduleSettings()

    @dg.schedule(
        job_name=REFRESH,
        cron_schedule=times.cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Checks for changes, and starts the job refresh when there is something to do.",
    )
    def look_for_changes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return evaluate_tick(context.instance, settings)

    @dg.sensor(
        job_name=REFRESH,
        minimum_interval_seconds=SENSOR_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Checks for changes every minute, for posts that should be in the warehouse at once.",
    )
    def look_every_minute(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return evaluate_tick(context.instance, settings)

    # After any later start Dagster makes up for the tick that the schedule missed.
    @dg.sensor(
        job_name=REFRESH,
        minimum_interval_seconds=_ONCE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Checks for changes as soon as the servers run for the first time; the schedule does it from then "
        "on.",
    )
    def look_at_first_start(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return evaluate_tick(context.instance, settings)

    weekly = dg.ScheduleDefinition(
        name="maintain_regularly",
        job_name=MAINTAIN,
        cron_schedule=times.maintain_cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Starts the job maintain, by default in the night from Saturday to Sunday.",
    )
    return [look_for_changes, weekly], [look_every_minute, look_at_first_start]


def evaluate_tick(instance: dg.DagsterInstance, loaded: Settings | None) -> dg.RunRequest | dg.SkipReason:
    """Check for changes and decide whether a refresh should run.

    When a refresh needs a decision of a person, one run is requested so that its failure shows the reason; while the
    reason stays the same, later ticks are skipped with it.

    Args:
        instance: where runs are recorded.
        loaded: settings that say where to send an alert if the current ones cannot be used; None if there are none.

    Returns:
        A run request with its reasons as a tag, or why no run is needed.

    Raises:
        SettingsError: the settings file cannot be used; the tick fails with its message.
    """
    if not _plan_lock.acquire(blocking=False):
        return dg.SkipReason("another check for changes is running")
    try:
        answer = _planner.submit(_plan_under_lock, instance, loaded)
    except BaseException:
        _plan_lock.release()
        raise
    try:
        return answer.result(timeout=PLAN_TIMEOUT_SECONDS)
    except PlanTimeout:
        # The thread goes on and releases both locks at its end; the run waits for that and makes a plan of its own.
        reason = f"checking for changes takes longer than {PLAN_TIMEOUT_SECONDS} seconds: the run decides"
        return dg.RunRequest(tags={"etl/reasons": reason})


def _plan_under_lock(instance: dg.DagsterInstance, loaded: Settings | None) -> dg.RunRequest | dg.SkipReason:
    """Evaluate a tick with the lock of the warehouse held, then report freshness and release `_plan_lock`."""
    settings = loaded
    try:
        settings = read_settings()
        refresh = refresh_class(settings)(settings)
        try:
            refresh.work.lock.acquire("check for changes by the schedule")
        except LockHeld as held:
            who = describe_holder(held.holder)
            return dg.SkipReason(f"another refresh is running: {who}; the schedule checks again at its next tick")
        try:
            return _plan(instance, refresh)
        finally:
            refresh.work.lock.release()
    except Exception as error:
        # Of whichever kind: a tick that fails is seen by nobody who does not look at Dagster.
        if settings:
            sentence = describe_error(error).text
            Alerts(settings.alerts, WorkFile(settings.warehouse.path), _log.warning).report_failure(sentence)
        raise
    finally:
        try:
            if settings:
                report_freshness(instance, WorkFile(settings.warehouse.path), settings.schedule.stale_after_hours)
        finally:
            _plan_lock.release()


def _plan(instance: dg.DagsterInstance, refresh: Refresh) -> dg.RunRequest | dg.SkipReason:
    report_dead_runs(instance)
    alerts = Alerts(refresh.settings.alerts, refresh.work, _log.warning)
    alerts.report_interrupted_refresh()
    if waiting := instance.get_runs(dg.RunsFilter(statuses=_QUEUED_OR_STARTING), limit=1):
        return dg.SkipReason(f"a run of the job `{waiting[0].job_name}` is already queued or starting")
    try:
        plan = refresh.plan()
    except OpenElsewhere as held:
        return dg.SkipReason(str(held))
    except (RefreshStopped, SettingsError) as stopped:
        return _request_failing_run(instance, str(stopped))
    plan.close()
    report_if_changed(instance, check_sources_read(plan.diff.unavailable))
    if plan.is_no_op:
        alerts.report_success(plan.generation, plan.diff.listed, plan.diff.unavailable)
    return _answer_for(plan)


def _answer_for(plan: RefreshPlan) -> dg.RunRequest | dg.SkipReason:
    if plan.is_no_op:
        nothing = "nothing to do: no file, setting or definition has changed since the last refresh"
        unread = [describe_outage(name, why) for name, why in plan.diff.unavailable.items()]
        return dg.SkipReason(". ".join([nothing, *unread]))
    if plan.waits_for_a_person:
        return dg.SkipReason(
            f"the checks of generation {plan.generation} failed and nothing has changed since: see the failed run, "
            "correct the posts or settings it names, or start the job `refresh` to try again"
        )
    return dg.RunRequest(tags={"etl/reasons": "; ".join(plan.reasons)})


def _request_failing_run(instance: dg.DagsterInstance, sentence: str) -> dg.RunRequest | dg.SkipReason:
    """Request a run that will fail with the sentence, unless the last run did so already."""
    digest = hashlib.blake2b(sentence.encode(), digest_size=8).hexdigest()
    last = instance.get_runs(dg.RunsFilter(job_name=REFRESH), limit=1)
    if last and last[0].tags.get(_STOPPED_TAG) == digest:
        return dg.SkipReason(sentence)
    return dg.RunRequest(tags={_STOPPED_TAG: digest})
