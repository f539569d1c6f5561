"""Tasks of parts whose process dies; apart from the tests, so that a worker that runs them does not import these."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "engines"))

from dying import die_on_killers

from etl_project.engines import local
from etl_project.lake.part import run_part
from etl_project.lake.part_task import PartDone, PartTask


def run_part_of_killers(task: PartTask) -> PartDone:
    """Do the work of a part, where a post that is named killer ends the process that reads it."""
    local.run_batch = die_on_killers
    return run_part(task)


def run_part_and_die_once(task: PartTask) -> PartDone:
    """Do the work of a part; the first process that has written its files is killed before it can tell."""
    done = run_part(task)
    marker = Path(task.common.lake.place.location) / "died"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return done
