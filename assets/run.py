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

LOCATION = "etl_project"
"""Name of the code location, as `etl ui` and pyproject.toml give it to Dagster."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run of the job `refresh` that Dagster has recorded to its end."""

    run_id: str
    failure: str | None
    """Why it failed; None where it did not."""


def run_job(job: dg.JobDefinition, session: Session, home: Path) -> Recorded:
    """Run the job in this process and record it as a run of the code location.

    Args:
        job: the job `refresh`, whose resource hands over the session.
        session: the refresh that its steps follow; they store its results in the session.
        home: where runs are recorded, a path as `prepare_home` returns it.

    Returns:
        The run. One that fails is no exception.
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
    return Recorded(run_id, None if success else session.error or _failure_reason(events))


def _origin() -> RemoteJobOrigin:
    """Origin of the job as the web server names it, so that the run is listed there and can be re-executed."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="etl_project.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), REFRESH)


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
