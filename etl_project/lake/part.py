"""Does the work of one part of a lake: reads its files and merges them, as a refresh of a small warehouse would.

What the part held before is seen through views of its data files; the new rows are in a database of their own, so that
the work takes memory for what changed, however large the part is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from etl_project.database.arrow import frame_of, registered
from etl_project.database.contract import contract
from etl_project.database.generation import GenerationState
from etl_project.database.in_flight import create_in_flight_tables
from etl_project.database.memory import MEMORY_BYTES
from etl_project.database.opening import NO_DOWNLOADS
from etl_project.database.previous import PREVIOUS
from etl_project.database.sql import count_rows, first_number
from etl_project.database.template import attach_statement, template_file
from etl_project.engines.local import CarefulEngine, LocalEngine
from etl_project.lake.moves import end_histories, exchange_articles, found_and_lost, take_moves
from etl_project.lake.part_checks import check_part
from etl_project.lake.part_files import columns_of_files, derived_by_part, select_files, tables_by_part, write_files
from etl_project.lake.part_of import part_of
from etl_project.lake.part_task import PartDone, PartTask
from etl_project.lake.tables import lake_tables
from etl_project.load.change_log import log_changes
from etl_project.load.file_tables import replace_files, replace_inventory
from etl_project.load.merge import FILES_CHANGED, Merge, find_articles_to_replace, replace_rows, stage_files
from etl_project.load.refresh_log import Timing, count_staged
from etl_project.load.rename import RENAMED_COLUMNS
from etl_project.load.versions import keep_replaced_versions
from etl_project.refresh.plan import RefreshPlan
from etl_project.refresh.read_files import READ_OUTCOME, FilesRead, read_files
from etl_project.scan.compare import FILES_TO_READ
from etl_project.scan.diff import Diff
from etl_project.scan.inventory import PRESENT_VERSION, create_inventory_view
from etl_project.scan.rename import histories_under_present_names, ids_under_present_names

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_TOUCHED = "FROM articles_to_replace UNION FROM retained_articles UNION FROM turned_live_or_expired"

_OUTCOMES = f"""
SELECT source_id, path, {READ_OUTCOME}, file_hash, reason FROM (
    SELECT s.*, i.status AS known_status FROM staged_files AS s LEFT JOIN inventory AS i USING (source_id, path)
) WHERE status IN ('rejected', 'gone') OR (status = 'loaded' AND known_status = 'rejected')
"""
"""Files of which the plan cannot take for granted what became of them."""


def run_part(task: PartTask) -> PartDone:
    """Read the files of a part, merge them, and write the data files that changed. Nothing is committed.

    Raises:
        LakeUnavailable: the lake cannot be read or written.
    """
    with tempfile.TemporaryDirectory(prefix="etl-part-") as name, _opened(task, Path(name)) as con:
        staging = Path(name) / "staging"
        staging.mkdir()
        common = task.common
        engine = CarefulEngine(1) if task.is_careful else LocalEngine(1)
        read = read_files(_plan(con, task), common.limits, common.insight, engine, staging, lambda done, total: None)
        if read.unavailable:
            return PartDone(task.part, failed=read.unavailable)
        return _merge(con, task, read)


@contextmanager
def _opened(task: PartTask, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to an empty warehouse, in use, with the part as the database `previous`, and the tables of the plan."""
    import duckdb

    common = task.common
    config = NO_DOWNLOADS | {
        "memory_limit": f"{MEMORY_BYTES}B",
        "temp_directory": str(folder / "spill"),
        "python_enable_replacements": False,
        "threads": 1,
    }
    with duckdb.connect(config=config) as con:
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        common.lake.place.let_read(con)
        _attach_previous(con, task)
        copyfile(template_file(), folder / "part.duckdb")
        con.execute(attach_statement(folder / "part.duckdb", is_new=False))
        con.execute("USE work")
        create_in_flight_tables(con)
        create_inventory_view(con, PRESENT_VERSION, PREVIOUS, {})
        frames = {
            "listed_files": task.listed,
            "deleted_files": task.deleted.drop("is_deleted"),
            "confirmed_young": task.young,
        }
        with registered(con, last_refresh=common.last_refresh, **{f"task_{name}": f for name, f in frames.items()}):
            con.execute("INSERT INTO refreshes BY NAME FROM last_refresh")
            for table in frames:
                con.execute(f"INSERT INTO {table} BY NAME FROM task_{table}")
        yield con


def _attach_previous(con: duckdb.DuckDBPyConnection, task: PartTask) -> None:
    """Show the part as it was as the database `previous`; rows of renamed sources under their present names."""
    lake, renames = task.common.lake, task.common.renames
    con.execute(f"ATTACH ':memory:' AS {PREVIOUS}")
    con.execute(f"CREATE SCHEMA {PREVIOUS}.internal")
    for name in tables_by_part():
        table = lake_tables()[name]
        files = [file for file in task.before if file.table == name]
        # What is built anew may be of another version of the program.
        there = columns_of_files(con, lake.place, table, files) if task.common.is_rebuild else None
        rows = select_files(lake.place, table, files, there)
        if renames:
            columns = [column for column in RENAMED_COLUMNS if column in table.columns]
            rows = (
                histories_under_present_names(rows, renames)
                if name == "article_history"
                else ids_under_present_names(rows, renames, columns)
            )
            # Of the other tables nothing is carried over.
            if "article_id" in table.columns:
                rows = f"SELECT * FROM ({rows}) WHERE {part_of('article_id', lake.parts)} = {task.part}"
        con.execute(f"CREATE VIEW {PREVIOUS}.{name} AS {rows}")


def _plan(con: duckdb.DuckDBPyConnection, task: PartTask) -> RefreshPlan:
    """The plan of the refresh, as far as it concerns this part."""
    to_read = con.execute(f"SELECT source_id, count(*) FROM ({FILES_TO_READ}) GROUP BY 1").fetchall()
    return RefreshPlan(
        clock=task.common.clock,
        reasons=[],
        is_changed=True,
        state=GenerationState.CHECKED,
        generation=task.common.refresh_id - 1,
        diff=Diff(to_read=dict(to_read)),
        milliseconds=0,
        sources=task.pinned,
        versions={},
        known={},
        renames={},
        guard=None,
        is_rebuild=False,
        inventory=PRESENT_VERSION,
        is_doubled=False,
        opened=con,
    )


def _merge(con: duckdb.DuckDBPyConnection, task: PartTask, read: FilesRead) -> PartDone:
    common, as_of = task.common, task.common.clock.as_of
    work = Merge(
        staged=read.staged(),
        sources=common.sources,
        versions={},
        tables=contract(),
        timing=Timing(as_of, as_of, 0, 0),
        aggregates_version="",
        not_read={},
        has_search=common.insight.search,
        has_stories=common.insight.stories,
        insight=common.insight,
        keeps_history=common.keeps_history,
        previous=PREVIOUS,
    )
    stage_files(con, work)
    found, lost = found_and_lost(con, task.deleted)
    take_moves(con, task.moves)
    find_articles_to_replace(con, work)
    _replace_articles_of_listed_files(con, task.deleted)
    _leave_retained_as_they_are(con, common.reparse)
    _fetch_rows_to_change(con)
    exchange_articles(con, task.moves, task.part, common.lake.parts)
    changed = first_number(con, FILES_CHANGED) + sum(
        count_rows(con, table) for table in ("deleted_files", "turned_live_or_expired")
    )
    replace_rows(con, work)
    replace_files(con, work.staged.get("rejected_files", ()))
    replace_inventory(con, as_of)
    if common.keeps_history:
        keep_replaced_versions(con, as_of, PREVIOUS)
    log_changes(con, common.refresh_id, as_of)
    end_histories(con, as_of, task.part, common.lake.parts)
    if not common.is_rebuild:
        con.execute(f"DELETE FROM article_history WHERE {_IS_UNCHANGED}")
    written = write_files(
        con,
        common.lake,
        task.part,
        task.before,
        common.run_id,
        rebuilt=derived_by_part() if common.is_rebuild else (),
        carried=PREVIOUS if common.is_rebuild else None,
    )
    removed = {*written.removes}
    left = [file for file in task.before if file.part == task.part and file not in removed]
    return PartDone(
        part=task.part,
        adds=written.adds,
        removes=written.removes,
        is_new=changed > 0 or common.is_rebuild,
        read=sum(row.read for row in read.manifest),
        bytes_read=sum(row.bytes_read for row in read.manifest),
        staged=count_staged(con),
        found=None if common.is_first else found,
        lost=None if common.is_first else lost,
        outcomes=frame_of(con, _OUTCOMES),
        touched=None if common.relates_all else frame_of(con, _TOUCHED),
        violated=check_part(con, common.lake.place, [*left, *written.adds]),
    )


_IS_UNCHANGED = f"""
article_id IN (SELECT article_id FROM (FROM article_history INTERSECT FROM {PREVIOUS}.article_history))
"""


def _replace_articles_of_listed_files(con: duckdb.DuckDBPyConnection, given: pl.DataFrame) -> None:
    """Do not retain an article whose file is there, and stands for an article of another id now.

    Args:
        con: the connection of the part, with the articles to replace and to retain.
        given: source_id, path and is_deleted of the files that the plan says the part loses.
    """
    of_listed = f"""
        SELECT article_id FROM {PREVIOUS}.articles SEMI JOIN (FROM given WHERE NOT is_deleted) USING (source_id, path)
        WHERE missing_since IS NULL
    """
    with registered(con, given=given):
        con.execute(
            f"INSERT INTO articles_to_replace FROM retained_articles SEMI JOIN ({of_listed}) USING (article_id)"
        )
        con.execute(f"DELETE FROM retained_articles WHERE article_id IN ({of_listed})")


def _leave_retained_as_they_are(con: duckdb.DuckDBPyConnection, reparse: frozenset[str]) -> None:
    """Leave out the articles whose files went long ago, unless what is made of their source changed."""
    con.execute(
        f"""
        DELETE FROM retained_articles WHERE article_id IN (
            SELECT article_id FROM {PREVIOUS}.articles
            WHERE missing_since IS NOT NULL AND NOT list_contains($reparse, source_id)
        )
        """,
        {"reparse": sorted(reparse)},
    )


def _fetch_rows_to_change(con: duckdb.DuckDBPyConnection) -> None:
    """Fetch the rows of before that the merge changes, rather than replaces, or that the log asks for."""
    con.execute(
        f"""
        INSERT INTO post_files
        SELECT f.* FROM {PREVIOUS}.post_files AS f JOIN staged_files AS s USING (source_id, path)
        WHERE s.status IN ('same', 'deferred') AND f.is_deferred <> (s.status = 'deferred');
        INSERT INTO internal.inventory
        SELECT * FROM {PREVIOUS}.internal.inventory
        SEMI JOIN (SELECT source_id, path FROM staged_files UNION FROM confirmed_young) USING (source_id, path);
        INSERT INTO article_history
        SELECT * FROM {PREVIOUS}.article_history SEMI JOIN (
            {_TOUCHED} UNION SELECT old_article_id FROM moved_articles
        ) USING (article_id)
        """
    )
