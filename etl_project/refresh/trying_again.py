"""What of a refresh is tried once more: what may pass by itself, and sources that could be read until now."""

from __future__ import annotations

from collections.abc import Callable

from etl_project.database.opening import OpenElsewhere
from etl_project.refresh.plan import RefreshPlan
from etl_project.sources.signature import SourceUnavailable

RETRY_SECONDS = 10
"""Wait before that."""


def may_pass(error: BaseException) -> bool:
    """Whether an error of the plan or the load may be over in some seconds."""
    import duckdb

    return isinstance(error, OSError | duckdb.IOException | SourceUnavailable | OpenElsewhere) or isinstance(
        error.__cause__, SourceUnavailable
    )


def require_known_outages(plan: RefreshPlan, is_known: Callable[[str], bool]) -> None:
    """Require that every source that cannot be read is known not to be.

    Args:
        plan: the plan; it is closed where the error is raised.
        is_known: whether it has been reported of a source that it cannot be read.

    Raises:
        SourceUnavailable: a source cannot be read any more; the plan is to be made again.
    """
    for name, reason in plan.diff.unavailable.items():
        if not is_known(name):
            plan.close()
            raise SourceUnavailable(f"{name}: {reason}")
