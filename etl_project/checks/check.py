"""A check, and its result."""

from __future__ import annotations

import decimal
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["tables", "related", "aggregates"]
_ITEMS_IN_MESSAGE = 2

Value = str | int | float | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence about the warehouse, and a query of the rows that violate it."""

    name: str
    stage: Stage
    table: str
    """The table or aggregate it is about."""
    description: str
    sql: str
    is_blocking: bool = True
    """A generation that violates it is not published; else people are warned."""
    remedy: str = ""
    """What a person may do about a violation; a violated blocking check has one remedy, the same for all."""
    message: str = ""
    """Format string that describes one violating row, such as `"{path} was loaded before"`. Default: `column = value,
    ...`."""
    touched: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Table -> condition of its rows that a refresh may have written. Run on these rows alone, the check finds all
    that the refresh did wrong. Empty: it checks all rows, or none where its aggregate was not built anew."""

    needs: str = ""
    """Rows without which none violates it, as `FROM table WHERE condition`: where there are none, it has passed. To ask
    that takes a fraction of the time."""
    fact: tuple[str, ...] = ()
    """Columns by which a violating row is the same at the next refresh, so that people are told of it once. None for a
    check of what the last refresh did: that is always new."""

    shared: tuple[str, ...] = ()
    """What its query reads by name and others too, each as `name AS (...)`: made once for all of them."""

    @property
    def whole_sql(self) -> str:
        """The query as it is run alone, with what it shares."""
        return with_shared(self.shared, textwrap.dedent(self.sql).strip()) if self.shared else self.sql

    @property
    def sql_of_touched(self) -> str:
        """The query of touched rows only."""
        sql, shown = self.sql, []
        for table, condition in self.touched.items():
            schema, _, name = table.rpartition(".")
            sql = sql.replace(table, name)
            shown.append(f"{name} AS NOT MATERIALIZED (FROM {schema or 'main'}.{name} WHERE {condition})")
        return f"WITH {', '.join(shown)} {sql}"


def with_shared(shared: Iterable[str], query: str) -> str:
    """A query with what it reads by name, each once."""
    tables = ", ".join(dict.fromkeys(shared))
    return f"WITH {tables}\n{query}" if tables else query


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check."""

    check: Check
    violations: int
    """Rows that violate the sentence."""
    rows: list[dict[str, Value]]
    """Some of them, the new ones first: column -> value."""
    checked_all_rows: bool = True
    """Whether every row was checked, and not only those that the refresh may have written."""
    facts: Mapping[str, int | None] = field(default_factory=dict)
    """What the rows say, of a check that names its facts -> number of the refresh since which it stands, None where it
    is new."""

    @property
    def passed(self) -> bool:
        """Whether no row violates the sentence."""
        return self.violations == 0

    @property
    def standing_since(self) -> list[int]:
        """Of each violating row that was there at the last published refresh: the refresh since which it is."""
        return [since for since in self.facts.values() if since is not None]

    @property
    def new(self) -> int:
        """Rows that violate the sentence and did not at the last published refresh."""
        return self.violations - len(self.standing_since)

    @property
    def sample(self) -> list[str]:
        """Some of the rows that violate it, in words."""
        return [_describe_row(self.check, row) for row in self.rows]


def plain(value: object) -> Value:
    """Turn a value of DuckDB into one that JSON can represent."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, list):
        return [str(item) for item in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _describe_row(check: Check, row: dict[str, Value]) -> str:
    if check.message:
        return check.message.format_map({name: _shorten_list(value) for name, value in row.items()})
    return ", ".join(f"{name} = {value}" for name, value in row.items())


def _shorten_list(value: Value) -> Value:
    return ", ".join(value[:_ITEMS_IN_MESSAGE]) if isinstance(value, list) else value
