"""The one sequence of the stages after a plan, for whoever takes them straight through.

A run that Dagster drives takes the same stages in the same order, by the edges of its graph; a test compares the two.
"""

from __future__ import annotations

from etl_project.refresh.handed_on import HandedOn
from etl_project.refresh.outcome import Outcome
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import Report
from etl_project.refresh.refresh import Refresh


def take_stages(refresh: Refresh | HandedOn, plan: RefreshPlan, outcome: Outcome, report: Report | None = None) -> None:
    """Take every stage after the plan, and publish; a blocking check that fails ends that early, and is no error.

    Args:
        refresh: the caller holds the lock of its work file.
        plan: what there is to do; it cannot be used again.
        outcome: gets the result of each stage as it ends, so that they are known where one fails.
        report: called with (files done, files in all) while files are read.

    Raises:
        Exception: what a stage raises.
    """
    take_stages_to_publish(refresh, plan, outcome, report)
    if not outcome.failed:
        outcome.published = refresh.publish()


def take_stages_to_publish(
    refresh: Refresh | HandedOn, plan: RefreshPlan, outcome: Outcome, report: Report | None = None
) -> None:
    """Take the stages before the publication, as `take_stages` does."""
    if plan.is_no_op:
        refresh.count_rows()
    else:
        outcome.tables = refresh.load_tables(plan, report)
    outcome.checks += refresh.run_checks("tables")
    if outcome.failed:
        return
    refresh.relate()
    outcome.checks += refresh.run_checks("related")
    if outcome.failed:
        return
    outcome.aggregates = refresh.build_aggregates()
    outcome.checks += refresh.run_checks("aggregates")
