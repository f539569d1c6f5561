"""Runs the tasks of the parts of one refresh until they agree: on the sources that can be read, and on what moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etl_project.engines.engine import Engine, TasksLost
from etl_project.lake.pairs import foresee_pairs, pair
from etl_project.lake.part import run_part
from etl_project.lake.part_task import PartDone, PartTask
from etl_project.lake.work_list import WorkList
from etl_project.refresh.guard import RefreshStopped, require_every_source
from etl_project.refresh.read_files import bytes_to_read
from etl_project.scan.compare import forget_source

MOST_ROUNDS = 5
"""A round more is needed where a source failed, or where bytes tell of moves that signatures did not foretell."""


BYTES_OF_PART = 512 * 1024
"""To open and close a part takes about as long as to read so many bytes of posts."""


@dataclass(frozen=True, slots=True)
class PartsDone:
    """What the tasks of all parts did."""

    parts: dict[int, PartDone]
    failed: dict[str, str]
    """Sources that could not be read -> why. They are left as they were."""


def run_parts(work: WorkList, engine: Engine, report: Callable[[int], None]) -> PartsDone:
    """Run the tasks of all parts that have work.

    A part runs again where what it was told turns out otherwise: a source failed, which must then be left as it was in
    every part; or other articles moved than was foreseen. What it wrote before is in files that nobody commits.

    Args:
        work: the work.
        engine: runs the tasks.
        report: called with the number of files that a task read.

    Raises:
        RefreshStopped: a source failed while every table was being built anew; files change faster than they are read;
            a task ends its process again and again.
    """
    con = work.plan.connection
    failed: dict[str, str] = {}
    done: dict[int, PartDone] = {}
    pairs = foresee_pairs(con)
    todo = work.divide()
    engine.warm(sum(bytes_to_read(con).values()) + len(todo) * BYTES_OF_PART)
    for _ in range(MOST_ROUNDS):
        for part in _run(engine, work.tasks(todo, pairs)):
            done[part.part] = part
            report(part.read)
        if new := {name: reason for part in done.values() for name, reason in part.failed.items()}:
            if work.plan.is_rebuild:
                require_every_source(new)
            failed |= new
            for name in new:
                forget_source(con, name)
            done, pairs, todo = {}, foresee_pairs(con), work.divide()
            continue
        found = pair(con, [part.found for part in done.values()], [part.lost for part in done.values()])
        if found == pairs:
            return PartsDone(done, failed)
        todo, pairs = work.parts_of([article for both in found ^ pairs for article in both]), found
    raise RefreshStopped(
        f"files changed while they were read, {MOST_ROUNDS} times in a row: what moved cannot be told. Nothing was "
        "changed. Run it again when whatever writes the posts has ended."
    )


def _run(engine: Engine, tasks: Iterator[PartTask]) -> Iterator[PartDone]:
    """Run tasks; those under which a process ended run again with care, so that the file that ends it is rejected."""
    try:
        yield from engine.run_tasks(run_part, tasks)
    except TasksLost as lost:
        careful = [dataclasses.replace(task, is_careful=True) for task in lost.items]
        try:
            yield from engine.run_tasks(run_part, careful)
        except TasksLost as again:
            numbers = ", ".join(str(task.part) for task in again.items)
            raise RefreshStopped(
                f"the process that works on a part of the lake ended again and again (part {numbers}): memory or disk "
                "space may be too small for it. Nothing was changed. Free some, or use fewer processes at once."
            ) from None
