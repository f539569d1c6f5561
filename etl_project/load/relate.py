"""Brings relations up to date in the work file, and tells which aggregates must be built anew because of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl_project.database.contract import RELATED, aggregates_sql
from etl_project.database.work_file import transaction
from etl_project.insight import Insight
from etl_project.related.stories import clear_stories, relate_stories

if TYPE_CHECKING:
    import duckdb


def relate(con: duckdb.DuckDBPyConnection, insight: Insight) -> bool:
    """Bring the relations over all articles up to date with the tables, in one transaction.

    Args:
        con: the work file, in use.
        insight: what is on; the tables of what is off are emptied.

    Returns:
        Whether a row changed. Aggregates that count relations are then built anew, whatever they were built from.

    Raises:
        duckdb.Error: nothing is changed.
    """
    with transaction(con):
        is_changed = relate_stories(con) if insight.stories else clear_stories(con)
        if is_changed:
            con.execute(
                "DELETE FROM internal.aggregates_built WHERE list_contains($names, name)",
                {"names": [name for name, sql in aggregates_sql().items() if _counts_relations(sql)]},
            )
    return is_changed


def _counts_relations(sql: str) -> bool:
    return bool(set(RELATED) & set(re.findall(r"\w+", re.sub(r"--.*|'[^']*'", "", sql))))
