"""Finds what a merge changed: rows of `article_changes` and `article_history`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from etl_project.database.live_sql import LAST_AS_OF, is_live
from etl_project.database.sql import first_number

if TYPE_CHECKING:
    import duckdb

_CHANGING = "FROM changing_articles"

_SNAPSHOT = """
WITH touched(article_id) AS ({touched})
SELECT a.article_id, a.source_id, a.path, f.file_hash, a.title, a.status, a.published_on, a.published_at, a.expires_at,
    {is_live} AS is_live, coalesce(c.categories, []) AS categories
FROM {database}.articles AS a
JOIN {database}.post_files AS f ON f.source_id = a.source_id AND f.path = a.path
SEMI JOIN touched ON touched.article_id = a.article_id
LEFT JOIN (
    SELECT article_id, list(category_id ORDER BY position) AS categories
    FROM {database}.article_categories SEMI JOIN touched USING (article_id) GROUP BY article_id
) AS c ON c.article_id = a.article_id
WHERE a.missing_since IS NULL
"""

# A deleted path and a new one with the same bytes in one refresh are a move, paired in path order; a copy whose
# original is still there is an addition. A path that stays but has another id got another identity by the settings.
# winners: files read now that are articles. existing: articles before. found: articles that were not there before.
# stayed: the same path under another id. lost, appeared: what is left, numbered within equal bytes.
_MOVES = """
INSERT INTO moved_articles
WITH winners AS (
    SELECT source_id, path, article_id, file_hash FROM staged_files WHERE status = 'loaded' AND NOT is_shadowed
), existing AS (
    SELECT source_id, path, article_id FROM {database}.articles WHERE missing_since IS NULL
), found AS (
    FROM winners ANTI JOIN existing USING (article_id)
), stayed AS (
    SELECT found.article_id, existing.article_id AS old_article_id
    FROM existing JOIN found USING (source_id, path) ANTI JOIN winners ON winners.article_id = existing.article_id
), lost AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, file_hash ORDER BY path) AS n
    FROM existing JOIN (SELECT source_id, path, file_hash FROM {database}.post_files) AS f USING (source_id, path)
    SEMI JOIN deleted_files USING (source_id, path) ANTI JOIN winners USING (article_id)
), appeared AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, file_hash ORDER BY path) AS n
    FROM found ANTI JOIN stayed USING (article_id)
)
FROM stayed
UNION ALL
SELECT appeared.article_id, lost.article_id FROM lost JOIN appeared USING (source_id, file_hash, n)
"""

# before and after are joined over moves. Where both are there and no file, status, date or category changed, only time
# made the article live or let it expire. An id that the history knows, and that was not there before, is restored.
_CHANGES = """
INSERT INTO changed_articles BY NAME
SELECT
    coalesce(after.source_id, before.source_id) AS source_id,
    coalesce(after.article_id, before.article_id) AS article_id,
    moves.old_article_id,
    CASE
        WHEN before.article_id IS NULL THEN if(seen.article_id IS NULL, 'added', 'restored')
        WHEN after.article_id IS NULL THEN if(rejected.path IS NULL, 'deleted', 'rejected')
        WHEN before.path <> after.path OR moves.old_article_id IS NOT NULL THEN 'moved'
        WHEN (before.file_hash, before.status, before.published_on, before.published_at, before.expires_at,
                before.categories)
            IS DISTINCT FROM (after.file_hash, after.status, after.published_on, after.published_at, after.expires_at,
                after.categories) THEN 'changed'
        ELSE if(after.is_live, 'came_out', 'expired')
    END AS change,
    if(after.article_id IS NULL, before.title, after.title) AS title,
    before.path AS old_path, after.path AS new_path, before.file_hash AS old_hash, after.file_hash AS new_hash,
    before.status AS old_status, after.status AS new_status,
    coalesce(before.is_live, false) AS was_live, coalesce(after.is_live, false) AS is_live,
    before.published_on AS old_published_on, after.published_on AS new_published_on,
    before.categories AS old_categories, after.categories AS new_categories
FROM articles_before AS before
LEFT JOIN moved_articles AS moves ON moves.old_article_id = before.article_id
FULL JOIN articles_after AS after ON after.article_id = coalesce(moves.article_id, before.article_id)
LEFT JOIN article_history AS seen ON seen.article_id = after.article_id
LEFT JOIN (SELECT source_id, path FROM post_files WHERE status = 'rejected') AS rejected
    ON rejected.source_id = before.source_id AND rejected.path = before.path
WHERE before.article_id IS NULL OR after.article_id IS NULL OR moves.old_article_id IS NOT NULL
    OR (before.path, before.file_hash, before.status, before.published_on, before.categories, before.is_live)
    IS DISTINCT FROM (after.path, after.file_hash, after.status, after.published_on, after.categories, after.is_live)
"""

# Time alone changes no article. A moved one leaves its old id behind, and keeps its own date also where another post
# had its new path.
_HISTORY = """
INSERT INTO next_history BY NAME
SELECT c.article_id,
    coalesce(earlier.first_seen_at, own.first_seen_at, $as_of) AS first_seen_at,
    $as_of AS last_changed_at,
    if(c.change IN ('deleted', 'rejected'), $as_of, NULL) AS missing_since,
    coalesce(c.old_article_id, own.previous_article_id) AS previous_article_id
FROM changed_articles AS c
LEFT JOIN article_history AS own ON own.article_id = c.article_id
LEFT JOIN article_history AS earlier ON earlier.article_id = c.old_article_id
WHERE c.change NOT IN ('came_out', 'expired')
UNION ALL
SELECT old.article_id, old.first_seen_at, $as_of AS last_changed_at, $as_of AS missing_since, old.previous_article_id
FROM article_history AS old JOIN changed_articles AS c ON c.old_article_id = old.article_id
"""


# Where no article is new, as in most refreshes, none has moved.
_NEW_ARTICLES = """
SELECT count(*) FROM staged_files
ANTI JOIN (SELECT article_id FROM {database}.articles WHERE missing_since IS NULL) USING (article_id)
WHERE status = 'loaded' AND NOT is_shadowed
"""


def pair_moves(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Find the articles that are there under another id, in the temporary table `moved_articles`.

    Args:
        con: a connection with the temporary tables `staged_files` and `deleted_files`.
        database: name of the attached database that holds what came before, as yet unchanged.
    """
    if first_number(con, _NEW_ARTICLES.format(database=database)):
        con.execute(_MOVES.format(database=database))


def keep_articles_before(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Fill `articles_before` with what the log tells of the touched articles, before their rows are replaced.

    Args:
        con: a connection with `changing_articles`.
        database: name of the attached database that holds what came before.
    """
    con.execute(f"INSERT INTO articles_before {select_articles_before(database, _CHANGING)}")


def select_articles_before(database: str, touched: str) -> str:
    """Write the query of what the log tells of some articles, before their rows are replaced.

    Args:
        database: name of the attached database that holds what came before; the one in use holds the refreshes.
        touched: query of the ids of the articles.
    """
    return _SNAPSHOT.format(database=database, is_live=is_live(LAST_AS_OF), touched=touched)


def log_changes(con: duckdb.DuckDBPyConnection, refresh_id: int, as_of: dt.datetime) -> None:
    """Append what this refresh changed to the log, and bring the history up to date.

    The connection has the temporary tables that `pair_moves` and `keep_articles_before` read and fill; the tables of
    the work file already hold the new rows.
    """
    after = _SNAPSHOT.format(database="work", is_live=is_live("$as_of"), touched=_CHANGING)
    con.execute(f"INSERT INTO articles_after {after}", {"as_of": as_of})
    con.execute(_CHANGES)
    con.execute(_HISTORY, {"as_of": as_of})
    con.execute("DELETE FROM article_history WHERE article_id IN (SELECT article_id FROM next_history)")
    con.execute("INSERT INTO article_history BY NAME SELECT * FROM next_history")
    con.execute(
        "INSERT INTO article_changes BY NAME SELECT $refresh_id AS refresh_id, * FROM changed_articles",
        {"refresh_id": refresh_id},
    )
