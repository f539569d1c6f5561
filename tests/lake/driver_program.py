"""A driver in a process of its own: replaces the rows of some tables again and again, each time by those of a number.

    python driver_program.py LOCATION NAME BEAT_SECONDS REFRESHES [DIE_AFTER_COMMITS] [PART]

It prints `began N` and `published N` for each refresh, and `beaten` where another driver was first. With a part, it
replaces the rows of that part of one table only.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import polars as pl
from lakes import PARTS

from etl_project.lake import store
from etl_project.lake.store import Beaten, Lake

TABLES = ("tags", "authors", "internal.article_words")


def rows_of(table: str, n: int) -> pl.DataFrame:
    if table == "internal.article_words":
        return pl.DataFrame({"article_id": ["site:a"], "words": [str(n)]})
    return pl.DataFrame({f"{table[:-1]}_id": ["a"], "name": [str(n)]})


def refresh(lake: Lake, run_id: str, tables: dict[str, int]) -> None:
    base = lake.pins()
    n = base.n + 1 if base else 1
    print(f"began {n}", flush=True)
    adds = [lake.write(table, part, rows_of(table, n), run_id) for table, part in tables.items()]
    removes = [file for table, part in tables.items() for file in lake.files(base, table, part)]
    pins = lake.commit(n, base, [file for file in adds if file], removes, run_id)
    lake.publish(pins)
    print(f"published {n}", flush=True)


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


def main(location: str, name: str, beat_seconds: str, refreshes: str, die: str = "", part: str = "") -> None:
    lake = Lake.open(location, parts=PARTS)
    if die:
        die_after(int(die))
    tables = {"internal.article_words": int(part)} if part else dict.fromkeys(TABLES, 0)
    for number in range(int(refreshes)):
        run_id = f"{name}.{number}"
        with lake.lease(run_id, float(beat_seconds)):
            try:
                refresh(lake, run_id, tables)
            except Beaten:
                print("beaten", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
