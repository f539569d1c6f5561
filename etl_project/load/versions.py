"""Keeps the versions of articles that a merge replaces: rows of `article_versions`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


# An article that is retained without its file has no hash.
_VERSIONS = """
SELECT a.article_id, a.source_id, a.path, a.status, a.title, a.published_at, a.published_on,
    coalesce(c.ids, []) AS categories, coalesce(t.ids, []) AS tags, coalesce(w.ids, []) AS authors,
    f.file_hash, b.text
FROM {database}.articles AS a
SEMI JOIN (FROM articles_to_replace UNION FROM retained_articles) AS touched ON touched.article_id = a.article_id
JOIN {database}.article_bodies AS b ON b.article_id = a.article_id
LEFT JOIN {database}.post_files AS f ON f.source_id = a.source_id AND f.path = a.path AND a.missing_since IS NULL
LEFT JOIN ({categories}) AS c ON c.article_id = a.article_id
LEFT JOIN ({tags}) AS t ON t.article_id = a.article_id
LEFT JOIN ({authors}) AS w ON w.article_id = a.article_id
"""

_IDS = """
SELECT article_id, list({key} ORDER BY position) AS ids FROM {database}.article_{table}
SEMI JOIN (FROM articles_to_replace UNION FROM retained_articles) AS touched USING (article_id) GROUP BY article_id
"""

# The whole version is compared and not only its file: settings and code decide too how a post is read.
_OUTDATED = """
INSERT INTO outdated_versions
SELECT article_id FROM (
    SELECT * REPLACE (md5(text) AS text) FROM ({before}) EXCEPT SELECT * REPLACE (md5(text) AS text) FROM ({present})
)
"""


def keep_versions_before(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `versions_before` with the articles to replace as they are, text included.

    Args:
        con: the work file in use, with `articles_to_replace` and `retained_articles`.
    """
    con.execute(f"INSERT INTO versions_before {_select_versions('work')}")


def keep_replaced_versions(con: duckdb.DuckDBPyConnection, as_of: dt.datetime, database: str) -> None:
    """Append the versions that this refresh replaced or no longer found; the present ones begin now.

    Args:
        con: the work file in use, already with the new rows, `article_history` apart.
        as_of: instant of the refresh.
        database: name of the attached database that holds what came before. `work` itself was replaced: what it held
            is in `versions_before` (see `keep_versions_before`). Another one stays as it is.
    """
    before = "FROM versions_before" if database == "work" else _select_versions(database)
    con.execute(_OUTDATED.format(before=before, present=_select_versions("work")))
    con.execute(
        f"""
        INSERT INTO article_versions BY NAME
        SELECT before.*, h.last_changed_at AS first_seen_at, $as_of AS replaced_at
        FROM ({before}) AS before SEMI JOIN outdated_versions USING (article_id)
            JOIN article_history AS h USING (article_id)
        """,
        {"as_of": as_of},
    )
    con.execute(
        "UPDATE article_history SET last_changed_at = ? WHERE article_id IN (SELECT article_id FROM outdated_versions)",
        [as_of],
    )


def _select_versions(database: str) -> str:
    ids = {
        table: _IDS.format(table=table, key=key, database=database)
        for table, key in (("categories", "category_id"), ("tags", "tag_id"), ("authors", "author_id"))
    }
    return _VERSIONS.format(database=database, **ids)
