"""The only wiring of Dagster: assets, checks, jobs, automation and the resource of a refresh."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from assets.automation import automation
from assets.checks import CHECK_STEPS
from assets.graph import ASSETS
from assets.jobs import REFRESH, maintain, refreshing_jobs
from assets.records import Purged, purge, records_of, tell_unusable_records
from assets.report import report
from assets.resources import Session, session_resource
from assets.run import Recorded, run_job
from assets.surroundings import with_surroundings
from etl_project.refresh import Refresh
from etl_project.refresh.handed_on import FINDINGS, PAGE, Hand, HandedOn, Results
from etl_project.report import write_page_of
from etl_project.servers.dagster_home import is_damage, prepare_home, set_aside_damaged
from etl_project.servers.orphans import OWNER
from etl_project.settings import Settings, SettingsError, read_settings
from etl_project.show.news import findings_of
from etl_project.utf8_mode import restart_dagster_in_utf8_mode


@dg.definitions
def defs() -> dg.Definitions:
    """Read the settings and wire everything; Dagster calls it when it loads this module.

    Raises:
        SettingsError: they cannot be used, and a person is there to read it. Servers of `etl ui` go on with the default
            schedules: ticks and runs read the settings again, and fail with the sentence until they are corrected.
    """
    restart_dagster_in_utf8_mode()
    # Only people in the web server see it, and it reads all of the SQL: a refresh from the command line leaves it out.
    from assets.lineage import with_origins

    try:
        settings = read_settings()
    except SettingsError:
        if OWNER not in os.environ:
            raise
        settings = None
    return wire(settings, assets=with_origins(*graph(settings)))


def graph(settings: Settings | None) -> tuple[dg.AssetsDefinition, ...]:
    """Choose the assets: the page is one where the settings name it."""
    return (*ASSETS, report) if settings and settings.report.path else ASSETS


def wire(
    settings: Settings | None,
    session: Session | None = None,
    assets: Sequence[dg.AssetsDefinition] | None = None,
) -> dg.Definitions:
    """Put the parts together.

    Args:
        settings: for the schedules; each tick and each run reads them again. None where they cannot be used.
        session: the session of a caller who holds the lock in this process, for runs in it.
        assets: the graph of the tables, as it is to be shown; as it is run by default.
    """
    schedules, sensors = automation(settings)
    return dg.Definitions(
        assets=with_surroundings(settings, graph(settings) if assets is None else assets),
        asset_checks=CHECK_STEPS,
        jobs=[*refreshing_jobs, maintain],
        schedules=schedules,
        sensors=sensors,
        resources={"session": session_resource(session)},
        # A process for every step would spend its time on importing Dagster, and lose the lock between steps.
        executor=dg.in_process_executor,
    )


def record_refresh(refresh: Refresh, results: Results) -> Recorded:
    """Run the job `refresh` after a refresh whose stages another thread takes.

    Its steps end as the stages do. The run shows in the web server like every other run of the job.

    Args:
        refresh: the refresh; who takes its stages holds the lock.
        results: what its stages give.

    Raises:
        UnusableRecords: Dagster's records cannot be read or written.
        ForeignRecords: they belong to another user.
    """
    home = prepare_home(refresh.settings)
    with tell_unusable_records(home):
        try:
            return _record_in(home, refresh, results.follower())
        except Exception as error:
            # Damage deep within a file is found only here. Another run follows from the first stage on.
            if not is_damage(error) or not (told := set_aside_damaged(home)):
                raise
            for sentence in told:
                print(sentence, file=sys.stderr)
            return _record_in(home, refresh, results.follower())


def _record_in(home: Path, refresh: Refresh, hand: Hand) -> Recorded:
    session = Session(
        HandedOn(refresh, hand),
        read_findings=lambda published, before: hand(FINDINGS, lambda: findings_of(published, before)),
        write_page=lambda settings: hand(PAGE, lambda: write_page_of(settings)),
    )
    return run_job(wire(refresh.settings, session).resolve_job_def(REFRESH), session, home)


def purge_records_of(settings: Settings, keep_days: float | None = None) -> Purged:
    """Delete the records of old runs and ticks, and shrink the files that held them.

    Args:
        settings: tell where the records are, and how old they may be.
        keep_days: how old they may be instead.
    """
    home = prepare_home(settings)
    with tell_unusable_records(home), records_of(home) as instance:
        return purge(instance, settings.schedule.keep_days if keep_days is None else keep_days)
