"""How much memory DuckDB may use at once in a refresh; it spills the rest, but for what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.sql import first_number

if TYPE_CHECKING:
    import duckdb

MEMORY_BYTES = 448 * 2**20
"""What it may use beside that. A post of a million takes 1.07 times as long as one of 100,000."""

BYTES_PER_ROW = 16
"""Of a table in which rows are deleted DuckDB keeps two numbers for each row, in vectors of 2,048 of which one row was,
until the next checkpoint, and spills none of it. Of a million articles that are 200 MiB, which the checks lacked when
they came to it: measured for DuckDB 2.0, and a test measures it again."""


def allow_for_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB keep what it must where rows of any vector of the work file are deleted.

    Args:
        con: a connection to the instance that has the file attached for writing as `work`.
    """
    rows = first_number(con, "SELECT sum(estimated_size) FROM duckdb_tables() WHERE database_name = 'work'")
    con.execute(f"SET GLOBAL memory_limit = '{MEMORY_BYTES + BYTES_PER_ROW * rows}B'")
