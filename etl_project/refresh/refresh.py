"""The stages of one refresh: look, load the tables, build the aggregates, check, publish.

Dagster runs them one by one through the assets; nothing here knows of Dagster.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.checks.check import CheckResult, Stage
from etl_project.checks.run import run_checks
from etl_project.database.contract import Table, tables_in
from etl_project.database.publish import Published, publish
from etl_project.database.work_file import WorkFile, create_tables, transaction
from etl_project.engines.batch import ManifestRow
from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine
from etl_project.load.aggregates import aggregates_version, build_aggregates
from etl_project.load.append import Appender
from etl_project.load.merge import Merge, Timing, carry_over, merge
from etl_project.load.rename import rename_sources
from etl_project.refresh.disk_full import needs_room_to
from etl_project.refresh.look import Look, chosen, guard
from etl_project.refresh.looking import Looker
from etl_project.refresh.read_files import Report, bytes_to_read, newly_rejected, note_vanished, read_files
from etl_project.refresh.result import TablesLoaded
from etl_project.settings import Settings
from etl_project.sources.access import close_places

if TYPE_CHECKING:
    import duckdb


class Refresh:
    """The stages of a refresh of one warehouse. The caller holds the lock of the work file from `look` on."""

    def __init__(
        self,
        settings: Settings,
        *,
        full: bool = False,
        allow_deletes: bool = False,
        verify: bool = False,
        sources: Collection[str] = (),
    ) -> None:
        """Prepare a refresh.

        Args:
            settings: the settings.
            full: read every post again and build the derived tables anew.
            allow_deletes: go on although more posts are about to leave than the guard allows.
            verify: hash every file again, also those whose signature is the same.
            sources: names of the sources to look at, the others stay as they are; all by default.

        Raises:
            SettingsError: there is no source of such a name.
        """
        self.settings = settings
        self.full = full
        self.allow_deletes = allow_deletes
        self.verify = verify
        self.sources = chosen(settings, sources)
        self.work = WorkFile(settings.warehouse.path)
        self.engine = LocalEngine()

    @needs_room_to("look for changes")
    def look(self) -> Look:
        """List the sources and tell what there is to do. Changes nothing but the record of the look.

        Raises:
            SettingsError: a source has never been there.
            RefreshStopped: the guard: too many posts are about to leave.
        """
        return Looker(
            self.settings,
            self.work,
            self.sources,
            full=self.full,
            verify=self.verify,
            allow_deletes=self.allow_deletes,
        ).look()

    def unread(self, look: Look) -> dict[str, str]:
        """Sources that could not be read, and why: by this look, or where it left them out by the last that did not."""
        looked_at = {source.name for source in self.sources}
        before = {name: outage.why for name, outage in self.work.outages().items() if name not in looked_at}
        return before | look.scan.unavailable

    def warm(self, look: Look) -> None:
        """Start the processes that read, where there is work for them, so that they are ready when it begins."""
        if sum(bytes_to_read(look.connection).values()) >= IN_PROCESS_BYTES:
            self.engine.warm()

    @needs_room_to("load the tables")
    def load_tables(self, look: Look, report: Report | None = None) -> TablesLoaded:
        """Read what changed and bring the tables up to date in one transaction; the look is used up.

        Raises:
            duckdb.Error, OSError: nothing is changed.
            RefreshStopped: a source failed while every table was being built anew; the guard: too many posts went
                while they were read.
        """
        began = time.perf_counter()
        con = look.connection
        try:
            shutil.rmtree(self.work.staging, ignore_errors=True)
            self.work.staging.mkdir(parents=True)
            # A folder of its own: a worker that outlived a killed refresh must not write among the files of this one.
            staging = Path(tempfile.mkdtemp(dir=self.work.staging))
            report = report or (lambda done, total: None)
            if look.is_from_nothing:
                target = self._attach_target(look)
                tables = tables_in(con)
                with transaction(con):
                    manifest, rejected = self._read(look, staging, report, Appender(con))
                    extract_milliseconds = _milliseconds(began)
                    number = self._merge(look, manifest, tables, extract_milliseconds)
            else:
                manifest, rejected = self._read(look, staging, report)
                extract_milliseconds = _milliseconds(began)
                target = self._attach_target(look)
                tables = tables_in(con)
                with transaction(con):
                    number = self._merge(look, manifest, tables, extract_milliseconds)
            loaded = TablesLoaded(
                generation=number,
                is_new=number != look.generation,
                files_read=sum(row.read for row in manifest),
                bytes_read=sum(row.bytes_read for row in manifest),
                rows={name: _count(con, name) for name in tables},
                changes=dict(
                    con.execute(
                        "SELECT change, count(*) FROM article_changes WHERE refresh_id = ? GROUP BY 1 ORDER BY 1",
                        [number if number != look.generation else -1],
                    ).fetchall()
                ),
                milliseconds={
                    "list": look.list_milliseconds,
                    "extract": extract_milliseconds,
                    "load": _milliseconds(began) - extract_milliseconds,
                },
                unavailable=look.scan.unavailable,
                missed=_missed(look),
                newly_rejected=rejected,
                commits={name: state.commit_id for name, state in look.states.items() if state.commit_id},
            )
            self.work.detach(con)
        finally:
            con.close()
            self.engine.close()
            close_places()
            shutil.rmtree(self.work.staging, ignore_errors=True)
        if target != self.work.path:
            self.work.replace_by(target)
        left_out = {source.name for source in self.settings.sources if source not in self.sources}
        self.work.note_look(number, look.clock.as_of, look.scan.unavailable, left_out)
        return loaded

    def _read(
        self, look: Look, staging: Path, report: Report, appender: Appender | None = None
    ) -> tuple[list[ManifestRow], list[str]]:
        """Read what is to be read: the manifest of it, and some files that are rejected and were not before."""
        manifest = read_files(look, self.settings.limits, self.engine, staging, report, appender)
        self.engine.close()  # merging needs the memory of the processes more than they do
        if not self.allow_deletes and note_vanished(look):
            guard(self.settings, look.scan)
        return manifest, newly_rejected(look.connection, _staged(manifest).get("post_files", []))

    def _merge(
        self, look: Look, manifest: list[ManifestRow], tables: dict[str, Table], extract_milliseconds: int
    ) -> int:
        return merge(
            look.connection,
            Merge(
                _staged(manifest),
                self.settings.sources,
                look.states,
                tables,
                Timing(look.clock.as_of, look.clock.as_of, look.list_milliseconds, extract_milliseconds),
                aggregates_version(),
                files_missed=len(_missed(look)),
                keeps_history=self.settings.warehouse.history,
                previous="previous" if look.is_from_nothing else None,
            ),
        )

    def count_rows(self) -> dict[str, int]:
        """Count the rows of every table of the contract."""
        with self.work.opened(read_only=True) as con:
            return {name: _count(con, name) for name in tables_in(con)}

    @needs_room_to("build the aggregates")
    def build_aggregates(self, names: Iterable[str] | None = None) -> dict[str, int]:
        """Build aggregates from the tables; all of them by default. Returns aggregate -> rows.

        Raises:
            NotBuilt: there are no tables yet.
        """
        began = time.perf_counter()
        with self.work.opened() as con:
            rows = build_aggregates(con, names)
            con.execute(
                # Where all of them were there already the time is not that of building them.
                "UPDATE refreshes SET aggregate_milliseconds = ? WHERE refresh_id = (SELECT max(refresh_id) FROM "
                "refreshes) AND (SELECT state FROM internal.generation) <> 'checked'",
                [_milliseconds(began)],
            )
        return rows

    @needs_room_to("run the checks")
    def run_checks(self, stage: Stage) -> list[CheckResult]:
        """Run the checks of a stage; what they find is written down with the generation.

        Raises:
            NotBuilt: there are no tables yet.
        """
        with self.work.opened() as con:
            return run_checks(con, stage, self.settings.checks)

    @needs_room_to("publish")
    def publish(self) -> Published:
        """Put the checked generation in the place of the published file, unless it is there already.

        Raises:
            NotBuilt: there is no generation yet.
            NotChecked: its checks have not passed.
        """
        return publish(self.work)

    def _attach_target(self, look: Look) -> Path:
        """Attach the work file for writing; one built anew lies beside the old one until it is done."""
        con = look.connection
        self.work.detach(con)
        if look.renames:
            self.work.attach(con)
            rename_sources(con, look.renames)
            self.work.detach(con)
        if not look.is_rebuild:
            if look.is_from_nothing:
                # What came before the first refresh is nothing.
                con.execute("ATTACH ':memory:' AS previous")
                con.execute("USE previous")
                create_tables(con)
            self.work.attach(con)
            return self.work.path
        self.work.attach(con, read_only=True, name="previous")
        # The guard asks while files are read, and by then the name of the work file is that of the new one.
        con.execute(f"CREATE OR REPLACE TEMP VIEW inventory AS FROM {look.inventory.format(database='previous')}")
        target = self.work.attach_new(con)
        create_tables(con)
        carry_over(con, "previous")
        return target


def _missed(look: Look) -> list[str]:
    # What failed while it was read was not read.
    return [file for file in look.scan.missed if file.partition("/")[0] not in look.scan.unavailable]


def _staged(manifest: Iterable[ManifestRow]) -> dict[str, list[str]]:
    staged: dict[str, list[str]] = {}
    for row in sorted(manifest, key=lambda row: row.batch):
        for table, path in row.files.items():
            staged.setdefault(table, []).append(path)
    return staged


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _milliseconds(since: float) -> int:
    return round((time.perf_counter() - since) * 1000)
