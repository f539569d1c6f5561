"""Tells the outcome of a refresh to the alerts."""

from __future__ import annotations

from etl_project.alerts.alerts import Alerts
from etl_project.refresh.outcome import Outcome


def tell_outcome(alerts: Alerts, outcome: Outcome) -> None:
    """Alert about the outcome of a refresh. One that was cancelled, or partial, is neither a failure nor a recovery."""
    loaded, failed = outcome.tables, outcome.failed
    if loaded and loaded.is_new:
        numbers = {"files_read": loaded.files_read, **loaded.changes}
        alerts.report_rejected(loaded.rows["rejected_files"], loaded.generation, numbers, loaded.newly_rejected)
        alerts.report_missed_changes(loaded.missed, loaded.generation)
    if outcome.error:
        alerts.report_failure(outcome.error)
    elif failed:
        names = ", ".join(f"{check.check.name} ({check.violations:,} rows)" for check in failed)
        alerts.report_failure(f"Checks failed and nothing was published: {names}. The published file is as it was.")
    elif outcome.published and outcome.diff:
        # A source may also fail while it is read.
        unavailable = loaded.unavailable if loaded else outcome.diff.unavailable
        alerts.report_success(outcome.published.generation, outcome.diff.listed, unavailable)
