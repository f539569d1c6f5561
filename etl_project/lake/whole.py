"""The driver's side of a load: what is not divided into parts, from what the parts did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.contract import RELATED, SKETCHES, contract, schema_version
from etl_project.database.generation import begin_generation, generation
from etl_project.lake.data_files import LakeFile
from etl_project.lake.mirror import replace_shown
from etl_project.lake.part_files import select_files, tables_by_part
from etl_project.lake.part_task import PartDone
from etl_project.lake.publications import Pins
from etl_project.lake.store import Lake
from etl_project.lake.tables import WHOLE, lake_tables
from etl_project.load.aggregates import aggregates_version
from etl_project.load.file_tables import replace_files_not_read
from etl_project.load.merge import (
    aggregates_are_of_another_version,
    fill_metrics,
    replace_source_states,
    replace_sources,
    sources_differ,
)
from etl_project.load.refresh_log import FilesStaged, Timing, log_refresh
from etl_project.load.terms import replace_all_terms
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import FilesRead
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb

_MADE_ANEW = (
    *RELATED, "internal.relations", "internal.articles_to_relate", "internal.sketches_before",
    "internal.categories_seen", "internal.aggregates_built", "internal.files_not_read",
)  # fmt: skip
"""What a rebuild begins without."""


@dataclass(slots=True)
class Load:
    """What a load made, and has not been committed yet."""

    lake: Lake
    base: Pins | None
    """The publication that it was made from."""
    run_id: str
    before: Sequence[LakeFile]
    """Files of the base, of the tables that are divided into parts."""
    adds: list[LakeFile]
    removes: list[LakeFile]
    is_rebuild: bool = False


def merge_parts(
    con: duckdb.DuckDBPyConnection,
    plan: RefreshPlan,
    load: Load,
    parts: Sequence[PartDone],
    read: FilesRead,
    sources: tuple[Source, ...],
    number: int,
    extract_milliseconds: int,
) -> int:
    """Bring the driver's work file up to date with what the parts did.

    Args:
        con: the connection of the plan, with the work file in use, in a transaction.
        plan: what there was to do.
        load: the files of the lake.
        parts: what the tasks did.
        read: what reading gave.
        sources: every source of the settings.
        number: the generation to be made, where a row changed.
        extract_milliseconds: how long the parts took.

    Returns:
        The number of the generation: the present one where no row changed.
    """
    began = time.perf_counter()
    present = generation(con).number
    is_new = (
        any(part.is_new for part in parts)
        or not present
        or sources_differ(con, sources)
        or aggregates_are_of_another_version(con, aggregates_version())
    )
    if load.is_rebuild:
        for table in _MADE_ANEW:
            con.execute(f"DELETE FROM {table}")
    else:
        _note_articles_to_relate(con, parts)
    _replace_files(con, load)
    replace_source_states(con, read.versions)
    replace_files_not_read(con, plan.not_read)
    if not is_new:
        return present
    replace_all_terms(con)
    replace_sources(con, sources)
    if load.is_rebuild or not present:
        fill_metrics(con, contract())
    staged = FilesStaged(
        sum(part.staged.number for part in parts), sum(part.staged.size for part in parts), len(read.missed)
    )
    timing = Timing(plan.clock.as_of, plan.clock.as_of, plan.milliseconds, extract_milliseconds)
    log_refresh(con, number, read.versions, timing, staged, began)
    begin_generation(con, number)
    con.execute("UPDATE internal.generation SET schema_version = ?", [schema_version()])
    return number


def _note_articles_to_relate(con: duckdb.DuckDBPyConnection, parts: Sequence[PartDone]) -> None:
    """Note which articles the parts may have changed, and their sketches as they are before."""
    import polars as pl

    frames = [part.touched for part in parts if part.touched is not None and len(part.touched)]
    if not frames:
        return
    with registered(con, touched=pl.concat(frames)):
        new = "(FROM touched EXCEPT FROM internal.articles_to_relate)"
        con.execute(f"INSERT INTO internal.sketches_before SELECT * FROM {SKETCHES} SEMI JOIN {new} USING (article_id)")
        con.execute(f"INSERT INTO internal.articles_to_relate {new}")


def _replace_files(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Show the files of parts as they are to be, and bring the copy of the sketches up to date."""
    removed = set(load.removes)
    replace_shown(con, load.lake, [*(file for file in load.before if file not in removed), *load.adds])
    table = lake_tables()[SKETCHES]
    gone, come = (
        select_files(load.lake.place, table, [file for file in files if file.table == SKETCHES])
        for files in (load.removes, load.adds)
    )
    con.execute(f"DELETE FROM {SKETCHES} WHERE article_id IN (SELECT article_id FROM ({gone}))")
    con.execute(f"INSERT INTO {SKETCHES} BY NAME {come}")


def write_whole_tables(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Write the tables that are not divided into parts, where their rows differ from those of the publication before.

    Args:
        con: the work file, in use.
        load: the files of the lake; those of these tables are added.
    """
    whole = [name for name in lake_tables() if name not in tables_by_part()]
    for name, before in load.lake.queries(load.base, whole).items():
        rows = f"SELECT {', '.join(lake_tables()[name].columns)} FROM {name}"
        differing = f"(({rows}) EXCEPT ALL ({before})) UNION ALL (({before}) EXCEPT ALL ({rows}))"
        if load.is_rebuild or con.execute(f"FROM ({differing}) LIMIT 1").fetchall():
            load.removes += load.lake.files(load.base, name)
            con.complete()
            file = load.lake.write(name, WHOLE, con.sql(rows), load.run_id)
            load.adds += [file] if file else []
