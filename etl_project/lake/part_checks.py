"""Checks of the rows of one part: its task runs them on the data files that it leaves, before any is committed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from etl_project.checks import run
from etl_project.checks.check import Check, CheckResult
from etl_project.lake.data_files import LakeFile
from etl_project.lake.part_files import select_files, tables_by_part
from etl_project.lake.place import Place
from etl_project.lake.tables import lake_tables

if TYPE_CHECKING:
    import duckdb

_ACROSS_PARTS = {"file_paths_are_unique"}
"""Checks of tables that are divided, whose violations may be in several parts: of an article of another name, say."""


def checks_of_parts() -> list[Check]:
    """Checks that every part passes by itself: what a violation of theirs is made of has one `article_id`."""
    divided = set(tables_by_part())
    return [
        check
        for check in run.CHECKS
        if check.stage == "tables"
        and check.is_blocking
        and check.name not in _ACROSS_PARTS
        and _tables_of(check) <= divided
    ]


def _tables_of(check: Check) -> set[str]:
    return {name for name in lake_tables() if re.search(rf"(?<![\w.]){re.escape(name)}\b", check.sql)}


def check_part(con: duckdb.DuckDBPyConnection, place: Place, files: Iterable[LakeFile]) -> list[CheckResult]:
    """Check the rows of one part. The connection uses a database of these afterwards.

    Args:
        con: a connection that may read the lake.
        place: where the lake is.
        files: the data files that the part is to consist of.

    Returns:
        The checks that are violated.
    """
    of_table: dict[str, list[LakeFile]] = {}
    for file in files:
        of_table.setdefault(file.table, []).append(file)
    con.execute("ATTACH ':memory:' AS checked; USE checked; CREATE SCHEMA internal")
    for name in tables_by_part():
        rows = select_files(place, lake_tables()[name], of_table.get(name, ()))
        con.execute(f"CREATE VIEW {name} AS {rows}")
    return [result for result in run.run_blocking_checks(con, checks_of_parts()) if not result.passed]


def results_of_parts(violated: Iterable[Sequence[CheckResult]], *, checked_all_rows: bool) -> list[CheckResult]:
    """Put the results of parts together.

    Args:
        violated: the checks that are violated in each part that was checked.
        checked_all_rows: whether that was every part.
    """
    found = [result for of_part in violated for result in of_part]
    results = []
    for check in checks_of_parts():
        its = [result for result in found if result.check.name == check.name]
        rows = [row for result in its for row in result.rows]
        number = sum(result.violations for result in its)
        results.append(CheckResult(check, number, rows[: run.SAMPLE_ROWS], checked_all_rows))
    return results
