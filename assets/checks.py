"""The checks of etl_project/checks as Dagster asset checks. A blocking check that fails ends the run."""

from collections.abc import Iterator

import dagster as dg

from assets.markdown import escape_markdown
from assets.resources import Session
from etl_project.checks.check import Check, CheckResult, Stage
from etl_project.checks.run import CHECKS

_BLOCKING_REMEDY = "If no post explains it, build every table anew: the job `rebuild`. Nothing was published."


def _make_check_step(stage: Stage) -> dg.AssetChecksDefinition:
    """Make the step that runs all checks of a stage."""
    checks = [check for check in CHECKS if check.stage == stage]

    # All checks run even when only some of their tables are selected: together they decide whether the generation may
    # be published. Only the checks of selected tables are reported.
    @dg.multi_asset_check(name=f"check_{stage}", specs=[_check_spec(check) for check in checks], can_subset=True)
    def check_stage(
        context: dg.AssetCheckExecutionContext, session: dg.ResourceParam[Session]
    ) -> Iterator[dg.AssetCheckResult]:
        with session.step():
            results = session.refresh.run_checks(stage)
        session.checks += results
        selected = {(key.asset_key.to_user_string(), key.name) for key in context.selected_asset_check_keys}
        for result in results:
            if (result.check.table, result.check.name) in selected:
                yield _asset_check_result(result)
            elif result.check.is_blocking and not result.passed:
                context.log.warning(
                    "%s failed, %s rows violate it: %s",
                    result.check.name,
                    f"{result.violations:,}",
                    result.check.description,
                )

    return check_stage


def _check_spec(check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(check.name, asset=check.table, description=check.description, blocking=check.is_blocking)


def _asset_check_result(result: CheckResult) -> dg.AssetCheckResult:
    # As JSON: a path or title may contain Markdown or HTML.
    rows = {"some_of_them": dg.MetadataValue.json(result.rows)} if result.rows else {}
    return dg.AssetCheckResult(
        asset_key=result.check.table,
        check_name=result.check.name,
        passed=result.passed,
        # Dagster lets only severity ERROR block the following steps.
        severity=dg.AssetCheckSeverity.ERROR if result.check.is_blocking else dg.AssetCheckSeverity.WARN,
        description=None if result.passed else _describe_violations(result),
        metadata={"broken_rows": result.violations, **rows},
    )


def _describe_violations(result: CheckResult) -> str:
    """Say what violates a check and what to do about it, as Markdown: a paragraph for each."""
    more = result.violations - len(result.rows)
    lines = [escape_markdown(line) for line in result.sample]
    remedy = result.check.remedy or _BLOCKING_REMEDY
    return "\n\n".join([*lines, *([f"and {more:,} more"] if more else []), f"**What to do:** {remedy}"])


CHECK_STEPS = [_make_check_step("tables"), _make_check_step("related"), _make_check_step("aggregates")]
