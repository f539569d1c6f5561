"""Brings `link_targets` up to date: which articles internal links lead to.

What an article is called and what links call their targets is in `internal.link_keys`, a function of each post alone.
So a link has to be looked up again only when its own article changed, when its target did, or when an article that
changed is called what it calls its target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.contract import LINK_KEYS
from etl_project.database.sql import count_rows
from etl_project.related.stories import stories_version

if TYPE_CHECKING:
    import duckdb

_NAME = "links"
"""Name in `internal.relations`."""

_SOURCE = "split_part(article_id, ':', 1)"


def _find(tried: str, only: str = "true") -> str:
    """Write the query of the targets of links.

    Of several articles of one name the one of the shortest id counts, as in Obsidian.

    Args:
        tried: rows of `internal.link_keys`: what the links call their targets.
        only: condition of the names of articles to look among.
    """
    return f"""
    SELECT article_id, position, arg_min(target, rank) AS target_article_id,
        CASE arg_min(way, rank) WHEN 'end' THEN if(contains(arg_min(key, rank), '/'), 'path_end', 'file_name')
            ELSE arg_min(way, rank) END AS matched_by
    FROM (SELECT article_id, position, rank, way, key, {_SOURCE} AS source FROM {tried}) JOIN (
        SELECT way, key, {_SOURCE} AS source, arg_min(article_id, (length(article_id), article_id)) AS target
        FROM {LINK_KEYS} WHERE position = 0 AND {only} GROUP BY ALL
    ) USING (way, key, source)
    GROUP BY article_id, position
    """


_TOUCHED = f"""
WITH changed AS (FROM internal.articles_to_relate), touched AS (
    SELECT article_id, position FROM {LINK_KEYS} WHERE position > 0 AND (
        article_id IN (FROM changed)
        OR key IN (SELECT key FROM {LINK_KEYS} SEMI JOIN changed USING (article_id) WHERE position = 0)
    )
    UNION SELECT article_id, position FROM link_targets
    WHERE article_id IN (FROM changed) OR target_article_id IN (FROM changed)
)
SELECT article_id, position, target_article_id, matched_by
FROM touched LEFT JOIN link_targets USING (article_id, position)
"""
"""Query of the links that may lead elsewhere now, and where they lead."""


def relate_links(con: duckdb.DuckDBPyConnection) -> bool:
    """Bring `link_targets` up to date with the articles.

    The rows are a function of `internal.link_keys`, whatever came before. Only rows that differ are written. To be
    called before stories are related, which forgets what has changed.

    Args:
        con: the work file, in use, in a transaction.

    Returns:
        Whether a row changed.
    """
    row = con.execute(
        f"""
        SELECT (SELECT count(*) FROM internal.relations WHERE name = '{_NAME}' AND version = ?),
            EXISTS (FROM internal.articles_to_relate)
            AND (EXISTS (FROM {LINK_KEYS} WHERE position > 0) OR EXISTS (FROM link_targets))
        """,
        [stories_version()],
    ).fetchone()
    assert row is not None, "a query of no table has one row"
    is_there, may_differ = row
    if not is_there:
        clear_links(con)
        con.execute(f"INSERT INTO link_targets {_find(f'{LINK_KEYS} WHERE position > 0')}")
        con.execute("INSERT INTO internal.relations VALUES (?, ?)", [_NAME, stories_version()])
        return True
    return may_differ and _replace_touched(con)


def _replace_touched(con: duckdb.DuckDBPyConnection) -> bool:
    """Write the targets that differ of the links that may lead elsewhere. Returns whether there are any."""
    touched = con.execute(_TOUCHED).fetchall()
    if not touched:
        return False
    import polars as pl

    with registered(con, touched=pl.DataFrame([row[:2] for row in touched], ["article_id", "position"], orient="row")):
        tried = f"{LINK_KEYS} SEMI JOIN touched USING (article_id, position)"
        found = set(con.execute(_find(tried, f"key IN (SELECT key FROM {tried})")).fetchall())
    there = {row for row in touched if row[2] is not None}
    if gone := [row[:2] for row in there - found]:
        with registered(con, gone=pl.DataFrame(gone, ["article_id", "position"], orient="row")):
            con.execute(
                "DELETE FROM link_targets WHERE (article_id, position) IN (SELECT (article_id, position) FROM gone)"
            )
    if come := [*found - there]:
        columns = ["article_id", "position", "target_article_id", "matched_by"]
        with registered(con, come=pl.DataFrame(sorted(come), columns, orient="row")):
            con.execute("INSERT INTO link_targets BY NAME FROM come")
    return found != there


def clear_links(con: duckdb.DuckDBPyConnection) -> bool:
    """Empty `link_targets`. Returns whether there were any."""
    had_rows = count_rows(con, "link_targets") > 0
    if had_rows or count_rows(con, f"internal.relations WHERE name = '{_NAME}'"):
        con.execute("DELETE FROM link_targets")
        con.execute(f"DELETE FROM internal.relations WHERE name = '{_NAME}'")
    return had_rows
