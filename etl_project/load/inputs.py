"""The rows a merge replaces in, the aggregates out that come out the same: none of the columns they read changed."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from etl_project.load.aggregates import aggregates
from etl_project.load.contract import BY_ARTICLE, contract

if TYPE_CHECKING:
    import duckdb

Digests = dict[tuple[str, str], tuple[int, int]]
"""Aggregate and table it reads -> rows, and the sum of their hashes."""


@functools.cache
def columns_read() -> dict[str, dict[str, tuple[str, ...]]]:
    """Table -> aggregate -> columns of the table that the aggregate, or a view it reads, may read: those it names."""
    views = {table.name: table.view_sql for table in contract().values() if table.view_sql}
    read: dict[str, dict[str, tuple[str, ...]]] = {}
    for aggregate in aggregates().values():
        words = _words(aggregate.sql).union(*(_words(views[name]) for name in aggregate.inputs if name in views))
        for table in contract().values():
            if table.name in words and not table.is_view:
                named = tuple(column.name for column in table.columns if column.name in words)
                read.setdefault(table.name, {})[aggregate.name] = named
    return read


def digest_inputs(con: duckdb.DuckDBPyConnection) -> Digests:
    """Digest what aggregates read of the rows that a merge may change.

    Args:
        con: a connection that uses the work file, with the temporary tables `affected` and `kept` (article_id).
    """
    digests: Digests = {}
    for table, readers in columns_read().items():
        only = "SEMI JOIN (FROM affected UNION FROM kept) USING (article_id)" if table in BY_ARTICLE else ""
        sums = ", ".join(f"sum(hash({', '.join(columns)})::HUGEINT)" for columns in readers.values())
        row = con.execute(f"SELECT count(*), {sums} FROM {table} {only}").fetchone()
        assert row is not None, "an aggregate without GROUP BY has one row"
        digests |= {(name, table): (row[0], row[i] or 0) for i, name in enumerate(readers, 1)}
    return digests


def same_inputs(before: Digests, after: Digests) -> list[str]:
    """Aggregates whose inputs have the same digests before and after."""
    return sorted(
        {name for name, _ in before} - {name for name, table in after if before[name, table] != after[name, table]}
    )


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"--.*|'[^']*'", "", sql)))
