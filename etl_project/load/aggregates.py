"""Builds the tables of warehouse/aggregates/*.sql."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl_project.database.contract import Table, aggregates_sql, contract, declared
from etl_project.database.generation import Step, generation, take_step
from etl_project.database.sql import count_rows_of_each, quoted, transaction
from etl_project.related.stories import stories_version

if TYPE_CHECKING:
    import duckdb


_READ = re.compile(r"\b(?:FROM|JOIN)[\s(]+(\w+)")

_COUNTED = "articles_counted"
"""The view that several aggregates read: what it joins takes half of their time."""

_LAW = re.compile(r"^-- (?P<total>sum\(.+?\)) equals (?P<what>.+):\n--   (?P<expected>.+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Law:
    """What the rows of an aggregate add up to, for each source."""

    total: str
    """Expression over the aggregate, such as `sum(articles)`."""
    sentence: str
    expected: str
    """Expression over the live articles of a source, or their rows in another table: see checks/laws.py."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One file of warehouse/aggregates: the table of its name."""

    name: str
    sql: str
    """Statements that create the table anew and comment on its columns."""

    @property
    def grain(self) -> str:
        """First comment line of the file."""
        return self.sql.partition("\n")[0].removeprefix("--").strip()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Tables of the contract it reads, whether by their names or by views."""
        inputs, views = set(), [self.sql]
        while views:
            for name in contract().keys() & set(_READ.findall(re.sub(r"--.*", "", views.pop()))):
                if view := contract()[name].view_sql:
                    views.append(view)
                else:
                    inputs.add(name)
        return tuple(sorted(inputs))

    @property
    def laws(self) -> tuple[Law, ...]:
        """What it adds up to: comment lines `-- sum(...) equals SENTENCE:`, each with its expression in the next line.

        Raises:
            ValueError: the file has no such lines.
        """
        laws: list[Law] = []
        for found in _LAW.finditer(self.sql):
            laws.append(Law(found["total"], f"{found['total']} equals {found['what']}.", found["expected"].strip()))
        if not laws:
            raise ValueError(
                f"{self.name}.sql does not say what it adds up to: write `-- sum(COLUMN) equals SENTENCE:` above the "
                "statement, and below it, begun with three spaces, an expression over what an article has, which "
                "etl_project/checks/laws.py names"
            )
        return tuple(laws)

    @property
    def table(self) -> Table:
        """What it declares."""
        return replace(declared()[self.name], comment=self.grain)


@dataclass(frozen=True, slots=True)
class Built:
    """What `build_aggregates` did."""

    rows: dict[str, int]
    """Aggregate -> rows."""
    anew: frozenset[str]
    """Those that were not built from the present generation yet."""


@functools.cache
def aggregates() -> dict[str, Aggregate]:
    """Read every aggregate, in the order of its name."""
    return {name: Aggregate(name, sql) for name, sql in aggregates_sql().items()}


@functools.cache
def aggregates_version() -> str:
    """Fingerprint of all aggregate files and of the relations they count; those of another version are built anew."""
    digest = hashlib.blake2b(digest_size=8)
    for name, sql in aggregates_sql().items():
        digest.update(f"{name}.sql\0{sql}".encode())
    digest.update(stories_version().encode())
    return digest.hexdigest()


def build_aggregates(con: duckdb.DuckDBPyConnection, names: Iterable[str] | None = None) -> Built:
    """Build aggregates from the tables of the present generation, where they are not built from it already.

    Args:
        con: the work file, in use.
        names: which; all by default.

    Returns:
        What there is now. A generation whose tables passed their checks becomes `aggregated` once every aggregate was
        built from it; one that is checked stays so unless some aggregate had to be built.

    Raises:
        duckdb.Error: nothing is changed.
    """
    number = generation(con).number
    with transaction(con):
        there = dict(
            con.execute("SELECT name, sql FROM internal.aggregates_built WHERE generation = ?", [number]).fetchall()
        )
        wanted = [*aggregates()] if names is None else [*names]
        stale = [aggregates()[name] for name in wanted if there.get(name) != aggregates()[name].sql]
        anew = {aggregate.name for aggregate in stale}
        with _counted_once(con, stale):
            for aggregate in stale:
                con.execute(f"{aggregate.sql};COMMENT ON TABLE {aggregate.name} IS {quoted(aggregate.grain)}")
        if anew:
            _note_built(con, {name: aggregates()[name].sql for name in anew}, number)
            take_step(con, Step.REPLACE_SOME_AGGREGATES)
        built = there | {name: aggregates()[name].sql for name in anew}
        if built.items() >= {aggregate.name: aggregate.sql for aggregate in aggregates().values()}.items():
            con.execute("UPDATE internal.generation SET aggregates_version = ?", [aggregates_version()])
            take_step(con, Step.BUILD_AGGREGATES)
        rows = count_rows_of_each(con, wanted) if wanted else {}
    return Built(rows, frozenset(anew))


@contextmanager
def _counted_once(con: duckdb.DuckDBPyConnection, stale: Sequence[Aggregate]) -> Iterator[None]:
    """Have a temporary table in the place of the view that several aggregates read, while they are built.

    After an error the transaction of the caller takes it back: another statement would only hide what went wrong.
    """
    if sum(_COUNTED in aggregate.sql for aggregate in stale) < 2:
        yield
        return
    con.execute(f"CREATE TEMP TABLE {_COUNTED} AS FROM main.{_COUNTED}")
    yield
    con.execute(f"DROP TABLE temp.{_COUNTED}")


def _note_built(con: duckdb.DuckDBPyConnection, built: Mapping[str, str], number: int) -> None:
    """Write down that some aggregates were built from a generation: name -> their statements."""
    con.execute("DELETE FROM internal.aggregates_built WHERE list_contains(?, name)", [[*built]])
    con.execute(
        "INSERT INTO internal.aggregates_built SELECT unnest($names), $number, unnest($statements)",
        {"names": [*built], "number": number, "statements": [*built.values()]},
    )
