"""Brings a copy of the published file from one publication to another: only rows that differ are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from etl_project.database.sql import transaction
from etl_project.lake.data_files import LakeFile
from etl_project.lake.part_files import dying_rows, select_files, tables_by_part
from etl_project.lake.publications import Pins
from etl_project.lake.store import Lake
from etl_project.lake.tables import lake_tables

if TYPE_CHECKING:
    import duckdb

MOST_REPLACED_SHARE = 0.5
"""Where files with more of the articles were replaced, to compare them takes longer than to copy all rows."""

_DIFFERING = """
CREATE OR REPLACE TEMP TABLE differing AS
WITH before AS (SELECT {keys}, count(*) AS rows, {digest} AS digest FROM ({gone}) AS t GROUP BY {keys}),
    after AS (SELECT {keys}, count(*) AS rows, {digest} AS digest FROM ({come}) AS t GROUP BY {keys})
SELECT {keys} FROM before FULL JOIN after USING ({keys})
WHERE before.rows IS DISTINCT FROM after.rows OR before.digest IS DISTINCT FROM after.digest
"""
"""Keys whose rows differ between data files that went and those that came: a file is written again for one row of many.
All rows of a key are in one or the other, since where one of them dies all do."""

_DIGEST = "sum(md5_number_lower(t::VARCHAR)::HUGEINT)"


def is_small_change(lake: Lake, before: Pins, after: Pins) -> bool:
    """Whether to bring a file from one publication to another takes less time than to copy all rows into a new one."""
    files = lake.files(before, "articles")
    replaced = {*files} - {*lake.files(after, "articles")}
    return sum(file.rows for file in replaced) <= sum(file.rows for file in files) * MOST_REPLACED_SHARE


def update(con: duckdb.DuckDBPyConnection, lake: Lake, before: Pins, after: Pins) -> None:
    """Bring the tables in use from one publication to another.

    Args:
        con: a connection that may read the lake, with a file in use that holds all rows of `before`.
        lake: the lake.
        before: the publication of the file.
        after: the publication that it is to hold, of the same version of the contract.

    Raises:
        duckdb.Error: nothing was changed.
        LakeUnavailable: the lake cannot be read; nothing was changed.
    """
    changed = [name for name in lake_tables() if before.versions.get(name, 0) != after.versions[name]]
    with transaction(con):
        for name in changed:
            files = lake.files(after, name)
            old, new = {*lake.files(before, name)}, {*files}
            gone, come = [*old - new], [*new - old]
            keys = ", ".join(dying_rows(name).columns) if name in tables_by_part() else ""
            if gone and keys:
                _find_differing(con, lake, name, keys, gone, come)
                con.execute(f"DELETE FROM {name} WHERE ({keys}) IN (SELECT ({keys}) FROM differing)")
                _insert(con, lake, name, come, f"SEMI JOIN differing USING ({keys})")
            elif gone:
                con.execute(f"DELETE FROM {name}")
                _insert(con, lake, name, files)
            else:
                _insert(con, lake, name, come)


def _find_differing(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    name: str,
    keys: str,
    gone: Sequence[LakeFile],
    come: Sequence[LakeFile],
) -> None:
    """Make the table `differing` of the keys of a table whose rows are not what they were."""
    table = lake_tables()[name]
    rows = {"gone": select_files(lake.place, table, gone), "come": select_files(lake.place, table, come)}
    con.execute(_DIFFERING.format(keys=keys, digest=_DIGEST, **rows))


def _insert(
    con: duckdb.DuckDBPyConnection, lake: Lake, name: str, files: Sequence[LakeFile], condition: str = ""
) -> None:
    rows = select_files(lake.place, lake_tables()[name], files)
    con.execute(f"INSERT INTO {name} BY NAME FROM ({rows}) {condition}")
