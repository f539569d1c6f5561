"""The plan of a refresh: what there is to do, and why. `refresh/make_plan.py` makes one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl_project.database.generation import GenerationState
from etl_project.database.work_file import WorkFile
from etl_project.scan.clock import Clock
from etl_project.scan.diff import Diff
from etl_project.scan.inventory import PRESENT_VERSION
from etl_project.scan.source_version import SourceVersion
from etl_project.sources.place import PinnedSource

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPlan:
    """What there is to do, and why. Whoever works it off does not change it."""

    clock: Clock
    reasons: list[str]
    """Why there is something to do, in words; empty when there is not."""
    is_changed: bool = False
    """Files, settings, definitions or the clock gave a reason; not only a refresh that was not finished."""
    state: GenerationState
    """State of the generation in the work file."""
    generation: int
    diff: Diff
    milliseconds: int
    """How long it took to list and compare."""
    sources: tuple[PinnedSource, ...]
    """The sources that were listed."""
    versions: dict[str, SourceVersion]
    """Source -> what its rows are made with and of."""
    known: dict[str, SourceVersion]
    """The same as of the last refresh; it stays with a source that fails."""
    renames: dict[str, str] = field(default_factory=dict)
    """Old name of a source -> its present one, where rows are still under the old one."""
    guard: str | None = None
    """Why the guard would stop the refresh; only of a dry run, as it stops any other at once."""
    is_rebuild: bool = False
    """The tables are built anew beside the work file, which holds what came before."""
    inventory: str = field(repr=False)
    """Query of the inventory of the last refresh; `{database}` is the attached file that holds it."""
    is_doubled: bool = field(default=False, repr=False)
    """The inventory has a file twice, which only a fault can cause."""
    opened: duckdb.DuckDBPyConnection | None = field(default=None, repr=False)
    """Holds the temporary tables for `load_tables`; None where there is nothing to do."""
    not_read: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Source that was walked -> ending that its dialect does not read, but that posts may have -> files."""
    not_due: Mapping[str, dt.datetime] = field(default_factory=dict)
    """Source that was not listed, as its `look_every` has not passed -> when it is due."""
    listing: str = ""
    """Digest of the listing of each folder."""

    def passed_over(self) -> dict[str, str]:
        """What lies at the sources that were listed and have no post: source -> words."""
        empty = [pinned for pinned in self.sources if self.diff.listed.get(pinned.name) == 0]
        if not empty:
            return {}
        from etl_project.scan.passed_over import describe_passed_over, files_passed_over

        return {pinned.name: describe_passed_over(pinned, files_passed_over(pinned)) for pinned in empty}

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Holds the temporary tables, where there is something to do."""
        assert self.opened, "a plan with nothing to do leaves nothing to be loaded"
        return self.opened

    def close(self) -> None:
        """Drop the temporary tables: nobody will load them."""
        if self.opened:
            WorkFile.detach(self.opened)
            self.opened.close()

    @property
    def knows_signatures(self) -> bool:
        """Whether the inventory has signatures, so that changed and moved files can be told before they are read."""
        return self.inventory == PRESENT_VERSION

    @property
    def is_from_nothing(self) -> bool:
        """Whether the tables that are to be written hold no row."""
        return self.is_rebuild or not self.generation

    @property
    def is_no_op(self) -> bool:
        """Whether there is nothing to do."""
        return not self.reasons

    @property
    def waits_for_a_person(self) -> bool:
        """Whether the checks of the last refresh failed and nothing has changed since."""
        return self.state is GenerationState.FAILED and not self.is_changed
