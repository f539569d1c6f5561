"""A driver: replaces the rows of some tables again and again, each time by those of the number of its refresh.

Each writes `began N`, `wrote N` before its commits, and `published N`; `beaten` where another driver was first.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from etl_project.lake import store
from etl_project.lake.store import Beaten, Lake

TABLES = ("tags", "authors", "internal.article_words")


def rows_of(table: str, n: int) -> pl.DataFrame:
    if table == "internal.article_words":
        return pl.DataFrame({"article_id": ["site:a"], "words": [str(n)]})
    return pl.DataFrame({f"{table[:-1]}_id": ["a"], "name": [str(n)]})


def refresh(lake: Lake, run_id: str, tables: dict[str, int], tell: Callable[[str], object] = lambda _: None) -> None:
    base = lake.pins()
    n = base.n + 1 if base else 1
    tell(f"began {n}")
    adds = [lake.write(table, part, rows_of(table, n), run_id) for table, part in tables.items()]
    removes = [file for table, part in tables.items() for file in lake.files(base, table, part)]
    tell(f"wrote {n}")
    pins = lake.commit(n, base, [file for file in adds if file], removes, run_id)
    lake.publish(pins)
    tell(f"published {n}")


def die_after(commits: int) -> None:
    """End this process, as `kill -9` does, after so many commits of tables; before the first, after the files."""
    original, done = store.commit_files, 0

    def commit(*values: Any, **named: Any) -> int:
        nonlocal done
        if done == commits:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1
        return original(*values, **named)

    store.commit_files = commit


def run(
    lake: Lake,
    name: str,
    beat_seconds: float,
    refreshes: int,
    told: Path,
    environment: dict[str, str],
    dies_after: int | None,
    part: int | None,
) -> None:
    """Run a driver, in the process that was started for it: see `drivers.start_driver`."""
    os.environ.update(environment)
    if dies_after is not None:
        die_after(dies_after)
    tables = dict.fromkeys(TABLES, 0) if part is None else {"internal.article_words": part}
    with told.open("w", encoding="utf-8", buffering=1) as file:

        def tell(line: str) -> None:
            file.write(f"{line}\n")

        for number in range(refreshes):
            run_id = f"{name}.{number}"
            with lake.lease(run_id, beat_seconds):
                try:
                    refresh(lake, run_id, tables, tell)
                except Beaten:
                    tell("beaten")
