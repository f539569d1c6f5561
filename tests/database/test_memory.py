"""The memory that DuckDB may use: what it cannot spill is allowed for, so that no refresh fails for want of it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from conftest import Site, one_post

from etl_project.database.memory import BYTES_PER_ROW, MEMORY_BYTES
from etl_project.database.template import attach_statement
from etl_project.database.work_file import WorkFile

ROWS = 1_000_000


def least_limit(con: duckdb.DuckDBPyConnection) -> int:
    """The smallest limit that DuckDB takes now, in steps of a mebibyte: it has to spill all else first."""
    before = con.execute("SELECT current_setting('memory_limit')").fetchone()
    assert before
    least = 200
    for mebibytes in range(least, 0, -1):
        try:
            con.execute(f"SET memory_limit = '{mebibytes}MiB'")
        except duckdb.OutOfMemoryException:
            break
        least = mebibytes
    con.execute(f"SET memory_limit = '{before[0]}'")
    return least * 2**20


@pytest.mark.parametrize("deleted", ["i % 2048 = 5", "i % 2 = 0"], ids=["one of each vector", "every other"])
def test_what_duckdb_keeps_of_deleted_rows_is_allowed_for(tmp_path: Path, deleted: str) -> None:
    with duckdb.connect(config={"temp_directory": str(tmp_path / "spill")}) as con:
        con.execute(attach_statement(tmp_path / "a.duckdb", is_new=True))
        con.execute("USE work")
        con.execute(f"CREATE TABLE t AS SELECT i, hash(i) AS h FROM range({ROWS}) AS r(i); CHECKPOINT work")
        before = least_limit(con)
        con.execute(f"DELETE FROM t WHERE {deleted}")
        kept = least_limit(con) - before
        assert ROWS * 8 < kept <= ROWS * BYTES_PER_ROW + 2**20, "DuckDB keeps more, or less: correct BYTES_PER_ROW"
        con.execute("CHECKPOINT work")
        assert least_limit(con) <= before + 2**20


@pytest.mark.built(by=one_post)
def test_the_limit_grows_with_the_rows_of_the_work_file(site: Site) -> None:
    work = WorkFile(site.published)
    with work.opened() as con:
        con.execute(f"CREATE TABLE many AS FROM range({ROWS})")
    with work.opened() as con:
        allowed = con.execute("SELECT current_setting('memory_limit')").fetchone()
        con.execute(f"SET memory_limit = '{MEMORY_BYTES + BYTES_PER_ROW * ROWS}B'")
        assert con.execute("SELECT current_setting('memory_limit')").fetchone() == allowed
    work.close()
