"""Two asset checks that are reported outside runs: the published file is fresh, and every source was read.

A day without changes materializes nothing, and a tick that finds no changes starts no run. So each check for changes
reports these two results itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from assets.markdown import escape_markdown
from etl_project.database.work_file import WorkFile
from etl_project.refresh.result import describe_outage

FRESHNESS_CHECK = dg.AssetCheckSpec(
    "was_looked_at_lately",
    asset="published_file",
    description="The sources were checked for changes within the last [schedule] stale_after_hours, and the file "
    "contains what was found: a day without posts is fresh. Reported by each check for changes, so with the schedule "
    "off the result stays as it was.",
)

SOURCES_READ_CHECK = dg.AssetCheckSpec(
    "every_source_was_read",
    asset="sources",
    description="Every source could be read when it was last checked. A source that cannot be read keeps its articles "
    "as they were.",
)

_STATUSES = {True: AssetCheckExecutionRecordStatus.SUCCEEDED, False: AssetCheckExecutionRecordStatus.FAILED}


def check_freshness(work: WorkFile, stale_after_hours: float) -> dg.AssetCheckResult:
    """Check whether the published file is fresh.

    Args:
        work: holds the time of the last check for changes that found nothing to do, or ended in a refresh.
        stale_after_hours: age of that check from which the file is stale.
    """
    checked = work.last_plan.complete_at()
    passed = work.last_plan.is_fresh(stale_after_hours)
    return dg.AssetCheckResult(
        asset_key=FRESHNESS_CHECK.asset_key,
        check_name=FRESHNESS_CHECK.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=None if passed or not checked else f"Last checked successfully at {checked:%Y-%m-%d %H:%M} UTC.",
        metadata={"looked_at": dg.MetadataValue.timestamp(checked)} if checked else {},
    )


def check_sources_read(unavailable: Mapping[str, str]) -> dg.AssetCheckResult:
    """Check whether every source was read.

    Args:
        unavailable: source -> reason why it could not be read.
    """
    return dg.AssetCheckResult(
        asset_key=SOURCES_READ_CHECK.asset_key,
        check_name=SOURCES_READ_CHECK.name,
        passed=not unavailable,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(escape_markdown(describe_outage(name, why)) for name, why in unavailable.items()) or None,
        metadata={"sources": dg.MetadataValue.json(dict(unavailable))} if unavailable else {},
    )


def report_freshness(instance: dg.DagsterInstance, work: WorkFile, stale_after_hours: float) -> None:
    """Check freshness and report a changed result; nothing where the sources have never been checked.

    Args:
        instance: where checks are recorded.
        work: as in `check_freshness`.
        stale_after_hours: as in `check_freshness`.
    """
    if work.last_plan.complete_at():
        report_if_changed(instance, check_freshness(work, stale_after_hours))


def report_if_changed(instance: dg.DagsterInstance, result: dg.AssetCheckResult) -> None:
    """Report the result of a check if it differs from the last one, so that a tick without news leaves no record.

    Args:
        instance: where checks are recorded.
        result: the current result.
    """
    assert result.asset_key and result.check_name
    key = dg.AssetCheckKey(result.asset_key, result.check_name)
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key([key]).get(key)
    if latest and latest.status == AssetCheckExecutionRecordStatus.PLANNED and _is_running(instance, latest.run_id):
        # The run will report its own result. One reported now would be about the file before that run, yet be newer.
        return
    if latest and latest.status == _STATUSES[result.passed]:
        return
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=result.asset_key,
            check_name=result.check_name,
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata or {},
        )
    )


def _is_running(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and not run.is_finished
