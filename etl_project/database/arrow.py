"""Hands Polars frames to DuckDB, as views of a connection, without PyArrow; and answers of DuckDB to Polars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import polars as pl


class _Stream:
    """The bare Arrow stream of a frame (the Arrow PyCapsule interface).

    DuckDB reads a frame itself through PyArrow, which takes longer to import than most refreshes take to run.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, **frames: pl.DataFrame) -> Iterator[None]:
    """Let queries of a connection read frames by name.

    Args:
        con: the connection.
        frames: name -> frame.
    """
    for name, frame in frames.items():
        con.register(name, _Stream(frame))
    try:
        yield
    finally:
        for name in frames:
            con.unregister(name)


def frame_of(con: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """Read the answer of a query as a frame."""
    # An answer of which only the first row was asked for would be in the way.
    con.complete()
    frame: pl.DataFrame = con.sql(query).pl()
    return frame
