"""What queries of data files in a bucket ask of it, counted, and what they say of a file that is gone."""

from __future__ import annotations

from io import BytesIO

import duckdb
import polars as pl
import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from loopback_s3 import LoopbackS3

from etl_project.database.sql import parquet_rows
from etl_project.lake import bucket_files
from etl_project.lake.pinned_files import PinnedFiles
from etl_project.lake.place import Place

pytest_plugins = ["s3_fixtures"]

PLACE = Place("s3://harbour/lake")
KEYS = [f"lake/articles/part={part}/run-{part}.parquet" for part in range(4)]
ADDRESSES = [f"s3://harbour/{key}" for key in KEYS]


def parquet(rows: int) -> bytes:
    data = BytesIO()
    pl.DataFrame({"number": range(rows)}).write_parquet(data)
    return data.getvalue()


@pytest.fixture(params=[False, True], ids=["by address", "pinned"])
def asking(s3: LoopbackS3, request: pytest.FixtureRequest) -> tuple[duckdb.DuckDBPyConnection, str]:
    """A connection that may read four data files, and a query of them."""
    for key in KEYS:
        s3.put("harbour", key, parquet(3))
    con = duckdb.connect()
    if request.param:
        con.register_filesystem(PinnedFiles(PLACE.file_system(), ADDRESSES))
    else:
        PLACE.let_read(con)
    scheme = "pinned://" if request.param else ""
    return con, f"SELECT count(number) FROM {parquet_rows([scheme + address for address in ADDRESSES])}"


def test_a_query_asks_for_each_data_file_once(s3: LoopbackS3, asking: tuple[duckdb.DuckDBPyConnection, str]) -> None:
    con, query = asking
    for _ in range(2):
        s3.forget()
        assert con.execute(query).fetchall() == [(12,)]
        assert s3.asked["HEAD"] == len(KEYS) and not s3.asked["LIST"]


def test_a_data_file_that_is_gone_is_told_by_its_name_also_after_it_was_read(
    s3: LoopbackS3, asking: tuple[duckdb.DuckDBPyConnection, str]
) -> None:
    con, query = asking
    con.execute(query).fetchall()
    del s3.buckets["harbour"][KEYS[1]]
    with pytest.raises(duckdb.IOException, match=r'No files found that match the pattern ".*/part=1/run-1\.parquet"'):
        con.execute(query)


def test_no_more_files_are_remembered_than_the_limit(
    s3: LoopbackS3, monkeypatch: pytest.MonkeyPatch, asking: tuple[duckdb.DuckDBPyConnection, str]
) -> None:
    monkeypatch.setattr(bucket_files, "FILES_REMEMBERED", 2)
    files = PLACE.file_system()
    assert [files.info(address)["size"] for address in ADDRESSES] == [len(parquet(3))] * 4
    for address, asked in ((ADDRESSES[3], 0), (ADDRESSES[2], 0), (ADDRESSES[0], 1)):
        s3.forget()
        files.info(address)
        assert s3.asked["HEAD"] == asked
    con, query = asking
    assert con.execute(query).fetchall() == [(12,)]


def test_what_was_read_of_a_data_file_is_not_got_again_however_young_it_is(s3: LoopbackS3) -> None:
    for key in KEYS:
        s3.put("harbour", key, parquet(3))
    with duckdb.connect() as con:
        PLACE.let_read(con)
        for is_first in (True, False):
            s3.forget()
            assert con.execute(f"SELECT sum(number) FROM {parquet_rows(ADDRESSES)}").fetchall() == [(12,)]
            assert bool(s3.asked["GET"]) == is_first


@pytest.mark.parametrize("name", ["_last_checkpoint", "00000000000000000002.checkpoint.parquet"])
def test_the_log_of_a_table_is_asked_for_each_time(s3: LoopbackS3, name: str) -> None:
    # A location may be named like the folder of a part.
    key = f"part=1/articles/_delta_log/{name}"
    files = PLACE.file_system()
    for size in (3, 5):
        s3.put("harbour", key, b"x" * size)
        s3.forget()
        assert files.info(f"s3://harbour/{key}")["size"] == size
        assert files.modified(f"s3://harbour/{key}")
        assert s3.asked == {"HEAD": 2}
