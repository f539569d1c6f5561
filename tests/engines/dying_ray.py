"""Readers of batches on Ray that die or hang; apart from the tests, so that workers do not import these."""

from __future__ import annotations

import os
import signal
import time

from etl_project.engines.batch import Batch
from etl_project.engines.ray_worker import ReadBatch, read_batch


def die_on_killers(batch: Batch) -> ReadBatch:
    """Read a batch, unless it holds a file that ends the process, as a fault in a C library would."""
    if any("killer" in task.path for task in batch.tasks):
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_batch(batch)


def die_once(batch: Batch) -> ReadBatch:
    """Read a batch; the first process to try a marked one is killed after its work is done."""
    made = read_batch(batch)
    if _is_first(batch):
        os.kill(os.getpid(), signal.SIGKILL)
    return made


def hang_once(batch: Batch) -> ReadBatch:
    """Read a batch; the first process to try a marked one hangs."""
    if _is_first(batch):
        time.sleep(3_600)
    return read_batch(batch)


def slowly(batch: Batch) -> ReadBatch:
    """Read a batch, a second later."""
    time.sleep(1)
    return read_batch(batch)


def code_of_the_environment() -> str:
    """Another code where the environment says so."""
    return os.environ.get("TEST_CODE", "the code")


def half(number: int) -> float:
    """Divide a number by two."""
    return number / 2


def _is_first(batch: Batch) -> bool:
    """Whether nobody tried a batch before that holds a post named marked."""
    marker = batch.staging / "tried"
    if not any("marked" in task.path for task in batch.tasks) or marker.exists():
        return False
    marker.touch()
    return True
