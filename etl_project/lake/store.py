"""A lake: writes data files, commits them table by table, and publishes versions of all tables by one row.

What a driver does, in this order: `hold_lease`, `pins`, `write` (workers), `commit`, `publish`. Readers take `pins` and
`connect`, and see one refresh whole, whatever drivers do meanwhile or leave behind.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.opening import NO_DOWNLOADS
from etl_project.errors import UserError
from etl_project.lake.commits import Beaten, NotNext, commit_files, create_table, heal_table, open_table
from etl_project.lake.connect import OPEN_AT_ONCE, select_rows
from etl_project.lake.data_files import LakeFile, write_file
from etl_project.lake.lease import BEAT_SECONDS, hold_lease, live_runs
from etl_project.lake.place import LakeUnavailable, Place
from etl_project.lake.publications import PUBLICATIONS, Pins, all_pins, append_pins, newest_pins, pins_of
from etl_project.lake.tables import LakeTable, lake_tables

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["Beaten", "Lake", "LakeFile", "Pins"]

_PARTS = "etl.parts"
"""Property of the tables: the number of parts, which never changes."""

_LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True)
class Lake:
    """A lake at a place. It holds no connection: it can be pickled, and costs nothing to make anew."""

    place: Place
    parts: int
    """Number of parts, a power of two, the same for every table and for ever."""

    @classmethod
    def open(cls, location: str, *, parts: int, is_known: bool = False) -> Lake:
        """Open a lake, and create the tables that it lacks.

        Args:
            location: absolute path of a folder, or `s3://bucket/prefix`, `gs://…`, `az://…`.
            parts: number of parts of a lake that is created.
            is_known: whether there was a lake before: none is created then.

        Raises:
            LakeUnavailable: a library or credentials are missing, or the store fails; a known lake is not there.
            UserError: the lake has another number of parts.
        """
        place = Place(location)
        place.check()
        if is_known and not place.is_there(PUBLICATIONS.folder):
            raise LakeUnavailable(
                f"The lake {place} is not there any more. Mount its disk, or restore it from a backup. To begin anew "
                "without what it knew, name another location."
            )
        place.make()
        settings = {_PARTS: str(parts)}
        create_table(place, PUBLICATIONS, settings)
        there = open_table(place, PUBLICATIONS.folder).metadata().configuration.get(_PARTS, "")
        if there != str(parts):
            raise UserError(
                f"The lake {place} has {there} parts, and warehouse.parts says {parts}. The number is fixed when a "
                f"lake is created: write parts = {there}, or name another location."
            )
        newest = newest_pins(place)
        # A publication names every table that there was.
        missing = [table for name, table in lake_tables().items() if not newest or name not in newest.versions]
        with ThreadPoolExecutor(OPEN_AT_ONCE) as threads:
            list(threads.map(lambda table: create_table(place, table, settings), missing))
        return cls(place, parts)

    def lease(self, run_id: str, beat_seconds: float = BEAT_SECONDS) -> AbstractContextManager[None]:
        """Hold the lease of a run while it may write, commit and publish. A new attempt is a new run."""
        return hold_lease(self.place, run_id, beat_seconds)

    def pins(self) -> Pins | None:
        """Read the newest publication; None before the first."""
        return newest_pins(self.place)

    def publication(self, sequence: int) -> Pins | None:
        """Read the publication of a number; None where it is not kept."""
        return pins_of(self.place, sequence)

    def publications(self) -> list[Pins]:
        """Read every publication that is kept, the oldest first."""
        return all_pins(self.place)

    def files(self, pins: Pins | None, table: str, part: int | None = None) -> list[LakeFile]:
        """List the files of a table at its pinned version.

        Args:
            pins: the publication; None for an empty lake.
            table: such as `articles` or `internal.inventory`.
            part: only files of this part.
        """
        import polars as pl

        version = pins.versions.get(table, 0) if pins else 0
        if not version:
            return []
        actions = open_table(self.place, lake_tables()[table].folder, version).get_add_actions(flatten=True)
        files = pl.DataFrame(actions).select("path", "partition.part", "num_records", "size_bytes")
        return [LakeFile(table, *row) for row in files.sort("path").iter_rows() if part is None or row[1] == part]

    def write(
        self, table: str, part: int, rows: duckdb.DuckDBPyRelation | pl.DataFrame | Path, run_id: str
    ) -> LakeFile | None:
        """Write rows of a table into one data file of a part. Nobody reads it before it is committed and published.

        Args:
            table: such as `articles` or `internal.inventory`.
            part: the part that all rows belong to; `tables.WHOLE` for a table without articles.
            rows: a relation of DuckDB, a frame, or a Parquet file, with the columns of the table by their names.
            run_id: name of the run, which holds its lease.

        Returns:
            The file; None where there are no rows, and then no file is made.
        """
        return write_file(self.place, lake_tables()[table], part, rows, run_id)

    def commit(
        self, n: int, base: Pins | None, adds: Sequence[LakeFile], removes: Sequence[LakeFile], run_id: str
    ) -> Pins:
        """Commit files to their tables, one commit for each table, on top of a publication. Nothing is published yet.

        What dead drivers left in these tables is undone first. Where a driver that lives has committed, this one waits
        until that has published, or its lease has expired.

        Args:
            n: number of the refresh.
            base: the publication that the files were made from.
            adds: files that were written.
            removes: files of the base.
            run_id: name of the run, which holds its lease.

        Returns:
            The publication to be made: the base with the new versions.

        Raises:
            Beaten: another driver published; begin anew, as another run, on the new pins.
        """
        if self.pins() != base:
            raise Beaten(self.place)
        versions = {**dict.fromkeys(lake_tables(), 0), **(base.versions if base else {})}
        touched = {file.table for file in (*adds, *removes)}
        # The table that every refresh writes comes first: of two drivers one waits there, before it has committed.
        for name in sorted(touched, key=lambda name: (name != "refreshes", name)):
            versions[name] = commit_files(
                self.place,
                lake_tables()[name],
                versions[name],
                [file for file in adds if file.table == name],
                [file for file in removes if file.table == name],
                n=n,
                run_id=run_id,
                wait_for=lambda runs: self._wait_for(runs, base, run_id),
            )
        return Pins(n, versions, (base.sequence if base else 0) + 1, run_id)

    def heal(self, base: Pins, run_id: str) -> None:
        """Undo what dead drivers left in any table, for readers that take the newest version instead of pins.

        Args:
            base: the newest publication.
            run_id: name of the run, which holds its lease.

        Raises:
            Beaten: another driver published.
        """
        for name, table in lake_tables().items():
            heal_table(
                self.place,
                table,
                base.versions.get(name, 0),
                n=base.n,
                run_id=run_id,
                wait_for=lambda runs: self._wait_for(runs, base, run_id),
            )

    def publish(self, pins: Pins, *, keep: int | None = None) -> None:
        """Append the row that names the versions: the one step by which everything that was committed is seen.

        Args:
            pins: the publication, as `commit` returned it.
            keep: how many publications are kept, this one among them; older ones are forgotten by the same commit.

        Raises:
            Beaten: another driver published since the base was read; nothing was published.
        """
        kept = [other.sequence for other in self.publications()[-(keep - 1) :]] if keep and keep > 1 else []
        try:
            append_pins(self.place, pins, min([pins.sequence, *kept]) if keep else 0)
        except NotNext:
            # An answer of the store that was lost may have been a yes.
            newest = self.pins()
            if not newest or (newest.sequence, newest.run_id) != (pins.sequence, pins.run_id):
                raise Beaten(self.place) from None

    def connect(self, pins: Pins | None, tables: Collection[str] | None = None) -> duckdb.DuckDBPyConnection:
        """Connect DuckDB to the tables at their pinned versions, as views of their names, in `main` and `internal`.

        Args:
            pins: the publication; None for an empty lake.
            tables: only these; all by default.
        """
        import duckdb

        con = duckdb.connect(config=NO_DOWNLOADS | {"python_enable_replacements": False})
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        self.place.let_read(con)
        con.execute("CREATE SCHEMA internal")
        for name, query in self.queries(pins, tables).items():
            con.execute(f"CREATE VIEW {name} AS {query}")
        return con

    def queries(self, pins: Pins | None, tables: Collection[str] | None = None) -> dict[str, str]:
        """Write the query of the rows of each table at its pinned version, for a connection that may read the place.

        A column that the table does not have yet is NULL; the column of the part is left out.

        Args:
            pins: the publication; None for an empty lake.
            tables: only these; all by default.

        Raises:
            LakeUnavailable: the store cannot be read.
        """
        wanted = [table for name, table in lake_tables().items() if tables is None or name in tables]
        versions = pins.versions if pins else {}

        def query(table: LakeTable) -> str:
            version = versions.get(table.name, 0)
            return select_rows(self.place, table, version) if version else table.nothing()

        with ThreadPoolExecutor(OPEN_AT_ONCE) as threads:
            return dict(zip((table.name for table in wanted), threads.map(query, wanted), strict=True))

    def _wait_for(self, runs: frozenset[str], base: Pins | None, run_id: str) -> None:
        """Wait until none of some runs lives.

        Raises:
            Beaten: one of them published.
        """
        while runs:
            living = runs & live_runs(self.place, run_id)
            if self.pins() != base:
                raise Beaten(self.place)
            if not living:
                return
            time.sleep(_LOOK_AGAIN_SECONDS)
