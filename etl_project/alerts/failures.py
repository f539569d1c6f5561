"""The refreshes that failed since the last one that went well, as the state of the alerts records them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl_project.database.json_file import read_json
from etl_project.database.work_file import WorkFile

FAILURES, AT_WORK = "failures", "at_work"
"""Keys of the state: what failed; the run that is at work, or was cut off."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Refreshes in a row that failed or were stopped."""

    count: int
    first_at: dt.datetime
    last_at: dt.datetime
    sentence: str
    """Why the last of them failed, and what to do."""


def count_failure(state: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    """Add a failure to the state of the alerts.

    Args:
        state: the state.
        sentence: why the refresh failed.
    """
    now = dt.datetime.now(dt.UTC)
    before = _failures_in(state)
    return {
        **state,
        FAILURES: {
            "count": before.count + 1 if before else 1,
            "first_at": (before.first_at if before else now).isoformat(timespec="seconds"),
            "last_at": now.isoformat(timespec="seconds"),
            "sentence": sentence,
        },
    }


def read_failures(work: WorkFile) -> Failures | None:
    """Read which refreshes failed since the last one that went well; None where the last one went well.

    Args:
        work: the work file; a run that it says to be at work, and that nobody holds the lock for, was cut off.
    """
    state = read_json(work.alerts)
    failures, who = _failures_in(state), state.get(AT_WORK)
    if not isinstance(who, str) or work.lock.holder():
        return failures
    _, _, begun = who.rpartition(", begun ")
    try:
        at = dt.datetime.fromisoformat(begun)
    except ValueError:
        return failures
    sentence = f"it was cut off ({who}): its process was killed, or the machine stopped. To go on: etl refresh"
    return Failures(failures.count + 1 if failures else 1, failures.first_at if failures else at, at, sentence)


def _failures_in(state: Mapping[str, Any]) -> Failures | None:
    """The failures of a state; None where there are none, or somebody edited the file."""
    try:
        found = state[FAILURES]
        first, last = (dt.datetime.fromisoformat(found[name]) for name in ("first_at", "last_at"))
        return Failures(int(found["count"]), first, last, str(found["sentence"]))
    except (KeyError, TypeError, ValueError):
        return None
