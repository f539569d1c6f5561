"""What a check is, and what it found."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from typing import Literal

Stage = Literal["tables", "aggregates"]
_NAMED_IN_WORDS = 2

Value = str | int | float | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence about the warehouse, and the query of what breaks it."""

    name: str
    stage: Stage
    table: str
    """The table or aggregate it is about."""
    description: str
    sql: str
    is_blocking: bool = True
    """A generation that breaks it is not published; else people are warned."""
    told: str = ""
    """A row of the query in words: its columns in braces. Without it, the columns are listed."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found."""

    check: Check
    broken: int
    """Rows that break the sentence."""
    rows: list[dict[str, Value]]
    """Some of them: column -> value."""

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the sentence."""
        return self.broken == 0

    @property
    def sample(self) -> list[str]:
        """Some of the rows that break it, in words."""
        return [_in_words(self.check, row) for row in self.rows]


def plain(value: object) -> Value:
    """Turn a value of DuckDB into one that JSON can hold."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, list):
        return [str(item) for item in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _in_words(check: Check, row: dict[str, Value]) -> str:
    if check.told:
        return check.told.format_map({name: _listed(value) for name, value in row.items()})
    return ", ".join(f"{name} = {value}" for name, value in row.items())


def _listed(value: Value) -> Value:
    return ", ".join(value[:_NAMED_IN_WORDS]) if isinstance(value, list) else value
