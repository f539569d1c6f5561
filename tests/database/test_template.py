"""New work files are copies of a file of empty tables, with small blocks; older files keep theirs until maintained."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Site, one_post

from etl_project.database import template
from etl_project.database.compact import compact
from etl_project.database.contract import columns_of, declared_columns
from etl_project.database.template import BLOCK_SIZE_BYTES, template_file
from etl_project.refresh import Refresh


def block_size(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as con:
        row = con.execute("SELECT block_size FROM pragma_database_size()").fetchone()
    assert row
    return int(row[0])


def test_a_warehouse_of_few_posts_is_a_small_file(site: Site) -> None:
    for n in range(10):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.refresh()
    assert block_size(site.published) == BLOCK_SIZE_BYTES
    assert site.published.stat().st_size < 4_000_000


@pytest.mark.built(by=one_post)
def test_a_work_file_of_larger_blocks_is_refreshed_as_it_is_and_gets_small_ones_by_maintenance(site: Site) -> None:
    work = Refresh(site.settings).work
    larger = work.path.with_name("larger.duckdb")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{work.path}' AS small (READ_ONLY)")
        con.execute(f"ATTACH '{larger}' AS larger (STORAGE_VERSION 'v1.2.0', BLOCK_SIZE 262144)")
        con.execute("COPY FROM DATABASE small TO larger")
    larger.replace(work.path)
    site.write("_posts/2026-01-03-two.md")
    site.refresh()
    assert block_size(site.published) == 262_144
    assert compact(work).after < 4_000_000
    site.write("_posts/2026-01-04-three.md")
    site.refresh()
    assert (block_size(site.published), site.column("SELECT count(*) FROM articles")) == (BLOCK_SIZE_BYTES, [3])


def test_the_template_is_made_once_and_elsewhere_where_the_code_cannot_be_written_beside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(template.importlib.util, "cache_from_source", lambda path: str(tmp_path / "cache" / "code.pyc"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    make = template_file.__wrapped__
    file = make()
    assert file.parent == tmp_path / "cache"
    made = file.stat().st_mtime_ns
    assert make() == file and file.stat().st_mtime_ns == made
    with duckdb.connect(str(file), read_only=True) as con:
        assert declared_columns() <= columns_of(con)
        assert con.execute("SELECT generation, state FROM internal.generation").fetchall() == [(0, "checked")]
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("a file where the folder should be")
    elsewhere = make()
    assert elsewhere.exists() and tmp_path not in elsewhere.parents
