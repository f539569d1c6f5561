"""Finds the columns of the contract that each column of an aggregate is computed from."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage

from etl_project.database.contract import contract, contract_sql
from etl_project.load.aggregates import Aggregate

Origin = tuple[str, str]
"""Table and column."""

_DIALECT = "duckdb"

_VIEW = re.compile(r"^CREATE VIEW (?P<name>\w+) AS\b.*?;$", re.MULTILINE | re.DOTALL)


def column_origins(aggregates: dict[str, Aggregate]) -> dict[str, dict[str, list[Origin]]]:
    """Find the origins of the columns of aggregates.

    A column that only filters, joins or groups is no origin. `count(*)` counts rows, which have no column: its origin
    is the `article_id` of the table that its query reads first.

    Args:
        aggregates: name -> aggregate.

    Returns:
        Aggregate -> column -> its origins, sorted.
    """
    # As they are written: DuckDB puts joins in parentheses, in which their columns are not found.
    views: dict[str, exp.Query | str] = {
        found["name"]: sqlglot.parse_one(found[0], dialect=_DIALECT).expression
        for found in _VIEW.finditer(contract_sql())
    }
    schema = {
        name: {column.name: column.type for column in table.columns}
        for name, table in contract().items()
        if name not in views
    }
    origins = {}
    for aggregate in aggregates.values():
        nodes = lineage(None, _parse_query(aggregate), schema=schema, sources=views, dialect=_DIALECT)
        assert isinstance(nodes, dict), "without a column it tells of all"
        origins[aggregate.name] = {column: _find_origins(node) for column, node in nodes.items()}
    return origins


def _parse_query(aggregate: Aggregate) -> exp.Query:
    created = next(s for s in sqlglot.parse(aggregate.sql, dialect=_DIALECT) if isinstance(s, exp.Create))
    query = created.expression
    assert isinstance(query, exp.Query), "an aggregate is created from a query"
    for count in list(query.find_all(exp.Count)):
        select, read = count.parent_select, None
        if isinstance(count.this, exp.Star) and not isinstance(count.parent, exp.Window | exp.Filter):
            read = select.args.get("from_") or select.args.get("from") if select else None
        if read:
            count.set("this", exp.column("article_id", table=read.this.alias_or_name))
    return query


def _find_origins(node: Node) -> list[Origin]:
    leaves = [leaf for leaf in node.walk() if not leaf.downstream and isinstance(leaf.expression, exp.Table)]
    return sorted({(leaf.expression.name, leaf.name.rpartition(".")[2]) for leaf in leaves})
