"""The view `inventory` of a plan: what the last refresh knew of each file."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from etl_project.database.contract import INTERNAL_SQL
from etl_project.scan.rename import ids_under_present_names

if TYPE_CHECKING:
    import duckdb

PRESENT_VERSION = "SELECT * FROM {database}.internal.inventory"
"""Query of the inventory of a work file of this version; `{database}` is its name where it is attached."""

KNOWN_OF_ANY_VERSION = ("source_id", "path", "article_id", "status", "is_shadowed", "size", "file_hash")
"""Columns of the inventory that `post_files` has in every version."""


@functools.cache
def empty_inventory() -> str:
    """Query of an inventory without rows, where there is no work file yet."""
    return f"SELECT {_columns({})} WHERE false"


@functools.cache
def inventory_of_another_version() -> str:
    """Query of what the tables of any version tell of the files then: enough for the guard and for moves."""
    known = {name: name for name in KNOWN_OF_ANY_VERSION}
    return f"SELECT {_columns({**known, 'is_young': 'false', 'deferrals': '0'})} FROM {{database}}.post_files"


def create_inventory_view(
    con: duckdb.DuckDBPyConnection,
    inventory: str,
    database: str,
    renames: Mapping[str, str],
    *,
    is_doubled: bool = False,
) -> None:
    """Make the temporary view `inventory`, in the columns of `internal.inventory`.

    Args:
        con: a connection that the database is attached to.
        inventory: query of the inventory, with `{database}` in it.
        database: name of the attached database.
        renames: old name of a source -> its present one.
        is_doubled: some file has two rows, which only a fault can cause. It must not be read twice.
    """
    rows = ids_under_present_names(inventory.format(database=database), renames)
    only_one = "QUALIFY row_number() OVER (PARTITION BY source_id, path) = 1" if is_doubled else ""
    con.execute(f"CREATE OR REPLACE TEMP VIEW inventory AS FROM ({rows}) {only_one}")


def _columns(known: Mapping[str, str]) -> str:
    """Every column of the inventory, NULL where it is not known."""
    table = INTERNAL_SQL.read_text("utf-8").partition("CREATE TABLE internal.inventory (")[2].partition(");")[0]
    columns = re.findall(r"^ +(\w+) (\w+)", table, re.MULTILINE)
    return ", ".join(f"{known.get(name, 'NULL')}::{kind} AS {name}" for name, kind in columns)
