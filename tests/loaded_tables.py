"""Compares tables as a load leaves them in the work file, without checks, aggregates and publication.

For tests of what a load does: aggregates are what SQL makes of these tables, whatever was loaded how, and the laws
compare them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reading import reading

from etl_project.database.contract import OBSERVED, RELATED, contract

if TYPE_CHECKING:
    from conftest import Site

Rows = dict[str, list[tuple[Any, ...]]]
"""Table -> its rows, sorted."""


def loaded_tables(site: Site) -> Rows:
    """Every row of every table that a load writes as a function of the posts; relations are another stage's."""
    names = [name for name, table in contract().items() if not table.is_view and name not in (*OBSERVED, *RELATED)]
    with reading(site.published.parent / ".work" / site.published.name) as con:
        return {name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in names}


def equals_a_full_load(site: Site) -> None:
    """Assert that the tables that increments led to are those of one full load, which then is the work file."""
    incremental = loaded_tables(site)
    site.load(full=True)
    full = loaded_tables(site)
    for table in full:
        assert incremental[table] == full[table], table
