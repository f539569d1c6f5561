"""Runs whose process is gone: Dagster believes them at work for ever, and the queue waits for them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

import dagster as dg
import psutil

RUN, HOST, PID, STARTED = (f".dagster/etl_{name}" for name in ("run", "host", "pid", "process_started"))
"""Tags of a run that tell its process from every other, also from a later one of the same number. They name the run,
for one that repeats another begins with its tags. The web server does not show tags that begin so."""

SILENT_SECONDS = 180
"""A run takes these tags within its first second; one that has none after this time was killed before. It is the time
that dagster.yaml gives a run to start."""

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_CODE = "etl_project.definitions"


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
    unfinished = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    dead = [record.dagster_run for record in unfinished if is_gone(record)]
    for run in dead:
        process = f"Process {run.tags[PID]}" if run.tags.get(RUN) == run.run_id else "The process"
        instance.report_run_failed(run, f"{process} of this run is gone: it was killed, or the machine was restarted.")
    return [run.run_id for run in dead]


def is_gone(record: dg.RunRecord) -> bool:
    """Whether the process of a run of this host is gone; of one that has only just begun that cannot be told."""
    run = record.dagster_run
    if run.tags.get(RUN) == run.run_id:
        return run.tags.get(HOST) == socket.gethostname() and not _lives(run.tags)
    silent = time.time() - record.update_timestamp.timestamp()
    return _CODE in repr(run.remote_job_origin or run.job_code_origin) and silent > SILENT_SECONDS


def _lives(tags: Mapping[str, str]) -> bool:
    try:
        process = psutil.Process(int(tags[PID]))
        # The start time is told in hundredths of a second, and drifts a little when the clock is set.
        same = abs(process.create_time() - float(tags[STARTED])) < 2
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, ValueError):
        return False
