"""A compacted work file is the same database, smaller, and refreshes go on from it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from conftest import Site
from loaded_tables import equals_a_full_load

from etl_project.database.compact import compact
from etl_project.database.contract import contract
from etl_project.refresh import Refresh

_SHAPE = """
SELECT schema_name, table_name AS name, comment, sql FROM duckdb_tables()
UNION ALL SELECT schema_name, view_name, comment, sql FROM duckdb_views() WHERE NOT internal
UNION ALL SELECT schema_name, function_name, comment, macro_definition FROM duckdb_functions() WHERE NOT internal
UNION ALL SELECT schema_name, table_name || '.' || column_name, comment, data_type || is_nullable FROM duckdb_columns()
    WHERE NOT internal
ORDER BY ALL
"""


def grown(folder: Path) -> Site:
    """Build a warehouse whose posts were all written anew a few times."""
    site = Site(folder)
    site.configure()
    for turn in range(4):
        for n in range(60):
            # Letters in ever another order: text that repeats would not weigh anything.
            body = " ".join(f"{(n * 7919 + turn * 104729 + word * 611953) % 10**9:x}" for word in range(400))
            site.write(f"_posts/2026-01-02-{n}.md", body=body)
        # Two are published, so that there is a previous file.
        site.load() if turn < 2 else site.refresh()
    return site


def contents(path: Path) -> dict[str, object]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        rows = {name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for (name,) in tables}
        return rows | {"": con.execute(_SHAPE).fetchall()}


@pytest.mark.built(by=grown)
def test_the_copy_holds_the_same_rows_tables_comments_views_and_macros_in_less_space(site: Site) -> None:
    work = Refresh(site.settings).work
    before = contents(work.path)
    assert len(before) > sum(not table.is_view for table in contract().values())
    compacted = compact(work)
    assert compacted.after == work.path.stat().st_size < compacted.before
    assert contents(work.path) == before
    assert site.refresh() is None


@pytest.mark.built(by=grown)
def test_refreshes_go_on_from_the_copy_in_the_layout_of_every_work_file(site: Site) -> None:
    work = Refresh(site.settings).work
    compact(work)
    site.write("_posts/2026-01-02-0.md", body="Another body.")
    assert site.load()
    assert site.column_of_work("SELECT text FROM article_bodies WHERE article_id LIKE '%-0.md'") == ["Another body."]
    with duckdb.connect(str(work.path), read_only=True) as con:
        options = con.execute("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal").fetchall()
        assert options == [("v1.2.0+",)]
        kinds = con.execute(
            "SELECT DISTINCT compression FROM pragma_storage_info('article_bodies') "
            "WHERE column_name = 'body' AND segment_type = 'VARCHAR'"
        ).fetchall()
    assert kinds == [("ZSTD",)]
    equals_a_full_load(site)


@pytest.mark.built(by=grown)
def test_what_a_refresh_that_was_cut_off_left_behind_is_removed(site: Site) -> None:
    work = Refresh(site.settings).work
    work.staging.mkdir()
    left = [work.staging / "batch.parquet", site.published.with_name(".posts.duckdb.publishing")]
    left += [Path(f"{work.path}.rebuilding"), Path(f"{work.path}.rebuilding.wal")]
    for file in left:
        file.write_bytes(b"half")
    compact(work)
    assert [file for file in left if file.exists()] == []
    assert {path.name for path in site.published.parent.iterdir()} == {"posts.duckdb", "posts.previous.duckdb", ".work"}


def test_without_a_warehouse_there_is_nothing_to_compact(site: Site) -> None:
    assert compact(Refresh(site.settings).work).after == 0
    assert not site.published.exists()
