"""Reads databases in one instance of DuckDB: to start one takes four times as long as most questions of a test."""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
from collections.abc import Iterator
from pathlib import Path

from duckdb import DuckDBPyConnection, connect

_one_at_a_time = threading.RLock()


@functools.cache
def _instance() -> DuckDBPyConnection:
    instance = connect(config={"threads": 1})
    atexit.register(_instance.cache_clear)
    atexit.register(instance.close)
    return instance


@contextlib.contextmanager
def reading(file: Path) -> Iterator[DuckDBPyConnection]:
    """Open a database read-only under the name that `duckdb.connect` gives it, and let go of it at the end."""
    path, name = str(file).replace("'", "''"), file.stem.replace('"', '""')
    with _one_at_a_time, _instance().cursor() as con:
        con.execute(f"""ATTACH '{path}' AS "{name}" (READ_ONLY)""")
        try:
            con.execute(f'USE "{name}"')
            yield con
        finally:
            con.execute("USE memory")
            con.execute(f'DETACH "{name}"')
