"""Gives renamed sources their present names in every table, history included, without reading a post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from etl_project.database.generation import begin_generation, generation
from etl_project.database.sql import transaction
from etl_project.scan.rename import present_name

if TYPE_CHECKING:
    import duckdb

RENAMED_COLUMNS = (
    "source_id", "article_id", "old_article_id", "previous_article_id", "other_article_id", "story_id",
    "target_article_id",
)  # fmt: skip


def rename_sources(con: duckdb.DuckDBPyConnection, renames: Mapping[str, str]) -> None:
    """Give sources their present names in every table of the database in use, of whatever version, all or nothing.

    The generation becomes a new one that is only loaded, so that the file published under the old name does not
    count as it.

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
        {"names": [*RENAMED_COLUMNS]},
    ).fetchall()
    with transaction(con):
        if any(table == "article_history" for _, table, _ in columns):
            # An article that a removed source of the present name once had is no longer the one of that id.
            new = present_name("article_id", renames)
            con.execute(
                f"DELETE FROM article_history WHERE article_id IN "
                f"(SELECT {new} FROM article_history WHERE {new} <> article_id)"
            )
        if any(table == "articles_to_relate" for _, table, _ in columns):
            # Relations depend on the order of ids.
            con.execute("DELETE FROM internal.relations")
        for schema, table, names in columns:
            new = ", ".join(f"{name} = {present_name(name, renames)}" for name in names)
            con.execute(f"UPDATE {schema}.{table} SET {new}")
        begin_generation(con, generation(con).number + 1)
