"""Loads finished batches of a full build while later ones are still being read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import tables_by_article
from etl_project.database.sql import parquet_rows

if TYPE_CHECKING:
    import duckdb

FILES_PER_STATEMENT = 4_000
"""Files whose rows are appended by one statement: with more, the workers that read would wait for work."""


class Appender:
    """Appends the rows of articles to empty tables, where nothing has to be deleted first and no row comes twice.

    Reading takes every core, and so does compressing: one after the other would leave cores idle. Rows leave the
    staging folder as they are appended, so that it stays small.

    Args:
        con: a connection that uses the work file, in a transaction.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._waiting: list[Mapping[str, str]] = []
        self._files_waiting = 0

    def take(self, staged: Mapping[str, str], files: int) -> dict[str, str]:
        """Take the rows of articles of a batch, and append what was taken when it is enough.

        Args:
            staged: table -> Parquet file of the batch.
            files: how many files the batch read.

        Returns:
            The Parquet files that are left for the merge.
        """
        self._waiting.append(staged)
        self._files_waiting += files
        if self._files_waiting >= FILES_PER_STATEMENT:
            self.append()
        return {table: path for table, path in staged.items() if table not in tables_by_article()}

    def append(self) -> None:
        """Append what was taken, and remove its Parquet files."""
        for table in tables_by_article():
            if paths := [staged[table] for staged in self._waiting if table in staged]:
                self._con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {parquet_rows(paths)}")
                for path in paths:
                    Path(path).unlink()
        self._waiting, self._files_waiting = [], 0

    def take_back(self, source_id: str) -> None:
        """Delete what was taken of a source since the last `append` or before."""
        self._waiting, self._files_waiting = [], 0
        for table in tables_by_article():
            self._con.execute(f"DELETE FROM {table} WHERE starts_with(article_id, ?)", [f"{source_id}:"])
