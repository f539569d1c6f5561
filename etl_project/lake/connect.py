"""Lets DuckDB read pinned versions of Delta tables through the store, without an extension."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from etl_project.database.delta_views import Scan, stand_in_sql
from etl_project.database.sql import parquet_rows, quoted
from etl_project.lake.commits import open_table, paths_of
from etl_project.lake.data_files import LakeFile
from etl_project.lake.place import Place
from etl_project.lake.tables import PART, LakeTable, duckdb_type

if TYPE_CHECKING:
    import duckdb
    from deltalake import DeltaTable

OPEN_AT_ONCE = 16
"""Tables whose logs are read at once: a log takes some requests, one after the other."""


def select_rows(place: Place, table: LakeTable, version: int) -> str:
    """Write the query of the rows of a table at a version; a column that it does not have yet is NULL.

    Raises:
        LakeUnavailable: the log of the table cannot be read.
    """
    handle = open_table(place, table.folder, version)
    columns = table.restored({field.name for field in handle.schema().fields})
    return f"SELECT {columns} {_stored_rows(place, table.folder, handle)}"


def query_of_files(place: Place, table: LakeTable, files: Sequence[LakeFile]) -> str:
    """Write the query of the rows of some files of a table, at least one, which have all of its columns."""
    paths = [place.address(f"{table.folder}/{file.path}") for file in files]
    return f"SELECT {table.restored()} FROM {parquet_rows(paths)}"


def stand_in(con: duckdb.DuckDBPyConnection, scans: Collection[Scan], *, only_read: bool = False) -> list[str]:
    """Let views find the rows of their Delta tables: a macro takes the place of DuckDB's function `delta_scan`.

    Args:
        con: the connection.
        scans: the tables that views show, at least one.
        only_read: whether the files are read through a file system that opens nothing else and writes nothing. It goes
            on where those of DuckDB are switched off.

    Returns:
        Folders and addresses that queries read, which a locked connection must be allowed to.

    Raises:
        LakeUnavailable: a library or credentials are missing, or the store fails.
    """
    places = {scan.address: Place(scan.address) for scan in scans}
    first = next(iter(places.values()))
    first.check()

    def files(scan: Scan) -> tuple[DeltaTable, list[str]]:
        handle = open_table(places[scan.address], "", scan.version)
        return handle, [places[scan.address].address(path) for path in sorted(paths_of(handle))]

    with ThreadPoolExecutor(OPEN_AT_ONCE) as threads:
        found = dict(zip(scans, threads.map(files, scans), strict=True))
    folders, scheme = [place.address("") for place in places.values()], ""
    if only_read:
        from etl_project.lake.pinned_files import PinnedFiles

        scheme = f"{PinnedFiles.protocol}://"
        con.register_filesystem(
            PinnedFiles(first.file_system(), {path for _, paths in found.values() for path in paths})
        )
        folders = [scheme]
    else:
        first.let_read(con)
    pairs = ", ".join(
        f"{quoted(f'{scan.version} {scan.address}')}: {quoted(_rows_in([scheme + path for path in paths], handle))}"
        for scan, (handle, paths) in found.items()
    )
    con.execute(stand_in_sql(f"FROM query(MAP {{{pairs}}}[version || ' ' || path])"))
    return folders


def _stored_rows(place: Place, folder: str, handle: DeltaTable) -> str:
    paths = sorted(paths_of(handle))
    return _rows_in([place.address(f"{folder}/{path}".lstrip("/")) for path in paths], handle)


def _rows_in(addresses: Sequence[str], handle: DeltaTable) -> str:
    """Write the clause FROM of the rows in the files of a table, without the column of the part."""
    if addresses:
        return f"FROM {parquet_rows(addresses)}"
    columns = [
        f'NULL::{duckdb_type(field.type)} AS "{field.name}"' for field in handle.schema().fields if field.name != PART
    ]
    return f"FROM (SELECT {', '.join(columns)} WHERE false)"
