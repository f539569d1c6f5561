"""When a refresh runs by itself: a schedule, or a sensor, that looks and asks for a run only when there is work."""

from __future__ import annotations

import hashlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LooksStill

import dagster as dg

from assets.dead_runs import report_dead_runs
from assets.freshness import judge_freshness, report, was_read
from assets.jobs import MAINTAIN, REFRESH
from etl_project.alerts.alerts import Alerts
from etl_project.database.lock import LockHeld, describe_holder
from etl_project.database.work_file import OpenElsewhere, WorkFile
from etl_project.refresh.look import Look, RefreshStopped, not_read
from etl_project.refresh.refresh import Refresh
from etl_project.settings import ScheduleSettings, Settings, SettingsError, read_settings

LOOK_SECONDS = 40
"""How long a look may take before the run is asked for without its answer: the daemon gives a tick 60 seconds."""

SENSOR_SECONDS = 60

_STOPPED = "etl/stopped"
"""Tag of a run that was asked for only to fail with its sentence in sight of people."""

_ON_ITS_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]

_log = logging.getLogger(__name__)

# Ticks share the process of the code server, and the lock of the warehouse tells processes apart, not threads.
_one_look = threading.Lock()
_looker = ThreadPoolExecutor(1, "look")


def automation(settings: Settings | None) -> tuple[list[dg.ScheduleDefinition], list[dg.SensorDefinition]]:
    """Make the schedules and the sensor.

    Args:
        settings: as they were when the definitions were loaded; a look reads them again. None where they could not be
            used then: the schedules are the default ones.
    """
    times = settings.schedule if settings else ScheduleSettings()

    @dg.schedule(
        job_name=REFRESH,
        cron_schedule=times.cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks for changes, and starts the job refresh when there is something to do.",
    )
    def look_for_changes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return decide(context.instance, settings)

    @dg.sensor(
        job_name=REFRESH,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Looks as the schedule does, every minute: for posts that should be in the warehouse at once.",
    )
    def look_every_minute(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return decide(context.instance, settings)

    weekly = dg.ScheduleDefinition(
        name="maintain_regularly",
        job_name=MAINTAIN,
        cron_schedule=times.maintain_cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Starts the job maintain, by default in the night to Sunday.",
    )
    return [look_for_changes, weekly], [look_every_minute]


def decide(instance: dg.DagsterInstance, loaded: Settings | None) -> dg.RunRequest | dg.SkipReason:
    """Look at the sources and tell whether a refresh should run, and why or why not.

    A refresh that must not go on without a person is asked for once, so that a failed run shows the reason; while the
    reason stays the same the next looks only repeat it.

    Args:
        instance: where runs are recorded.
        loaded: settings to alert by when those of now cannot be used; None where there were none.

    Raises:
        SettingsError: the settings file cannot be used; the tick fails with the sentence.
    """
    if not _one_look.acquire(blocking=False):
        return dg.SkipReason("another look is at work")
    try:
        looking = _looker.submit(_look, instance, loaded)
    except BaseException:
        _one_look.release()
        raise
    try:
        return looking.result(timeout=LOOK_SECONDS)
    except LooksStill:
        # The look goes on, and lets go of the lock when it ends; the run waits for that and looks by itself.
        return dg.RunRequest(tags={"etl/reasons": f"a look takes longer than {LOOK_SECONDS} seconds: the run decides"})


def _look(instance: dg.DagsterInstance, loaded: Settings | None) -> dg.RunRequest | dg.SkipReason:
    known = loaded
    try:
        known = read_settings()
        refresh = Refresh(known)
        try:
            refresh.work.lock.acquire("look of the schedule")
        except LockHeld as held:
            who = describe_holder(held.holder)
            return dg.SkipReason(f"another refresh is running: {who}; the next look comes by itself")
        try:
            return _decide(instance, refresh)
        finally:
            refresh.work.lock.release()
    except SettingsError as error:
        if known:
            Alerts(known.alerts, WorkFile(known.warehouse.path), _log.warning).failed(str(error))
        raise
    finally:
        try:
            if known:
                judge_freshness(instance, WorkFile(known.warehouse.path), known.schedule.stale_after_hours)
        finally:
            _one_look.release()


def _decide(instance: dg.DagsterInstance, refresh: Refresh) -> dg.RunRequest | dg.SkipReason:
    report_dead_runs(instance)
    alerts = Alerts(refresh.settings.alerts, refresh.work, _log.warning)
    alerts.tell_of_a_refresh_that_was_cut_off()
    if waiting := instance.get_runs(dg.RunsFilter(statuses=_ON_ITS_WAY), limit=1):
        return dg.SkipReason(f"a run of the job `{waiting[0].job_name}` is already on its way")
    try:
        look = refresh.look()
    except OpenElsewhere as held:
        return dg.SkipReason(str(held))
    except (RefreshStopped, SettingsError) as stopped:
        return _once(instance, str(stopped))
    look.close()
    report(instance, was_read(look.scan.unavailable))
    if look.is_idle:
        alerts.well(look.generation, look.scan.listed, look.scan.unavailable)
    return _what_to_do(look)


def _what_to_do(look: Look) -> dg.RunRequest | dg.SkipReason:
    if look.is_idle:
        nothing = "nothing to do: no file, setting or definition has changed since the last refresh"
        unread = [not_read(name, why) for name, why in look.scan.unavailable.items()]
        return dg.SkipReason(". ".join([nothing, *unread]))
    if look.waits_for_a_person:
        return dg.SkipReason(
            f"the checks of generation {look.generation} failed and nothing has changed since: see the failed run, "
            "correct the posts or settings it names, or start the job `refresh` to try again"
        )
    return dg.RunRequest(tags={"etl/reasons": "; ".join(look.reasons)})


def _once(instance: dg.DagsterInstance, sentence: str) -> dg.RunRequest | dg.SkipReason:
    digest = hashlib.blake2b(sentence.encode(), digest_size=8).hexdigest()
    last = instance.get_runs(dg.RunsFilter(job_name=REFRESH), limit=1)
    if last and last[0].tags.get(_STOPPED) == digest:
        return dg.SkipReason(sentence)
    return dg.RunRequest(tags={_STOPPED: digest})
