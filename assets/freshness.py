"""Whether the published file is fresh: told from the last good look, for a quiet day has no materialization."""

from __future__ import annotations

import datetime as dt

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from etl_project.load.work_file import WorkFile

CHECK = dg.AssetCheckSpec(
    "was_looked_at_lately",
    asset="published_file",
    description="The sources were looked at within the last [schedule] stale_after_hours, and the file holds what was "
    "found: a day without posts is fresh. Asked by looks, so with the schedule off the answer stays what it was.",
)

_ANSWERS = {True: AssetCheckExecutionRecordStatus.SUCCEEDED, False: AssetCheckExecutionRecordStatus.FAILED}


def passes() -> dg.AssetCheckResult:
    """The result at the end of a refresh, which has just looked."""
    return dg.AssetCheckResult(
        check_name=CHECK.name, passed=True, metadata={"looked_at": dg.MetadataValue.timestamp(dt.datetime.now(dt.UTC))}
    )


def judge_freshness(instance: dg.DagsterInstance, work: WorkFile, stale_after_hours: float) -> None:
    """Report the check when its answer is another than it was: a tick that changes nothing leaves no record.

    Args:
        instance: where checks are recorded.
        work: has the time of the last look that found nothing to do, or ended in a refresh.
        stale_after_hours: age of that look from which the file is stale.
    """
    looked_at = work.last_look().get("looked_at")
    if not isinstance(looked_at, str):
        return
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK.key]).get(CHECK.key)
    if found and found.status == AssetCheckExecutionRecordStatus.PLANNED and _is_at_work(instance, found.run_id):
        # It will answer by itself. An answer of now would be taken for one about the file before it, yet be the later.
        return
    looked = dt.datetime.fromisoformat(looked_at)
    is_fresh = dt.datetime.now(dt.UTC) - looked < dt.timedelta(hours=stale_after_hours)
    if found and found.status == _ANSWERS[is_fresh]:
        return
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=CHECK.asset_key,
            check_name=CHECK.name,
            passed=is_fresh,
            severity=dg.AssetCheckSeverity.WARN,
            description=None if is_fresh else f"The last good look was at {looked:%Y-%m-%d %H:%M} UTC.",
            metadata={"looked_at": dg.MetadataValue.timestamp(looked)},
        )
    )


def _is_at_work(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and not run.is_finished
