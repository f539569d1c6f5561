"""Paths as DuckDB opens them, values as SQL writes them, transactions, and numbers of rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


_PATTERN_CHARACTER = re.compile(r"[*?\[]")


def openable(published: Path) -> str:
    """Write the path of a published file so that DuckDB opens it once.

    Without the prefix DuckDB 2.0 opens a file three times, to find out what it is, to read its header, and to keep;
    where it is replaced in between, the header is of the old file and the rest of the new one.
    """
    return f"duckdb:{published}"


def is_ambiguous(published: Path) -> bool:
    """Whether DuckDB, which names a database after its file, would take the name for a schema or a quote."""
    return published.stem in ("internal", "main", "memory", "system", "temp") or '"' in published.stem


def quoted(value: object) -> str:
    """Write a text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def parquet_rows(paths: Sequence[str], options: str = "") -> str:
    """Write the call that reads the rows of these files and of no others.

    A path is no pattern, and the name of a folder, such as `env=prod`, is no column.

    Args:
        paths: Parquet files.
        options: further arguments, such as `, filename = true`.
    """
    files = ", ".join(quoted(_PATTERN_CHARACTER.sub(r"[\g<0>]", path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false{options})"


def first_number(con: duckdb.DuckDBPyConnection, query: str, values: dict[str, object] | None = None) -> int:
    """First value of the first row of a query; 0 for NULL or no row."""
    # Read to its end: an unfinished result keeps frames from being registered.
    rows = con.execute(query, values or {}).fetchall()
    return int(rows[0][0] or 0) if rows else 0


def count_rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Count the rows of a table."""
    return first_number(con, f"SELECT count(*) FROM {table}")


def count_rows_of_each(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, int]:
    """Count the rows of some tables, at least one, in one query, which takes a fraction of the time of many."""
    return dict(
        con.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)).fetchall()
    )


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what is done, or nothing of it."""
    import duckdb

    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        # An error that ended the transaction itself is the one to tell.
        with suppress(duckdb.Error):
            con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
