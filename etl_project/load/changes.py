"""The articles before and after a merge in, rows of `article_changes` and `article_history` out."""

from __future__ import annotations

import datetime as dt

import duckdb

_STATE = """
SELECT a.article_id, a.source_id, a.path, f.file_hash, a.title, a.status, a.published_on,
    coalesce(c.categories, []) AS categories
FROM {database}.articles AS a
JOIN {files} AS f ON f.source_id = a.source_id AND f.path = a.path
SEMI JOIN (FROM affected UNION FROM kept) AS touched ON touched.article_id = a.article_id
LEFT JOIN (
    SELECT article_id, list(category_id ORDER BY position) AS categories
    FROM {database}.article_categories GROUP BY article_id
) AS c ON c.article_id = a.article_id
"""

_CHANGES = """
CREATE OR REPLACE TEMP TABLE changes AS
SELECT
    coalesce(after.source_id, before.source_id) AS source_id,
    coalesce(after.article_id, before.article_id) AS article_id,
    NULL::VARCHAR AS old_article_id,
    CASE
        WHEN before.article_id IS NULL THEN if(seen.article_id IS NULL, 'added', 'restored')
        WHEN after.article_id IS NULL THEN if(rejected.article_id IS NULL, 'deleted', 'rejected')
        WHEN before.path <> after.path THEN 'moved'
        ELSE 'changed'
    END AS change,
    if(after.article_id IS NULL, before.title, after.title) AS title,
    before.path AS old_path, after.path AS new_path, before.file_hash AS old_hash, after.file_hash AS new_hash,
    before.status AS old_status, after.status AS new_status,
    before.published_on AS old_published_on, after.published_on AS new_published_on,
    before.categories AS old_categories, after.categories AS new_categories
FROM before
FULL JOIN after ON after.article_id = before.article_id
LEFT JOIN article_history AS seen ON seen.article_id = after.article_id
LEFT JOIN (SELECT DISTINCT article_id FROM post_files WHERE status = 'rejected') AS rejected
    ON rejected.article_id = before.article_id
WHERE before.article_id IS NULL OR after.article_id IS NULL
    OR (before.path, before.file_hash, before.status, before.published_on, before.categories)
        IS DISTINCT FROM (after.path, after.file_hash, after.status, after.published_on, after.categories)
"""

# A path gone and a new one with the same bytes in one refresh are a move, paired in path order; a copy whose original
# stands is an addition.
_MOVES = """
CREATE OR REPLACE TEMP TABLE moves AS
WITH lost AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, old_hash ORDER BY old_path) AS n
    FROM changes WHERE change = 'deleted'
), found AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, new_hash ORDER BY new_path) AS n
    FROM changes WHERE change = 'added'
)
SELECT found.article_id, lost.article_id AS old_article_id, lost.old_path, lost.old_hash, lost.old_status,
    lost.old_published_on, lost.old_categories
FROM lost JOIN found ON found.source_id = lost.source_id AND found.new_hash = lost.old_hash AND found.n = lost.n;
UPDATE changes SET change = 'moved', old_article_id = moves.old_article_id, old_path = moves.old_path,
    old_hash = moves.old_hash, old_status = moves.old_status, old_published_on = moves.old_published_on,
    old_categories = moves.old_categories
FROM moves WHERE moves.article_id = changes.article_id;
"""

_HISTORY = """
CREATE OR REPLACE TEMP TABLE seen AS
SELECT c.article_id,
    coalesce(own.first_seen_at, earlier.first_seen_at, $as_of) AS first_seen_at,
    $as_of AS last_changed_at,
    if(c.change IN ('deleted', 'rejected'), $as_of, NULL) AS missing_since,
    coalesce(c.old_article_id, own.previous_article_id) AS previous_article_id
FROM changes AS c
LEFT JOIN article_history AS own ON own.article_id = c.article_id
LEFT JOIN article_history AS earlier ON earlier.article_id = c.old_article_id
"""


def note_before(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Write down what the affected articles are, before their rows are replaced, in the temporary table `before`.

    Args:
        con: a connection with the temporary tables `affected` and `kept` (article_id).
        database: name of the attached database that holds what came before.
    """
    state = _STATE.format(database=database, files=f"{database}.internal.inventory")
    con.execute(f"CREATE OR REPLACE TEMP TABLE before AS {state}")


def log_changes(con: duckdb.DuckDBPyConnection, refresh_id: int, as_of: dt.datetime) -> None:
    """Append what this refresh changed to the log, and bring the history up to date.

    The connection has the temporary tables `before` (see `note_before`), `affected` and `kept`; the tables of the work
    file already hold the new rows.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE after AS {_STATE.format(database='work', files='work.post_files')}")
    con.execute(_CHANGES)
    con.execute(_MOVES)
    con.execute(_HISTORY, {"as_of": as_of})
    con.execute("DELETE FROM article_history WHERE article_id IN (SELECT article_id FROM seen)")
    con.execute("INSERT INTO article_history BY NAME SELECT * FROM seen")
    con.execute(
        """
        INSERT INTO article_changes BY NAME
        SELECT $refresh_id AS refresh_id, * FROM changes
        WHERE article_id NOT IN (SELECT old_article_id FROM moves)
        """,
        {"refresh_id": refresh_id},
    )
