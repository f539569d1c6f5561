"""The articles a merge replaces in, rows of `article_versions` out: what was known before."""

from __future__ import annotations

import datetime as dt

import duckdb

_VERSIONS = """
CREATE OR REPLACE TEMP {kind} replaced AS
SELECT a.article_id, a.source_id, a.path, a.status, a.title, a.published_at, a.published_on,
    coalesce(c.ids, []) AS categories, coalesce(t.ids, []) AS tags, coalesce(w.ids, []) AS authors,
    before.file_hash, b.text, h.last_changed_at AS first_seen_at
FROM before
JOIN {database}.articles AS a ON a.article_id = before.article_id
JOIN {database}.article_bodies AS b ON b.article_id = before.article_id
JOIN {database}.article_history AS h ON h.article_id = before.article_id
LEFT JOIN ({categories}) AS c ON c.article_id = before.article_id
LEFT JOIN ({tags}) AS t ON t.article_id = before.article_id
LEFT JOIN ({authors}) AS w ON w.article_id = before.article_id
"""

_IDS = """
SELECT article_id, list({key} ORDER BY position) AS ids FROM {database}.article_{table}
SEMI JOIN before USING (article_id) GROUP BY article_id
"""


def note_versions(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Write down the affected articles as they are, text included, before their rows are replaced.

    Args:
        con: a connection with the temporary table `before` of `changes.note_before`.
        database: name of the attached database that holds what came before; another than `work` stays as it is, and
            is only looked into later.
    """
    ids = {
        table: _IDS.format(table=table, key=key, database=database)
        for table, key in (("categories", "category_id"), ("tags", "tag_id"), ("authors", "author_id"))
    }
    con.execute(_VERSIONS.format(kind="TABLE" if database == "work" else "VIEW", database=database, **ids))


def keep_versions(con: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> None:
    """Append the versions that this refresh replaced or no longer saw; the connection has `replaced` and `changes`."""
    con.execute(
        """
        INSERT INTO article_versions BY NAME
        SELECT replaced.*, $as_of AS replaced_at FROM replaced
        SEMI JOIN (
            SELECT article_id FROM changes WHERE old_hash IS NOT NULL OR change <> 'added'
            UNION SELECT old_article_id FROM changes
        ) AS c USING (article_id)
        """,
        {"as_of": as_of},
    )
