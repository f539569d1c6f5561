"""What the stages of a refresh did, as far as they came."""

from __future__ import annotations

from dataclasses import dataclass, field

from etl_project.checks.check import CheckResult
from etl_project.database.publish import Published
from etl_project.refresh.result import TablesLoaded
from etl_project.scan.diff import Diff


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The results of the stages so far."""

    diff: Diff | None = None
    """How the sources differed from the inventory; None before there is a plan."""
    tables: TablesLoaded | None = None
    """None if there was nothing to load, or the refresh ended before that."""
    aggregates: dict[str, int] = field(default_factory=dict)
    """Name of the aggregate -> number of rows."""
    checks: list[CheckResult] = field(default_factory=list)
    reported: list[bool] = field(default_factory=list)
    """Whether the checks passed that are no queries of tables: every source was read, and the file is fresh."""
    published: Published | None = None
    error: str | None = None
    """Reason why a stage failed, in a sentence."""

    @property
    def failed(self) -> list[CheckResult]:
        """Results of checks that keep a generation from being published."""
        return [result for result in self.checks if result.check.is_blocking and not result.passed]
