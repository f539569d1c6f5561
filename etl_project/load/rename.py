"""A source under its old name in, the same rows under the new one out, history included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from etl_project.database.sql import quoted
from etl_project.database.work_file import transaction

if TYPE_CHECKING:
    import duckdb

_SOURCE, _IDS = "source_id", ("article_id", "old_article_id", "previous_article_id")


def inventory_by_present_names(inventory: str, renames: Mapping[str, str]) -> str:
    """Write a query of an inventory as if every source already had its present name.

    Args:
        inventory: a table or query with the columns source_id and article_id.
        renames: old name of a source -> its present one.
    """
    if not renames:
        return f"SELECT * FROM {inventory}"
    return f"SELECT * REPLACE ({_named(_SOURCE, renames)}, {_named('article_id', renames)}) FROM {inventory}"


def rename_sources(con: duckdb.DuckDBPyConnection, renames: Mapping[str, str]) -> None:
    """Give sources their present names in every table of the database in use, of whatever version, all or nothing.

    The generation becomes a new one that is only loaded, so that what is published under the old name does not pass for
    it.

    Args:
        con: a connection that uses a work file.
        renames: old name of a source -> its present one.

    Raises:
        duckdb.Error: nothing is changed.
    """
    columns = con.execute(
        """
        SELECT schema_name, table_name, list(column_name) FROM duckdb_columns() JOIN duckdb_tables()
            USING (database_name, schema_name, table_name)
        WHERE database_name = current_database() AND list_contains($names, column_name) GROUP BY ALL
        """,
        {"names": [_SOURCE, *_IDS]},
    ).fetchall()
    with transaction(con):
        if any(table == "article_history" for _, table, _ in columns):
            # An article that a removed source of the present name once had is no longer the one of that id.
            new = _named("article_id", renames, alias=False)
            con.execute(
                f"DELETE FROM article_history WHERE article_id IN "
                f"(SELECT {new} FROM article_history WHERE {new} <> article_id)"
            )
        for schema, table, names in columns:
            new = ", ".join(f"{name} = {_named(name, renames, alias=False)}" for name in names)
            con.execute(f"UPDATE {schema}.{table} SET {new}")
        con.execute("UPDATE internal.generation SET generation = generation + 1, state = 'loaded'")


def _named(column: str, renames: Mapping[str, str], *, alias: bool = True) -> str:
    """SQL for the value of a column under the present names; an article_id is `<source>:<identity>`."""
    cases = []
    for old, new in renames.items():
        if column == _SOURCE:
            cases.append(f"WHEN {column} = {quoted(old)} THEN {quoted(new)}")
        else:
            prefix = f"{old}:"
            cases.append(
                f"WHEN starts_with({column}, {quoted(prefix)}) "
                f"THEN {quoted(new + ':')} || substr({column}, {len(prefix) + 1})"
            )
    sql = f"CASE {' '.join(cases)} ELSE {column} END"
    return f"{sql} AS {column}" if alias else sql
