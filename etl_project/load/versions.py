"""The articles a merge replaces in, rows of `article_versions` out: what was known before."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


# An article that is kept without its file has no hash.
_VERSIONS = """
SELECT a.article_id, a.source_id, a.path, a.status, a.title, a.published_at, a.published_on,
    coalesce(c.ids, []) AS categories, coalesce(t.ids, []) AS tags, coalesce(w.ids, []) AS authors,
    f.file_hash, b.text
FROM {database}.articles AS a
SEMI JOIN (FROM affected UNION FROM kept) AS touched ON touched.article_id = a.article_id
JOIN {database}.article_bodies AS b ON b.article_id = a.article_id
LEFT JOIN {database}.post_files AS f ON f.source_id = a.source_id AND f.path = a.path AND a.missing_since IS NULL
LEFT JOIN ({categories}) AS c ON c.article_id = a.article_id
LEFT JOIN ({tags}) AS t ON t.article_id = a.article_id
LEFT JOIN ({authors}) AS w ON w.article_id = a.article_id
"""

_IDS = """
SELECT article_id, list({key} ORDER BY position) AS ids FROM {database}.article_{table}
SEMI JOIN (FROM affected UNION FROM kept) AS touched USING (article_id) GROUP BY article_id
"""

# All of a version is compared and not only its file: settings and code decide too how a post is read.
_OUTDATED = """
CREATE OR REPLACE TEMP TABLE outdated AS
SELECT article_id FROM (
    SELECT * REPLACE (md5(text) AS text) FROM replaced EXCEPT SELECT * REPLACE (md5(text) AS text) FROM ({present})
)
"""


def note_versions(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Write down the affected articles as they are, text included, before their rows are replaced.

    Args:
        con: a connection with the temporary tables `affected` and `kept` (article_id).
        database: name of the attached database that holds what came before; another than `work` stays as it is, and
            is only looked into later.
    """
    kind = "TABLE" if database == "work" else "VIEW"
    con.execute(f"CREATE OR REPLACE TEMP {kind} replaced AS {_versions(database)}")


def keep_versions(con: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> None:
    """Append the versions that this refresh replaced or no longer saw; the present ones begin now.

    The connection has the temporary table `replaced` (see `note_versions`); the tables of the work file already hold
    the new rows, but `article_history` does not yet.
    """
    con.execute(_OUTDATED.format(present=_versions("work")))
    con.execute(
        """
        INSERT INTO article_versions BY NAME
        SELECT replaced.*, h.last_changed_at AS first_seen_at, $as_of AS replaced_at
        FROM replaced SEMI JOIN outdated USING (article_id) JOIN article_history AS h USING (article_id)
        """,
        {"as_of": as_of},
    )
    con.execute(
        "UPDATE article_history SET last_changed_at = ? WHERE article_id IN (SELECT article_id FROM outdated)", [as_of]
    )


def _versions(database: str) -> str:
    ids = {
        table: _IDS.format(table=table, key=key, database=database)
        for table, key in (("categories", "category_id"), ("tags", "tag_id"), ("authors", "author_id"))
    }
    return _VERSIONS.format(database=database, **ids)
