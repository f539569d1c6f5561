"""Runs whose process is gone: Dagster believes them at work for ever, and the queue waits for them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import dagster as dg
import psutil

HOST, PID, STARTED = ".dagster/etl_host", ".dagster/etl_pid", ".dagster/etl_process_started"
"""Tags of a run that tell its process from every other, also from a later one of the same number. The web server does
not show tags that begin so."""

_AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def process_tags() -> dict[str, str]:
    """Tags that name this process."""
    started = psutil.Process().create_time()
    return {HOST: socket.gethostname(), PID: str(os.getpid()), STARTED: f"{started:.2f}"}


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report the runs of this host as failed whose process is gone.

    Args:
        instance: where runs are recorded.

    Returns:
        The ids of the runs that were reported.
    """
    here = dg.RunsFilter(statuses=_AT_WORK, tags={HOST: socket.gethostname()})
    dead = [run for run in instance.get_runs(here) if not _lives(run.tags)]
    for run in dead:
        instance.report_run_failed(
            run, f"Process {run.tags.get(PID)} of this run is gone: it was killed, or the machine was restarted."
        )
    return [run.run_id for run in dead]


def _lives(tags: Mapping[str, str]) -> bool:
    try:
        process = psutil.Process(int(tags[PID]))
        # The start time is told in hundredths of a second, and drifts a little when the clock is set.
        same = abs(process.create_time() - float(tags[STARTED])) < 2
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, ValueError):
        return False
