"""Run launcher that reports a run whose process is gone as failed."""

from __future__ import annotations

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from assets.dead_runs import is_gone


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, with a health check of the process of a run.

    Without a health check a killed run counts as running for ever, and the queue waits for it. The daemon calls it as
    often as `run_monitoring` in dagster.yaml says, and reports dead runs as failed.
    """

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
