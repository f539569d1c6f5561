"""Brings relations up to date in the work file, and tells which aggregates must be built anew because of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from etl_project.database.contract import LINKS, STORIES, contract
from etl_project.database.sql import first_number, transaction
from etl_project.insight import Insight
from etl_project.load.aggregate_inputs import columns_read
from etl_project.related.links import clear_links, relate_links
from etl_project.related.stories import clear_stories, relate_stories

if TYPE_CHECKING:
    import duckdb


def relate(con: duckdb.DuckDBPyConnection, insight: Insight) -> list[str]:
    """Bring the relations over all articles up to date with the tables, in one transaction.

    Args:
        con: the work file, in use.
        insight: what is on; the tables of what is off are emptied.

    Returns:
        Tables of which a row changed. Aggregates that count them are built anew, whatever they were built from.

    Raises:
        duckdb.Error: nothing is changed.
    """
    with transaction(con):
        changed: list[str] = []
        # Stories are last: they forget which articles changed.
        if relate_links(con) if insight.links else clear_links(con):
            changed += LINKS
        if relate_stories(con) if insight.stories else clear_stories(con):
            changed += STORIES
        _note_terms(con, is_on=insight.terms)
        if names := counting(changed):
            con.execute("DELETE FROM internal.aggregates_built WHERE list_contains($names, name)", {"names": names})
    return changed


def _note_terms(con: duckdb.DuckDBPyConnection, *, is_on: bool) -> None:
    """Write down whether there are terms: the view `article_terms` is empty where they are off."""
    is_noted = first_number(con, "SELECT count(*) FROM internal.relations WHERE name = 'terms'") > 0
    if is_on and not is_noted:
        con.execute("INSERT INTO internal.relations VALUES ('terms', '')")
    elif is_noted and not is_on:
        con.execute("DELETE FROM internal.relations WHERE name = 'terms'")


def counting(tables: Iterable[str]) -> list[str]:
    """Names of the aggregates that read one of some tables, on their own or through a view."""
    read = columns_read(contract())
    return sorted({aggregate for table in tables for aggregate in read.get(table, ())})
