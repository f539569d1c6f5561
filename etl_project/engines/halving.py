"""Finds the file of a batch that ends whoever reads it, so that the others are not lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from etl_project.engines.batch import Batch, ManifestRow


class WorkerDied(Exception):
    """Whoever ran a batch or a task is gone, and with it what was done of it."""


def halve(batch: Batch, run_alone: Callable[[Batch], ManifestRow]) -> Iterator[ManifestRow]:
    """Run a batch; where that ends its worker, halve it until only the file that does so is left, and reject that.

    Args:
        batch: the batch.
        run_alone: runs a batch in a worker that runs nothing else, once. It raises `WorkerDied`.
    """
    try:
        yield run_alone(batch)
        return
    except WorkerDied:
        pass
    if len(batch.tasks) == 1:
        from etl_project.engines.stage import reject_killer

        yield reject_killer(batch)
        return
    middle = len(batch.tasks) // 2
    for name, tasks in (("a", batch.tasks[:middle]), ("b", batch.tasks[middle:])):
        yield from halve(dataclasses.replace(batch, number=batch.number + name, tasks=tasks), run_alone)
