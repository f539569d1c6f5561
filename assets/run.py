"""A run of the job `refresh` in this process, recorded where the web server and the daemon look for runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import make_new_run_id

from assets.dead_runs import process_tags
from assets.jobs import REFRESH
from assets.records import records_of
from assets.resources import Session
from etl_project.checks.check import CheckResult
from etl_project.database.publish import Published
from etl_project.refresh.result import TablesLoaded

LOCATION = "etl_project"
"""Name of the code location, as `etl ui` and pyproject.toml give it to Dagster."""


@dataclass(frozen=True, slots=True)
class RefreshRun:
    """How a run of the job `refresh` ended."""

    success: bool
    run_id: str
    tables: TablesLoaded | None
    """None when there was nothing to load, or the run ended before."""
    aggregates: dict[str, int]
    """Aggregate -> rows."""
    checks: list[CheckResult]
    published: Published | None
    error: str | None
    """Why it failed, in a sentence where one is known."""


def run_job(job: dg.JobDefinition, session: Session, home: Path) -> RefreshRun:
    """Run the job in this process and record it as a run of the code location.

    Args:
        job: the job `refresh`, whose resource hands over the session.
        session: the refresh whose lock the caller holds; what its steps do is written down in it.
        home: where runs are recorded, as `prepare_home` returns it.
    """
    refresh = session.refresh
    asked: dict[str, object] = {name: getattr(refresh, name) for name in ("full", "allow_deletes", "verify")}
    if len(refresh.sources) < len(refresh.settings.sources):
        asked["sources"] = [source.name for source in refresh.sources]
    run_config: dict[str, object] = {
        "ops": {"tables": {"config": asked}},
        # The caller tells people how it went: Dagster's own lines would drown that.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with records_of(home) as instance:
        run_id = make_new_run_id()
        # Its process is named at once: a run that is killed before its resource does so would seem to be at work.
        tags = {**job.tags, **process_tags(run_id)}
        run = instance.create_run_for_job(
            job, run_id=run_id, run_config=run_config, tags=tags, remote_job_origin=_origin()
        )
        events = list(execute_run_iterator(InMemoryJob(job), run, instance))
        ended = instance.get_run_by_id(run.run_id)
        success = ended is not None and ended.is_success
    return RefreshRun(
        success=success,
        run_id=run.run_id,
        tables=session.tables,
        aggregates=session.aggregates,
        checks=session.checks,
        published=session.published,
        error=None if success else _error(events),
    )


def _origin() -> RemoteJobOrigin:
    """The job as the web server knows it, so that the run is shown, and can be run again, under it."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="etl_project.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), REFRESH)


def _error(events: list[dg.DagsterEvent]) -> str:
    """The reason of the first failure: the sentence of a `Failure`, or the innermost error."""
    for event in events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            failure = event.step_failure_data.user_failure_data
            if failure and failure.description:
                return failure.description
        elif event.is_failure and event.is_job_event:
            error = event.job_failure_data.error
        else:
            continue
        while error and error.cause:
            error = error.cause
        return error.message.strip() if error else str(event.message)
    return "the run ended without saying why"
