"""Readers of batches that die; apart from the tests, so that a worker that reads by them does not import these."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from etl_project.engines.batch import Batch, ManifestRow
from etl_project.engines.local import run_batch


def die_on_killers(batch: Batch) -> ManifestRow:
    """Read a batch, unless it holds a file that ends the process, as a fault in a C library would."""
    if any("killer" in task.path for task in batch.tasks):
        os.kill(os.getpid(), signal.SIGSEGV)
    return run_batch(batch)


def die_once(batch: Batch) -> ManifestRow:
    """Read a batch; the first process to try is killed after its work is staged, as one short of memory is."""
    row = run_batch(batch)
    marker = batch.staging / "died"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return row


def size_unless_killer(file: Path) -> tuple[int, int]:
    """Return the process that asked and the size of a file; one that is named killer ends the process.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if "killer" in file.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    return os.getpid(), file.stat().st_size
