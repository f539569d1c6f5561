"""The temporary tables that stages hand to each other are all declared, with a comment, in in_flight.sql."""

from __future__ import annotations

import re

import duckdb
import pytest
from conftest import Site

from etl_project.database.contract import INTERNAL_SQL
from etl_project.database.in_flight import IN_FLIGHT_SQL, create_in_flight_tables
from etl_project.refresh.refresh import Refresh
from etl_project.sources.listing import LISTING_COLUMNS
from etl_project.sources.signature import SIGNATURE_COLUMNS, Signature

SQL = IN_FLIGHT_SQL.read_text("utf-8")
DECLARED = set(re.findall(r"CREATE TEMP TABLE (\w+)", SQL))
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'temp'"


def columns(table: str) -> dict[str, str]:
    with duckdb.connect() as con:
        create_in_flight_tables(con)
        found = con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'temp' AND table_name = ?",
            [table],
        )
        return dict(found.fetchall())


@pytest.mark.parametrize("history", [False, True], ids=["without history", "with history"])
def test_a_refresh_of_everything_makes_no_other_temporary_table(
    site: Site, monkeypatch: pytest.MonkeyPatch, history: bool
) -> None:
    made: set[str] = set()
    detach = type(Refresh(site.settings).work).detach

    def look_before_detach(con: duckdb.DuckDBPyConnection) -> None:
        made.update(name for (name,) in con.execute(_TABLES).fetchall())
        detach(con)

    monkeypatch.setattr("etl_project.database.work_file.WorkFile.detach", staticmethod(look_before_detach))
    if history:
        site.config.write_text(site.config.read_text("utf-8").replace("[warehouse]\n", "[warehouse]\nhistory = true\n"))
    for n in range(8):
        site.write(f"_posts/2026-01-02-{n}.md", body=f"Words {n}.", age=0 if n == 5 else 60)
    site.refresh()
    posts = site.posts / "_posts"
    (posts / "2026-01-02-1.md").rename(posts / "2026-01-02-9.md")
    (posts / "2026-01-02-2.md").unlink()
    site.write("_posts/2026-01-02-3.md", title="Edited", age=30)
    site.refresh(verify=True)
    site.load(full=True)
    assert made == DECLARED


def test_every_temporary_table_is_explained_above_its_declaration() -> None:
    explained = re.findall(r"^-- [^\n]+\n(?:--[^\n]*\n)*(?:CREATE TEMP TABLE [^;]+;\n)+", SQL, re.MULTILINE)
    assert set(re.findall(r"CREATE TEMP TABLE (\w+)", "".join(explained))) == DECLARED


def test_a_listing_has_the_columns_that_are_declared_once() -> None:
    assert tuple(SIGNATURE_COLUMNS) == Signature._fields
    assert columns("listing").items() >= LISTING_COLUMNS.items()
    assert columns("listed_files").items() >= columns("listing").items()
    for table in ("files_to_read", "staged_files", "inventory_before"):
        assert columns(table).items() >= SIGNATURE_COLUMNS.items(), table
    with duckdb.connect() as con:
        con.execute(INTERNAL_SQL.read_text("utf-8"))
        inventory = dict(
            con.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'inventory'").fetchall()
        )
    assert columns("inventory_before") == inventory
