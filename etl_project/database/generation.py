r"""How far the last refresh came: the states of a generation, and the only steps from one to the next.

    loaded -> tables_checked -> aggregated -> checked (may be published)
       \______________\_____________\_____> failed (a blocking check was violated)

Published is not a state here: the published file itself tells which generation it holds, so that no crash can make the
two disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


class GenerationState(StrEnum):
    """How far the generation in a database has come; stored in `internal.generation.state`."""

    LOADED = "loaded"
    """Its tables are committed."""
    TABLES_CHECKED = "tables_checked"
    """Its tables passed their checks."""
    AGGREGATED = "aggregated"
    """Its aggregates are built from checked tables."""
    CHECKED = "checked"
    """Its aggregates passed their checks, too: it may be published."""
    FAILED = "failed"
    """A blocking check was violated."""

    @classmethod
    def _missing_(cls, value: object) -> GenerationState:
        # A word of an older version, or damage: every step after the load is done again.
        return cls.LOADED


_S = GenerationState


class Step(Enum):
    """A step between two states: the states it may begin in, and the state it ends in."""

    PASS_TABLE_CHECKS = (frozenset({_S.LOADED, _S.FAILED}), _S.TABLES_CHECKED)
    BUILD_AGGREGATES = (frozenset({_S.TABLES_CHECKED}), _S.AGGREGATED)
    REPLACE_SOME_AGGREGATES = (frozenset({_S.AGGREGATED, _S.CHECKED}), _S.TABLES_CHECKED)
    """Some aggregates were built again alone: together they are not what was checked."""
    PASS_AGGREGATE_CHECKS = (frozenset({_S.AGGREGATED}), _S.CHECKED)
    FAIL_CHECKS = (frozenset(_S), _S.FAILED)

    @property
    def begins(self) -> frozenset[GenerationState]:
        """States that the step may begin in."""
        return self.value[0]

    @property
    def ends(self) -> GenerationState:
        """State that the step ends in."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Generation:
    """The row of `internal.generation`."""

    number: int
    """0 before the first refresh."""
    state: GenerationState
    schema_version: str


def generation(con: duckdb.DuckDBPyConnection) -> Generation:
    """Read which generation the database in use holds, and how far it came.

    Where the table does not hold exactly one row, which only a fault can cause, the generation is that of the last
    refresh, and its version none: the tables are built anew.

    Raises:
        duckdb.Error: the database has no such table.
    """
    rows = con.execute("SELECT generation, state, schema_version FROM internal.generation").fetchall()
    if len(rows) == 1:
        number, state, version = rows[0]
        return Generation(number, GenerationState(state), version)
    last = con.execute("SELECT coalesce(max(refresh_id), 0) FROM refreshes").fetchall()
    return Generation(last[0][0], GenerationState.LOADED, "")


def begin_generation(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Make the tables in use a new generation that is only loaded."""
    con.execute("UPDATE internal.generation SET generation = ?, state = ?", [number, GenerationState.LOADED])


def take_step(con: duckdb.DuckDBPyConnection, step: Step) -> None:
    """Take a step where the state allows it; else the state stays, so that a step run alone cannot skip another."""
    allowed = f"state IN ({_listed(step.begins)})"
    if GenerationState("") in step.begins:
        allowed += f" OR state NOT IN ({_listed(GenerationState)})"
    con.execute(f"UPDATE internal.generation SET state = ? WHERE {allowed}", [step.ends])


def _listed(states: Iterable[GenerationState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))
