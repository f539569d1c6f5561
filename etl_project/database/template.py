"""A file of empty tables, which every new work file begins as a copy of.

To create the tables, views and macros of the contract with their comments takes a fifth of a first build of few posts.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import contract_sql, create_contract, schema_version
from etl_project.database.generation import GenerationState
from etl_project.database.sql import quoted, transaction

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"
"""Oldest DuckDB that must be able to open the published file, and the first with zstd columns."""

ROW_GROUP_SIZE = 16_384
"""DuckDB compresses row group by row group, each on one core; its default is larger than most sites."""

BLOCK_SIZE_BYTES = 65536
"""A column takes a block at least: with DuckDB's default, four times as much, the file of ten posts has 9.7 megabytes
and not 2.7. Smaller blocks cost a build of 20,000 posts more calls of the system: 0.7 s for half of this, 3 s for a
quarter."""


def attach_statement(path: Path, *, is_new: bool) -> str:
    """SQL that attaches a file of tables for writing as `work`.

    Args:
        path: the file.
        is_new: whether it is created. One that is there keeps the size of its blocks, and refuses another.
    """
    form = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_SIZE}"
    size = f", BLOCK_SIZE {BLOCK_SIZE_BYTES}" if is_new else ""
    return f"ATTACH {quoted(path)} AS work ({form}{size})"


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the contract and those of refreshes in the database in use, generation 0."""
    with transaction(con):
        create_contract(con)
        con.execute(
            "INSERT INTO internal.generation VALUES (0, ?, ?, NULL)", [GenerationState.CHECKED, schema_version()]
        )


@functools.cache
def template_file() -> Path:
    """A file of the tables of the contract, generation 0, in the form of work files. Only to be read.

    It is beside the compiled code, where Python may write that, and made anew for another contract; else it is made for
    this process only.
    """
    import duckdb

    made_of = (
        contract_sql(),
        attach_statement(Path(), is_new=True),
        duckdb.__version__,
        Path(__file__).read_text("utf-8"),
    )
    digest = hashlib.blake2b("\0".join(made_of).encode(), digest_size=8).hexdigest()
    file = Path(importlib.util.cache_from_source(__file__)).with_name(f"template.{digest}.duckdb")
    if file.exists():
        return file
    if not sys.dont_write_bytecode:
        with suppress(OSError, duckdb.IOException):
            file.parent.mkdir(parents=True, exist_ok=True)
            return _make(file)
    folder = Path(tempfile.mkdtemp(prefix="etl-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _make(folder / file.name)


def _make(file: Path) -> Path:
    import duckdb

    # Other processes may be making it at the same time.
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with duckdb.connect(config={"threads": 1}) as con:
            con.execute(attach_statement(unfinished, is_new=True))
            con.execute("USE work")
            create_tables(con)
            con.execute("USE memory")
            con.execute("DETACH work")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file
