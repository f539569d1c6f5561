"""Run the job `refresh` in this process, recorded so that the web server and the daemon show the run."""

from __future__ import annotations

import re
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
    """None if there was nothing to load, or the run ended before that."""
    aggregates: dict[str, int]
    """Name of the aggregate -> number of rows."""
    checks: list[CheckResult]
    reported: list[bool]
    """Whether the checks passed that are no queries of tables."""
    published: Published | None
    is_interrupted: bool
    """Somebody pressed Ctrl-C."""
    error: str | None
    """Reason of a failure, as a sentence where one is known."""
    trace: str | None
    """Where the failure comes from: the trace of its error."""


def run_job(job: dg.JobDefinition, session: Session, home: Path) -> RefreshRun:
    """Run the job in this process and record it as a run of the code location.

    Args:
        job: the job `refresh`, whose resource hands over the session.
        session: the refresh, whose lock the caller holds; its steps store their results in it.
        home: where runs are recorded, a path as `prepare_home` returns it.

    Returns:
        The outcome. A run that fails is no exception.
    """
    refresh = session.refresh
    options: dict[str, object] = {name: getattr(refresh.ask, name) for name in ("full", "allow_deletes", "verify")}
    if len(refresh.ask.sources) < len(refresh.settings.sources):
        options["sources"] = [source.name for source in refresh.ask.sources]
    run_config: dict[str, object] = {
        "ops": {"tables": {"config": options}},
        # The caller prints the outcome: Dagster's own lines would bury it.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with records_of(home) as instance:
        run_id = make_new_run_id()
        # Tagged with its process at once: a run killed before its resource sets the tags would seem to be running.
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
        reported=session.reported,
        published=session.published,
        is_interrupted=any(map(_is_interrupt, events)),
        error=None if success else session.error or _failure_reason(events),
        trace=None if success else _trace(events),
    )


def _origin() -> RemoteJobOrigin:
    """Origin of the job as the web server names it, so that the run is listed there and can be re-executed."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="etl_project.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), REFRESH)


def _is_interrupt(event: dg.DagsterEvent) -> bool:
    if event.is_step_failure:
        error = event.step_failure_data.error
    elif event.is_failure and event.is_job_event:
        error = event.job_failure_data.error
    else:
        return False
    return error is not None and error.cls_name in ("DagsterExecutionInterruptedError", "KeyboardInterrupt")


def _trace(events: list[dg.DagsterEvent]) -> str | None:
    """Trace of the first step that failed."""
    failures = (event.step_failure_data.error for event in events if event.is_step_failure)
    return next((error.to_string() for error in failures if error), None)


def _failure_reason(events: list[dg.DagsterEvent]) -> str:
    """Reason of the first failure: the description of a `Failure`, else the message of the innermost error."""
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
        # The class of an error of Dagster says nothing to the reader of the sentence.
        return re.sub(r"^dagster\.[\w.]+: ", "", error.message.strip()) if error else str(event.message)
    return "the run ended without saying why"
