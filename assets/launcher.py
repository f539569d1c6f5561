"""Runs in processes of the code server, and watched: one whose process is gone has failed."""

from __future__ import annotations

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from assets.dead_runs import is_gone


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher with an answer to the question whether the process of a run lives.

    Without one a killed run stays at work for ever and the queue waits for it: the daemon asks every few seconds, as
    `run_monitoring` of dagster.yaml says, and reports what is dead as failed.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether the daemon may ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Tell whether the process of a run lives; one of which nothing is known is believed to."""
        record = self._instance.get_run_record_by_id(run.run_id)
        if record and is_gone(record):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)
