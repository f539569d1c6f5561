"""Reads what the SQL of the folder warehouse declares: tables, views, columns and macros, with their comments."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import warehouse
from etl_project.database.json_file import write_json

if TYPE_CHECKING:
    import duckdb

WAREHOUSE = Path(warehouse.__file__).parent
SCHEMA_SQL = WAREHOUSE / "schema.sql"
OBSERVED_SQL = WAREHOUSE / "observed.sql"
TABLES_SQL = (SCHEMA_SQL, OBSERVED_SQL)
PUBLIC_SQL = (
    *TABLES_SQL,
    *(WAREHOUSE / f"{name}.sql" for name in ("views", "links", "notes", "trends", "search", "readme")),
)
"""Files that declare what SQL users see, in the order they are run."""
AGGREGATES_FOLDER = WAREHOUSE / "aggregates"
INTERNAL_SQL = Path(__file__).parent / "internal.sql"

KEYS: dict[str, tuple[str, ...]] = {
    "article_changes": (),
    "article_history": ("article_id",),
    "article_versions": (),
    "refreshes": ("refresh_id",),
    "articles": ("article_id",),
    "article_bodies": ("article_id",),
    "post_files": ("source_id", "path"),
}
"""Table -> columns of which no two rows have the same values, for the tables that a rebuild reads.

None where only whole rows are told apart: after a source took the name of a removed one, both have rows of one id."""

OBSERVED = ("article_changes", "article_history", "article_versions", "refreshes")
"""Tables that record what refreshes saw: carried over when the derived tables are built anew."""

STORIES = ("story_pairs", "stories")
"""Tables of who tells the same story."""

LINKS = ("link_targets",)
"""Tables of what links lead to."""

RELATED = (*STORIES, *LINKS)
"""Tables of relations over all articles, written by the stage `related`."""

SKETCHES = "internal.article_sketches"
"""Table of what the stage `related` compares of each article."""

LINK_KEYS = "internal.link_keys"
"""Table of what articles are called in links, and what links call the article that they lead to."""

WORDS = "internal.article_words"
"""Table of the words of each article that trends are counted of."""

INTERNAL_BY_ARTICLE = (SKETCHES, LINK_KEYS, WORDS)
"""Internal tables whose rows belong to one article and are replaced with it."""

TERMS = {"categories": "category_id", "tags": "tag_id", "authors": "author_id"}
"""Table of terms -> its key. Its bridge is `article_<table>`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract."""

    name: str
    type: str
    comment: str
    is_nullable: bool

    @property
    def refers_to(self) -> str | None:
        """The table whose rows it names, which stands at the end of its comment, after an arrow."""
        found = re.search(r"→ (\w+)\.$", self.comment)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view of the contract; its comment is its grain."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    view_sql: str | None = field(compare=False)
    """The definition of a view, as the database writes it; None for a table."""

    @property
    def is_view(self) -> bool:
        """Whether its rows are those of tables."""
        return self.view_sql is not None

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of which no two rows have the same values, which end its comment; empty where it has none."""
        found = re.search(r"Key: ([\w, ]+)\.$", self.comment)
        return tuple(found[1].split(", ")) if found else ()


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro of the contract; the comment of one that returns a table is its grain and its columns."""

    name: str
    comment: str
    parameters: tuple[str, ...]
    is_table: bool
    """Whether it stands for a table, after FROM, and not for a value."""


@functools.cache
def contract_sql() -> str:
    """Statements that create every table, view and macro of the contract, and those of refreshes, which views show."""
    return INTERNAL_SQL.read_text("utf-8") + "".join(file.read_text("utf-8") for file in PUBLIC_SQL)


def create_contract(con: duckdb.DuckDBPyConnection) -> None:
    """Create every table, view and macro in the database in use, and comment on each column of each view.

    A column without a comment of its own takes that of the column of the same name in the first table or view that the
    definition of its view names and that has one.
    """
    con.execute(contract_sql())
    tables = describe(con)
    comments = {table.name: {c.name: c.comment for c in table.columns if c.comment} for table in tables.values()}
    for view in (table for table in tables.values() if table.view_sql):
        inherited: dict[str, str] = {}
        for word in dict.fromkeys(re.findall(r"\w+", view.view_sql or "")):
            inherited = comments.get(word, {}) | inherited
        for column in view.columns:
            if not column.comment and column.name in inherited:
                comments[view.name][column.name] = inherited[column.name]
                text = inherited[column.name].replace("'", "''")
                con.execute(f"COMMENT ON COLUMN {view.name}.{column.name} IS '{text}'")


@functools.cache
def aggregates_sql() -> dict[str, str]:
    """Aggregate -> the statements that create it, in the order of names."""
    return {path.stem: path.read_text("utf-8") for path in sorted(AGGREGATES_FOLDER.glob("*.sql"))}


@functools.cache
def declared() -> dict[str, Table]:
    """Every table, view and aggregate, in the order they are created."""
    tables = dict(_described()["tables"])
    return {
        name: Table(name, comment, tuple(Column(*column) for column in columns), view_sql)
        for name, (comment, columns, view_sql) in tables.items()
    }


@functools.cache
def macros() -> dict[str, Macro]:
    """Every macro of the contract, in the order of names."""
    return {
        name: Macro(name, comment, tuple(parameters), is_table)
        for name, comment, parameters, is_table in _described()["macros"]
    }


@functools.cache
def contract() -> dict[str, Table]:
    """Every table and view of the contract, in the order they are created."""
    return {name: table for name, table in declared().items() if name not in aggregates_sql()}


def describe(con: duckdb.DuckDBPyConnection) -> dict[str, Table]:
    """Read name, grain and columns of every table and view in the schema `main` of the current database.

    A view of a table of a lake counts as that table: what is asked of tables is asked of it.
    """
    columns: dict[str, list[Column]] = {}
    for table, *column in con.execute(
        """
        SELECT table_name, column_name, data_type, coalesce(comment, ''), is_nullable FROM duckdb_columns()
        WHERE schema_name = 'main' AND NOT internal AND database_name = current_database()
        ORDER BY table_oid, column_index
        """
    ).fetchall():
        columns.setdefault(table, []).append(Column(*column))
    found = con.execute(
        """
        SELECT table_name, coalesce(comment, ''), NULL FROM duckdb_tables()
        WHERE schema_name = 'main' AND NOT internal AND database_name = current_database()
        UNION ALL
        SELECT view_name, coalesce(comment, ''), CASE WHEN NOT contains(sql, 'delta_scan(') THEN sql END
        FROM duckdb_views()
        WHERE schema_name = 'main' AND NOT internal AND database_name = current_database()
        """
    ).fetchall()
    facts = {name: (comment, view_sql) for name, comment, view_sql in found}
    return {name: Table(name, facts[name][0], tuple(columns[name]), facts[name][1]) for name in columns}


@functools.cache
def tables_by_article() -> tuple[str, ...]:
    """Tables whose rows belong to one article and are replaced with it: the derived ones that begin with its id.

    Read from the text of schema.sql, as a plan and the processes that read posts do without DuckDB.
    """
    names = re.findall(r"CREATE TABLE (\w+) \(\s*article_id\b", SCHEMA_SQL.read_text("utf-8"))
    return (*(name for name in names if name not in (*OBSERVED, *RELATED)), *INTERNAL_BY_ARTICLE)


@functools.cache
def declared_columns() -> frozenset[tuple[str, str, str, str]]:
    """Schema, table, column and type of every column that a work file of this version has."""
    return frozenset((schema, table, column, kind) for schema, table, column, kind in _described()["columns"])


@functools.cache
def _described() -> dict[str, Any]:
    """What the SQL declares, as JSON has it: read from a file beside the compiled code, if that is of this SQL.

    To create every table in an empty database and ask it takes a third of the time of a small refresh.
    """
    sql = [contract_sql(), *aggregates_sql().values()]
    digest = hashlib.blake2b("\0".join([*sql, Path(__file__).read_text("utf-8")]).encode(), digest_size=8).hexdigest()
    file = Path(importlib.util.cache_from_source(__file__)).with_name(f"contract.{digest}.json")
    with suppress(OSError, ValueError):
        return cast("dict[str, Any]", json.loads(file.read_text("utf-8")))
    described = _describe_sql()
    if not sys.dont_write_bytecode:
        with suppress(OSError):
            write_json(file, described)
    return described


def _describe_sql() -> dict[str, Any]:
    """Create everything in an empty database, and ask that.

    The database is closed again: one that is left open has a process that is forked after this crash at its end.
    """
    import duckdb

    with duckdb.connect(config={"threads": 1}) as con:
        create_contract(con)
        columns = sorted(columns_of(con))
        macros = con.execute(
            """
            SELECT function_name, coalesce(comment, ''), parameters, function_type = 'table_macro'
            FROM duckdb_functions() WHERE NOT internal AND database_name = current_database() ORDER BY 1
            """
        ).fetchall()
        for sql in aggregates_sql().values():
            con.execute(sql)
        tables = [
            [table.name, [table.comment, [astuple(column) for column in table.columns], table.view_sql]]
            for table in describe(con).values()
        ]
    return {"tables": tables, "columns": columns, "macros": macros}


def columns_of(con: duckdb.DuckDBPyConnection) -> frozenset[tuple[str, str, str, str]]:
    """Schema, table, column and type of every column in the database in use."""
    rows = con.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND NOT internal"
    )
    return frozenset((schema, table, column, kind) for schema, table, column, kind in rows.fetchall())


def metric_definitions(tables: Mapping[str, Table]) -> list[tuple[str, str, str]]:
    """Rows of the table `metrics`: name, unit and definition, from the comments on `article_metrics`."""
    rows = []
    for column in tables["article_metrics"].columns[1:]:
        unit, _, definition = column.comment.partition(": ")
        rows.append((column.name, unit, definition))
    return rows


@functools.cache
def schema_version() -> str:
    """Fingerprint of the contract; a work file of another version is built anew."""
    return hashlib.blake2b(contract_sql().encode(), digest_size=8).hexdigest()
