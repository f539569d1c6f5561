"""The ends of a command that a person can act on."""

from __future__ import annotations

DONE, FAILED, BAD_USAGE, BUSY, SOURCE_MISSING = 0, 1, 2, 3, 4
"""Exit codes: done (also with nothing to do); failed or stopped by the guard; bad usage or settings; another refresh is
running; published, but a source could not be read."""


class Stop(Exception):
    """An end whose message is all a person needs: what is wrong, where, and what to do."""

    exit_code = FAILED
