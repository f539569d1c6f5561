"""Data files of a lake: Parquet, written once, named by the run that wrote them, and never changed."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.sql import parquet_rows
from etl_project.lake.place import Place
from etl_project.lake.tables import LakeTable

if TYPE_CHECKING:
    import duckdb
    import polars as pl


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One data file of a table."""

    table: str
    path: str
    """Path below the folder of the table: the part, and the run that wrote it in its name."""
    part: int
    rows: int
    size: int
    """Bytes."""

    @property
    def run_id(self) -> str:
        """Run that wrote it."""
        return run_of(self.path)


def run_of(path: str) -> str:
    """Run that wrote a data file, by its path."""
    return path.rpartition("/")[2].rpartition("-")[0]


def write_file(
    place: Place, table: LakeTable, part: int, rows: duckdb.DuckDBPyRelation | pl.DataFrame | Path, run_id: str
) -> LakeFile | None:
    """Write rows of a table into a data file of a part.

    Args:
        place: where the lake is.
        table: the table.
        part: the part that all rows belong to.
        rows: a relation of DuckDB, a frame, or a Parquet file, with the columns of the table by their names.
        run_id: name of the run.

    Returns:
        The file; None where there are no rows, and then no file is made.

    Raises:
        LakeUnavailable: the file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="etl-") as folder:
        written = Path(folder) / "rows.parquet"
        count = _write_parquet(table, rows, written)
        if not count:
            return None
        path = f"part={part}/{run_id}-{uuid.uuid4().hex}.parquet"
        file = LakeFile(table.name, path, part, count, written.stat().st_size)
        place.put(f"{table.folder}/{path}", written)
    return file


def _write_parquet(table: LakeTable, rows: duckdb.DuckDBPyRelation | pl.DataFrame | Path, target: Path) -> int:
    """Write rows in the types of files.

    Returns:
        The number of rows.
    """
    import duckdb
    import polars as pl

    def write(relation: duckdb.DuckDBPyRelation) -> None:
        relation.project(table.stored()).write_parquet(str(target), compression="zstd")

    if isinstance(rows, duckdb.DuckDBPyRelation):
        write(rows)
    else:
        with duckdb.connect(config={"threads": 1}) as con:
            if isinstance(rows, Path):
                write(con.sql(f"FROM {parquet_rows([str(rows)])}"))
            else:
                with registered(con, rows=rows):
                    write(con.table("rows"))
    return int(pl.scan_parquet(target).select(pl.len()).collect().item())
