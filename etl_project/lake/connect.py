"""Connects DuckDB to a lake: views of the names of the tables over the files of pinned versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from etl_project.lake.data_files import LakeFile, select_rows
from etl_project.lake.place import Place
from etl_project.lake.tables import LakeTable

if TYPE_CHECKING:
    import duckdb


def create_views(
    con: duckdb.DuckDBPyConnection, place: Place, tables: Iterable[tuple[LakeTable, Sequence[LakeFile]]]
) -> None:
    """Create a view of each table over its files, in the database in use.

    No extension of DuckDB is needed, and nothing is asked but the store. The column of the part is not shown.
    """
    place.let_read(con)
    con.execute("CREATE SCHEMA IF NOT EXISTS internal")
    for table, files in tables:
        con.execute(
            f"CREATE OR REPLACE VIEW {table.name} AS {select_rows(place, table, [file.path for file in files])}"
        )
