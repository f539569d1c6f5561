"""What a plan would do with the files of each source, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Files of one source."""

    listed: int = 0
    new: int = 0
    changed: int = 0
    """Their signature or hash changed."""
    moved: int = 0
    """Likely moved: a new path with the inode, size and time, or the blob, of a deleted one. Only the hash of the bytes
    can tell for sure, and nothing was read yet."""
    deleted: int = 0
    read_again: int = 0
    """Unchanged, but read again: their settings or code changed, another file of their identity did, or it was asked
    for."""


_COUNTS = """
WITH lost AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
    FROM deleted_files
), new AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
    FROM listed_files WHERE known_status IS NULL
), moved AS (
    SELECT source_id, count(*) AS moved
    FROM lost JOIN new USING (source_id, inode, size, mtime_ns, n)
    WHERE lost.blob_id IS NOT DISTINCT FROM new.blob_id
    GROUP BY 1
), listed AS (
    SELECT source_id, count(*) AS listed FROM listing GROUP BY 1
), differing AS (
    SELECT source_id,
        count(*) FILTER (WHERE known_status IS NULL) AS new,
        count(*) FILTER (WHERE known_status IS NOT NULL AND is_changed) AS changed,
        count(*) FILTER (WHERE known_status IS NOT NULL AND NOT is_changed
            AND (is_reparse OR is_winner = was_shadowed AND known_status = 'loaded')) AS read_again
    FROM listed_files GROUP BY 1
), deleted AS (
    SELECT source_id, count(*) AS deleted FROM deleted_files GROUP BY 1
)
SELECT source_id, coalesce(listed, 0), coalesce(new, 0) - coalesce(moved, 0), coalesce(changed, 0),
    coalesce(moved, 0), coalesce(deleted, 0) - coalesce(moved, 0), coalesce(read_again, 0)
FROM listed FULL JOIN deleted USING (source_id) LEFT JOIN differing USING (source_id)
    LEFT JOIN moved USING (source_id)
ORDER BY 1
"""


def count_files(con: duckdb.DuckDBPyConnection, *, knows_signatures: bool = True) -> dict[str, FileCounts]:
    """Count what is to be done with files.

    Args:
        con: the connection of a plan, before its files are read.
        knows_signatures: the inventory has signatures; without them, every file that it knows is only read again.

    Returns:
        Source -> its files.
    """
    counts = {source: FileCounts(*numbers) for source, *numbers in con.execute(_COUNTS).fetchall()}
    if knows_signatures:
        return counts
    return {
        source: replace(files, changed=0, read_again=files.changed + files.read_again)
        for source, files in counts.items()
    }
