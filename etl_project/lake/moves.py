"""Moves of articles between the parts of a lake: paired by the driver, logged by the part of the new id.

The part of the old id gives the rows that the log tells of, and keeps the end of its history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.database.arrow import frame_of, registered
from etl_project.database.previous import PREVIOUS
from etl_project.lake.part_of import part_of

if TYPE_CHECKING:
    import datetime as dt

    import duckdb
    import polars as pl


@dataclass(frozen=True, slots=True)
class Moves:
    """Articles that are there under another id: those of one part, or of all."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    """Present id and old id."""
    before: pl.DataFrame | None = None
    """Rows of `articles_before` of the old ids; None where there are no moves."""
    history: pl.DataFrame | None = None
    """Rows of `article_history` of the same."""


_FOUND = f"""
SELECT source_id, path, article_id, file_hash FROM staged_files
ANTI JOIN (SELECT article_id FROM {PREVIOUS}.articles WHERE missing_since IS NULL) USING (article_id)
WHERE status = 'loaded' AND NOT is_shadowed
"""

# A file that stands for an article of another part now is listed all the same.
_LOST = f"""
SELECT source_id, path, article_id, f.file_hash, d.is_deleted FROM {PREVIOUS}.articles AS a
JOIN (SELECT source_id, path, file_hash FROM {PREVIOUS}.post_files) AS f USING (source_id, path)
JOIN (
    SELECT source_id, path, coalesce(g.is_deleted, true) AS is_deleted
    FROM deleted_files LEFT JOIN given AS g USING (source_id, path)
) AS d USING (source_id, path)
ANTI JOIN (
    SELECT article_id FROM staged_files WHERE status = 'loaded' AND NOT is_shadowed
) AS winners USING (article_id)
WHERE a.missing_since IS NULL
"""


def found_and_lost(con: duckdb.DuckDBPyConnection, given: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Find the articles of a part that were not there before, and those whose file went: both sides of moves.

    Args:
        con: the connection of a part, with its files staged.
        given: source_id, path and is_deleted of the files that the plan says the part loses.

    Returns:
        Frames of source_id, path, article_id and file_hash; the second with is_deleted, too.
    """
    with registered(con, given=given):
        return frame_of(con, _FOUND), frame_of(con, _LOST)


def take_moves(con: duckdb.DuckDBPyConnection, moves: Moves) -> None:
    """Fill `moved_articles` with the moves that the driver paired."""
    if moves.pairs:
        con.executemany("INSERT INTO moved_articles VALUES (?, ?)", sorted(moves.pairs))


def exchange_articles(con: duckdb.DuckDBPyConnection, moves: Moves, part: int, parts: int) -> None:
    """Put what the log tells of articles that come from other parts among the rows of this one, and take out who goes.

    Args:
        con: the connection of the part, with `articles_before` and the histories of its own articles.
        moves: the moves of the part.
        part: its number.
        parts: how many there are.
    """
    if moves.before is None or moves.history is None:
        return
    con.execute(f"DELETE FROM articles_before WHERE article_id IN ({_went(part, parts)})")
    with registered(con, before=moves.before, history=moves.history):
        con.execute(f"INSERT INTO articles_before BY NAME FROM before WHERE article_id IN ({_came(part, parts)})")
        con.execute(f"INSERT INTO article_history BY NAME FROM history WHERE article_id IN ({_came(part, parts)})")


def end_histories(con: duckdb.DuckDBPyConnection, as_of: dt.datetime, part: int, parts: int) -> None:
    """End the histories of articles that went to other parts, as the log ends those of articles that moved.

    Args:
        con: the connection of the part, with its changes logged.
        as_of: instant of the refresh.
        part: its number.
        parts: how many there are.
    """
    con.execute(f"DELETE FROM article_history WHERE article_id IN ({_came(part, parts)})")
    con.execute(
        "UPDATE article_history SET last_changed_at = $as_of, missing_since = $as_of "
        f"WHERE article_id IN ({_went(part, parts)})",
        {"as_of": as_of},
    )


def _came(part: int, parts: int) -> str:
    return f"SELECT old_article_id FROM moved_articles WHERE {part_of('old_article_id', parts)} <> {part}"


def _went(part: int, parts: int) -> str:
    return f"SELECT old_article_id FROM moved_articles WHERE {part_of('article_id', parts)} <> {part}"
