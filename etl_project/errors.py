"""Errors that a person can act on, and the exit codes of the commands."""

from __future__ import annotations

DONE, FAILED, BAD_USAGE, BUSY, SOURCE_MISSING, WORK_TO_DO, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes: done (also with nothing to do); failed or stopped by the guard; bad usage or settings; another refresh is
running; published, but a source could not be read; `--plan` found something to do; interrupted by Ctrl-C."""


def is_query_interrupt(error: BaseException) -> bool:
    """Whether an error is what DuckDB makes of a Ctrl-C."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


class UserError(Exception):
    """An error whose message is all a person needs: what is wrong, where, and what to do about it."""

    exit_code = FAILED
