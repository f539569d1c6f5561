"""A look at the sources: what is listed of them in, what there is to do out, before anything is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from etl_project.database.live_sql import next_turn
from etl_project.database.work_file import WorkFile, generation
from etl_project.load.merge import SourceState, sources_differ
from etl_project.load.rename import inventory_by_present_names
from etl_project.refresh.look import Look, Settled, guard, needs_every_source, reasons_to_load, refuse_missing, settle
from etl_project.refresh.unchanged import Quiet, basis_of, digest_listings
from etl_project.scan.compare import EMPTY_INVENTORY, INVENTORY_OF_ANOTHER_VERSION, Clock, Scan, scan
from etl_project.settings import Settings
from etl_project.sources.access import close_places
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb


class Looker:
    """Looks at the sources of a warehouse for a refresh; the caller holds the lock of the work file.

    Args:
        settings: the settings.
        work: the work file.
        sources: the sources to look at.
        full: every post is to be read again.
        verify: hash every file again, also those whose signature is the same.
        allow_deletes: go on although more posts are about to leave than the guard allows.
    """

    def __init__(
        self,
        settings: Settings,
        work: WorkFile,
        sources: tuple[Source, ...],
        *,
        full: bool,
        verify: bool,
        allow_deletes: bool,
    ) -> None:
        self.settings = settings
        self.work = work
        self.sources = sources
        self.full = full
        self.verify = verify
        self.allow_deletes = allow_deletes

    def look(self) -> Look:
        """List the sources and tell what there is to do. Changes nothing but the record of the look.

        Raises:
            SettingsError: a source has never been there.
            RefreshStopped: the guard: too many posts are about to leave.
        """
        began = time.perf_counter()
        clock = Clock.now()
        self.work.sweep()
        try:
            if (quiet := self.work.quiet()) is None or self.full or self.verify or self._is_partial:
                return self._compare(clock, began)
            settled = settle(self.settings.sources, self.settings.limits)
            if self._is_as_before(quiet, settled, clock):
                return self._idle_once_more(quiet, settled, clock, began)
            return self._compare(clock, began, settled)
        finally:
            close_places()

    @property
    def _is_partial(self) -> bool:
        """Whether some sources are left out."""
        return len(self.sources) < len(self.settings.sources)

    def _is_as_before(self, quiet: Quiet, settled: Settled, clock: Clock) -> bool:
        basis = basis_of(self.settings, settled.states, self.work)
        if settled.unavailable or not quiet.holds(basis, clock.as_of_us):
            return False
        return digest_listings(settled.list_folders()) == quiet.listing and not settled.unavailable

    def _idle_once_more(self, quiet: Quiet, settled: Settled, clock: Clock, began: float) -> Look:
        number = int(str(self.work.last_look()["generation"]))
        self.work.note_look(number, clock.as_of, {}, is_settled=True, quiet=quiet)
        return Look(
            clock=clock,
            reasons=[],
            is_changed=False,
            state="published",
            generation=number,
            scan=Scan(listed=quiet.listed),
            list_milliseconds=_milliseconds(began),
            sources=settled.sources,
            states=settled.states,
            known=settled.states,
            renames={},
            is_rebuild=False,
            inventory=EMPTY_INVENTORY,
            opened=None,
        )

    def _compare(self, clock: Clock, began: float, settled: Settled | None = None) -> Look:
        """Compare what is listed with the inventory."""
        is_present_version = self.work.restore()
        con = self.work.connect()
        try:
            look = self._look(con, is_present_version, clock, began, settled)
        except BaseException:
            # An open connection would keep the next look of this process out of the work file.
            con.close()
            raise
        if look.is_idle:
            con.close()
        return look

    def _look(
        self,
        con: duckdb.DuckDBPyConnection,
        is_present_version: bool,
        clock: Clock,
        began: float,
        settled: Settled | None,
    ) -> Look:
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
        settled = settled or settle(wanted, self.settings.limits)
        states = settled.states
        reparse = frozenset(
            n for n, s in states.items() if self.full or (n in known and known[n].fingerprint != s.fingerprint)
        )
        folders = settled.list_folders()
        last = self.work.last_look()
        young_settled = last.get("is_settled") is True and last.get("generation") == number
        found = scan(
            con,
            settled.sources,
            self.settings.limits,
            look_ns=clock.look_ns,
            reparse=reparse,
            young_settled=young_settled,
            folders=folders,
            left_out=left_out,
            verify=self.verify,
            since={n: (s.commit_id, s.tree_id) for n, s in known.items() if s.commit_id and s.tree_id},
            unavailable=settled.unavailable,
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
            if not (reasons or self._is_partial) and sources_differ(con, self.settings.sources):
                reasons = ["a source lies elsewhere"]
        is_changed = bool(reasons)
        if not reasons:
            state, reasons = self._unfinished(con, state)
        if not reasons and not self._is_partial:
            is_settled = young_settled or not (found.young_left or found.unavailable)
            quiet = self._quiet(con, settled, found, clock) if is_settled and not found.unavailable else None
            self.work.note_look(number, clock.as_of, found.unavailable, is_settled=is_settled, quiet=quiet)
        return Look(
            clock=clock,
            reasons=reasons,
            is_changed=is_changed,
            state=state,
            generation=number,
            scan=found,
            list_milliseconds=_milliseconds(began),
            sources=settled.sources,
            states=states,
            known=known,
            renames=renames,
            is_rebuild=is_rebuild,
            inventory=inventory,
            opened=con if reasons else None,
        )

    def _quiet(self, con: duckdb.DuckDBPyConnection, settled: Settled, found: Scan, clock: Clock) -> Quiet | None:
        """What this look went by, which found nothing to do."""
        basis = basis_of(self.settings, settled.states, self.work)
        turn = con.execute(next_turn("work"), {"as_of": clock.as_of}).fetchone()
        if basis is None or turn is None:
            return None
        return Quiet(basis, digest_listings(settled.list_folders()), found.listed, clock.as_of_us, turn[0])

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


def _milliseconds(since: float) -> int:
    return round((time.perf_counter() - since) * 1000)
