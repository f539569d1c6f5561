"""Readers of batches that die; apart from the tests, so that a worker that reads by them does not import these."""

from __future__ import annotations

import os
import signal

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
