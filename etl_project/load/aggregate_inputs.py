"""Finds the aggregates that a merge cannot have changed, because none of the columns they read changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from etl_project.database.contract import RELATED, Table, aggregates_sql, tables_by_article

if TYPE_CHECKING:
    import duckdb

_CHANGING = "SEMI JOIN changing_articles USING (article_id)"

Digests = dict[tuple[str, str], tuple[int, int]]
"""Aggregate and table it reads -> rows, and the sum of their hashes."""


def columns_read(tables: Mapping[str, Table]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Find the columns that aggregates, or views they read, may read: those they name.

    Args:
        tables: the contract.

    Returns:
        Table -> aggregate -> columns of the table.
    """
    views = {table.name: _find_words(table.view_sql) for table in tables.values() if table.view_sql}
    read: dict[str, dict[str, tuple[str, ...]]] = {}
    for aggregate, sql in aggregates_sql().items():
        words, not_followed = _find_words(sql) - {aggregate}, views.copy()
        while found := words & not_followed.keys():  # a view may read another one
            words = words.union(*(not_followed.pop(name) for name in found))
        for table in tables.values():
            if table.name in words and not table.is_view:
                columns = tuple(column.name for column in table.columns if column.name in words)
                read.setdefault(table.name, {})[aggregate] = columns
    return read


def digest_inputs(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> Digests:
    """Digest what aggregates read of the rows that a merge may change.

    Args:
        con: a connection that uses the work file, with `changing_articles`.
        tables: the contract.
    """
    digests: Digests = {}
    # Relations are written after the merge, by a stage that tells itself which aggregates they change.
    read = {table: readers for table, readers in columns_read(tables).items() if table not in RELATED}
    # Most aggregates read the same columns of a table.
    hashed = {table: [*dict.fromkeys(readers.values())] for table, readers in read.items()}
    queries = []
    for table, together in hashed.items():
        only = _CHANGING if table in tables_by_article() else ""
        sums = ", ".join(f"coalesce(sum(hash({', '.join(columns)})::HUGEINT), 0)" for columns in together)
        queries.append(f"SELECT '{table}', count(*), [{sums}] FROM {table} {only}")
    for table, rows, sums_of_hashes in con.execute(" UNION ALL ".join(queries)).fetchall():
        digest_of = dict(zip(hashed[table], sums_of_hashes, strict=True))
        digests |= {(name, table): (rows, digest_of[columns]) for name, columns in read[table].items()}
    return digests


def same_inputs(before: Digests, after: Digests) -> list[str]:
    """Aggregates whose inputs have the same digests before and after."""
    return sorted(
        {name for name, _ in before} - {name for name, table in after if before[name, table] != after[name, table]}
    )


def _find_words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"--.*|'[^']*'", "", sql)))
