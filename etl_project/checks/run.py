"""Runs checks on a database, and records what the results mean for the generation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from etl_project.checks.anomalies import ANOMALIES, note_categories
from etl_project.checks.check import Check, CheckResult, Stage, plain, with_shared
from etl_project.checks.integrity import INTEGRITY
from etl_project.checks.record import record_passed
from etl_project.checks.standing import Standing, fact_of
from etl_project.checks.thresholds import Thresholds
from etl_project.database.generation import Step, take_step
from etl_project.database.live_sql import LAST_AS_OF
from etl_project.database.sql import quoted, transaction

if TYPE_CHECKING:
    import duckdb

CHECKS: tuple[Check, ...] = (*INTEGRITY, *ANOMALIES)

SAMPLE_ROWS = 5

_STEPS = {"tables": Step.PASS_TABLE_CHECKS, "aggregates": Step.PASS_AGGREGATE_CHECKS}
"""Stage -> the step that its checks allow. Relations are no step: aggregates are not built without them."""

_ROWS_PER_FETCH = 10_000


def run_checks(
    con: duckdb.DuckDBPyConnection,
    stage: Stage,
    thresholds: Thresholds,
    passed_over: Mapping[str, str] = MappingProxyType({}),
    written: Collection[str] | None = None,
    standing: Standing = MappingProxyType({}),
    done: Sequence[CheckResult] = (),
) -> list[CheckResult]:
    """Run the checks of a stage on the work file, and take the step of the generation that they allow.

    A generation that violates a blocking check fails. See `etl_project.database.generation` for the steps.

    Args:
        con: the work file, in use.
        stage: which checks.
        thresholds: how far numbers may be from the usual.
        passed_over: source that lists no post -> what lies there, in words.
        written: relations and aggregates that were written since the load, where the load noted which other rows it
            may have written: blocking checks cover only what was written. None for all rows.
        standing: what the last published refresh warned of.
        done: results of checks of the stage that ran where the rows were written.
    """
    known = {result.check.name for result in done}
    checks = [check for check in CHECKS if check.stage == stage and check.name not in known]
    with transaction(con):
        if stage == "tables":
            con.execute(note_categories(of_touched=written is not None))
        results = [*done, *_run_all(con, checks, thresholds, None, passed_over, written, standing)]
        if any(result.check.is_blocking and not result.passed for result in results):
            take_step(con, Step.FAIL_CHECKS)
            return results
        checked_all_rows = written is None and all(result.checked_all_rows for result in done)
        record_passed(con, stage, checked_all_rows=checked_all_rows)
        if stage in _STEPS:
            take_step(con, _STEPS[stage])
        return results


def run_blocking_checks(con: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> list[CheckResult]:
    """Run some blocking checks on all rows of the tables in use. What they mean is up to the caller."""
    return _run_all(con, checks, Thresholds(), None, {})


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
    checks: Iterable[Check],
    thresholds: Thresholds,
    as_of: dt.datetime | None,
    passed_over: Mapping[str, str],
    written: Collection[str] | None = None,
    standing: Standing = MappingProxyType({}),
) -> list[CheckResult]:
    queries = {check: query for check in checks if (query := _query(check, written))}
    if any(not check.is_blocking for check in queries):
        _set_variables(con, thresholds, as_of, passed_over)
    violated = _find_violated(con, _leave_out_needless(con, queries))
    return [
        _run_check(
            con,
            check,
            queries[check],
            standing.get(check.name, {}),
            checked_all_rows=written is None or queries[check] == check.sql,
        )
        if check.name in violated
        else CheckResult(check, 0, [], written is None or queries.get(check) == check.sql)
        for check in checks
    ]


def _leave_out_needless(con: duckdb.DuckDBPyConnection, queries: Mapping[Check, str]) -> dict[Check, str]:
    """Leave out the checks that have passed because there is no row of those that they need."""
    needed = dict.fromkeys(check.needs for check in queries if check.needs)
    asked = " UNION ALL ".join(f"(SELECT {number} {rows} LIMIT 1)" for number, rows in enumerate(needed))
    there = {number for (number,) in con.execute(asked).fetchall()} if needed else set()
    missing = {rows for number, rows in enumerate(needed) if number not in there}
    return {check: query for check, query in queries.items() if check.needs not in missing}


def _find_violated(con: duckdb.DuckDBPyConnection, queries: Mapping[Check, str]) -> set[str]:
    """Find the names of the checks that some row violates."""
    if not queries:
        return set()
    # A check is nearly always passed. All of them in one query take half the time of one after another.
    counts = " UNION ALL ".join(f"SELECT '{check.name}', count(*) FROM (\n{sql}\n)" for check, sql in queries.items())
    counts = with_shared((table for check in queries for table in check.shared), counts)
    return {name for name, rows in con.execute(counts).fetchall() if rows}


def _query(check: Check, written: Collection[str] | None) -> str | None:
    """The query of a check: of all rows, of the touched ones, or none where what it is about was not written."""
    if written is None or not check.is_blocking or check.table in written:
        return check.sql
    if check.touched:
        return check.sql_of_touched
    return None if check.stage == "aggregates" else check.sql


def _set_variables(
    con: duckdb.DuckDBPyConnection, thresholds: Thresholds, as_of: dt.datetime | None, passed_over: Mapping[str, str]
) -> None:
    """Set what checks that warn read by `getvariable`."""
    told = json.dumps(dict(passed_over), ensure_ascii=False)
    variables: dict[str, object] = {
        **dataclasses.asdict(thresholds),
        "as_of": f"greatest({LAST_AS_OF}, {quoted(as_of.isoformat()) if as_of else 'NULL'}::TIMESTAMPTZ)",
        "passed_over": quoted(told),
    }
    con.execute("".join(f"SET VARIABLE {name} = {value};" for name, value in variables.items()))


def _run_check(
    con: duckdb.DuckDBPyConnection, check: Check, query: str, standing: Mapping[str, int], *, checked_all_rows: bool
) -> CheckResult:
    violations = con.execute(with_shared(check.shared, query))
    names = [column[0] for column in violations.description or ()]
    # Of facts there are a few for each source; of other rows there may be millions.
    sample = violations.fetchall() if check.fact else violations.fetchmany(SAMPLE_ROWS)
    more = sum(map(len, iter(lambda: violations.fetchmany(_ROWS_PER_FETCH), [])))
    rows = [{n: plain(v) for n, v in zip(names, row, strict=True)} for row in sample]
    facts = {fact: standing.get(fact) for row in rows if (fact := fact_of(check, row))}
    if check.fact:
        rows.sort(key=lambda row: fact_of(check, row) in standing)
    return CheckResult(check, len(sample) + more, rows[:SAMPLE_ROWS], checked_all_rows, facts)
