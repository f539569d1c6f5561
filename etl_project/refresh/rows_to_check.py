"""Decides whether the checks of a refresh cover every row, or only those that it may have written."""

from __future__ import annotations

import datetime as dt

from etl_project.checks.record import last_checks
from etl_project.database.generation import GenerationState
from etl_project.database.work_file import WorkFile
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.request import Request
from etl_project.refresh.result import TablesLoaded

FEWEST_FILES = 10_000
"""Where there are fewer files, checking the touched rows takes longer than checking all: to plan the queries is most of
the work."""

MOST_READ_SHARE = 0.25
"""Where more of the files are read, checking the touched rows takes as long as checking all."""


def may_check_touched_rows(plan: RefreshPlan, ask: Request, work: WorkFile, loaded: TablesLoaded) -> bool:
    """Tell whether the checks may leave out what this refresh did not write.

    Rows that were damaged before are found by checks of every row. So these are run whenever something may have
    gone wrong, or is to be verified: of tables that are built anew, with `--full` and `--verify`, after a refresh that
    was cut off, failed or was not finished, and at the first refresh of a day, by UTC; and where there are few files,
    of which it takes no longer.

    Args:
        plan: what was loaded; its connection has the work file in use.
        ask: what was asked of the refresh.
        work: the work file.
        loaded: what the load did.
    """
    is_usual = plan.is_changed and not (plan.is_from_nothing or plan.renames or ask.full or ask.verify)
    if not (is_usual and plan.state is GenerationState.CHECKED and work.was_left_clean):
        return False
    files = loaded.rows["post_files"]
    if files < FEWEST_FILES or loaded.files_read > files * MOST_READ_SHARE:
        return False
    last = last_checks(plan.connection)
    return last is not None and last.all_rows_as_of.astimezone(dt.UTC).date() == plan.clock.as_of.date()
