"""A lake of another version of the tables: the next refresh builds it anew, and keeps what was observed."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from conftest import Site
from part_twins import Twins, rows_of_file, run_stages

from etl_project.database.work_file import WorkFile
from etl_project.lake.commits import commit_next, open_table
from etl_project.lake.data_files import write_file
from etl_project.lake.maintain import maintain_warehouse
from etl_project.lake.part_files import select_files
from etl_project.lake.store import Lake, Pins
from etl_project.lake.tables import LakeTable, lake_tables

LACKED = {"articles": "text_hash", "article_changes": "source_id", "refreshes": "files_missed", "sources": "dialect"}
"""Table -> column that the older version does not have yet."""


def make_older(lake: Lake) -> Pins:
    """Write the newest publication as a version would that lacks some columns and one table, and has another column."""
    pins = lake.pins()
    assert pins
    versions = {name: version for name, version in pins.versions.items() if name != "internal.link_keys"}
    with lake.lease("older"):
        for name, column in LACKED.items():
            kinds = {other: kind for other, kind in lake_tables()[name].columns.items() if other != column}
            versions[name] = replace_files(lake, pins, name, kinds, f"* EXCLUDE {column}")
        kinds = {**lake_tables()["tags"].columns, "legacy": "VARCHAR"}
        versions["tags"] = replace_files(lake, pins, "tags", kinds, "*, 'x' AS legacy")
        name = "internal.generation"
        kinds = dict(lake_tables()[name].columns)
        versions[name] = replace_files(lake, pins, name, kinds, "* REPLACE ('older' AS schema_version)")
        older = replace(pins, versions=versions, sequence=pins.sequence + 1, run_id="older")
        lake.publish(older)
    return older


def replace_files(lake: Lake, pins: Pins, name: str, kinds: dict[str, str], columns: str) -> int:
    """Write the files of a table anew with other columns. Returns the version of the commit."""
    table = lake_tables()[name]
    older, files, adds = LakeTable(name, kinds, table.comment), lake.files(pins, name), []
    with duckdb.connect() as con:
        for file in files:
            rows = con.sql(f"SELECT {columns} FROM ({select_files(lake.place, table, [file])})")
            written = write_file(lake.place, older, file.part, rows, "older")
            assert written
            adds.append(written)
    handle = open_table(lake.place, table.folder, pins.versions[name])
    return commit_next(lake.place, older, handle, adds, files, n=pins.n, run_id="older")


@pytest.fixture
def twins(site: Site) -> Twins:
    for n in range(6):
        site.write(f"_posts/2026-01-{n + 1:02}-p{n}.md", body=f"Text number {n}.", title=f"Post {n}", tags=f"t{n % 5}")
    twins = Twins(site, parts=2, seconds=10)
    twins.refresh()
    twins.seconds += 10
    return twins


def test_the_next_refresh_builds_it_anew_and_keeps_what_was_observed(twins: Twins) -> None:
    older = make_older(twins.lake)
    twins.site.write("_posts/2026-02-01-new.md")
    with twins.one_instant():
        twins.site.refresh(full=True)
        refresh = twins.lake_refresh()
        plan = refresh.plan()
        assert plan.is_rebuild
        plan.close()
        assert run_stages(refresh)
    one, lake = rows_of_file(twins.site), twins.rows_of_lake()
    assert {name for name in one if one[name] != lake[name]} == {"article_changes"}
    with twins.lake.connect(twins.lake.pins(), ["article_changes"]) as con:
        known = con.execute("SELECT refresh_id, source_id, count(*) FROM article_changes GROUP BY ALL ORDER BY ALL")
        assert known.fetchall() == [(1, "", 6), (2, "site", 1)], "what the older version did not know is told as such"
    with twins.lake.connect(older, ["articles"]) as con:
        assert con.execute("SELECT text_hash, count(*) FROM articles GROUP BY ALL").fetchall() == [("", 6)]


@pytest.mark.prove("lake")
def test_until_then_it_is_maintained_and_the_published_file_stays(twins: Twins) -> None:
    make_older(twins.lake)
    work = WorkFile(twins.settings.warehouse.path)
    before = work.published.read_bytes()
    maintain_warehouse(twins.settings, work)
    work.close()
    assert work.published.read_bytes() == before
