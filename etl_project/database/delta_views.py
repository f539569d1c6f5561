"""Views of Delta tables in a published file: which there are. Most files have none, and then no library is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import duckdb

DELTA_SCAN = "delta_scan"
"""Function of DuckDB's extension `delta`, by which views show a table of a lake at a version."""

_SCAN = re.compile(r"""delta_scan\('((?:[^']|'')*)', "?version"? (?::=|=>) (\d+)\)""")


class Scan(NamedTuple):
    """A Delta table that a view shows."""

    address: str
    version: int


def scans_of(con: duckdb.DuckDBPyConnection) -> frozenset[Scan]:
    """Find the Delta tables that views of the attached databases show."""
    rows = con.execute(
        f"SELECT sql FROM duckdb_views() WHERE NOT internal AND contains(sql, '{DELTA_SCAN}(')"
    ).fetchall()
    found = (_SCAN.search(sql) for (sql,) in rows)
    return frozenset(Scan(scan[1].replace("''", "'"), int(scan[2])) for scan in found if scan)


def holds_articles(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database in use is sure to show no Delta table, as its `articles` are a table and no view.

    A file that shows large tables by views shows this one so. The question takes a tenth of the time of `scans_of`.
    """
    import duckdb

    # To bind such a view must not make DuckDB look for the extension, perhaps far away.
    con.execute("SET autoload_known_extensions = false")
    try:
        con.execute("SELECT rowid FROM articles LIMIT 0")  # no view has one
        return True
    except duckdb.Error:  # a view, or a database of something else
        return False
    finally:
        con.execute("RESET autoload_known_extensions")


def stand_in_sql(definition: str) -> str:
    """Write the statement that puts a macro in the place of the function, for one connection.

    Args:
        definition: query of the rows of the table at `path`, at `version`.
    """
    return f"CREATE OR REPLACE TEMP MACRO {DELTA_SCAN}(path, version := 0) AS TABLE {definition}"
