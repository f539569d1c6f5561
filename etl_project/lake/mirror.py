"""The driver's work file: small tables of the newest publication, and views of its large ones.

It is a copy that can be made anew from the lake at any time. The stages of a refresh find in it the tables that they
find in the work file of a warehouse of one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import SKETCHES, aggregates_sql, schema_version
from etl_project.database.json_file import read_json, write_json
from etl_project.database.template import template_file
from etl_project.database.work_file import WorkFile
from etl_project.lake.data_files import LakeFile
from etl_project.lake.part_files import select_files, tables_by_part
from etl_project.lake.place import Place
from etl_project.lake.publications import Pins
from etl_project.lake.store import Beaten, Lake
from etl_project.lake.tables import lake_tables

if TYPE_CHECKING:
    import duckdb


def shown_tables() -> tuple[str, ...]:
    """Tables that the work file shows by views. Sketches are copied: they are compared by the numbers of their rows."""
    return tuple(name for name in tables_by_part() if name != SKETCHES)


class LakeWork(WorkFile):
    """The work file of the driver of a lake, beside the published file; its lock is that of the published file, too."""

    def __init__(self, published: Path, lake: Lake) -> None:
        super().__init__(published)
        self.lake = lake
        self._record = _record_of(published)
        self.path = self._record.with_suffix(".duckdb")
        self._lease: AbstractContextManager[None] | None = None
        self.base: Pins | None = None
        """The publication that `catch_up` found the newest: what the work file is a copy of from then on."""
        self.was_left_clean = True  # until it has to be made anew

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Connect to the DuckDB in memory that files are attached to, which may read the lake."""
        is_new = self._instance is None
        con = super().connect()
        if is_new:
            assert self._instance is not None, "it was made now"
            self.lake.place.let_read(self._instance)
        return con

    def close(self) -> None:
        """Let go of every file, and of the lease of a run that is not to be published any more."""
        self.end_run()
        super().close()

    def restore(self) -> bool:
        """Make sure that the work file is a copy of the newest publication; without one, that there is no file.

        Returns:
            Whether the publication has the present version of the contract; where not, every table is built anew.
        """
        self.catch_up()
        return self._read_version(self.path) == schema_version()

    def usable_file(self) -> tuple[Path | None, bool]:
        """Find the copy of the newest publication; it is made where it is missing, and is nothing that people read."""
        is_present_version = self.restore()
        return (self.path if self.path.exists() else None), is_present_version

    def catch_up(self) -> None:
        """Make the copy anew where it is not of the newest publication, or what a refresh left was never published."""
        self.base = pins = self.lake.pins()
        if self._is_copy_of(pins) and self.path.exists():
            return
        self.was_left_clean = False
        self.let_go()
        self._record.unlink(missing_ok=True)
        if pins is None:
            for file in (self.path, Path(f"{self.path}.wal")):
                file.unlink(missing_ok=True)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.connect() as con:
            new = self.attach_new(con, template_file())
            for sql in aggregates_sql().values():
                con.execute(sql)
            for name, query in self.lake.queries(pins).items():
                if name in shown_tables():
                    show(con, {name: query})
                else:
                    con.execute(f"DELETE FROM {name}")
                    con.execute(f"INSERT INTO {name} BY NAME {query}")
            self.detach(con)
        self.replace_by(new)
        self.note_copy_of(pins)

    def require_newest(self) -> Pins:
        """Require that the work file is a copy of the newest publication, and return that.

        Raises:
            Beaten: another driver has published since the copy was made.
        """
        pins = self.lake.pins()
        if pins is None or not self._is_copy_of(pins):
            raise Beaten(self.lake.place)
        return pins

    def begin_run(self, run_id: str) -> None:
        """Begin to change the copy: until it is published, it is a copy of nothing. The lease of the run is held."""
        self.end_run()
        self._record.unlink(missing_ok=True)
        lease = self.lake.lease(run_id)
        lease.__enter__()
        self._lease = lease

    def end_run(self) -> None:
        """Let go of the lease, if one is held."""
        if self._lease is not None:
            self._lease.__exit__(None, None, None)
            self._lease = None

    def note_copy_of(self, pins: Pins) -> None:
        """Note that the work file holds what a publication names."""
        write_json(self._record, self._name_of(pins))

    def _is_copy_of(self, pins: Pins | None) -> bool:
        return pins is not None and read_json(self._record) == self._name_of(pins)

    def _name_of(self, pins: Pins) -> dict[str, object]:
        return {"location": str(self.lake.place), "sequence": pins.sequence, "run": pins.run_id}


def has_known(published: Path, location: str) -> bool:
    """Whether the published file was made from a lake at a location, as far as is written down."""
    return read_json(_record_of(published)).get("location") == str(Place(location))


def _record_of(published: Path) -> Path:
    """JSON file that names the publication which the driver's copy is of."""
    return WorkFile(published).folder / f"{published.name.removesuffix('.duckdb')}.lake.json"


def show(con: duckdb.DuckDBPyConnection, queries: Mapping[str, str]) -> None:
    """Put views in the place of tables, or of earlier views, of the database in use.

    Args:
        con: the connection.
        queries: table -> query of its rows.
    """
    kinds = dict(
        con.execute(
            "SELECT if(schema_name = 'main', '', schema_name || '.') || table_name, 'TABLE' FROM duckdb_tables() "
            "WHERE database_name = current_database()"
        ).fetchall()
    )
    for name, query in queries.items():
        if name in kinds:
            con.execute(f"DROP TABLE {name}")
        con.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")


def replace_shown(con: duckdb.DuckDBPyConnection, lake: Lake, files: Iterable[LakeFile]) -> None:
    """Show the tables of parts by views of these files.

    Args:
        con: the work file, in use.
        lake: the lake.
        files: the files of every table that is divided into parts.
    """
    of_table: dict[str, list[LakeFile]] = {name: [] for name in tables_by_part()}
    for file in files:
        of_table[file.table].append(file)
    show(con, {name: select_files(lake.place, lake_tables()[name], of_table[name]) for name in shown_tables()})
