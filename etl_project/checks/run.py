"""Runs checks on a database, and records what the results mean for the generation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from types import MappingProxyType
from typing import TYPE_CHECKING

from etl_project.checks.anomalies import ANOMALIES, NOTE_CATEGORIES
from etl_project.checks.check import Check, CheckResult, Stage, plain
from etl_project.checks.integrity import INTEGRITY
from etl_project.checks.thresholds import Thresholds
from etl_project.database.delta_views import stand_in_of
from etl_project.database.generation import Step, take_step

if TYPE_CHECKING:
    import duckdb

CHECKS: tuple[Check, ...] = (*INTEGRITY, *ANOMALIES)

SAMPLE_ROWS = 5

_STEPS = {"tables": Step.PASS_TABLE_CHECKS, "aggregates": Step.PASS_AGGREGATE_CHECKS}
"""Stage -> the step that its checks allow. Relations are no step: aggregates are not built without them."""

CONCURRENT_CHECKS = 2
"""Most checks keep one core busy."""

_ROWS_PER_FETCH = 10_000

_DATABASE_AND_INSTANT = "SELECT current_database(), greatest(max_by(as_of, refresh_id), ?) FROM refreshes"


def run_checks(
    con: duckdb.DuckDBPyConnection,
    stage: Stage,
    thresholds: Thresholds,
    passed_over: Mapping[str, str] = MappingProxyType({}),
) -> list[CheckResult]:
    """Run the checks of a stage on the work file, and take the step of the generation that they allow.

    A generation that violates a blocking check fails. See `etl_project.database.generation` for the steps.

    Args:
        con: the work file, in use.
        stage: which checks.
        thresholds: how far numbers may be from the usual.
        passed_over: source that lists no post -> what lies there, in words.
    """
    if stage == "tables":
        con.execute(NOTE_CATEGORIES)
    results = _run_all(con, [check for check in CHECKS if check.stage == stage], thresholds, None, passed_over)
    if any(result.check.is_blocking and not result.passed for result in results):
        take_step(con, Step.FAIL_CHECKS)
    elif stage in _STEPS:
        take_step(con, _STEPS[stage])
    return results


def warnings(
    con: duckdb.DuckDBPyConnection,
    thresholds: Thresholds,
    as_of: dt.datetime | None = None,
    passed_over: Mapping[str, str] = MappingProxyType({}),
) -> list[CheckResult]:
    """Find what people should be warned of in a published file; nothing in it is changed.

    Args:
        con: the file, in use.
        thresholds: how far numbers may be from the usual.
        as_of: instant of the last plan; days pass while no refresh has anything to do.
        passed_over: source that lists no post -> what lies there, in words.

    Returns:
        The checks that failed and do not block.
    """
    return [result for result in _run_all(con, ANOMALIES, thresholds, as_of, passed_over) if not result.passed]


def _run_all(
    con: duckdb.DuckDBPyConnection,
    checks: Sequence[Check],
    thresholds: Thresholds,
    as_of: dt.datetime | None,
    passed_over: Mapping[str, str],
) -> list[CheckResult]:
    row = con.execute(_DATABASE_AND_INSTANT, [as_of]).fetchone()
    assert row is not None, "an aggregate without GROUP BY has one row"
    told = json.dumps(dict(passed_over), ensure_ascii=False)
    database, variables = row[0], {**dataclasses.asdict(thresholds), "as_of": row[1], "passed_over": told}
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()

    def run(check: Check) -> CheckResult:
        cursor = free.get()
        try:
            return _run_check(cursor, check)
        finally:
            free.put(cursor)

    def find_violated(checks: list[Check]) -> set[str]:
        cursor = free.get()
        try:
            return {name for name, rows in cursor.execute(_count_violations(checks)).fetchall() if rows}
        finally:
            free.put(cursor)

    stand_in = stand_in_of(con)
    with ExitStack() as cursors, ThreadPoolExecutor(CONCURRENT_CHECKS) as pool:
        for _ in range(CONCURRENT_CHECKS):
            cursor = cursors.enter_context(con.cursor())
            # Neither the database in use, nor variables and macros go from a connection to its cursors.
            cursor.execute(f'USE "{database}"')
            if stand_in:
                cursor.execute(stand_in)
            for name, value in variables.items():
                cursor.execute(f"SET VARIABLE {name} = ?", [value])
            free.put(cursor)
        # A blocking check is nearly always passed. All of them in one query take half the time of one after another.
        blocking = [check for check in checks if check.is_blocking]
        violated = pool.submit(find_violated, blocking) if blocking else None
        rest = {check.name: pool.submit(run, check) for check in checks if not check.is_blocking}
        names = violated.result() if violated else set()
        rest |= {check.name: pool.submit(run, check) for check in blocking if check.name in names}
        return [rest[check.name].result() if check.name in rest else CheckResult(check, 0, []) for check in checks]


def _count_violations(checks: Iterable[Check]) -> str:
    return " UNION ALL ".join(f"SELECT '{check.name}', count(*) FROM (\n{check.sql}\n)" for check in checks)


def _run_check(con: duckdb.DuckDBPyConnection, check: Check) -> CheckResult:
    violations = con.execute(check.sql)
    names = [column[0] for column in violations.description or ()]
    sample = violations.fetchmany(SAMPLE_ROWS)
    more = sum(map(len, iter(lambda: violations.fetchmany(_ROWS_PER_FETCH), [])))
    rows = [{n: plain(v) for n, v in zip(names, row, strict=True)} for row in sample]
    return CheckResult(check, len(sample) + more, rows)
