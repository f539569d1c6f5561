"""Runs drivers in processes of their own, and reads what of their refreshes can be seen."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from driver_program import TABLES, run

from etl_project.lake.commits import open_table
from etl_project.lake.store import Lake, Pins
from etl_project.lake.tables import lake_tables

_processes = multiprocessing.get_context("forkserver")
# To start a Python with all libraries takes several times as long as a refresh of three rows.
_processes.set_forkserver_preload(["__main__", "driver_program"])

LONGEST_SECONDS = 120


@dataclass
class Driver:
    """A driver in a process of its own."""

    process: BaseProcess
    told: Path

    def lines(self) -> list[str]:
        """What it has said so far."""
        return self.told.read_text("utf-8").splitlines()

    def wait_until(self, line: str, times: int = 1) -> float:
        """Wait until it has said so often that a refresh began, say; returns the time, by the monotonic clock."""
        end = time.monotonic() + LONGEST_SECONDS
        while sum(said.startswith(line) for said in self.lines()) < times:
            assert time.monotonic() < end and self.process.exitcode is None, self.lines()
            time.sleep(0.005)
        return time.monotonic()

    def wait(self) -> int:
        """Wait until it ends; returns its exit code, below zero for the signal that killed it."""
        self.process.join(LONGEST_SECONDS)
        assert self.process.exitcode is not None
        return self.process.exitcode

    def published(self) -> list[int]:
        """Wait until it ends, and find the refreshes that it says it published."""
        self.wait()
        return [int(line.split()[1]) for line in self.lines() if line.startswith("published")]


def start_driver(
    lake: Lake,
    name: str,
    beat_seconds: float,
    refreshes: int,
    *,
    dies_after: int | None = None,
    part: int | None = None,
) -> Driver:
    """Start a driver.

    Args:
        lake: the lake.
        name: begins the names of its runs.
        beat_seconds: time between renewals of its leases.
        refreshes: how many it makes.
        dies_after: how many tables it commits before it kills itself.
        part: the part of one table that it replaces; else three tables whole.
    """
    descriptor, name_of_file = tempfile.mkstemp(prefix="etl-driver-")
    os.close(descriptor)
    told = Path(name_of_file)
    atexit.register(told.unlink, missing_ok=True)
    process = _processes.Process(
        target=run, args=(lake, name, beat_seconds, refreshes, told, dict(os.environ), dies_after, part)
    )
    process.start()
    return Driver(process, told)


def seen(lake: Lake, pins: Pins | None) -> set[str]:
    """Which refreshes the rows of the tables are of: of one, where they are whole; of none before the first."""
    columns = {"tags": "name", "authors": "name", "internal.article_words": "words"}
    with lake.connect(pins, TABLES) as con:
        rows = [con.execute(f"SELECT {columns[table]} FROM {table}").fetchall() for table in TABLES]
    return {row[0] for of_table in rows for row in of_table}


def seen_without_pins(lake: Lake) -> set[str]:
    """The same of the newest version of each table."""
    versions = {table: open_table(lake.place, lake_tables()[table].folder).version() for table in TABLES}
    return seen(lake, replace(Pins(0, {}, 0), versions=versions))
