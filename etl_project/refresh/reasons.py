"""Why there is something to do, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from etl_project.database.generation import GenerationState
from etl_project.database.live_sql import turned_live_or_expired
from etl_project.database.sql import first_number
from etl_project.load.aggregates import aggregates_version
from etl_project.scan.clock import Clock
from etl_project.scan.diff import Diff

if TYPE_CHECKING:
    import duckdb

_LEFT_TO_DO = {
    GenerationState.FAILED: "the checks of the last refresh failed",
    GenerationState.LOADED: "the tables of the last refresh have not been checked",
    GenerationState.TABLES_CHECKED: "the aggregates of the last refresh have not been built",
    GenerationState.AGGREGATED: "the aggregates have not been checked since they were built",
    GenerationState.CHECKED: "the last refresh was not published",
}


def reasons_to_finish(state: GenerationState, *, is_written_into: bool) -> list[str]:
    """What is left to do of a generation that is not published, or not published any more.

    Args:
        state: the state of the generation.
        is_written_into: the published file is not as it was published.
    """
    if state is GenerationState.CHECKED and is_written_into:
        return ["the published file is not as it was published"]
    return [_LEFT_TO_DO[state]]


def reasons_to_load(
    con: duckdb.DuckDBPyConnection,
    diff: Diff,
    clock: Clock,
    renames: Mapping[str, str],
    reparse: frozenset[str],
    *,
    is_asked: bool,
) -> list[str]:
    """Say why tables must be loaded; nothing when they need not be.

    Args:
        con: the connection of the plan, with the work file in use.
        diff: how the sources differ from the inventory.
        clock: the instant of the plan.
        renames: old name of a source -> its present one, where rows are still under the old one.
        reparse: sources whose every file is read again: their settings or code changed, or it was asked for.
        is_asked: a person asked for every file to be read again.
    """
    reasons = [f"the source {old} is now named {new}" for old, new in renames.items()]
    if reparse:
        names = ", ".join(sorted(reparse))
        reasons.append(
            f"every file of {names} is read again, as asked" if is_asked else f"settings or code of {names} changed"
        )
    if files := sum(number for name, number in diff.to_read.items() if name not in reparse):
        reasons.append(count(files, "file is new or may have changed", "files are new or may have changed"))
    if diff.missed:
        reasons.append(
            count(
                len(diff.missed),
                "file has other bytes although its signature is the same",
                "files have other bytes although their signature is the same",
            )
        )
    if diff.deleted:
        reasons.append(count(diff.deleted, "file is gone", "files are gone"))
    for name, articles in diff.leaving.items():
        if articles.unselected:
            what = count(articles.unselected, "file", "files")
            reasons.append(f"{what} of {name} left: there, but no post by its settings or by this version")
    turned = first_number(con, f"SELECT count(*) FROM ({turned_live_or_expired('work')})", {"as_of": clock.as_of})
    if turned:
        reasons.append(count(turned, "article goes live or expires", "articles go live or expire"))
    built_with = con.execute("SELECT aggregates_version FROM internal.generation").fetchone()
    if built_with and built_with[0] not in (None, aggregates_version()):
        reasons.append("the definition of an aggregate changed")
    return reasons


def count(number: int, one: str, many: str) -> str:
    """Write a number with what it counts."""
    return f"{number:,} {one if number == 1 else many}"
