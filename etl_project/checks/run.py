"""The checks run on a database: what they find, and what it means for the generation."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TYPE_CHECKING

from etl_project.checks.anomalies import ANOMALIES, NOTE_CATEGORIES
from etl_project.checks.check import Check, CheckResult, Stage, plain
from etl_project.checks.integrity import INTEGRITY
from etl_project.checks.thresholds import Thresholds
from etl_project.database.work_file import generation, set_state

if TYPE_CHECKING:
    import duckdb

CHECKS: tuple[Check, ...] = (*INTEGRITY, *ANOMALIES)

SAMPLE_ROWS = 5

_TOGETHER = 2
"""Checks that run at once: most of them keep one core busy."""
_FETCHED_TOGETHER = 10_000

_AT = "SELECT current_database(), greatest(max_by(as_of, refresh_id), ?) FROM refreshes"


def run_checks(con: duckdb.DuckDBPyConnection, stage: Stage, thresholds: Thresholds) -> list[CheckResult]:
    """Run the checks of a stage on the work file and write down what they mean for the generation.

    A generation that breaks a blocking check becomes `failed`. One that passes those of the tables becomes `sound`,
    which is what building its aggregates asks for; one whose aggregates were built then, and pass theirs, becomes
    `checked`, which is what `publish` asks for. So no step that is run again alone can jump another.
    """
    if stage == "tables":
        con.execute(NOTE_CATEGORIES)
    results = _run(con, [check for check in CHECKS if check.stage == stage], thresholds)
    if any(result.check.is_blocking and not result.passed for result in results):
        set_state(con, "failed")
    elif stage == "tables" and generation(con).state in ("loaded", "failed"):
        set_state(con, "sound")
    elif stage == "aggregates" and generation(con).state == "aggregated":
        set_state(con, "checked")
    return results


def warnings(
    con: duckdb.DuckDBPyConnection, thresholds: Thresholds, as_of: dt.datetime | None = None
) -> list[CheckResult]:
    """Ask a published file what people should be warned of; nothing in it is changed.

    Args:
        con: the file, in use.
        thresholds: how far things may stray.
        as_of: instant of the last look; days go by while no refresh has anything to do.

    Returns:
        The checks that do not hold and do not block.
    """
    return [result for result in _run(con, ANOMALIES, thresholds, as_of) if not result.passed]


def _run(
    con: duckdb.DuckDBPyConnection, checks: Iterable[Check], thresholds: Thresholds, as_of: dt.datetime | None = None
) -> list[CheckResult]:
    row = con.execute(_AT, [as_of]).fetchone()
    assert row is not None, "an aggregate without GROUP BY has one row"
    database, variables = row[0], {**dataclasses.asdict(thresholds), "as_of": row[1]}
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()

    def run(check: Check) -> CheckResult:
        cursor = free.get()
        try:
            return _result(cursor, check)
        finally:
            free.put(cursor)

    with ExitStack() as cursors, ThreadPoolExecutor(_TOGETHER) as pool:
        for _ in range(_TOGETHER):
            cursor = cursors.enter_context(con.cursor())
            # Neither the database in use nor variables go from a connection to its cursors.
            cursor.execute(f'USE "{database}"')
            for name, value in variables.items():
                cursor.execute(f"SET VARIABLE {name} = ?", [value])
            free.put(cursor)
        return list(pool.map(run, checks))


def _result(con: duckdb.DuckDBPyConnection, check: Check) -> CheckResult:
    broken = con.execute(check.sql)
    names = [column[0] for column in broken.description or ()]
    sample = broken.fetchmany(SAMPLE_ROWS)
    more = sum(map(len, iter(lambda: broken.fetchmany(_FETCHED_TOGETHER), [])))
    rows = [{n: plain(v) for n, v in zip(names, row, strict=True)} for row in sample]
    return CheckResult(check, len(sample) + more, rows)
