"""The memory that DuckDB may use: what it cannot spill is allowed for, so that no refresh fails for want of it."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from conftest import Site, one_post

from etl_project.database import work_file
from etl_project.database.memory import BYTES_PER_ROW, MEMORY_BYTES
from etl_project.database.template import attach_statement
from etl_project.database.work_file import WorkFile
from etl_project.refresh import Refresh

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


@pytest.mark.parametrize(("cores", "threads"), [(1, None), (4, None), (5, 4), (64, 4)])
def test_many_cores_share_the_memory_of_a_few_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, threads: int | None
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    work = WorkFile(tmp_path / "posts.duckdb")
    with duckdb.connect() as other, work.connect() as con:
        asked = "SELECT current_setting('threads')"
        own = other.execute(asked).fetchone()
        assert con.execute(asked).fetchone() == ((threads,) if threads else own)
    work.close()


@pytest.mark.built(by=one_post)
@pytest.mark.parametrize("is_large", [False, True])
def test_what_a_load_leaves_in_memory_is_written_out_before_a_large_file_is_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    if is_large:
        monkeypatch.setattr(work_file, "MOST_KEPT_BYTES", 0)
    site.write("_posts/2026-03-01-two.md", title="Two")
    refresh = Refresh(site.settings)
    refresh.work.stays_attached = True
    refresh.load_tables(refresh.plan())
    log = Path(f"{refresh.work.path}.wal")
    left = log.stat().st_size if log.exists() else 0
    assert (left == 0) == is_large
    refresh.work.close()


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
