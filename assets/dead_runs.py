"""Runs whose process is gone: Dagster believes them at work for ever, and the queue waits for them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import dagster as dg
import psutil

RUN, HOST, PID, STARTED = (f".dagster/etl_{name}" for name in ("run", "host", "pid", "process_started"))
"""Tags of a run that tell its process from every other, also from a later one of the same number. They name the run,
for one that repeats another begins with its tags. The web server does not show tags that begin so."""

_AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def process_tags(run_id: str) -> dict[str, str]:
    """Tags of a run that name this process."""
    started = psutil.Process().create_time()
    return {RUN: run_id, HOST: socket.gethostname(), PID: str(os.getpid()), STARTED: f"{started:.2f}"}


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report the runs of this host as failed whose process is gone.

    Args:
        instance: where runs are recorded.

    Returns:
        The ids of the runs that were reported.
    """
    here = dg.RunsFilter(statuses=_AT_WORK, tags={HOST: socket.gethostname()})
    dead = [run for run in instance.get_runs(here) if is_gone(run)]
    for run in dead:
        instance.report_run_failed(
            run, f"Process {run.tags.get(PID)} of this run is gone: it was killed, or the machine was restarted."
        )
    return [run.run_id for run in dead]


def is_gone(run: dg.DagsterRun) -> bool:
    """Whether the process of a run of this host is gone; of a run without our tags that cannot be told."""
    ours = run.tags.get(RUN) == run.run_id and run.tags.get(HOST) == socket.gethostname()
    return ours and not _lives(run.tags)


def _lives(tags: Mapping[str, str]) -> bool:
    try:
        process = psutil.Process(int(tags[PID]))
        # The start time is told in hundredths of a second, and drifts a little when the clock is set.
        same = abs(process.create_time() - float(tags[STARTED])) < 2
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, ValueError):
        return False
