"""Reads the data files of one part, and writes what became of them: only files in which a row dies are replaced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl_project.database.contract import tables_by_article
from etl_project.database.sql import count_rows_of_each, parquet_rows
from etl_project.lake.data_files import LakeFile
from etl_project.lake.place import Place
from etl_project.lake.store import Lake
from etl_project.lake.tables import LakeTable, lake_tables

if TYPE_CHECKING:
    import duckdb

FILES_BY_PART = ("post_files", "rejected_files", "internal.inventory")
"""Tables of files, each in the part of the article that it stands for."""

OBSERVED_BY_PART = ("article_changes", "article_history", "article_versions")
"""Tables of what refreshes saw of articles, in the part of the article."""

_FILE = ("source_id", "path")


def derived_by_part() -> tuple[str, ...]:
    """Tables of a part that are functions of the posts, which a rebuild makes of nothing."""
    return (*tables_by_article(), *FILES_BY_PART)


def tables_by_part() -> tuple[str, ...]:
    """Tables that are divided into parts; all others are whole."""
    return (*derived_by_part(), *OBSERVED_BY_PART)


def select_files(
    place: Place, table: LakeTable, files: Sequence[LakeFile], there: Collection[str] | None = None
) -> str:
    """Write the query of the rows of some data files of a table.

    Args:
        place: where the lake is.
        table: the table.
        files: its files.
        there: the columns that they have; all by default. Others are NULL.
    """
    if not files:
        return table.nothing()
    return f"SELECT {table.restored(there)} FROM {parquet_rows(_addresses(place, table, files))}"


def columns_of_files(
    con: duckdb.DuckDBPyConnection, place: Place, table: LakeTable, files: Sequence[LakeFile]
) -> set[str]:
    """Read which columns data files have, all of which were written by one version of the program."""
    if not files:
        return set()
    described = con.execute(f"DESCRIBE FROM {parquet_rows(_addresses(place, table, files[:1]))}")
    return {name for name, *_ in described.fetchall()}


@dataclass(frozen=True, slots=True)
class Dying:
    """Rows of a table that are no longer what they were."""

    columns: tuple[str, ...] = ()
    """Columns that tell them."""
    query: str = ""
    """Query of these columns; nothing where rows are only added."""


_REPLACED_FILES = """
SELECT source_id, path FROM staged_files WHERE status NOT IN ('same', 'deferred')
UNION SELECT source_id, path FROM deleted_files
"""

_BY_ARTICLE = Dying(("article_id",), "FROM articles_to_replace UNION FROM retained_articles")

_DYING = {
    "post_files": Dying(_FILE, f"{_REPLACED_FILES} UNION SELECT source_id, path FROM post_files"),
    "rejected_files": Dying(_FILE, _REPLACED_FILES),
    "internal.inventory": Dying(
        _FILE,
        "SELECT source_id, path FROM staged_files UNION SELECT source_id, path FROM deleted_files "
        "UNION SELECT source_id, path FROM internal.inventory",
    ),
    "article_history": Dying(("article_id",), "SELECT article_id FROM article_history"),
    "article_changes": Dying(),
    "article_versions": Dying(),
}
"""Table of a part -> the rows that die, asked of the temporary tables of a merge and of the new rows. Of a table that
is not named, all rows of the articles that are replaced die."""


def dying_rows(name: str) -> Dying:
    """Which rows of a table of parts die in a merge: of a key either all or none."""
    return _DYING.get(name, _BY_ARTICLE)


@dataclass(frozen=True, slots=True)
class Written:
    """Data files that the task of a part wrote, and those that they replace."""

    adds: list[LakeFile] = field(default_factory=list)
    removes: list[LakeFile] = field(default_factory=list)


def write_files(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    part: int,
    before: Sequence[LakeFile],
    run_id: str,
    rebuilt: Collection[str] = (),
    carried: str | None = None,
) -> Written:
    """Write the new rows of each table into one file, with what is left of the files in which a row dies.

    Args:
        con: a connection that uses the database of the new rows, with the temporary tables of the merge.
        lake: the lake.
        part: the part.
        before: the data files that the part consists of.
        run_id: names the files.
        rebuilt: tables whose every file is replaced, by the new rows alone.
        carried: where all files of the other tables are replaced too: the attached database of the rows to carry over.
    """
    written, new = Written(), count_rows_of_each(con, tables_by_part())
    for name in tables_by_part():
        table, dying = lake_tables()[name], dying_rows(name)
        files = [file for file in before if file.table == name and file.part == part]
        kept = ""
        if name in rebuilt:
            replaced = files
        elif carried:
            replaced, kept = files, f"FROM {carried}.{name}"
        else:
            replaced = _files_with_dying_rows(con, lake.place, table, files, dying)
            kept = select_files(lake.place, table, replaced) if replaced else ""
        if kept and dying.query:
            kept = f"FROM ({kept}) ANTI JOIN ({dying.query}) USING ({', '.join(dying.columns)})"
        written.removes.extend(replaced)
        if not (new[name] or kept):
            continue
        rows = f"FROM {name} UNION ALL BY NAME {kept}" if kept else f"FROM {name}"
        con.complete()
        file = lake.write(name, part, con.sql(rows), run_id)
        written.adds.extend([file] if file else [])
    return written


def _files_with_dying_rows(
    con: duckdb.DuckDBPyConnection, place: Place, table: LakeTable, files: Sequence[LakeFile], dying: Dying
) -> list[LakeFile]:
    if not (files and dying.query):
        return []
    rows = parquet_rows(_addresses(place, table, files), ", filename = true")
    found = con.execute(
        f"SELECT DISTINCT filename FROM {rows} SEMI JOIN ({dying.query}) USING ({', '.join(dying.columns)})"
    )
    names = {name for (name,) in found.fetchall()}
    return [file for file, address in zip(files, _addresses(place, table, files), strict=True) if address in names]


def _addresses(place: Place, table: LakeTable, files: Sequence[LakeFile]) -> list[str]:
    return [place.address(f"{table.folder}/{file.path}") for file in files]
