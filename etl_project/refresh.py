"""The stages of one refresh: look, load the tables, build the aggregates, check, publish.

Dagster runs them one by one through the assets; nothing here knows of Dagster.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Collection, Iterable
from pathlib import Path

import duckdb

from etl_project.disk import needs_room_to
from etl_project.engines.batch import ManifestRow
from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine
from etl_project.extract.scan import EMPTY_INVENTORY, INVENTORY_OF_ANOTHER_VERSION, Clock, scan
from etl_project.load.aggregates import aggregates_version, build_aggregates
from etl_project.load.append import Appender
from etl_project.load.check import CheckResult, Stage
from etl_project.load.checks import run_checks
from etl_project.load.contract import contract
from etl_project.load.publish import Published, publish
from etl_project.load.rename import inventory_by_present_names, rename_sources
from etl_project.load.tables import Merge, SourceState, Timing, carry_over, merge, sources_differ
from etl_project.load.work_file import WorkFile, create_tables, generation, transaction
from etl_project.loaded import TablesLoaded
from etl_project.look import Look, chosen, guard, needs_every_source, reasons_to_load, refuse_missing, settle
from etl_project.read import Report, bytes_to_read, newly_rejected, note_vanished, read_files
from etl_project.settings import Settings
from etl_project.sources.place import close_places


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
        self.work.sweep()
        is_present_version = self.work.restore()
        con = self.work.connect()
        try:
            return self._look(con, is_present_version)
        except BaseException:
            # An open connection would keep the next look of this process out of the work file.
            con.close()
            raise
        finally:
            close_places()

    def _look(self, con: duckdb.DuckDBPyConnection, is_present_version: bool) -> Look:
        began = time.perf_counter()
        clock = Clock.now()
        state, number = "checked", 0
        known: dict[str, SourceState] = {}
        inventory = EMPTY_INVENTORY
        if self.work.path.exists():
            self.work.attach(con, read_only=True)
            state, number = generation(con).state, generation(con).number
            rows = "internal.source_states" if is_present_version else "(SELECT source_id, '' FROM sources)"
            known = {name: SourceState(*state) for name, *state in con.execute(f"FROM {rows}").fetchall()}
            inventory = "{database}.internal.inventory" if is_present_version else INVENTORY_OF_ANOTHER_VERSION
        renames = {
            s.renamed_from: s.name
            for s in self.settings.sources
            if s.renamed_from and s.renamed_from in known and s.name not in known
        }
        known = {renames.get(name, name): state for name, state in known.items()}
        present = inventory_by_present_names(inventory.format(database="work"), renames)
        con.execute(f"CREATE TEMP VIEW inventory AS {present}")
        names = {source.name for source in self.settings.sources}
        # Every table built anew needs every source.
        wanted = self.sources if is_present_version else self.settings.sources
        left_out = frozenset(names - {source.name for source in wanted})
        sources, states, unavailable = settle(wanted, self.settings.limits)
        reparse = frozenset(
            n for n, s in states.items() if self.full or (n in known and known[n].fingerprint != s.fingerprint)
        )
        last = self.work.last_look()
        settled = last.get("is_settled") is True and last.get("generation") == number
        found = scan(
            con,
            sources,
            self.settings.limits,
            look_ns=clock.look_ns,
            reparse=reparse,
            young_settled=settled,
            left_out=left_out,
            verify=self.verify,
            since={n: (s.commit_id, s.tree_id) for n, s in known.items() if s.commit_id and s.tree_id},
            unavailable=unavailable,
        )
        # Without its own settings file a site that is away would seem to have others.
        reparse -= found.unavailable.keys()
        refuse_missing(self.settings, found, known)
        if not self.allow_deletes:
            guard(self.settings, found)
        is_upgrade = self.work.path.exists() and not is_present_version
        is_rebuild = is_upgrade or (number > 0 and reparse >= names and not found.unavailable)
        if is_upgrade and found.unavailable:
            raise needs_every_source("; ".join(found.unavailable.values()))
        as_they_are = found.unavailable.keys() | left_out
        states = {n: s for n, s in states.items() if n not in as_they_are} | {
            n: s for n, s in known.items() if n in as_they_are
        }
        if is_upgrade:
            reasons = ["the tables have another form in this version"]
        else:
            reasons = reasons_to_load(
                con,
                found,
                clock,
                known=known.keys(),
                named=states.keys(),
                reparse=reparse,
                renames=renames,
                is_first=not number,
                is_asked=self.full,
            )
            if not (reasons or self.is_partial) and sources_differ(con, self.settings.sources):
                reasons = ["a source lies elsewhere"]
        is_changed = bool(reasons)
        if not reasons:
            state, reasons = self._unfinished(con, state)
        if not reasons and not self.is_partial:
            is_settled = settled or not (found.young_left or found.unavailable)
            self.work.note_look(number, clock.as_of, found.unavailable, is_settled=is_settled)
        return Look(
            clock=clock,
            reasons=reasons,
            is_changed=is_changed,
            state=state,
            generation=number,
            scan=found,
            list_milliseconds=_milliseconds(began),
            sources=sources,
            states=states,
            known=known,
            renames=renames,
            is_rebuild=is_rebuild,
            inventory=inventory,
            connection=con,
        )

    @property
    def is_partial(self) -> bool:
        """Whether some sources are left out."""
        return len(self.sources) < len(self.settings.sources)

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
                with transaction(con):
                    manifest, rejected = self._read(look, staging, report, Appender(con))
                    extract_milliseconds = _milliseconds(began)
                    number = self._merge(look, manifest, extract_milliseconds)
            else:
                manifest, rejected = self._read(look, staging, report)
                extract_milliseconds = _milliseconds(began)
                target = self._attach_target(look)
                with transaction(con):
                    number = self._merge(look, manifest, extract_milliseconds)
            loaded = TablesLoaded(
                generation=number,
                is_new=number != look.generation,
                files_read=sum(row.read for row in manifest),
                bytes_read=sum(row.bytes_read for row in manifest),
                rows={name: _count(con, name) for name in contract()},
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
        if not self.allow_deletes and note_vanished(look):
            guard(self.settings, look.scan)
        return manifest, newly_rejected(look.connection, _staged(manifest).get("post_files", []))

    def _merge(self, look: Look, manifest: list[ManifestRow], extract_milliseconds: int) -> int:
        return merge(
            look.connection,
            Merge(
                _staged(manifest),
                self.settings.sources,
                look.states,
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
            return {name: _count(con, name) for name in contract()}

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

    def _unfinished(self, con: duckdb.DuckDBPyConnection, state: str) -> tuple[str, list[str]]:
        if state == "checked" and self.work.is_published(con):
            return "published", []
        return state, [_LEFT_TO_DO[state]]


_LEFT_TO_DO = {
    "failed": "the checks of the last refresh failed",
    "loaded": "the tables of the last refresh have not been checked",
    "sound": "the aggregates of the last refresh have not been built",
    "aggregated": "the aggregates have not been checked since they were built",
    "checked": "the last refresh was not published",
}
"""State of the present generation -> what is to be done, told as a reason."""


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
