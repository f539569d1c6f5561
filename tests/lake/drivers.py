"""Runs drivers in processes of their own, and reads what of their refreshes can be seen."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from driver_program import TABLES

from etl_project.lake.commits import open_table
from etl_project.lake.store import Lake, Pins
from etl_project.lake.tables import lake_tables

ROOT = Path(__file__).resolve().parents[2]


def start_driver(lake: Lake, name: str, beat_seconds: float, refreshes: int, *more: object) -> subprocess.Popen[str]:
    """Start a driver; `more` is after how many commits it dies, and the part it replaces."""
    program = Path(__file__).with_name("driver_program.py")
    values = [lake.place.location, name, beat_seconds, refreshes, *more]
    return subprocess.Popen(
        [sys.executable, str(program), *map(str, values)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(program.parent)])},
    )


def published_by(process: subprocess.Popen[str]) -> list[int]:
    """Wait for a driver, and find the refreshes that it says it published."""
    output, _ = process.communicate(timeout=120)
    return [int(line.split()[1]) for line in output.splitlines() if line.startswith("published")]


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
