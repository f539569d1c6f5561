"""Brings `story_pairs` and `stories` up to date: who tells the same, and which of them was first."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.contract import SKETCHES, STORIES
from etl_project.database.live_sql import LAST_AS_OF, is_live
from etl_project.database.sql import count_rows, first_number
from etl_project.related.pairs import find_pairs, similarity_sql

if TYPE_CHECKING:
    import duckdb

_TEMPORARY = Path(__file__).with_name("temporary.sql")

_WAITING = ("internal.articles_to_relate", "internal.sketches_before")


@functools.cache
def stories_version() -> str:
    """Fingerprint of the code that relates articles: relations of another version are made anew."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(Path(__file__).parent.iterdir()):
        if file.suffix in (".py", ".sql"):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def relate_stories(con: duckdb.DuckDBPyConnection) -> bool:
    """Bring `story_pairs` and `stories` up to date with the articles and their sketches.

    The rows are a function of `articles`, `internal.article_sketches` and the `as_of` of the last refresh, whatever
    came before. Only rows that differ are written.

    Args:
        con: the work file, in use, in a transaction.

    Returns:
        Whether a row changed.
    """
    is_anew = (
        first_number(
            con,
            "SELECT count(*) FROM internal.relations WHERE name = 'stories' AND version = $version",
            {"version": stories_version()},
        )
        != 1
    )
    if not is_anew and not count_rows(con, "internal.articles_to_relate"):
        return False
    con.execute(_TEMPORARY.read_text("utf-8"))
    if is_anew:
        clear_stories(con)
        con.execute("INSERT INTO articles_to_compare SELECT article_id FROM articles")
    else:
        con.execute("INSERT INTO articles_to_compare SELECT DISTINCT article_id FROM internal.articles_to_relate")
    find_pairs(con, is_anew=is_anew)
    is_changed = _replace_pairs(con)
    is_changed |= _replace_stories(con, are_connected=_connect(con))
    con.execute("".join(f"DELETE FROM {table};" for table in _WAITING))
    if is_anew:
        con.execute("INSERT INTO internal.relations VALUES ('stories', ?)", [stories_version()])
    return is_changed


def clear_stories(con: duckdb.DuckDBPyConnection) -> bool:
    """Empty every table of stories but the sketches. Returns whether there was a row."""
    had_rows = any(count_rows(con, table) for table in STORIES)
    for table in (*STORIES, *_WAITING):
        con.execute(f"DELETE FROM {table}")
    con.execute("DELETE FROM internal.relations WHERE name = 'stories'")
    return had_rows


def _replace_pairs(con: duckdb.DuckDBPyConnection) -> bool:
    """Write the pairs that differ, and collect in `articles_to_tell` whose story may be another one.

    Returns:
        Whether a pair came or went.
    """
    related_anew = "(SELECT article_id FROM touched_members UNION FROM articles_to_compare)"
    there = first_number(
        con,
        f"""
        INSERT INTO pairs_there
        SELECT * FROM story_pairs WHERE article_id IN {related_anew} OR other_article_id IN {related_anew}
        """,
    )
    con.execute("INSERT INTO articles_to_tell FROM articles_to_compare")
    if not (there or count_rows(con, "pairs_found")):  # as of most articles
        return False
    gone, come = "(FROM pairs_there EXCEPT FROM pairs_found)", "(FROM pairs_found EXCEPT FROM pairs_there)"
    con.execute(
        f"""
        INSERT INTO articles_to_tell
        SELECT unnest([article_id, other_article_id]) FROM ({come} UNION ALL {gone}) EXCEPT FROM articles_to_tell
        """
    )
    columns = "article_id, other_article_id, similarity"
    deleted = first_number(con, f"DELETE FROM story_pairs WHERE ({columns}) IN (SELECT ({columns}) FROM {gone})")
    return first_number(con, f"INSERT INTO story_pairs {come}") + deleted > 0


def _connect(con: duckdb.DuckDBPyConnection) -> bool:
    """Complete `articles_to_tell` with all who tell the same stories, and find who is connected by pairs.

    Returns:
        Whether anybody is.
    """
    con.execute(
        """
        INSERT INTO articles_to_tell
        SELECT article_id FROM stories
        WHERE story_id IN (SELECT story_id FROM stories SEMI JOIN articles_to_tell USING (article_id))
        EXCEPT FROM articles_to_tell
        """
    )
    pairs = con.execute(
        """
        SELECT article_id, other_article_id FROM story_pairs SEMI JOIN articles_to_tell USING (article_id)
        """
    ).fetchall()
    if roots := find_roots(pairs):
        import polars as pl

        with registered(con, roots=pl.DataFrame([*roots.items()], ["article_id", "root"], orient="row")):
            con.execute("INSERT INTO connected FROM roots")
    return bool(roots)


def find_roots(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Find what is connected by pairs: each member of a pair -> the least of all that it is connected with."""
    parents: dict[str, str] = {}

    def find(member: str) -> str:
        while (parent := parents.setdefault(member, member)) != member:
            parents[member] = parents[parent]
            member = parents[member]
        return member

    for pair in pairs:
        low, high = sorted(map(find, pair))
        parents[high] = low
    return {member: find(member) for member in [*parents]}


def _replace_stories(con: duckdb.DuckDBPyConnection, *, are_connected: bool) -> bool:
    """Write the rows of `stories` that differ. Returns whether there are any.

    Args:
        con: the work file in use, with the tables of temporary.sql, `articles_to_tell` and `connected` filled.
        are_connected: whether there is a row in `connected`.
    """
    con.execute(
        f"""
        INSERT INTO stories_found
        SELECT a.article_id, a.article_id, {is_live(LAST_AS_OF)}, 1 FROM articles AS a
        SEMI JOIN articles_to_tell AS t ON t.article_id = a.article_id
        ANTI JOIN connected AS c ON c.article_id = a.article_id
        """
    )
    if are_connected:
        _find_stories_of_several(con)
    there = first_number(
        con, "INSERT INTO stories_there SELECT * FROM stories SEMI JOIN articles_to_tell USING (article_id)"
    )
    deleted = 0
    if there:
        deleted = first_number(
            con,
            "DELETE FROM stories WHERE article_id IN "
            "(SELECT article_id FROM (FROM stories_there EXCEPT FROM stories_found))",
        )
    return first_number(con, "INSERT INTO stories (FROM stories_found EXCEPT FROM stories_there)") + deleted > 0


def _find_stories_of_several(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `stories_found` with the rows of articles that are connected with others."""
    con.execute(
        f"""
        INSERT INTO stories_found
        WITH told AS (
            SELECT a.article_id, a.published_at, {is_live(LAST_AS_OF)} AS is_live, root
            FROM articles AS a SEMI JOIN articles_to_tell AS t ON t.article_id = a.article_id
            JOIN connected AS c ON c.article_id = a.article_id
        ), ordered AS (
            SELECT article_id,
                first_value(article_id) OVER earlier AS story_id,
                is_live AND row_number() OVER (
                    PARTITION BY root ORDER BY is_live DESC, published_at NULLS LAST, article_id
                ) = 1 AS is_first
            FROM told WINDOW earlier AS (PARTITION BY root ORDER BY published_at NULLS LAST, article_id)
        )
        SELECT story_id, article_id, is_first, 1 FROM ordered WHERE story_id = article_id
        UNION ALL
        SELECT story_id, o.article_id, is_first, {similarity_sql("first.bands", "own.bands")}
        FROM ordered AS o JOIN {SKETCHES} AS first ON first.article_id = o.story_id
        JOIN {SKETCHES} AS own ON own.article_id = o.article_id WHERE story_id <> o.article_id
        """
    )
