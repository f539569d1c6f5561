"""Batches in, as they are read; rows of tables that are built from nothing out, while other batches are being read."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import BY_ARTICLE
from etl_project.engines.batch import ManifestRow
from etl_project.load.merge import parquet_list

if TYPE_CHECKING:
    import duckdb

_FILES_TOGETHER = 4_000
"""Files whose rows are appended by one statement: more would keep those who read waiting for work."""


class Appender:
    """Appends the rows of articles to empty tables, where nothing has to be deleted first and no row comes twice.

    Reading takes every core, and so does compressing: done by turns, each would leave some idle at its end. What was
    appended need not be staged any longer, so that the staging folder stays small.

    Args:
        con: a connection that uses the work file, in a transaction.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._waiting: list[ManifestRow] = []

    def take(self, row: ManifestRow) -> ManifestRow:
        """Take the rows of articles of a batch. Returns what is left for the merge."""
        self._waiting.append(row)
        if sum(waiting.read for waiting in self._waiting) >= _FILES_TOGETHER:
            self.append()
        return dataclasses.replace(row, files={t: path for t, path in row.files.items() if t not in BY_ARTICLE})

    def append(self) -> None:
        """Append what was taken, and remove its files."""
        for table in BY_ARTICLE:
            if paths := [row.files[table] for row in self._waiting if table in row.files]:
                self._con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet({parquet_list(paths)})")
                for path in paths:
                    Path(path).unlink()
        self._waiting = []

    def take_back(self, source_id: str) -> None:
        """Delete what was taken of a source since the last `append` or before."""
        self._waiting = []
        for table in BY_ARTICLE:
            self._con.execute(f"DELETE FROM {table} WHERE starts_with(article_id, ?)", [f"{source_id}:"])
