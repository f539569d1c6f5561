"""Carries what refreshes observed over into tables that are built anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.contract import OBSERVED
from etl_project.database.previous import PREVIOUS

if TYPE_CHECKING:
    import duckdb


def carry_over(con: duckdb.DuckDBPyConnection) -> None:
    """Copy the observed tables of the attached database `previous` into the work file in use, which is empty.

    The number of its generation is copied too: a rename publishes under a number of its own, not to be used again.
    """
    con.execute(f"UPDATE internal.generation SET generation = (SELECT generation FROM {PREVIOUS}.internal.generation)")
    for name in OBSERVED:
        con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM {PREVIOUS}.{name}")
