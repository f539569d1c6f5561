"""Compares the sources with the inventory, and decides what there is to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import columns_of, declared_columns
from etl_project.database.generation import GenerationState, generation
from etl_project.database.in_flight import create_in_flight_tables
from etl_project.database.last_plan import LastPlan, NoOpFingerprint
from etl_project.database.live_sql import next_turn
from etl_project.database.previous import has_doubled_files
from etl_project.database.work_file import WorkFile
from etl_project.load.merge import sources_differ
from etl_project.refresh.due import looked_at
from etl_project.refresh.guard import (
    RefreshStopped,
    guard_leaving,
    refuse_new_unavailable,
    refuse_source_without_posts,
    require_every_source,
)
from etl_project.refresh.pin import PinnedSources, Walk, pin_sources, walk_sources
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.reasons import reasons_to_finish, reasons_to_load
from etl_project.refresh.request import Request
from etl_project.refresh.unchanged import digest_inputs
from etl_project.scan.clock import Clock
from etl_project.scan.compare import Comparison, compare
from etl_project.scan.diff import Diff
from etl_project.scan.inventory import (
    KNOWN_OF_ANY_VERSION,
    PRESENT_VERSION,
    create_inventory_view,
    empty_inventory,
    inventory_of_another_version,
)
from etl_project.scan.source_version import SourceVersion
from etl_project.settings import Settings
from etl_project.timing import milliseconds_since

if TYPE_CHECKING:
    import duckdb


class Planner:
    """Compares the sources with the work file: one plan, in the order of `plan`."""

    def __init__(
        self,
        settings: Settings,
        work: WorkFile,
        ask: Request,
        con: duckdb.DuckDBPyConnection,
        clock: Clock,
        last: LastPlan | None,
        file: Path | None,
        is_present_version: bool,
        not_due: Mapping[str, dt.datetime],
    ) -> None:
        self.settings = settings
        self.work = work
        self.ask = ask
        self.con = con
        self.clock = clock
        self.is_upgrade = file is not None and not is_present_version
        self.is_damaged = False
        self.number, self.state = 0, GenerationState.CHECKED
        self.known: dict[str, SourceVersion] = {}
        self.inventory = empty_inventory()
        if file is not None:
            self._read_work_file(file)
        # Every table built anew needs every source.
        self.wanted = settings.sources if self.is_upgrade else ask.sources
        self.skipped = frozenset({s.name for s in settings.sources} - {s.name for s in self.wanted})
        self.not_due = {} if self.is_upgrade else not_due
        self.young_confirmed = bool(last and last.young_confirmed and last.generation == self.number)
        self.renames = {
            s.renamed_from: s.name
            for s in settings.sources
            if s.renamed_from and s.renamed_from in self.known and s.name not in self.known
        }
        self.known = {self.renames.get(name, name): version for name, version in self.known.items()}

    def plan(
        self, began: float, pinned: PinnedSources | None, walk: Walk | None, differs: Callable[[int], None]
    ) -> RefreshPlan:
        """Make the plan; what the caller has pinned and walked already is not done again.

        Args:
            began: when that began, as `time.perf_counter` has it.
            pinned: the sources, where they are pinned.
            walk: their listings, where they are walked.
            differs: as in `make_plan`.
        """
        pinned = pinned or pin_sources(self.wanted, self.settings.limits, self.settings.insight)
        walk = walk or walk_sources(pinned.sources)
        reparse = self._reparse(pinned.versions)
        if read := pinned.versions.keys() if self.is_upgrade or not self.number else reparse:
            differs(walk.bytes_of(read))
        names = {source.name for source in self.settings.sources}
        may_rebuild = self.is_upgrade or (self.number > 0 and reparse >= names)
        is_doubled = self._prepare_tables(may_rebuild)
        diff = self._compare(pinned, walk, reparse)
        # Without its own settings file an unavailable site would seem to have other settings.
        reparse -= diff.unavailable.keys()
        refuse_new_unavailable(self.settings, diff.unavailable, self.known)
        if not self.ask.allow_deletes:
            refuse_source_without_posts(self.settings, pinned.sources, diff.listed, self.known)
        guard = self._ask_guard(diff)
        if self.is_upgrade:
            require_every_source(diff.unavailable)
        versions = self._versions(pinned.versions, diff)
        reasons = self._reasons(diff, versions, reparse)
        if self.work.damaged:
            reasons.insert(0, f"the work file was damaged and is kept as {self.work.damaged}")
        is_changed = bool(reasons)
        if not reasons and not (self.state is GenerationState.CHECKED and self.work.is_published(self.con)):
            reasons = reasons_to_finish(self.state, is_written_into=self.work.is_written_into())
        if not (reasons or self.skipped - self.not_due.keys() or self.ask.is_dry_run):
            self._record_no_op(pinned, walk, diff)
        return RefreshPlan(
            clock=self.clock,
            reasons=reasons,
            is_changed=is_changed,
            state=self.state,
            generation=self.number,
            diff=diff,
            milliseconds=milliseconds_since(began),
            sources=pinned.sources,
            versions=versions,
            known=self.known,
            renames=self.renames,
            guard=guard,
            is_rebuild=may_rebuild and not diff.unavailable,
            inventory=self.inventory,
            is_doubled=is_doubled,
            opened=self.con if reasons else None,
            not_read=walk.not_read,
            not_due=self.not_due,
            listing=walk.digest,
        )

    def _read_work_file(self, file: Path) -> None:
        """Read the generation and what its rows were made of."""
        self.work.attach_read_only(self.con, file)
        present = generation(self.con)
        self.number, self.state = present.number, present.state
        if self.ask.full and not self.is_upgrade and not declared_columns() <= columns_of(self.con):
            # Its tables are built anew as those of another version are, with what can be read of them.
            self.is_upgrade = self.is_damaged = True
        if not self.is_upgrade:
            self.known = self._known_sources("internal.source_states")
            self.inventory = PRESENT_VERSION
            return
        columns = {(table, column) for schema, table, column, _ in columns_of(self.con) if schema == "main"}
        if ("sources", "source_id") in columns:
            self.known = self._known_sources("(SELECT source_id, '' FROM sources)")
        if columns >= {("post_files", name) for name in KNOWN_OF_ANY_VERSION}:
            self.inventory = inventory_of_another_version()

    def _known_sources(self, rows: str) -> dict[str, SourceVersion]:
        return {name: SourceVersion(*version) for name, *version in self.con.execute(f"FROM {rows}").fetchall()}

    def _reparse(self, versions: dict[str, SourceVersion]) -> frozenset[str]:
        """Sources whose every file is read again: their settings or code changed, or it was asked for."""
        known = self.known
        return frozenset(
            name
            for name, version in versions.items()
            if self.ask.full or (name in known and known[name].fingerprint != version.fingerprint)
        )

    def _prepare_tables(self, may_rebuild: bool) -> bool:
        """Make the temporary tables and the view of the inventory. Returns whether that has a file twice."""
        create_in_flight_tables(self.con)
        rows = self.inventory.format(database="work")
        is_doubled = may_rebuild and has_doubled_files(self.con, rows)
        create_inventory_view(self.con, self.inventory, "work", self.renames, is_doubled=is_doubled)
        return is_doubled

    def _compare(self, pinned: PinnedSources, walk: Walk, reparse: frozenset[str]) -> Diff:
        return compare(
            self.con,
            Comparison(
                sources=pinned.sources,
                limits=self.settings.limits,
                started_ns=self.clock.started_ns,
                reparse=reparse,
                skipped=self.skipped,
                unavailable=pinned.unavailable | walk.unavailable,
                walked=walk.listings,
                since={name: version.place for name, version in self.known.items() if version.tree_id},
                young_confirmed=self.young_confirmed,
                verify=self.ask.verify,
                all_files=self.ask.verify or bool(reparse) or not self.number,
            ),
        )

    def _ask_guard(self, diff: Diff) -> str | None:
        """Ask whether so many posts may leave. Returns why not, for a dry run; any other is stopped."""
        if self.ask.allow_deletes:
            return None
        try:
            guard_leaving(diff.leaving, self.settings)
        except RefreshStopped as stopped:
            if not self.ask.is_dry_run:
                raise
            return str(stopped)
        return None

    def _versions(self, pinned: dict[str, SourceVersion], diff: Diff) -> dict[str, SourceVersion]:
        """What the rows will be made of: sources that are skipped or cannot be read keep what they have."""
        unchanged = diff.unavailable.keys() | self.skipped
        return {name: version for name, version in pinned.items() if name not in unchanged} | {
            name: version for name, version in self.known.items() if name in unchanged
        }

    def _reasons(self, diff: Diff, versions: dict[str, SourceVersion], reparse: frozenset[str]) -> list[str]:
        if self.is_damaged:
            return ["tables or columns of the work file are missing: every table is built anew"]
        if self.is_upgrade:
            return ["the tables have another form in this version"]
        if not self.number:
            return ["the warehouse has not been built yet"]
        reasons = reasons_to_load(self.con, diff, self.clock, self.renames, reparse, is_asked=self.ask.full)
        if self.known.keys() != versions.keys():
            reasons.append("a source was added or removed")
        if not (reasons or self.skipped) and sources_differ(self.con, self.settings.sources):
            reasons.append("a source has another location, title or address")
        return reasons

    def _record_no_op(self, pinned: PinnedSources, walk: Walk, diff: Diff) -> None:
        """Record that there was nothing to do; where that stays so while nothing changes, with its fingerprint."""
        sure = self.young_confirmed or not (diff.young_left or diff.unavailable or self.skipped)
        no_op = None
        if sure and not (diff.unavailable or self.skipped):
            inputs = digest_inputs(self.settings, pinned.versions, self.work)
            turn = self.con.execute(next_turn("work"), {"as_of": self.clock.as_of}).fetchone()
            if inputs is not None and turn is not None:
                no_op = NoOpFingerprint(inputs, diff.listed, self.clock.as_of_us, turn[0])
        looked = looked_at(self.settings, diff.listed.keys() - diff.unavailable.keys(), self.clock.as_of)
        self.work.last_plan.write(
            self.number,
            self.clock.as_of,
            diff.unavailable,
            self.skipped,
            looked=looked,
            young_confirmed=sure,
            no_op=no_op,
            listing=walk.digest,
        )
