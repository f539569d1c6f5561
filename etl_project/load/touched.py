"""Notes which rows a load may have written, for checks of these rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from etl_project.database.contract import TERMS, tables_by_article
from etl_project.database.sql import parquet_rows

if TYPE_CHECKING:
    import duckdb

OF_FILES = "(source_id, path) IN (SELECT (source_id, path) FROM memory.touched_files)"
"""Condition of the rows of files that the last load may have written."""

ARTICLES = "(FROM memory.touched_articles)"
"""Query of the articles of which the last load may have written a row, and of those that went live or expired."""

OF_TERMS = {terms: f"{key} IN (FROM memory.touched_{terms})" for terms, key in TERMS.items()}
"""Table of terms -> condition of the rows that the last load may have written there."""


def note_touched(con: duckdb.DuckDBPyConnection, staged: Mapping[str, Sequence[str]]) -> None:
    """Note the keys of all rows that a load into tables with rows may have written or deleted.

    They are in tables of the database in memory, which all connections to it see until it is closed. Rows are deleted
    by the temporary tables of the load and inserted from staged files: whatever article a staged row names is touched,
    so that a row of an article which is not there is found, too.

    Args:
        con: the work file in use, after the transaction of the load, with the temporary tables of the load.
        staged: table -> Parquet files of its staged rows.
    """
    written = [path for table in tables_by_article() for path in staged.get(table, ())]
    articles = " UNION ".join(
        [
            "FROM changing_articles",
            *("SELECT article_id FROM staged_files", "SELECT article_id FROM deleted_files"),
            *([f"SELECT article_id FROM {parquet_rows(written, ', union_by_name = true')}"] if written else []),
        ]
    )
    # The files of one article are asked together: one may have taken the place of another.
    files = " UNION ".join(
        [
            *("SELECT source_id, path FROM staged_files", "SELECT source_id, path FROM deleted_files"),
            *(
                f"SELECT source_id, path FROM {table} WHERE article_id IN {ARTICLES}"
                for table in ("post_files", "internal.inventory")
            ),
        ]
    )
    terms = "".join(f"CREATE OR REPLACE TABLE memory.touched_{table} AS FROM temp.touched_{table};" for table in TERMS)
    con.execute(
        f"CREATE OR REPLACE TABLE memory.touched_articles AS {articles};"
        f"CREATE OR REPLACE TABLE memory.touched_files AS {files};{terms}"
    )
