"""Whether a file and its copy still hold the same is told by how they begin."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from etl_project.database.delta_views import holds_articles
from etl_project.database.publication_record import are_alike


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "one.duckdb")) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
    return tmp_path / "one.duckdb"


def test_a_copy_is_alike_until_one_of_both_is_written_to(file: Path) -> None:
    copy = Path(shutil.copy(file, file.with_name("copy.duckdb")))
    assert are_alike(file, copy) and are_alike(copy, file)
    with duckdb.connect(str(copy)) as con:
        con.execute("INSERT INTO t VALUES (2)")
    assert not are_alike(file, copy) and not are_alike(copy, file)


def test_a_file_with_a_log_beside_it_and_one_that_is_not_there_are_like_no_other(file: Path) -> None:
    copy = Path(shutil.copy(file, file.with_name("copy.duckdb")))
    Path(f"{file}.wal").write_bytes(b"log")
    assert not are_alike(file, copy)
    assert not are_alike(file.with_name("none.duckdb"), copy) and not are_alike(copy, file.with_name("none.duckdb"))


def test_only_a_table_of_articles_shows_that_no_view_reads_a_lake() -> None:
    with duckdb.connect() as con:
        loads = con.execute("SELECT current_setting('autoload_known_extensions')").fetchall()
        assert not holds_articles(con)
        con.execute("CREATE TABLE rows AS SELECT 1 AS a; CREATE VIEW articles AS FROM rows")
        assert not holds_articles(con)
        con.execute("DROP VIEW articles; CREATE TABLE articles AS FROM rows")
        assert holds_articles(con)
        assert con.execute("SELECT current_setting('autoload_known_extensions')").fetchall() == loads
