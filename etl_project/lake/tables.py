"""The tables of a lake: those of the contract and of refreshes, in types that Delta Lake has."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.database.contract import Table, contract
from etl_project.database.previous import former_value
from etl_project.database.sql import quoted
from etl_project.database.template import template_file
from etl_project.load.aggregates import aggregates

if TYPE_CHECKING:
    from deltalake import Schema
    from deltalake.schema import ArrayType, DataType, PrimitiveType

PART = "part"
"""Column by which every table is partitioned. It is in the names of folders and in no file, and no query shows it."""

WHOLE = 0
"""Part of the rows of a table that has no articles, such as `sources`."""

_DELTA_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "INTEGER": "integer",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BLOB": "binary",
}
"""Type in DuckDB -> type in Delta Lake; the first of those with one type is what files give."""

_STORED = {"UBIGINT": "DECIMAL(20,0)", "HUGEINT": "DECIMAL(38,0)", "JSON": "VARCHAR"}
"""Type in DuckDB -> type that its values have in files; others stay. Delta Lake has no unsigned numbers, nor JSON."""

_LIST = re.compile(r"(.*)\[\d*\]")


@dataclass(frozen=True, slots=True)
class LakeTable:
    """One table of a lake."""

    name: str
    """As queries name it: `articles`, `internal.inventory`."""
    columns: Mapping[str, str]
    """Column -> type in DuckDB, in order."""
    comment: str
    needed: frozenset[str] = frozenset()
    """Columns that have a value in every row."""

    @property
    def folder(self) -> str:
        """Folder of the table below the location."""
        return self.name.replace(".", "/")

    def schema(self) -> Schema:
        """Columns in Delta Lake, that of the part first. All may be NULL there: the checks say what may not."""
        from deltalake import Field, Schema
        from deltalake.schema import PrimitiveType

        fields = [Field(name, _delta_type(kind)) for name, kind in self.columns.items()]
        return Schema([Field(PART, PrimitiveType("integer")), *fields])

    def stored(self) -> str:
        """SQL that makes a row of a file of a row of the table."""
        return ", ".join(f'"{name}"::{_stored_type(kind)} AS "{name}"' for name, kind in self.columns.items())

    def restored(self, there: Collection[str] | None = None) -> str:
        """SQL that makes a row of the table of a row of a file.

        Args:
            there: the columns that files have; all by default. Others, of files of an older version, are NULL, or have
                the value that a rebuild gives them.
        """
        return ", ".join(
            _restored(name, kind) if there is None or name in there else f'{self._former(name)}::{kind} AS "{name}"'
            for name, kind in self.columns.items()
        )

    def _former(self, name: str) -> str:
        return former_value(self.columns[name], is_nullable=name not in self.needed)

    def no_stored(self) -> str:
        """SQL of a row of NULL in the types of files."""
        return ", ".join(f'NULL::{_stored_type(kind)} AS "{name}"' for name, kind in self.columns.items())

    def nothing(self) -> str:
        """SQL of the table without rows."""
        columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in self.columns.items())
        return f"SELECT {columns} WHERE false"


@functools.cache
def lake_tables() -> dict[str, LakeTable]:
    """Every table of a lake by its name: of the contract, of refreshes, and the aggregates; no views."""
    public = {name: _public(table) for name, table in contract().items() if not table.is_view}
    counted = {name: _public(aggregate.table) for name, aggregate in aggregates().items()}
    return {**public, **_internal_tables(), **counted}


def _public(table: Table) -> LakeTable:
    needed = frozenset(column.name for column in table.columns if not column.is_nullable)
    return LakeTable(table.name, {column.name: column.type for column in table.columns}, table.comment, needed)


def _internal_tables() -> dict[str, LakeTable]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(f"ATTACH {quoted(template_file())} AS template (READ_ONLY)")
        rows = con.execute(
            """
            SELECT 'internal.' || table_name, column_name, data_type, is_nullable, coalesce(t.comment, '')
            FROM duckdb_columns() AS c JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
            WHERE database_name = 'template' AND schema_name = 'internal'
            ORDER BY c.table_oid, column_index
            """
        ).fetchall()
    names = {name: comment for name, *_, comment in rows}
    return {
        name: LakeTable(
            name,
            {column: kind for table, column, kind, *_ in rows if table == name},
            comment,
            frozenset(column for table, column, _, is_nullable, _ in rows if table == name and not is_nullable),
        )
        for name, comment in names.items()
    }


def _delta_type(kind: str) -> PrimitiveType | ArrayType:
    from deltalake.schema import ArrayType, PrimitiveType

    if items := _LIST.fullmatch(kind):
        return ArrayType(_delta_type(items[1]), contains_null=True)
    stored = _stored_type(kind)
    return PrimitiveType(_DELTA_TYPES.get(stored, stored.lower()))


def duckdb_type(kind: DataType) -> str:
    """Type that DuckDB reads from files for a type in Delta Lake."""
    from deltalake.schema import ArrayType, PrimitiveType

    if isinstance(kind, ArrayType):
        return f"{duckdb_type(kind.element_type)}[]"
    assert isinstance(kind, PrimitiveType), "no table of a lake has other columns"
    return next((name for name, delta in _DELTA_TYPES.items() if delta == kind.type), kind.type.upper())


def _restored(name: str, kind: str) -> str:
    return f'"{name}"' if _stored_type(kind) == kind else f'"{name}"::{kind} AS "{name}"'


def _stored_type(kind: str) -> str:
    if items := _LIST.fullmatch(kind):
        return f"{_stored_type(items[1])}[]"
    return _STORED.get(kind, kind)
