"""The checks of load/checks.py as Dagster shows and obeys them: a blocking one that fails ends the run."""

import re
from collections.abc import Iterator

import dagster as dg

from assets.resources import Session
from etl_project.checks.check import Check, CheckResult, Stage
from etl_project.checks.run import CHECKS


def _stage_checks(stage: Stage) -> dg.AssetChecksDefinition:
    """Make one step of the checks of a stage."""
    checks = [check for check in CHECKS if check.stage == stage]

    # All of them run even where a part of their tables is selected: together they decide whether the generation may
    # be published. Those of the selected tables are reported.
    @dg.multi_asset_check(name=f"check_{stage}", specs=[_spec(check) for check in checks], can_subset=True)
    def check_stage(
        context: dg.AssetCheckExecutionContext, session: dg.ResourceParam[Session]
    ) -> Iterator[dg.AssetCheckResult]:
        with session.step():
            results = session.refresh.run_checks(stage)
        session.checks += results
        selected = {(key.asset_key.to_user_string(), key.name) for key in context.selected_asset_check_keys}
        for result in results:
            if (result.check.table, result.check.name) in selected:
                yield _reported(result)
            elif result.check.is_blocking and not result.passed:
                context.log.warning(
                    "%s is broken by %s rows: %s", result.check.name, f"{result.broken:,}", result.check.description
                )

    return check_stage


def _spec(check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(check.name, asset=check.table, description=check.description, blocking=check.is_blocking)


def _reported(result: CheckResult) -> dg.AssetCheckResult:
    # As JSON: a path or title may hold what Markdown or HTML would obey.
    rows = {"some_of_them": dg.MetadataValue.json(result.rows)} if result.rows else {}
    return dg.AssetCheckResult(
        asset_key=result.check.table,
        check_name=result.check.name,
        passed=result.passed,
        # Only an error blocks what comes after it.
        severity=dg.AssetCheckSeverity.ERROR if result.check.is_blocking else dg.AssetCheckSeverity.WARN,
        description=None if result.passed else _told(result),
        metadata={"broken_rows": result.broken, **rows},
    )


def _told(result: CheckResult) -> str:
    more = result.broken - len(result.rows)
    lines = [as_text(line) for line in result.sample]
    return "\n".join([*lines, *([f"and {more:,} more"] if more else [])])


def as_text(line: str) -> str:
    """Write a line that is shown as Markdown, and may hold some in a path: CommonMark lets every sign be escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line)


CHECK_STEPS = [_stage_checks("tables"), _stage_checks("aggregates")]
