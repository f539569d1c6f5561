"""The task of one part of a lake, and what it gives back: what goes to the worker and what comes home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl_project.checks.check import CheckResult
from etl_project.insight import Insight
from etl_project.lake.data_files import LakeFile
from etl_project.lake.moves import Moves
from etl_project.lake.store import Lake
from etl_project.limits import Limits
from etl_project.load.refresh_log import FilesStaged
from etl_project.scan.clock import Clock
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the tasks of all parts of one refresh have in common."""

    lake: Lake
    run_id: str
    """Names the data files that are written."""
    refresh_id: int
    """Number of the generation to be made."""
    clock: Clock
    last_refresh: pl.DataFrame
    """The row of `refreshes` of the last refresh; none before the first."""
    sources: tuple[Source, ...]
    """Every source of the settings."""
    limits: Limits
    insight: Insight
    keeps_history: bool
    renames: Mapping[str, str]
    """Old name of a source -> its present one, where rows are still under the old one."""
    reparse: frozenset[str]
    """Sources whose every file is read again."""
    is_rebuild: bool
    """Every file of the derived tables is replaced, whatever it holds."""
    relates_all: bool
    """All articles are related anew, whichever changed."""

    @property
    def is_first(self) -> bool:
        """Whether nothing came before."""
        return self.last_refresh.is_empty()


@dataclass(frozen=True, slots=True)
class PartTask:
    """What there is to do in one part: its rows of the plan, and what it holds."""

    part: int
    common: Assignment
    pinned: tuple[PinnedSource, ...]
    """Sources of the files to read."""
    before: tuple[LakeFile, ...]
    """Data files that the part consists of; of a renamed source, those of every part."""
    listed: pl.DataFrame
    """Rows of `listed_files`: the files to read, and those that share their identity."""
    deleted: pl.DataFrame
    """Rows of `deleted_files`, and of files that stand for an article of another part now: the column `is_deleted`
    tells them apart."""
    young: pl.DataFrame
    """Rows of `confirmed_young`."""
    moves: Moves
    is_careful: bool = False
    """A process ended under this task: read each batch in a process of its own."""


@dataclass(frozen=True, slots=True)
class PartDone:
    """What the task of a part did. Nobody sees its files before they are committed."""

    part: int
    adds: list[LakeFile] = field(default_factory=list)
    removes: list[LakeFile] = field(default_factory=list)
    is_new: bool = False
    """A row changed that people see."""
    read: int = 0
    """Files that were read or tried."""
    bytes_read: int = 0
    staged: FilesStaged = field(default_factory=lambda: FilesStaged(0, 0, 0))
    failed: Mapping[str, str] = field(default_factory=dict)
    """Source -> why it could not be read. Then nothing was written."""
    found: pl.DataFrame | None = None
    """Articles that were not there before: source_id, path, article_id, file_hash; None of a first refresh."""
    lost: pl.DataFrame | None = None
    """Articles whose file went: source_id, path, article_id, file_hash, is_deleted; None of a first refresh."""
    outcomes: pl.DataFrame | None = None
    """Files of which the plan cannot take for granted what became of them: source_id, path, status, file_hash,
    reason."""
    touched: pl.DataFrame | None = None
    """Articles to relate anew: article_id; None where all are."""
    violated: Sequence[CheckResult] = ()
    """Checks of the rows of the part that are violated."""
