"""One site in a folder, in a bucket and in a pack: the same rows from each."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import Site
from loopback_s3 import serve_s3

from etl_project.database.contract import OBSERVED, contract

POSTS = Path(__file__).resolve().parents[2] / "posts"
PLACES = ("in_a_folder", "in_a_bucket", "in_a_pack")
"""Names that no post has in its text."""


def settings_of(site: Site) -> str:
    """The three sources; only name and location differ."""
    locations = dict(zip(PLACES, (POSTS, "s3://harbour/a/site", "posts.tar.zst"), strict=True))
    return f'[warehouse]\npath = "{site.warehouse}"\n' + "".join(
        f'\n[[source]]\nname = "{name}"\nlocation = "{location}"\ndialect = "jekyll"\ntime_zone = "Asia/Shanghai"\n'
        'include = ["_posts/**", "_drafts/**"]\n'
        for name, location in locations.items()
    )


def rows_of(con: duckdb.DuckDBPyConnection, table: str, source: str) -> list[tuple[Any, ...]]:
    """Rows of one source, its name left out of every text."""
    columns = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
    key = "source_id" if "source_id" in columns else "article_id"
    rows = con.execute(
        f"SELECT * FROM {table} WHERE {key} = $source OR starts_with({key}, $source || ':') ORDER BY ALL",
        {"source": source},
    ).fetchall()
    return sorted([tuple(repr(value).replace(source, "*") for value in row) for row in rows])


def test_a_folder_a_bucket_and_a_pack_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path)
    site.config.write_text(settings_of(site), "utf-8")
    files = {file.relative_to(POSTS).as_posix(): file for file in POSTS.rglob("*") if file.is_file()}
    with (
        pa.output_stream(str(tmp_path / "posts.tar.zst"), compression="zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|") as archive,
    ):
        for name, file in files.items():
            archive.add(file, name)
    with serve_s3() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        for name, file in files.items():
            s3.put("harbour", f"a/site/{name}", file.read_bytes())
        loaded = site.load()
        assert loaded and loaded.files_read == 3 * (loaded.files_read // 3) > 150
        posts = [key for key in s3.keys if "/_posts/" in key or "/_drafts/" in key]
        assert len(posts) == len(set(posts)) == loaded.files_read // 3, "each object once"
    work = site.published.parent / ".work" / site.published.name
    with duckdb.connect(str(work), read_only=True) as con:
        keyed = [
            name
            for name, table in contract().items()
            if not (table.is_view or name in OBSERVED or name == "sources")
            and {"source_id", "article_id"} & {column.name for column in table.columns}
        ]
        compared = 0
        for table in keyed:
            folder, bucket, pack = (rows_of(con, table, name) for name in PLACES)
            assert folder == bucket == pack, table
            compared += len(folder)
        assert compared > 500
