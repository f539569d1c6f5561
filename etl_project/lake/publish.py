"""Publishes what a lake holds as the DuckDB file that people know: with all rows, or with views of the large tables."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from etl_project.database.contract import (
    INTERNAL_BY_ARTICLE,
    Table,
    declared,
    schema_version,
    tables_by_article,
)
from etl_project.database.delta_views import DELTA_SCAN, Scan, scans_of, stand_in_sql
from etl_project.database.generation import GenerationState
from etl_project.database.publish import Published, publish
from etl_project.database.sql import quoted
from etl_project.database.template import template_file
from etl_project.database.work_file import WorkFile
from etl_project.lake.place import Place
from etl_project.lake.publications import Pins
from etl_project.lake.store import Lake
from etl_project.lake.tables import PART, LakeTable, lake_tables
from etl_project.lake.update import is_small_change, update
from etl_project.load.aggregates import aggregates, aggregates_version
from etl_project.timing import milliseconds_since

if TYPE_CHECKING:
    import duckdb

Form = Literal["file", "views"]
"""What the published file of a lake holds: every row, or views of the large tables."""


def publish_file(lake: Lake, pins: Pins, work: WorkFile, form: Form, *, anew: bool = False) -> Published:
    """Publish the file of a publication of the lake, unless it is that already; the caller holds the lock.

    Args:
        lake: the lake.
        pins: the publication.
        work: the work file beside the published one: it is made for this, and removed again.
        form: what the file holds.
        anew: whether all rows are copied into a new file, whatever is there: it has no gaps.

    Returns:
        The publication of the file.

    Raises:
        NotChecked: the lake holds a generation whose checks did not pass.
        LakeUnavailable: the lake cannot be read.
        duckdb.Error, OSError: the published file is as it was.
    """
    began = time.perf_counter()
    try:
        file = None if anew else _published_file(work)
        edition = _edition_of(lake, pins)
        if file and file.edition == edition and file.scans == _wanted_scans(lake, pins, form):
            size = work.published.stat().st_size
            return Published(work.published, file.edition.generation, False, size, milliseconds_since(began))
        base = _base_of(lake, pins, file) if file and form == "file" else None
        with work.connect() as con:
            lake.place.let_read(con)
            work.folder.mkdir(parents=True, exist_ok=True)
            new = work.attach_new(con, work.published if base else template_file())
            if base:
                update(con, lake, base, pins)
            else:
                _fill(con, lake, pins, form)
            con.execute(_PUBLICATION, {"sequence": pins.sequence, "run_id": pins.run_id})
            con.execute("CHECKPOINT work")
            work.detach(con)
        work.replace_by(new)
        return publish(work, is_moved=True)
    finally:
        work.close()
        for ending in ("", ".wal", ".rebuilding", ".rebuilding.wal"):
            Path(f"{work.path}{ending}").unlink(missing_ok=True)


_PUBLICATION = "CREATE OR REPLACE TABLE internal.publication AS SELECT $sequence AS sequence, $run_id AS run_id"
"""Notes in the file itself of which publication it is: several may be of one refresh, and differ in internal tables."""


@dataclass(frozen=True, slots=True)
class _Edition:
    """What tells one refresh, and the code that published it, from any other."""

    generation: int
    schema_version: str
    aggregates_version: str | None
    as_of: dt.datetime
    """Instant of the refresh: those of another lake may have the same numbers."""

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection) -> _Edition | None:
        """Read it from the tables in use; None where they hold no checked generation."""
        row = con.execute(
            "SELECT generation, schema_version, aggregates_version, as_of "
            "FROM internal.generation JOIN refreshes ON refresh_id = generation WHERE state = ?",
            [GenerationState.CHECKED],
        ).fetchone()
        return cls(*row) if row else None

    @property
    def is_of_this_version(self) -> bool:
        """Whether the tables are those of this version of the program."""
        return (self.schema_version, self.aggregates_version) == (schema_version(), aggregates_version())


@dataclass(frozen=True, slots=True)
class _File:
    """What the published file holds."""

    edition: _Edition
    scans: frozenset[Scan]
    """Delta tables that it shows by views; none of a file that holds all rows."""
    sequence: int
    """Number of its publication."""
    run_id: str
    """Run that made the publication."""


def is_of_this_version(lake: Lake, pins: Pins) -> bool:
    """Whether a publication has the tables of this version of the program; where not, the next refresh is a rebuild."""
    edition = _edition_of(lake, pins)
    return edition is None or edition.is_of_this_version


def _edition_of(lake: Lake, pins: Pins) -> _Edition | None:
    with lake.connect(pins, {"internal.generation", "refreshes"}) as con:
        return _Edition.read(con)


def _published_file(work: WorkFile) -> _File | None:
    """What the published file holds; None where there is none that opens, or it is not as it was published."""
    if work.published_edition() is None or work.is_written_into():
        return None
    with work.connect() as con:
        work.attach_read_only(con, work.published)
        try:
            edition, scans = _Edition.read(con), scans_of(con)
            is_noted = con.execute("FROM duckdb_tables() WHERE database_name = 'work' AND table_name = 'publication'")
            noted = con.execute("FROM internal.publication").fetchone() if is_noted.fetchone() else None
        finally:
            work.detach(con)
    return _File(edition, scans, *noted) if edition and noted else None


def _wanted_scans(lake: Lake, pins: Pins, form: Form) -> frozenset[Scan]:
    """Delta tables that a file of a form shows by views."""
    names = large_tables() if form == "views" else ()
    return frozenset(Scan(lake.place.address(lake_tables()[name].folder), pins.versions[name]) for name in names)


def _base_of(lake: Lake, pins: Pins, file: _File) -> Pins | None:
    """The publication of which the published file holds all rows, where a copy of it may be brought up to date."""
    if file.scans or not file.edition.is_of_this_version:
        return None
    base = lake.publication(file.sequence)
    is_base = base and base.run_id == file.run_id and is_small_change(lake, base, pins)
    return base if is_base else None


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
