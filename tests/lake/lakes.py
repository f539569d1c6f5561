"""Lakes that tests fill: with the tables of a site that was refreshed, or with a few articles."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import duckdb
import polars as pl

from etl_project.lake.store import Lake, LakeFile, Pins
from etl_project.lake.tables import WHOLE, lake_tables

PARTS = 4


def new_lake(folder: Path, name: str = "lake") -> Lake:
    """An empty lake: a copy of the first, as to create all tables takes a third of a second."""
    shutil.copytree(_empty_lake(), folder / name)
    return Lake.open(str(folder / name), parts=PARTS)


@functools.cache
def _empty_lake() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="etl-empty-lake-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Lake.open(str(folder), parts=PARTS)
    return folder


def fill(lake: Lake, file: Path, n: int = 1, base: Pins | None = None, run_id: str = "filling") -> Pins:
    """Publish the rows of every table of a DuckDB file, those of articles by a part of their id."""
    adds: list[LakeFile] = []
    removes: list[LakeFile] = []
    with duckdb.connect(str(file), read_only=True) as con, lake.lease(run_id):
        con.execute("SET TimeZone = 'UTC'")
        for name, table in lake_tables().items():
            removes += lake.files(base, name)
            has_parts = "article_id" in table.columns
            for part in range(PARTS) if has_parts else (WHOLE,):
                of_part = f"WHERE hash(article_id) % {PARTS} = {part}" if has_parts else ""
                written = lake.write(name, part, con.sql(f"FROM {name} {of_part}"), run_id)
                adds += [written] if written else []
        pins = lake.commit(n, base, adds, removes, run_id)
        lake.publish(pins)
    return pins


def tags(*names: str) -> pl.DataFrame:
    """Rows of the table `tags`."""
    return pl.DataFrame({"tag_id": names, "name": [name.upper() for name in names]})


def publish_tags(lake: Lake, run_id: str, *names: str) -> Pins:
    """Replace the tags by these, as a refresh of their own."""
    base = lake.pins()
    n = base.n + 1 if base else 1
    with lake.lease(run_id):
        written = lake.write("tags", WHOLE, tags(*names), run_id)
        pins = lake.commit(n, base, [written] if written else [], lake.files(base, "tags"), run_id)
        lake.publish(pins)
    return pins


def tag_ids(lake: Lake, pins: Pins | None) -> list[str]:
    with lake.connect(pins, {"tags"}) as con:
        return [row[0] for row in con.execute("SELECT tag_id FROM tags ORDER BY ALL").fetchall()]
