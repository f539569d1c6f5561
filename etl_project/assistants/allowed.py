"""Decides, before a query of an assistant is run, that it is one SELECT of tables and functions that it may use."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import duckdb

from etl_project.errors import UserError

_FUNCTIONS = frozenset(("unnest", "range", "generate_series", "json_each", "json_tree"))
"""Functions after FROM that read nothing but their arguments."""

REFUSED_FUNCTIONS = frozenset(("stats", "json_serialize_plan", "sleep_ms", "pg_sleep", "write_log"))
"""Functions that answer from what lies below the views, such as the least and the greatest text of a whole column, or
that do something else than to answer. A test compares them with those that DuckDB has."""

_FROM_NODES = frozenset(("BASE_TABLE", "TABLE_FUNCTION", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST"))
_QUERY_NODES = frozenset(("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"))
_MODIFIERS = frozenset(("ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"))
_ORDERS = frozenset(("ORDER_DEFAULT", "ASCENDING", "DESCENDING"))
_KNOWN_NODES = _FROM_NODES | _QUERY_NODES | _MODIFIERS | _ORDERS
"""Parts of a statement, as DuckDB's parser names them, that cannot do more than select; expressions are apart."""


class NotAllowed(UserError):
    """An assistant may not run the query. The message says what it may."""


def require_one_select(
    con: duckdb.DuckDBPyConnection, query: str, tables: Collection[str], functions: Collection[str]
) -> None:
    """Refuse a query that is not one SELECT of what is allowed.

    The statement is read by DuckDB's own parser, and what is not known to be harmless is refused: a name with a schema
    or database before it, tables of the system, functions that read files, statements of any other kind.

    Args:
        con: a connection, to parse with.
        query: the text of the query.
        tables: names that may stand after FROM.
        functions: macros that may be called after FROM.

    Raises:
        NotAllowed: it is something else; the message says what.
    """
    if "\0" in query:
        raise NotAllowed("The query holds a NUL.")
    [(text,)] = con.execute("SELECT json_serialize_sql($1)", [query]).fetchall()
    parsed: dict[str, Any] = json.loads(text)
    if parsed.get("error"):
        reason = str(parsed.get("error_message", "")).partition("\n")[0]
        if parsed.get("error_type") == "not implemented":
            reason = "only SELECT is run, and no statement that writes, sets, attaches, pivots or explains"
        raise NotAllowed(f"The query cannot be run: {reason}.")
    if len(parsed["statements"]) != 1:
        raise NotAllowed("Write one SELECT and not several statements.")
    nodes = list(_nodes(parsed["statements"][0]))
    named = {str(entry["key"]).lower() for node in nodes for entry in _entries(node.get("cte_map"))}
    # Outside of its WITH such a name leads to the table of the system.
    of_system = {name for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE internal").fetchall()}
    if taken := sorted(named & of_system):
        raise NotAllowed(f"{taken[0]} is a name of the system; choose another one after WITH.")
    for node in nodes:
        _judge(node, {*tables, *named}, functions)


def _nodes(root: Any) -> Iterator[dict[str, Any]]:
    """Every object within a parsed statement."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _entries(cte_map: Any) -> list[dict[str, Any]]:
    return list(cte_map.get("map", [])) if isinstance(cte_map, dict) else []


def _judge(node: dict[str, Any], tables: Collection[str], functions: Collection[str]) -> None:
    kind = node.get("type")
    if node.get("class") == "FUNCTION" and (called := _path(node)[-1].lower()) in REFUSED_FUNCTIONS:
        raise NotAllowed(f"The function {called} may not be called.")
    if "class" in node or not isinstance(kind, str):
        return
    if kind not in _KNOWN_NODES:
        raise NotAllowed(f"Only plain SELECT is run; {kind.lower().replace('_', ' ')} is not allowed.")
    if kind == "BASE_TABLE":
        name = ".".join(part for part in _path(node) if part)
        if len(_path(node)) != 1 or name.lower() not in tables:
            raise NotAllowed(f"There is no table {name!r} to ask. Names stand alone; describe lists them.")
    elif kind == "TABLE_FUNCTION":
        called = node.get("function", {})
        name = str(called.get("function_name", ""))
        if len(_path(called)) != 1 or name.lower() not in _FUNCTIONS | set(functions):
            raise NotAllowed(f"{name} may not be called after FROM; {', '.join(sorted(functions))} may.")


def _path(node: dict[str, Any]) -> list[str]:
    """The parts of a qualified name, in both forms in which the parser writes it."""
    parts = [node.get("catalog_name") or node.get("catalog"), node.get("schema_name") or node.get("schema")]
    last = node.get("table_name") or node.get("function_name")
    written = [str(part) for part in (*parts, last) if part]
    path = [str(part) for part in (node.get("qualified_name") or {}).get("path", [])]
    return max(written, path, key=len)
