"""How much memory DuckDB may use at once in a refresh; it spills the rest, but for what it cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from etl_project.database.sql import first_number

if TYPE_CHECKING:
    import duckdb

MEMORY_BYTES = 448 * 2**20
"""What it may use beside that. A post of a million takes 1.07 times as long as one of 100,000."""

BYTES_PER_ROW = 16
"""Of a table in which rows are deleted DuckDB keeps two numbers for each row, in vectors of 2,048 of which one row was,
until the next checkpoint, and spills none of it: up to 250 MB for a million articles. That is measured for DuckDB 2.0,
and a test measures it again."""

MOST_THREADS = 4
"""Each takes memory of its own: with 16, DuckDB spills so much that the checks of a million articles take four times as
long as with 4."""

MOST_KEPT_BYTES = MEMORY_BYTES // 8
"""What may be kept while tables are checked and counted. DuckDB gives what joins and groups four fifths of its limit,
whatever else takes its memory: with 160 MB kept, every other refresh failed."""


def memory_settings() -> dict[str, str | bool | int | float | list[str]]:
    """Settings of DuckDB for as much memory as it may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "memory_limit": f"{MEMORY_BYTES}B",
        **({"threads": MOST_THREADS} if cores > MOST_THREADS else {}),  # else it takes one for each core by itself
    }


def allow_for_rows(con: duckdb.DuckDBPyConnection) -> int:
    """Let DuckDB keep what it must where rows of any vector of the work file are deleted.

    Args:
        con: a connection to the instance that has the file attached for writing as `work`.

    Returns:
        The bytes that it may keep then, at most, until the next checkpoint.
    """
    rows = first_number(con, "SELECT sum(estimated_size) FROM duckdb_tables() WHERE database_name = 'work'")
    con.execute(f"SET GLOBAL memory_limit = '{MEMORY_BYTES + BYTES_PER_ROW * rows}B'")
    return BYTES_PER_ROW * rows
