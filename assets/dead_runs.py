"""Find runs whose process is gone: Dagster believes them running for ever, and the queue waits for them."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import psutil

from etl_project.servers.processes import is_running

RUN, HOST, BOOT, SPACE, PID, STARTED = (
    f".dagster/etl_{name}" for name in ("run", "host", "boot", "pid_space", "pid", "process_started")
)
"""Tags of a run that identify its process, also against a later process of the same number. RUN holds the id of the
run, because a re-execution starts with the tags of the run it repeats. The web server hides tags with this prefix."""

WAIT_SECONDS = 600
"""Longest time that a run waits for another refresh to end."""

START_TIMEOUT_SECONDS = 180
"""A run without these tags after this many seconds was killed while starting; a living run sets them within its first
second. Equals `start_timeout_seconds` in dagster.yaml."""

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_CODE_MODULE = "etl_project.definitions"


def process_tags(run_id: str, pid: int | None = None) -> dict[str, str]:
    """Tags that name a process as that of a run; by default this one."""
    process = psutil.Process(pid)
    return {RUN: run_id, **_host_tags(), PID: str(process.pid), STARTED: f"{process.create_time():.2f}"}


def process_of(run: dg.DagsterRun) -> psutil.Process | None:
    """The process of a run; None where it is gone, not known, or not to be seen from here."""
    tags = run.tags
    if tags.get(RUN) == run.run_id and _is_visible(tags) and _process_is_running(tags):
        return psutil.Process(int(tags[PID]))
    return None


def _host_tags() -> dict[str, str]:
    """Tags of the host, boot and process namespace of this process: a process number means something only within them.

    A container has the boot of its host but process numbers of its own, and a new host name whenever it is recreated.
    Where the system names neither boot nor namespace, as on macOS, the host name stands in for them.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return {HOST: socket.gethostname(), BOOT: boot, SPACE: str(Path("/proc/self/ns/pid").readlink())}
    except OSError:
        return {HOST: socket.gethostname(), BOOT: "", SPACE: socket.gethostname()}


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report runs whose process is gone as failed.

    The caller holds the lock of the warehouse, so no other run is working. A run whose process cannot be seen from
    here may be waiting for the lock, but for `WAIT_SECONDS` at most.

    Args:
        instance: where runs are recorded.

    Returns:
        The ids of the runs that were reported.
    """
    unfinished = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    dead = [record.dagster_run for record in unfinished if is_gone(record) or _has_stopped_waiting(record)]
    for run in dead:
        process = f"Process {run.tags[PID]}" if run.tags.get(RUN) == run.run_id else "The process"
        instance.report_run_failed(
            run, f"{process} of this run is gone: it was killed, or its machine or container was restarted."
        )
    return [run.run_id for run in dead]


def is_gone(record: dg.RunRecord) -> bool:
    """Whether the process of a run is known to be gone. False for a run that has just begun and has no tags yet."""
    run = record.dagster_run
    if run.tags.get(RUN) == run.run_id:
        return _is_of_earlier_boot(run.tags) or (_is_visible(run.tags) and not _process_is_running(run.tags))
    is_ours = _CODE_MODULE in repr(run.remote_job_origin or run.job_code_origin)
    return is_ours and _seconds_since_update(record) > START_TIMEOUT_SECONDS


def _has_stopped_waiting(record: dg.RunRecord) -> bool:
    """Whether a run of another container or machine was last updated longer ago than it may wait for the lock."""
    run = record.dagster_run
    is_elsewhere = run.tags.get(RUN) == run.run_id and not _is_visible(run.tags)
    return is_elsewhere and _seconds_since_update(record) > WAIT_SECONDS


def _seconds_since_update(record: dg.RunRecord) -> float:
    return time.time() - record.update_timestamp.timestamp()


def _is_visible(tags: Mapping[str, str]) -> bool:
    """Whether the tagged process has the same boot and process namespace as this one, so that its number is valid."""
    here = _host_tags()
    return all(tags.get(name) == here[name] for name in (BOOT, SPACE))


def _is_of_earlier_boot(tags: Mapping[str, str]) -> bool:
    """Whether the machine, identified by its host name, has been rebooted since the tags were set."""
    here = _host_tags()
    return BOOT in tags and tags.get(HOST) == here[HOST] and tags[BOOT] != here[BOOT]


def _process_is_running(tags: Mapping[str, str]) -> bool:
    try:
        return is_running(int(tags[PID]), float(tags[STARTED]))
    except (psutil.Error, KeyError, ValueError):
        return False
