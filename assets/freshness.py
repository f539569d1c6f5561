"""What looks tell as checks: whether the published file is fresh, and every source was read.

A quiet day materializes nothing, and a tick that finds nothing starts no run: so looks report these by themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from assets.checks import as_text
from etl_project.database.work_file import WorkFile
from etl_project.refresh.look import not_read

CHECK = dg.AssetCheckSpec(
    "was_looked_at_lately",
    asset="published_file",
    description="The sources were looked at within the last [schedule] stale_after_hours, and the file holds what was "
    "found: a day without posts is fresh. Asked by looks, so with the schedule off the answer stays what it was.",
)

READ = dg.AssetCheckSpec(
    "every_source_was_read",
    asset="sources",
    description="The last look could read every source. Of one that it could not, the articles are kept as they were.",
)

_ANSWERS = {True: AssetCheckExecutionRecordStatus.SUCCEEDED, False: AssetCheckExecutionRecordStatus.FAILED}


def is_fresh(work: WorkFile, stale_after_hours: float) -> dg.AssetCheckResult:
    """Tell whether the published file is fresh.

    Args:
        work: has the time of the last look that found nothing to do, or ended in a refresh.
        stale_after_hours: age of that look from which the file is stale.
    """
    looked = work.all_read_at()
    passed = looked is not None and dt.datetime.now(dt.UTC) - looked < dt.timedelta(hours=stale_after_hours)
    return dg.AssetCheckResult(
        asset_key=CHECK.asset_key,
        check_name=CHECK.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=None if passed or not looked else f"The last good look was at {looked:%Y-%m-%d %H:%M} UTC.",
        metadata={"looked_at": dg.MetadataValue.timestamp(looked)} if looked else {},
    )


def was_read(unavailable: Mapping[str, str]) -> dg.AssetCheckResult:
    """Tell whether every source was read.

    Args:
        unavailable: source -> why it could not be.
    """
    return dg.AssetCheckResult(
        asset_key=READ.asset_key,
        check_name=READ.name,
        passed=not unavailable,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(as_text(not_read(name, why)) for name, why in unavailable.items()) or None,
        metadata={"sources": dg.MetadataValue.json(dict(unavailable))} if unavailable else {},
    )


def judge_freshness(instance: dg.DagsterInstance, work: WorkFile, stale_after_hours: float) -> None:
    """Report that the file is fresh, or stale, where there has been a look and the answer is a new one."""
    if work.all_read_at():
        report(instance, is_fresh(work, stale_after_hours))


def report(instance: dg.DagsterInstance, told: dg.AssetCheckResult) -> None:
    """Report a check when its answer is another than it was: a tick that changes nothing leaves no record.

    Args:
        instance: where checks are recorded.
        told: the answer of now.
    """
    assert told.asset_key and told.check_name
    key = dg.AssetCheckKey(told.asset_key, told.check_name)
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key([key]).get(key)
    if found and found.status == AssetCheckExecutionRecordStatus.PLANNED and _is_at_work(instance, found.run_id):
        # It will answer by itself. An answer of now would be taken for one about the file before it, yet be the later.
        return
    if found and found.status == _ANSWERS[told.passed]:
        return
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=told.asset_key,
            check_name=told.check_name,
            passed=told.passed,
            severity=told.severity,
            description=told.description,
            metadata=told.metadata or {},
        )
    )


def _is_at_work(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and not run.is_finished
