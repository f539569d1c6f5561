"""Pairs the moves of a refresh over all parts of a lake, in the order of paths, as the merge of one file does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.arrow import registered

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb
    import polars as pl

Pairs = frozenset[tuple[str, str]]
"""Present id and old id of each article that moved."""

# Before anything is read: a file that only moved still has its inode, size and time; in git its blob, in a bucket its
# tag. What is not foreseen is paired by its hash once it is read, and the parts that it concerns do their work again.
_FORESEEN = """
WITH lost AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
    FROM deleted_files WHERE status = 'loaded' AND NOT is_shadowed
        AND article_id NOT IN (SELECT article_id FROM listed_files)
), appeared AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
    FROM listed_files WHERE known_status IS NULL AND is_winner
        AND article_id NOT IN (SELECT article_id FROM inventory WHERE status = 'loaded' AND NOT is_shadowed)
)
SELECT appeared.article_id, lost.article_id
FROM lost JOIN appeared USING (source_id, inode, size, mtime_ns, n)
WHERE lost.blob_id IS NOT DISTINCT FROM appeared.blob_id
UNION
SELECT l.article_id, i.article_id FROM listed_files AS l JOIN inventory AS i USING (source_id, path)
WHERE l.article_id <> i.article_id AND l.is_winner AND i.status = 'loaded' AND NOT i.is_shadowed
    AND i.article_id NOT IN (SELECT article_id FROM listed_files)
"""

# The same path under another id first; then a deleted path and a new one with the same bytes.
_PAIRED = """
WITH stayed AS (
    SELECT f.article_id, l.article_id AS old_article_id FROM lost AS l JOIN found AS f USING (source_id, path)
), gone AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, file_hash ORDER BY path) AS n FROM lost WHERE is_deleted
), appeared AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, file_hash ORDER BY path) AS n
    FROM found ANTI JOIN stayed USING (article_id)
)
FROM stayed
UNION
SELECT appeared.article_id, gone.article_id FROM gone JOIN appeared USING (source_id, file_hash, n)
"""


def foresee_pairs(con: duckdb.DuckDBPyConnection) -> Pairs:
    """Pair moves by the signatures of files, before any is read.

    Args:
        con: the connection of the plan.
    """
    return frozenset(con.execute(_FORESEEN).fetchall())


def pair(
    con: duckdb.DuckDBPyConnection, found: Iterable[pl.DataFrame | None], lost: Iterable[pl.DataFrame | None]
) -> Pairs:
    """Pair moves by what was read.

    Args:
        con: any connection.
        found: of each part, the articles that were not there before: source_id, path, article_id, file_hash.
        lost: of each part, the articles whose files went: the same and is_deleted.
    """
    import polars as pl

    gone, come = [[frame for frame in frames if frame is not None and len(frame)] for frames in (lost, found)]
    if not (gone and come):
        return frozenset()
    with registered(con, found=pl.concat(come), lost=pl.concat(gone)):
        return frozenset(con.execute(_PAIRED).fetchall())
