"""The scan and the state of the last refresh in, the decision out: what there is to do, and whether it may be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.live_sql import time_has_come
from etl_project.errors import Stop
from etl_project.limits import Limits
from etl_project.load.aggregates import aggregates_version
from etl_project.load.merge import SourceState
from etl_project.scan.compare import Clock, Scan
from etl_project.scan.fingerprint import source_fingerprint
from etl_project.settings import Settings, SettingsError, line_of
from etl_project.sources.access import at_present, commit_and_tree, list_folders
from etl_project.sources.listing import FolderListing
from etl_project.sources.signature import SourceUnavailable
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb


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
    sources: tuple[Source, ...]
    """The sources that were listed, settled on what they are read at."""
    states: dict[str, SourceState]
    """Source -> what its rows are made with and of."""
    known: dict[str, SourceState]
    """The same as of the last refresh; it stays with a source that fails."""
    renames: dict[str, str]
    """Old name of a source -> its present one, where rows are still under the old one."""
    is_rebuild: bool
    """The tables are built anew beside the work file, which is what came before."""
    inventory: str = field(repr=False)
    """Query of what was there at the last refresh; `{database}` stands for the attached file that holds it."""
    opened: duckdb.DuckDBPyConnection | None = field(repr=False)
    """Holds the tables of the scan for `load_tables`; None where there is nothing to do."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Holds the tables of the scan, where there is something to do."""
        assert self.opened, "an idle look leaves nothing to be loaded"
        return self.opened

    def close(self) -> None:
        """Let go of the tables of the scan: nobody will load them."""
        if self.opened:
            self.opened.close()

    @property
    def is_from_nothing(self) -> bool:
        """Whether no row is in the tables that are to be written."""
        return self.is_rebuild or not self.generation

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self.reasons

    @property
    def waits_for_a_person(self) -> bool:
        """Whether the checks of the last refresh failed and nothing has changed since."""
        return self.state == "failed" and not self.is_changed


def not_read(source: str, why: str) -> str:
    """Say that a source could not be read."""
    return f"The source {source} could not be read: {why}. Its articles are kept as they were."


def needs_every_source(why: str) -> RefreshStopped:
    """Make the error of a refresh that builds every table anew and lacks a source."""
    return RefreshStopped(f"every table is built anew, which needs every source: {why}. Nothing was changed.")


def chosen(settings: Settings, names: Collection[str]) -> tuple[Source, ...]:
    """Sources of these names; all where none is named.

    Raises:
        SettingsError: there is no source of such a name.
    """
    there = {source.name for source in settings.sources}
    for name in sorted(set(names) - there):
        raise SettingsError(
            f"{settings.file}: there is no source {name!r}; the sources are {', '.join(sorted(there))}."
        )
    return tuple(source for source in settings.sources if not names or source.name in names)


@dataclass(slots=True)
class Settled:
    """What sources are read at, and what is listed of those that are folders."""

    sources: tuple[Source, ...]
    states: dict[str, SourceState]
    """Source -> what its rows are to be made with."""
    unavailable: dict[str, str]
    """Sources that fail -> why."""
    folders: dict[str, FolderListing] | None = None
    """Source -> its listing; None before they are listed."""

    def list_folders(self) -> dict[str, FolderListing]:
        """List the folders, unless they have been."""
        if self.folders is None:
            self.folders, failed = list_folders(self.sources)
            self.unavailable |= failed
        return self.folders


def settle(wanted: Iterable[Source], limits: Limits) -> Settled:
    """Settle what sources are read at."""
    sources: list[Source] = []
    states: dict[str, SourceState] = {}
    unavailable: dict[str, str] = {}
    for named in wanted:
        try:
            source = at_present(named)
            fingerprint = source_fingerprint(source, limits)
        except SourceUnavailable as error:
            unavailable[named.name] = str(error)
            continue
        sources.append(source)
        states[source.name] = SourceState(fingerprint, *commit_and_tree(source))
    return Settled(tuple(sources), states, unavailable)


def refuse_missing(settings: Settings, found: Scan, known: Collection[str]) -> None:
    """Stop at a source that has never been there: that is a mistake in its location, and no outage.

    Raises:
        SettingsError: with the line of the location.
    """
    for index, source in enumerate(settings.sources):
        if source.name in found.unavailable and source.name not in known:
            line = line_of(settings.file.read_text("utf-8"), ("source", index, "location"))
            raise SettingsError(
                f"{settings.file}, line {line}: the source {source.name!r} cannot be read: "
                f"{found.unavailable[source.name]}. "
                f"Correct its location or {'create the folder' if isinstance(source.location, Path) else 'branch'}."
            )


def guard(settings: Settings, found: Scan) -> None:
    """Stop before anything is written when a larger share of a source's posts is about to leave than is usual.

    Raises:
        RefreshStopped: with the numbers and what to do.
    """
    share = settings.limits.deletes_share
    for name, (leaving, has) in found.leaving.items():
        if leaving > share * has:
            raise RefreshStopped(
                f"{leaving:,} of the {has:,} posts of the source {name!r} are no longer there, or cannot be opened any "
                f"more, which is more than the {share:.0%} that [limits] deletes_share allows. Nothing was changed. If "
                "they are meant to go, run `etl refresh --allow-deletes`; if the source has another name now, give it "
                f'renamed_from = "{name}"; else look where they are.'
            )


def reasons_to_load(
    con: duckdb.DuckDBPyConnection,
    found: Scan,
    clock: Clock,
    *,
    known: Collection[str],
    named: Collection[str],
    reparse: frozenset[str],
    renames: Mapping[str, str],
    is_first: bool,
    is_asked: bool,
) -> list[str]:
    """Say why tables must be loaded, in words; nothing when they need not be.

    Args:
        con: the connection of the scan; the work file is in use unless this is the first refresh.
        found: the scan.
        clock: the instant of the look.
        known: sources that have rows, by their present names.
        named: sources that should have rows.
        reparse: sources whose every file is read again: their settings or code changed, or it was asked for.
        renames: old name of a source -> its present one, where rows are still under the old one.
        is_first: there are no tables yet.
        is_asked: a person asked for every file to be read again.
    """
    if is_first:
        return ["the warehouse has not been built yet"]
    reasons = [f"the source {old} is now named {new}" for old, new in renames.items()]
    if reparse:
        names = ", ".join(sorted(reparse))
        reasons.append(
            f"every file of {names} is read again, as asked" if is_asked else f"settings or code of {names} changed"
        )
    if files := sum(n for name, n in found.to_read.items() if name not in reparse):
        reasons.append(f"{files:,} files are new or may have changed")
    if found.missed:
        reasons.append(f"{len(found.missed):,} files have other bytes although their signature is the same")
    if found.gone:
        reasons.append(f"{found.gone:,} files are gone")
    if set(known) != set(named):
        reasons.append("a source was added or removed")
    row = con.execute(f"SELECT count(*) FROM ({time_has_come('work')})", {"as_of": clock.as_of}).fetchone()
    if row and row[0]:
        reasons.append(f"{row[0]:,} articles came out or expired")
    built_with = con.execute("SELECT aggregates_version FROM internal.generation").fetchone()
    if built_with and built_with[0] not in (None, aggregates_version()):
        reasons.append("the definition of an aggregate changed")
    return reasons
