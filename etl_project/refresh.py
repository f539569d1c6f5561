"""The stages of one refresh: look, load the tables, build the aggregates, check, publish.

Dagster runs them one by one through the assets; nothing here knows of Dagster.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from etl_project.engines.batch import ManifestRow, batches
from etl_project.engines.local import IN_PROCESS_BYTES, LocalEngine
from etl_project.extract.scan import (
    EMPTY_INVENTORY,
    FILES_TO_READ,
    Clock,
    Scan,
    forget_source,
    note_read,
    scan,
    tasks_to_read,
)
from etl_project.fingerprint import source_fingerprint
from etl_project.load.aggregates import aggregates_version, build_aggregates
from etl_project.load.check import CheckResult, Stage
from etl_project.load.checks import run_checks
from etl_project.load.contract import contract
from etl_project.load.publish import Published, publish
from etl_project.load.tables import TIME_HAS_COME, Merge, Timing, carry_over, merge, parquet_list
from etl_project.load.work_file import WorkFile, create_tables, generation
from etl_project.settings import Settings, SettingsError, line_of
from etl_project.sources.folder import SourceUnavailable
from etl_project.stop import Stop

Report = Callable[[int, int], None]
"""Called with (files done, files in all) while batches run."""


class RefreshStopped(Stop):
    """A refresh that must not go on without a person's word; nothing was written."""


@dataclass(slots=True)
class Look:
    """What one look at the sources found, before anything is written."""

    clock: Clock
    reasons: list[str]
    """Why there is something to do, in words; empty when there is not."""
    is_changed: bool
    """Files, settings, definitions or the clock gave a reason; not only a refresh that was not finished."""
    state: str
    """State of the present generation: loaded, sound, aggregated, checked, failed or published."""
    generation: int
    scan: Scan
    list_milliseconds: int
    fingerprints: dict[str, str]
    """Source -> fingerprint of the settings and code its rows are made with."""
    previous: Path | None
    """File the tables are built anew beside, where they are; it is what came before."""
    connection: duckdb.DuckDBPyConnection = field(repr=False)
    """Holds the tables of the scan for `load_tables`."""

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self.reasons

    @property
    def waits_for_a_person(self) -> bool:
        """Whether the checks of the last refresh failed and nothing has changed since."""
        return self.state == "failed" and not self.is_changed


@dataclass(frozen=True, slots=True)
class TablesLoaded:
    """What `load_tables` did."""

    generation: int
    is_new: bool
    """Some row changed."""
    files_read: int
    bytes_read: int
    rows: dict[str, int]
    """Table -> rows now."""
    changes: dict[str, int]
    """added, changed, moved, deleted, rejected, restored -> articles."""
    milliseconds: dict[str, int]
    unavailable: dict[str, str]


class Refresh:
    """The stages of a refresh of one warehouse. The caller holds the lock of the work file from `look` on."""

    def __init__(self, settings: Settings, *, full: bool = False, allow_deletes: bool = False) -> None:
        self.settings = settings
        self.full = full
        self.allow_deletes = allow_deletes
        self.work = WorkFile(settings.warehouse.path)
        self.engine = LocalEngine()

    def look(self) -> Look:
        """List the sources and tell what there is to do. Changes nothing but the record of the look.

        Raises:
            SettingsError: a source has never been there.
            RefreshStopped: the guard: too many posts are about to leave.
        """
        previous = self.work.restore()
        con = self.work.connect()
        try:
            return self._look(con, previous)
        except BaseException:
            # An open connection would keep the next look of this process out of the work file.
            con.close()
            raise

    def _look(self, con: duckdb.DuckDBPyConnection, previous: Path | None) -> Look:
        began = time.perf_counter()
        clock = Clock.now()
        known: dict[str, str] = {}
        state, number = "checked", 0
        if self.work.path.exists() and previous is None:
            self.work.attach(con, read_only=True)
            con.execute("CREATE TEMP VIEW inventory AS SELECT * FROM work.internal.inventory")
            known = dict(con.execute("SELECT * FROM internal.source_states").fetchall())
            state, number = generation(con).state, generation(con).number
        else:
            con.execute(EMPTY_INVENTORY)
        fingerprints = {s.name: source_fingerprint(s, self.settings.limits) for s in self.settings.sources}
        reparse = frozenset(n for n, f in fingerprints.items() if self.full or known.get(n, f) != f)
        last = self.work.last_look()
        settled = last.get("is_settled") is True and last.get("generation") == number
        found = scan(
            con,
            self.settings.sources,
            self.settings.limits,
            look_ns=clock.look_ns,
            reparse=reparse,
            young_settled=settled,
        )
        self._refuse_missing(found, known)
        self._guard(found)
        if number and reparse >= set(fingerprints) and not found.unavailable:
            previous = self.work.path
        fingerprints |= {n: known[n] for n in found.unavailable}
        reasons = self._reasons(con, found, known, reparse, clock, number)
        is_changed = bool(reasons)
        if not reasons:
            state, reasons = self._unfinished(state, number)
        if not reasons:
            self._write_look(clock, number, is_settled=settled or not found.young_left)
        return Look(clock, reasons, is_changed, state, number, found, _milliseconds(began), fingerprints, previous, con)

    def warm(self, look: Look) -> None:
        """Start the processes that read, where there is work for them, so that they are ready when it begins."""
        if _count(look.connection, f"({FILES_TO_READ})", "sum(size)") >= IN_PROCESS_BYTES:
            self.engine.warm()

    def load_tables(self, look: Look, report: Report | None = None) -> TablesLoaded:
        """Read what changed and bring the tables up to date in one transaction; the look is used up.

        Raises:
            duckdb.Error, OSError: nothing is changed.
            RefreshStopped: a source failed while every table was being built anew.
        """
        began = time.perf_counter()
        con, staging = look.connection, self.work.staging
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        try:
            manifest = list(self._extract(look, staging, report or (lambda done, total: None)))
            extract_milliseconds = _milliseconds(began)
            target = self._attach_target(look)
            timing = Timing(look.clock.as_of, look.clock.as_of, look.list_milliseconds, extract_milliseconds)
            number = merge(
                con,
                Merge(
                    _staged(manifest),
                    self.settings.sources,
                    look.fingerprints,
                    timing,
                    aggregates_version(),
                    "previous" if look.previous else None,
                ),
            )
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
            )
            self.work.detach(con)
        finally:
            con.close()
            self.engine.close()
            shutil.rmtree(staging, ignore_errors=True)
        if target != self.work.path:
            target.replace(self.work.path)
        self._write_look(look.clock, number, is_settled=False)
        return loaded

    def count_rows(self) -> dict[str, int]:
        """Count the rows of every table of the contract."""
        with self.work.opened(read_only=True) as con:
            return {name: _count(con, name) for name in contract()}

    def build_aggregates(self, names: Iterable[str] | None = None) -> dict[str, int]:
        """Build aggregates from the tables; all of them by default. Returns aggregate -> rows."""
        began = time.perf_counter()
        with self.work.opened() as con:
            rows = build_aggregates(con, names)
            con.execute(
                "UPDATE refreshes SET aggregate_milliseconds = ? "
                "WHERE refresh_id = (SELECT max(refresh_id) FROM refreshes)",
                [_milliseconds(began)],
            )
        return rows

    def run_checks(self, stage: Stage) -> list[CheckResult]:
        """Run the checks of a stage; what they find is written down with the generation."""
        with self.work.opened() as con:
            return run_checks(con, stage, self.settings.checks)

    def publish(self) -> Published:
        """Put the checked generation in the place of the published file.

        Raises:
            NotChecked: its checks have not passed.
        """
        return publish(self.work)

    def _extract(self, look: Look, staging: Path, report: Report) -> Iterator[ManifestRow]:
        """Read files until every identity has an article from a file that loads: mostly once."""
        con = look.connection
        total, done, passes = sum(look.scan.to_read.values()), 0, 0
        while _count(con, f"({FILES_TO_READ})"):
            passes += 1
            for source in self.settings.sources:
                rows: list[ManifestRow] = []
                size = _count(con, f"({FILES_TO_READ})", "sum(size)", {"source_id": source.name})
                work = batches(
                    tasks_to_read(con, source.name, may_defer=look.previous is None),
                    source,
                    self.settings.limits,
                    look.clock.look_ns,
                    staging,
                    passes,
                )
                try:
                    for row in self.engine.run(work, size):
                        rows.append(row)
                        done += row.read
                        report(done, max(done, total))
                except SourceUnavailable as error:
                    if look.previous:
                        raise RefreshStopped(f"every table is built anew, which needs every source: {error}") from error
                    look.scan.unavailable[source.name] = str(error)
                    forget_source(con, source.name)
                    continue
                files = [row.files["post_files"] for row in rows]
                if files:
                    note_read(con, f"SELECT source_id, path, status FROM read_parquet({parquet_list(files)})")
                yield from rows

    def _attach_target(self, look: Look) -> Path:
        """Attach the work file for writing; one built anew lies beside the old one until it is done."""
        con = look.connection
        if look.generation:
            self.work.detach(con)
        if not look.previous:
            self.work.attach(con)
            return self.work.path
        self.work.attach_previous(con, look.previous)
        target = self.work.attach_new(con)
        create_tables(con)
        carry_over(con, "previous")
        return target

    def _write_look(self, clock: Clock, number: int, *, is_settled: bool) -> None:
        """Write down a look. `is_settled`: every young file of the generation was found the same once more."""
        looked_at = clock.as_of.isoformat(timespec="seconds")
        self.work.write_look({"generation": number, "looked_at": looked_at, "is_settled": is_settled})

    def _refuse_missing(self, found: Scan, known: dict[str, str]) -> None:
        for index, source in enumerate(self.settings.sources):
            if source.name in found.unavailable and source.name not in known:
                line = line_of(self.settings.file.read_text("utf-8"), ("source", index, "location"))
                raise SettingsError(
                    f"{self.settings.file}, line {line}: the source {source.name!r} cannot be read: "
                    f"{found.unavailable[source.name]}. Correct its location or create the folder."
                )

    def _guard(self, found: Scan) -> None:
        """Stop before anything is written when a larger share of a source's posts is about to leave than is usual."""
        if self.allow_deletes:
            return
        share = self.settings.limits.deletes_share
        keeping = {source.name for source in self.settings.sources if source.on_missing == "keep"}
        for name, (leaving, has) in found.leaving.items():
            if name in keeping:
                continue
            if leaving > share * has:
                raise RefreshStopped(
                    f"{leaving:,} of the {has:,} posts of the source {name!r} are no longer there, more than the "
                    f"{share:.0%} that [limits] deletes_share allows. Nothing was changed. If they are meant to go, "
                    "run `etl refresh --allow-deletes`; else look where they are."
                )

    def _reasons(
        self,
        con: duckdb.DuckDBPyConnection,
        found: Scan,
        known: dict[str, str],
        reparse: frozenset[str],
        clock: Clock,
        number: int,
    ) -> list[str]:
        if not number:
            return ["the warehouse has not been built yet"]
        reasons = []
        if reparse:
            reasons.append(f"settings or code of {', '.join(sorted(reparse))} changed")
        if files := sum(n for name, n in found.to_read.items() if name not in reparse):
            reasons.append(f"{files:,} files are new or may have changed")
        if found.gone:
            reasons.append(f"{found.gone:,} files are gone")
        if set(known) != {source.name for source in self.settings.sources}:
            reasons.append("a source was added or removed")
        row = con.execute(TIME_HAS_COME, {"as_of": clock.as_of}).fetchone()
        if row and row[0]:
            reasons.append(f"{row[0]:,} articles came out or expired")
        built_with = con.execute("SELECT aggregates_version FROM internal.generation").fetchone()
        if built_with and built_with[0] not in (None, aggregates_version()):
            reasons.append("the definition of an aggregate changed")
        return reasons

    def _unfinished(self, state: str, number: int) -> tuple[str, list[str]]:
        if state == "failed":
            return state, ["the checks of the last refresh failed"]
        if state != "checked":
            return state, [f"the last refresh stopped when its tables were {state}"]
        if self.work.published_generation() != number:
            return state, ["the last refresh was not published"]
        return "published", []


def _staged(manifest: Iterable[ManifestRow]) -> dict[str, list[str]]:
    staged: dict[str, list[str]] = {}
    for row in sorted(manifest, key=lambda row: row.batch):
        for table, path in row.files.items():
            staged.setdefault(table, []).append(path)
    return staged


def _count(
    con: duckdb.DuckDBPyConnection, table: str, what: str = "count(*)", where: dict[str, str] | None = None
) -> int:
    condition = " AND ".join(f"{column} = ?" for column in where or {}) or "true"
    row = con.execute(f"SELECT {what} FROM {table} WHERE {condition}", list((where or {}).values())).fetchone()
    return int(row[0] or 0) if row else 0


def _milliseconds(since: float) -> int:
    return round((time.perf_counter() - since) * 1000)
