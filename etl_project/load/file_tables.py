"""Replaces the rows of files that were read or deleted: `post_files`, `rejected_files` and the inventory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from etl_project.database.sql import count_rows, parquet_rows
from etl_project.sources.signature import SIGNATURE_COLUMNS

if TYPE_CHECKING:
    import duckdb

_STAGED_SIGNATURE = ", ".join(f"s.{name}" for name in SIGNATURE_COLUMNS)


def replace_files(con: duckdb.DuckDBPyConnection, rejected: Sequence[str]) -> None:
    """Replace the rows of `post_files` and `rejected_files`.

    Args:
        con: the work file in use, with the temporary tables `staged_files` and `deleted_files`.
        rejected: Parquet files of staged rows of `rejected_files`.
    """
    for table in ("post_files", "rejected_files"):
        con.execute(
            f"""
            DELETE FROM {table} WHERE (source_id, path) IN (
                SELECT (source_id, path) FROM staged_files WHERE status NOT IN ('same', 'deferred')
                UNION ALL SELECT (source_id, path) FROM deleted_files
            )
            """
        )
    con.execute(
        """
        UPDATE post_files SET is_deferred = staged_files.status = 'deferred'
        FROM staged_files WHERE staged_files.source_id = post_files.source_id AND staged_files.path = post_files.path
            AND (staged_files.status = 'deferred' OR post_files.is_deferred)
        """
    )
    con.execute(
        """
        INSERT INTO post_files BY NAME
        SELECT source_id, path, status, article_id, is_shadowed, false AS is_deferred, size, file_hash, encoding,
            front_matter_format, warnings, reason
        FROM staged_files WHERE status IN ('loaded', 'rejected')
        """
    )
    if rejected:
        con.execute(
            f"""
            INSERT INTO rejected_files BY NAME
            SELECT r.* FROM {parquet_rows(rejected)} AS r
            SEMI JOIN (SELECT * FROM staged_files WHERE status = 'rejected') AS s USING (source_id, path)
            QUALIFY row_number() OVER (PARTITION BY r.source_id, r.path) = 1
            """
        )


def replace_inventory(con: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> None:
    """Replace the rows of the inventory.

    Args:
        con: the work file in use, with the temporary tables `staged_files`, `deleted_files`, `listed_files` and
            `confirmed_young`.
        as_of: instant of the refresh.
    """
    con.execute(
        f"""
        INSERT INTO inventory_before BY NAME
            SELECT * FROM internal.inventory SEMI JOIN staged_files USING (source_id, path);
        DELETE FROM internal.inventory WHERE (source_id, path) IN (
            SELECT (source_id, path) FROM staged_files UNION ALL SELECT (source_id, path) FROM deleted_files
        );
        INSERT INTO internal.inventory BY NAME
        SELECT s.source_id, s.path, s.article_id, if(s.status = 'same', k.status, s.status) AS status, s.is_shadowed,
            {_STAGED_SIGNATURE}, s.file_hash, s.is_young, 0 AS deferrals, l.rank, l.committed_us
        FROM staged_files AS s JOIN listed_files AS l USING (source_id, path)
            LEFT JOIN inventory_before AS k USING (source_id, path)
        WHERE s.status NOT IN ('gone', 'deferred');
        UPDATE internal.inventory SET is_young = false
        WHERE is_young AND (source_id, path) IN (SELECT (source_id, path) FROM confirmed_young);
        """
    )
    # The signature of a deferred file stays the old one, so that the next plan finds the file changed.
    if count_rows(con, "staged_files WHERE status = 'deferred'"):
        con.execute(
            """
            INSERT INTO internal.inventory BY NAME
            SELECT * REPLACE (deferrals + 1 AS deferrals, coalesce(deferred_since, ?) AS deferred_since)
            FROM inventory_before
            SEMI JOIN (SELECT * FROM staged_files WHERE status = 'deferred') USING (source_id, path)
            """,
            [as_of],
        )


def replace_files_not_read(con: duckdb.DuckDBPyConnection, not_read: Mapping[str, Mapping[str, int]]) -> None:
    """Replace the counts of files whose endings posts may have, but that the dialect does not read.

    Args:
        con: the work file in use.
        not_read: source that was walked -> ending -> files. Other sources keep what they have, while they are there.
    """
    con.execute(
        "DELETE FROM internal.files_not_read WHERE list_contains($walked, source_id) "
        "OR source_id NOT IN (SELECT source_id FROM internal.source_states)",
        {"walked": list(not_read)},
    )
    for name, endings in not_read.items():
        for ending, files in endings.items():
            con.execute("INSERT INTO internal.files_not_read VALUES (?, ?, ?)", [name, ending, files])
