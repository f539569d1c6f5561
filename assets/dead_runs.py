"""Runs whose process is gone: Dagster believes them at work for ever, and the queue waits for them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import psutil

RUN, HOST, BOOT, SPACE, PID, STARTED = (
    f".dagster/etl_{name}" for name in ("run", "host", "boot", "pid_space", "pid", "process_started")
)
"""Tags of a run that tell its process from every other, also from a later one of the same number. They name the run,
for one that repeats another begins with its tags. The web server does not show tags that begin so."""

WAIT_SECONDS = 600
"""How long a run waits for another refresh to end."""

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
    return {RUN: run_id, **_here(), PID: str(os.getpid()), STARTED: f"{started:.2f}"}


def _here() -> dict[str, str]:
    """Tags of the place in which process numbers mean what they mean to this process.

    A container has the host's boot but numbers of its own, and another name whenever it is made anew. Where the system
    tells neither boot nor space, as macOS does not, the name of the host has to do.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return {HOST: socket.gethostname(), BOOT: boot, SPACE: str(Path("/proc/self/ns/pid").readlink())}
    except OSError:
        return {HOST: socket.gethostname(), BOOT: "", SPACE: socket.gethostname()}


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report the runs as failed whose process is gone. The caller holds the lock of the warehouse.

    So no other run is at work. One whose process cannot be seen from here may wait for the lock, but not for longer
    than runs wait.

    Args:
        instance: where runs are recorded.

    Returns:
        The ids of the runs that were reported.
    """
    unfinished = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    dead = [record.dagster_run for record in unfinished if is_gone(record) or _waits_no_longer(record)]
    for run in dead:
        process = f"Process {run.tags[PID]}" if run.tags.get(RUN) == run.run_id else "The process"
        instance.report_run_failed(
            run, f"{process} of this run is gone: it was killed, or its machine or container was restarted."
        )
    return [run.run_id for run in dead]


def is_gone(record: dg.RunRecord) -> bool:
    """Whether the process of a run is known to be gone; of one that has only just begun that cannot be told."""
    run = record.dagster_run
    if run.tags.get(RUN) == run.run_id:
        return _is_of_an_earlier_boot(run.tags) or (_is_seen(run.tags) and not _lives(run.tags))
    return _CODE in repr(run.remote_job_origin or run.job_code_origin) and _silent(record) > SILENT_SECONDS


def _waits_no_longer(record: dg.RunRecord) -> bool:
    """Whether a run of another container or machine has said nothing for longer than it may wait for the lock."""
    run = record.dagster_run
    return run.tags.get(RUN) == run.run_id and not _is_seen(run.tags) and _silent(record) > WAIT_SECONDS


def _silent(record: dg.RunRecord) -> float:
    return time.time() - record.update_timestamp.timestamp()


def _is_seen(tags: Mapping[str, str]) -> bool:
    """Whether this process would see the one that is named."""
    here = _here()
    return all(tags.get(name) == here[name] for name in (BOOT, SPACE))


def _is_of_an_earlier_boot(tags: Mapping[str, str]) -> bool:
    """Whether the machine, known by its name, was started anew since."""
    here = _here()
    return BOOT in tags and tags.get(HOST) == here[HOST] and tags[BOOT] != here[BOOT]


def _lives(tags: Mapping[str, str]) -> bool:
    try:
        process = psutil.Process(int(tags[PID]))
        # The start time is told in hundredths of a second, and drifts a little when the clock is set.
        same = abs(process.create_time() - float(tags[STARTED])) < 2
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, ValueError):
        return False
