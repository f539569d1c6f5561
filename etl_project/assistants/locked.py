"""Opens the published file for an assistant: locked, limited, and with the rows that it may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl_project.assistants.limits import CallLimits
from etl_project.database.contract import Macro, Table, describe
from etl_project.show.query import NoWarehouse, open_published
from etl_project.show.tables import macros_of

_OF_NOBODY = ("article_changes", "article_history", "article_versions", "rejected_files")
"""Tables whose rows are of what is not live, or no longer: hidden, and empty for what is made of them."""

_TERMS = {"categories": "category_id", "tags": "tag_id", "authors": "author_id"}
"""Table of terms -> its key: terms of live articles alone are shown."""

_LIVE = "live_articles_of_this_call"

_WORDS, _LIVE_WORDS = "internal.article_words", "live_words_of_this_call"
"""The one table of articles in the schema `internal` that a view of the file shows, and what stands for it."""

_BARRIER = "LIMIT 4611686018427387904"
"""More rows than there can be: DuckDB evaluates no expression of a query below a limit. Without it a query could make
an error, and so a message, of rows that the filter of the view takes away only afterwards."""


@dataclass(frozen=True)
class LockedFile:
    """A connection to the published file that can be asked and nothing else."""

    con: duckdb.DuckDBPyConnection
    tables: dict[str, Table]
    """Tables and views that may be asked."""
    macros: list[Macro]
    """Macros that may be called."""


@contextmanager
def open_locked(published: Path, limits: CallLimits, *, internal: bool) -> Iterator[LockedFile]:
    """Open the published file for one call.

    Unqualified names lead to the rows that may be seen: temporary views stand before the tables of the file, and its
    own views are made anew over them. So a query must be refused that names a schema or database (`allowed.py`).

    Args:
        published: the published file.
        limits: what the call may take.
        internal: whether drafts, articles to come, rejected files, and what was changed may be seen, too.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
    """
    settings = {
        "temp_directory": "''",
        "memory_limit": f"'{limits.memory_mb}MB'",
        "threads": limits.threads,
        "python_enable_replacements": "false",
    }
    with open_published(published, settings=settings) as con:
        tables, macros = describe(con), macros_of(con)
        if not internal:
            try:
                tables = _show_live_rows(con, tables)
            except duckdb.Error as error:
                raise NoWarehouse(
                    f"{published} has the tables of another version of etl ({error}). Run: etl refresh"
                ) from error
            macros = [macro for macro in macros if macro.name != "articles_as_of"]
        con.execute("SET lock_configuration = true")
        yield LockedFile(con, tables, macros)


def _show_live_rows(con: duckdb.DuckDBPyConnection, tables: dict[str, Table]) -> dict[str, Table]:
    """Put views of the rows of live articles before all tables and views, and return those that may be asked."""
    [(name,)] = con.execute("SELECT current_database()").fetchall()
    file = '"' + name.replace('"', '""') + '".main.'
    con.execute(f"CREATE TEMP TABLE {_LIVE} AS SELECT article_id FROM articles_live")
    for table in tables.values():
        if not table.is_view:
            con.execute(f"CREATE TEMP VIEW {table.name} AS {_rows_of(table, file)}")
    words = f"SELECT * FROM {file.removesuffix('main.')}{_WORDS} WHERE article_id IN (FROM {_LIVE}) {_BARRIER}"
    con.execute(f"CREATE TEMP VIEW {_LIVE_WORDS} AS {words}")
    for table in tables.values():
        if table.view_sql:
            own = table.view_sql.replace(_WORDS, _LIVE_WORDS)
            con.execute(own.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))
    hidden = {*_OF_NOBODY, "changes", "articles_not_live"}
    return {name: table for name, table in tables.items() if name not in hidden}


def _rows_of(table: Table, file: str) -> str:
    """SQL of the rows of a table that may be seen."""
    columns = [column.name for column in table.columns]
    ids = [name for name in columns if name.endswith("article_id")]
    rows = f"SELECT * FROM {file}{table.name}"
    if table.name in _OF_NOBODY:
        return f"{rows} WHERE false"
    if table.name == "sources":
        return f"SELECT * REPLACE (NULL::VARCHAR AS location) FROM {file}sources"
    if table.name in _TERMS:
        key = _TERMS[table.name]
        used = f"SELECT {key} FROM {file}article_{table.name} WHERE article_id IN (FROM {_LIVE})"
        return f"{rows} WHERE {key} IN ({used}) {_BARRIER}"
    if table.name == "stories":
        # A story is named after its earliest article, which may be a draft: here after the earliest live one.
        first = "max(article_id) FILTER (is_first) OVER (PARTITION BY story_id)"
        rows = f"SELECT * REPLACE ({first} AS story_id) FROM {file}stories"
        return f"SELECT * FROM ({rows}) WHERE article_id IN (FROM {_LIVE}) {_BARRIER}"
    kept = " AND ".join(f"({name} IS NULL OR {name} IN (FROM {_LIVE}))" for name in ids)
    return f"{rows} WHERE {kept} {_BARRIER}" if kept else rows
