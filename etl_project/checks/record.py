"""Records when the checks passed, and when they covered every row, which they do once a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from etl_project.checks.check import Stage
from etl_project.database.live_sql import LAST_AS_OF

if TYPE_CHECKING:
    import duckdb

STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True, slots=True)
class LastChecks:
    """Which rows the checks of the last refresh covered."""

    checked_all_rows: bool
    """Every row, and not only those that the refresh may have written."""
    all_rows_as_of: dt.datetime
    """Instant of the last refresh whose checks covered every row."""


def record_passed(con: duckdb.DuckDBPyConnection, stage: Stage, *, checked_all_rows: bool) -> None:
    """Record that the checks of a stage passed for the last refresh.

    Args:
        con: the work file, in use.
        stage: which checks.
        checked_all_rows: whether they covered every row.
    """
    con.execute(
        f"UPDATE internal.checks_passed SET as_of = {LAST_AS_OF}"
        f"{f', all_rows_as_of = {LAST_AS_OF}' if checked_all_rows else ''} WHERE stage = ?",
        [stage],
    )


def last_checks(con: duckdb.DuckDBPyConnection) -> LastChecks | None:
    """Read which rows the checks of the last refresh covered.

    Args:
        con: a file of the present version, in use.

    Returns:
        None where some stage never covered every row, or the record is not as refreshes leave it.
    """
    rows = con.execute("SELECT stage, as_of, all_rows_as_of FROM internal.checks_passed").fetchall()
    if sorted(stage for stage, _, all_rows in rows if all_rows) != sorted(STAGES):
        return None
    return LastChecks(all(row[1] == row[2] for row in rows), min(row[2] for row in rows))
