"""Run launcher that forks each run from a process which has the definitions imported, and reports one that is gone.

A run that is started anew imports Dagster and the definitions for some seconds of a core. The code server has both, but
threads as well, which nothing that forks may have. So the first run starts a process for that, by Python's own
`multiprocessing.forkserver`; where it is gone the next run starts it again, and it ends with the daemon.
"""

from __future__ import annotations

import functools
import multiprocessing
import signal
from pathlib import Path
from queue import SimpleQueue

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.types import ExecuteExternalJobArgs
from dagster._serdes import serialize_value
from dagster._utils.hosted_user_process import recon_job_from_origin

from assets.dead_runs import is_gone, process_of, process_tags
from etl_project.refresh.unchanged import code_files, file_signature

_ASSETS = Path(__file__).parent


class WatchedRunLauncher(DefaultRunLauncher):
    """Forks runs, where it can, and else starts them as Dagster's default launcher does; with a health check.

    Without a health check a killed run counts as running for ever, and the queue waits for it. The daemon calls it as
    often as `run_monitoring` in dagster.yaml says, and reports dead runs as failed.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Fork a run, or let the code server start it where nothing can be forked, or where code has changed since."""
        reason = self._fork(context.dagster_run)
        if reason:
            self._instance.report_engine_event(f"Started anew instead of forked: {reason}.", context.dagster_run)
            super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run, as the button of its page does. Returns whether its process was told."""
        run = self._instance.get_run_by_id(run_id)
        if not run or run.is_finished or GRPC_INFO_TAG in run.tags:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        process = process_of(run)
        if process is None:
            return False
        process.send_signal(signal.SIGINT)  # what the code server does
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether the daemon may call `check_run_worker_health`."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Check whether the process of a run is running. A run about which nothing is known counts as running."""
        record = self._instance.get_run_record_by_id(run.run_id)
        if record and is_gone(record):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def _fork(self, run: dg.DagsterRun) -> str | None:
        """Fork a run. Returns why that is not possible; None where it is done."""
        if not (run.job_code_origin and run.remote_job_origin):
            return "it does not say where its code is"
        try:
            is_as_at_first = _code_at_first() == _code_state()
        except FileNotFoundError:  # as it was listed
            is_as_at_first = False
        if not is_as_at_first:
            return "code has changed since the first run, and `etl ui` has not been started again"
        arguments = ExecuteExternalJobArgs(
            job_origin=run.remote_job_origin, run_id=run.run_id, instance_ref=self._instance.get_ref()
        )
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["etl_project.definitions", "assets.preload"])
        process = forking.Process(
            target=_run, args=(serialize_value(arguments), recon_job_from_origin(run.job_code_origin)), name=run.run_id
        )
        try:
            process.start()
        except (OSError, EOFError) as error:
            return f"{error or type(error).__name__}"
        # At once: a run that is killed before it can say who it is would seem to be starting.
        self._instance.add_run_tags(run.run_id, process_tags(run.run_id, process.pid))
        return None


def _run(arguments: str, job: ReconstructableJob) -> None:
    """Run a job as the code server does, in the forked process."""
    from dagster._grpc.impl import start_run_in_subprocess

    stop = multiprocessing.get_context("fork").Event()  # that of another kind would leave a name on the disk
    start_run_in_subprocess(arguments, job, SimpleQueue(), stop)  # type: ignore[no-untyped-call]


@functools.cache
def _code_at_first() -> str:
    """The code as of the first run."""
    return _code_state()


def _code_state() -> str:
    """What tells that code has changed: of the files of this package, and of those that decide what a refresh does."""
    return "\n".join(map(file_signature, [*code_files(), *map(str, sorted(_ASSETS.glob("*.py")))]))
