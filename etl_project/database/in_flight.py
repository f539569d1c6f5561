"""The temporary tables of a refresh: made empty from in_flight.sql, which declares and explains each of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

IN_FLIGHT_SQL = Path(__file__).with_name("in_flight.sql")


def create_in_flight_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make every temporary table of a refresh, empty; once for each connection."""
    con.execute(IN_FLIGHT_SQL.read_text("utf-8"))
