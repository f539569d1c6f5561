"""Shows the work file that a rebuild replaces as a database `previous` of views with one row for each key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl_project.database.contract import KEYS, TABLES_SQL, Column, describe
from etl_project.database.sql import quoted
from etl_project.database.template import template_file
from etl_project.database.work_file import WorkFile

if TYPE_CHECKING:
    import duckdb

PREVIOUS = "previous"
"""Name of the attached database."""

REPLACED_FILE = "replaced_file"
"""Name of the attached file that the views of `previous` show."""


FORMER_VALUES = {
    ("article_changes", "source_id"): (
        "coalesce((SELECT any_value(a.source_id) FROM {file}.articles AS a "
        "WHERE a.article_id = article_changes.article_id), '')"
    )
}
"""Table and column -> the value in rows of a file that lacks the column, where it can be found out in that file."""

_FORMER_VALUES_BY_TYPE = {
    "VARCHAR": "''",
    "JSON": "'null'",
    "BIGINT": "0",
    "UBIGINT": "0",
    "INTEGER": "0",
    "DOUBLE": "0",
    "BOOLEAN": "false",
    "DATE": "DATE '1970-01-01'",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '1970-01-01 00:00:00+00'",
}
"""The value in such rows of a column that must have one; any other is NULL there."""


def attach_previous(con: duckdb.DuckDBPyConnection, work: WorkFile) -> None:
    """Attach the work file as it is before a rebuild as the database `previous`, of views.

    A table of the contract that the file lacks, as an older version may, is there without rows; a column that it lacks
    has the value that docs/operations.md states. Where a fault left
    several rows of one key, one of them is shown: the rebuild must end in good tables whatever it begins with.
    """
    con.execute(f"ATTACH {quoted(work.path)} AS {REPLACED_FILE} (READ_ONLY)")
    con.execute(f"USE {REPLACED_FILE}")
    there = describe(con)
    con.execute(f"ATTACH ':memory:' AS {PREVIOUS}")
    con.execute(f"USE {PREVIOUS}")
    con.execute(_schema_without_comments())
    for name, table in describe(con).items():
        if name not in there:
            continue
        shared = {column.name for column in there[name].columns}
        shown = ", ".join(
            column.name if column.name in shared else f"{_value_of_missing(name, column)} AS {column.name}"
            for column in table.columns
        )
        con.execute(f"DROP TABLE {name}")
        only_one = _make_qualify_clause(con, name, shared)
        con.execute(f"CREATE VIEW {name} AS SELECT {shown} FROM {REPLACED_FILE}.{name} {only_one}")
    con.execute("CREATE SCHEMA internal")
    # The numbers of a damaged file may contradict each other; none of them may be used again.
    con.execute(
        f"CREATE TABLE internal.generation AS SELECT greatest("
        f"(SELECT coalesce(max(generation), 0) FROM {REPLACED_FILE}.internal.generation), "
        f"(SELECT coalesce(max(refresh_id), 0) FROM {PREVIOUS}.refreshes)) AS generation"
    )


def attach_empty_previous(con: duckdb.DuckDBPyConnection) -> None:
    """Attach a database `previous` without rows: nothing came before the first refresh."""
    con.execute(f"ATTACH {quoted(template_file())} AS {PREVIOUS} (READ_ONLY)")


def _schema_without_comments() -> str:
    """Statements that create the tables of the contract: nobody reads their comments here, and those take longest."""
    sql = "".join(file.read_text("utf-8") for file in TABLES_SQL)
    return re.sub(r"^COMMENT ON .*;$", "", sql, flags=re.MULTILINE)


def has_doubled_files(con: duckdb.DuckDBPyConnection, inventory: str) -> bool:
    """Whether a query of an inventory gives a file two rows, which only a fault can make."""
    row = con.execute(f"SELECT count(*) <> count(DISTINCT hash(source_id, path)) FROM ({inventory})").fetchone()
    return bool(row and row[0])


def _value_of_missing(table: str, column: Column) -> str:
    """Expression of the value that a column has in the rows of a file that lacks it."""
    if (table, column.name) in FORMER_VALUES:
        return FORMER_VALUES[table, column.name].format(file=REPLACED_FILE)
    return former_value(column.type, is_nullable=column.is_nullable)


def former_value(kind: str, *, is_nullable: bool) -> str:
    """Expression of the value that a column of a type has in rows of a version that lacks it."""
    if is_nullable:
        return "NULL"
    return "[]" if kind.endswith("]") else _FORMER_VALUES_BY_TYPE[kind]


def _make_qualify_clause(con: duckdb.DuckDBPyConnection, table: str, columns: set[str]) -> str:
    """The clause that leaves one row for each key; nothing where there is one already, as there nearly always is."""
    if table not in KEYS or not columns.issuperset(KEYS[table]):
        return ""
    key = ", ".join(KEYS[table] or sorted(columns))
    # Hashes take less memory than keys; two keys of one hash would only make the clause needless.
    row = con.execute(f"SELECT count(*) <> count(DISTINCT hash({key})) FROM {REPLACED_FILE}.{table}").fetchone()
    return f"QUALIFY row_number() OVER (PARTITION BY {key}) = 1" if row and row[0] else ""
