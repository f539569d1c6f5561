"""What the page lists by name: a few rows of each kind, of live articles only but for what is internal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import duckdb

STORIES_SHOWN, LINKS_SHOWN, TERMS_OF_A_SOURCE, REFRESHES_SHOWN, INTERNAL_ROWS = 100, 120, 12, 12, 500
"""Most rows of a list; of internal lists, each."""

TEXT_CHARS = 160
"""Longest text of a row: titles and addresses beyond are cut."""

Row = list[Any]


def read_lists(con: duckdb.DuckDBPyConnection, *, is_internal: bool) -> dict[str, list[Row] | None]:
    """Read the lists of the page.

    Rows that filters can choose begin with the number of their source, the numbers of their categories and their day.

    Args:
        con: the published file with the temporary tables of `number_axes`.
        is_internal: whether rejected files and articles that are not live are named.

    Returns:
        Name of the list -> its rows; None where the file does not hold it.
    """
    has_stories = con.execute("SELECT EXISTS (FROM stories) OR NOT EXISTS (FROM articles)").fetchone() == (True,)
    links = _holds(con, "broken_links", "links", {"article_id", "position"})
    terms = _holds(con, "trending_terms", "terms", {"source_id", "week", "kind", "term", "n", "expected", "score"})
    lists: dict[str, list[Row] | None] = {
        "told": [_linked(row) for row in _rows(con, _STORIES)] if has_stories else None,
        "rising": _rows(con, _RISING) if terms else None,
        "broken": [_linked(row) for row in _rows(con, _BROKEN)] if links else None,
        "broken_counts": _rows(con, _BROKEN_COUNTS) if links else None,
        "rejected": _rows(con, _REJECTED),
        "refreshes": _rows(con, _REFRESHES),
    }
    if is_internal:
        lists["rejected_files"] = _rows(con, _REJECTED_FILES)
        lists["not_live"] = _rows(con, _NOT_LIVE)
    return lists


def address_of(site: str | None, path: str | None) -> str | None:
    """Address of a page, for a link; None where it is none of the web.

    Args:
        site: address of the site.
        path: path of the page on the site, or its whole address.
    """
    if not path:
        return None
    try:
        parts = urlsplit(site or "")
    except ValueError:
        return None
    if path.startswith("/") and not path.startswith("//") and parts.scheme in ("http", "https") and parts.netloc:
        base = parts.path.rstrip("/")
        return f"{parts.scheme}://{parts.netloc}{'' if path.startswith(f'{base}/') else base}{path}"
    return path if path.startswith(("https://", "http://")) else None


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    return [list(row) for row in con.execute(query).fetchall()]


def _holds(con: duckdb.DuckDBPyConnection, view: str, relation: str, columns: set[str]) -> bool:
    """Whether the file has a view with these columns, and what it shows was looked for.

    An empty view of relations that `[insight]` switches off says nothing of the posts.
    """
    found = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = $name AND schema_name = 'main'", {"name": view}
    ).fetchall()
    if not columns <= {row[0] for row in found}:
        return False
    is_made = f"SELECT EXISTS (FROM internal.relations WHERE name = $name) OR EXISTS (FROM {view})"
    return con.execute(is_made, {"name": relation}).fetchone() == (True,)


# Categories, from 1 on, of an article: filters choose rows by them.
_CATEGORIES = "(SELECT list(category ORDER BY category) FROM report_in_categories AS c WHERE c.article_id = {})"

_TITLE = f"left(a.title, {TEXT_CHARS})"

_STORIES = f"""
WITH told AS (
    SELECT s.story_id, count(*) AS times, list(DISTINCT coalesce(a.medium, a.source_id)) AS tellers,
        list(DISTINCT n.number) AS sources, date_diff('minute', min(a.published_at), max(a.published_at)) AS minutes,
        max_by(a.article_id, s.is_first) AS first
    FROM stories AS s
    JOIN articles_live AS a ON a.article_id = s.article_id
    JOIN report_sources AS n ON n.source_id = a.source_id
    GROUP BY s.story_id HAVING count(*) > 1
)
SELECT t.sources, {_CATEGORIES.format("t.first")}, a.published_on::VARCHAR, {_TITLE}, a.url, n.url, t.times,
    list_sort(list_transform(t.tellers, lambda x: left(x, {TEXT_CHARS}))), t.minutes
FROM told AS t
JOIN articles_live AS a ON a.article_id = t.first
JOIN sources AS n ON n.source_id = a.source_id
ORDER BY len(t.tellers) DESC, a.published_at DESC NULLS LAST, a.article_id LIMIT {STORIES_SHOWN}
"""

# Each source has its turn, so that a filter finds some of every one.
_BROKEN = f"""
WITH shown AS (
    SELECT l.source, a.article_id, a.published_at, b.position, k.url, row_number() OVER (
        PARTITION BY l.source ORDER BY a.published_at DESC NULLS LAST, a.article_id, b.position
    ) AS turn
    FROM broken_links AS b
    JOIN report_live AS l ON l.article_id = b.article_id
    JOIN articles AS a ON a.article_id = b.article_id
    JOIN article_links AS k ON k.article_id = b.article_id AND k.position = b.position
    ORDER BY turn, l.source LIMIT {LINKS_SHOWN}
)
SELECT [b.source], {_CATEGORIES.format("a.article_id")}, a.published_on::VARCHAR, {_TITLE}, a.url, n.url,
    left(b.url, {TEXT_CHARS})
FROM shown AS b
JOIN articles AS a ON a.article_id = b.article_id
JOIN sources AS n ON n.source_id = a.source_id
ORDER BY a.published_at DESC NULLS LAST, a.article_id, b.position
"""

_BROKEN_COUNTS = """
SELECT l.source, count(*), count(DISTINCT b.article_id)
FROM broken_links AS b JOIN report_live AS l ON l.article_id = b.article_id GROUP BY 1 ORDER BY 1
"""

# The last week of each source; a term without a score is one of too few posts, below 2 it is as usual.
_RISING = f"""
SELECT coalesce(s.number, -1), t.week::DATE::VARCHAR, t.kind, left(t.term, {TEXT_CHARS}), t.n,
    round(t.expected, 1)::DOUBLE, round(t.score, 2)::DOUBLE
FROM trending_terms AS t LEFT JOIN report_sources AS s ON s.source_id = t.source_id
WHERE t.score >= 2
QUALIFY t.week = max(t.week) OVER (PARTITION BY t.source_id)
    AND row_number() OVER (PARTITION BY t.source_id, t.week ORDER BY t.score DESC, t.kind, t.term)
        <= {TERMS_OF_A_SOURCE}
ORDER BY t.score DESC, t.kind, t.term
"""

_REJECTED = """
SELECT s.number, r.reason, count(*) FROM rejected_files AS r
JOIN report_sources AS s ON s.source_id = r.source_id GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""

_REFRESHES = f"""
SELECT r.refresh_id, strftime(r.as_of, '%Y-%m-%d %H:%M'), r.files_listed, r.files_read, r.files_rejected,
    count(*) FILTER (WHERE c.is_live AND NOT c.was_live), count(*) FILTER (WHERE c.is_live AND c.was_live),
    count(*) FILTER (WHERE c.was_live AND NOT c.is_live),
    r.list_milliseconds + r.extract_milliseconds + r.load_milliseconds + coalesce(r.aggregate_milliseconds, 0)
FROM (FROM refreshes ORDER BY refresh_id DESC LIMIT {REFRESHES_SHOWN}) AS r
LEFT JOIN changes AS c ON c.refresh_id = r.refresh_id
GROUP BY ALL ORDER BY r.refresh_id DESC
"""

_REJECTED_FILES = f"""
SELECT s.number, left(r.path, {TEXT_CHARS}), r.line, r.reason, left(r.message, {TEXT_CHARS})
FROM rejected_files AS r JOIN report_sources AS s ON s.source_id = r.source_id
ORDER BY s.number, r.path LIMIT {INTERNAL_ROWS}
"""

_NOT_LIVE = f"""
SELECT s.number, a.because, a.published_on::VARCHAR, {_TITLE}, left(a.path, {TEXT_CHARS})
FROM articles_not_live AS a JOIN report_sources AS s ON s.source_id = a.source_id
ORDER BY a.published_at DESC NULLS FIRST, a.article_id LIMIT {INTERNAL_ROWS}
"""


def _linked(row: Row) -> Row:
    """Put the address of the page in place of its path and its site, which stand after the title."""
    return [*row[:4], address_of(row[5], row[4]), *row[6:]]
