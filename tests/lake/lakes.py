"""Lakes that tests fill: with the tables of a site that was refreshed, or with a few articles."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from conftest import Site

from etl_project.database.work_file import WorkFile
from etl_project.lake.publish import publish_file
from etl_project.lake.store import Lake, LakeFile, Pins
from etl_project.lake.tables import WHOLE, lake_tables
from etl_project.show.query import open_published

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


def rows_of(con: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    """The rows of every table of a lake in the database in use, in one order."""
    return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in lake_tables()}


def fill_and_read(lake: Lake, site: Site, folder: Path) -> tuple[Pins, dict[str, list[Any]], list[Path]]:
    """Fill a lake with a site that was refreshed: it, and both forms of the file that it publishes, have the same rows.

    Args:
        lake: it is empty.
        site: the site.
        folder: where the files go.

    Returns:
        What was published, the rows of each table, and the files.
    """
    pins = fill(lake, site.published)
    with open_published(site.published) as refreshed:
        wanted = rows_of(refreshed)
    with lake.connect(pins) as con:
        assert rows_of(con) == wanted
    files = []
    for form in ("file", "views"):
        files.append(folder / form / "posts.duckdb")
        publish_file(lake, pins, WorkFile(files[-1]), form)  # type: ignore[arg-type]
        with open_published(files[-1]) as con:
            assert rows_of(con) == wanted
    return pins, wanted, files


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
