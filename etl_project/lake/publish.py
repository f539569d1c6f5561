"""Publishes what a lake holds as the DuckDB file that people know: with all rows, or with views of the large tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from etl_project.database.contract import (
    INTERNAL_BY_ARTICLE,
    Table,
    declared,
    tables_by_article,
)
from etl_project.database.delta_views import DELTA_SCAN, Scan, scans_of, stand_in_sql
from etl_project.database.publish import Published, publish
from etl_project.database.sql import quoted
from etl_project.database.template import template_file
from etl_project.database.work_file import WorkFile
from etl_project.lake.place import Place
from etl_project.lake.publications import Pins
from etl_project.lake.store import Lake
from etl_project.lake.tables import PART, LakeTable, lake_tables
from etl_project.load.aggregates import aggregates
from etl_project.timing import milliseconds_since

if TYPE_CHECKING:
    import duckdb

Form = Literal["file", "views"]
"""What the published file of a lake holds: every row, or views of the large tables."""


def publish_file(lake: Lake, pins: Pins, work: WorkFile, form: Form) -> Published:
    """Publish the file of a publication of the lake, unless it is that already; the caller holds the lock.

    Args:
        lake: the lake.
        pins: the publication.
        work: the work file beside the published one: it is made for this, and removed again.
        form: what the file holds.

    Returns:
        The publication of the file.

    Raises:
        NotChecked: the lake holds a generation whose checks did not pass.
        LakeUnavailable: the lake cannot be read.
        duckdb.Error, OSError: the published file is as it was.
    """
    began = time.perf_counter()
    try:
        if number := _published_number(lake, pins, work, form):
            size = work.published.stat().st_size
            return Published(work.published, number, False, size, milliseconds_since(began))
        with work.connect() as con:
            lake.place.let_read(con)
            work.folder.mkdir(parents=True, exist_ok=True)
            new = work.attach_new(con, template_file())
            _fill(con, lake, pins, form)
            con.execute("CHECKPOINT work")
            work.detach(con)
        work.replace_by(new)
        return publish(work, again=True)
    finally:
        work.close()
        for ending in ("", ".wal", ".rebuilding", ".rebuilding.wal"):
            Path(f"{work.path}{ending}").unlink(missing_ok=True)


def _published_number(lake: Lake, pins: Pins, work: WorkFile, form: Form) -> int:
    """Number of the generation of the published file, if it is of these pins and of this form; else 0."""
    with lake.connect(pins, {"internal.generation"}) as con:
        edition = con.execute("SELECT generation, aggregates_version FROM internal.generation").fetchone()
    if edition is None:
        return 0
    number, version = edition
    if (number, version) != work.published_edition() or work.is_written_into():
        return 0
    with work.connect() as con:
        work.attach_read_only(con, work.published)
        scans = scans_of(con)
        work.detach(con)
    wanted = {Scan(lake.place.address(lake_tables()[name].folder), pins.versions[name]) for name in large_tables()}
    return int(number) if scans == (wanted if form == "views" else set()) else 0


def _fill(con: duckdb.DuckDBPyConnection, lake: Lake, pins: Pins, form: Form) -> None:
    """Fill the empty tables of the file in use."""
    for aggregate in aggregates().values():
        con.execute(aggregate.sql)
        con.execute(f"COMMENT ON TABLE {aggregate.name} IS {quoted(aggregate.grain)}")
    for name, query in lake.queries(pins).items():
        table = lake_tables()[name]
        if form == "views" and name in large_tables():
            _replace_by_view(con, lake.place, table, pins.versions[name])
        else:
            con.execute(f"DELETE FROM {name}")
            con.execute(f"INSERT INTO {name} BY NAME {query}")


def large_tables() -> frozenset[str]:
    """Tables that a file of views does not hold: they grow with the posts, or with their changes and texts."""
    by_file = ("post_files", "internal.inventory", "internal.sketches_before", "article_history", "article_versions")
    return frozenset((*tables_by_article(), *INTERNAL_BY_ARTICLE, *by_file))


def _replace_by_view(con: duckdb.DuckDBPyConnection, place: Place, table: LakeTable, version: int) -> None:
    """Put a view of a Delta table at a version in the place of a table, with its comments.

    DuckDB binds a view as it is created, and the extension is not here: a macro of its name stands in for the moment.
    """
    columns = f"NULL::INTEGER AS {PART}, {table.no_stored()}"
    con.execute(stand_in_sql(f"SELECT {columns}"))
    scan = f"{DELTA_SCAN}({quoted(place.address(table.folder))}, version => {version})"
    con.execute(f"DROP TABLE {table.name}")
    con.execute(f"CREATE VIEW {table.name} AS SELECT {table.restored()} FROM {scan}")
    con.execute(f"DROP MACRO TABLE {DELTA_SCAN}")
    con.execute(f"COMMENT ON VIEW {table.name} IS {quoted(table.comment)}")
    for column, comment in _comments(table.name):
        con.execute(f'COMMENT ON COLUMN {table.name}."{column}" IS {quoted(comment)}')


def _comments(name: str) -> Sequence[tuple[str, str]]:
    table: Table | None = declared().get(name)
    return [(column.name, column.comment) for column in table.columns] if table else []
