"""What the counts of the page are by: its live articles, and the numbers of sources, categories and tags."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import duckdb

CATEGORIES_OF_A_SOURCE = 50
"""Categories of a source that have a row of their own; the others are (other)."""

TAGS_OF_A_SOURCE = 30
"""Tags of a source that are counted."""

_NONE, _OTHER = "(none)", "(other)"


@dataclass(frozen=True, slots=True)
class Axes:
    """The names of what counts are by."""

    articles: int
    """How many live articles there are."""
    first: dt.date | None
    """First day with a live article; None where none has a date."""
    last: dt.date | None
    sources: list[str]
    categories: list[str]
    """Names from category 1 on, those with most articles first, then (none) and (other)."""
    tags: list[str]
    """Names of the tags that are counted, by number."""


def number_axes(con: duckdb.DuckDBPyConnection) -> Axes:
    """Make temporary tables of the live articles, and of the numbers of sources, categories and tags.

    Args:
        con: the published file, open for reading.
    """
    con.execute(
        f"""
        CREATE TEMP TABLE report_sources AS
        SELECT source_id, row_number() OVER (ORDER BY source_id) - 1 AS number FROM sources;

        CREATE TEMP TABLE report_live AS
        SELECT a.article_id, s.number AS source, a.published_on AS day,
            CASE WHEN a.published_precision IN ('minute', 'second') THEN hour(a.published_local) END AS hour,
            coalesce(NOT t.is_first, true) AS is_told_again, m.words
        FROM articles_live AS a
        JOIN report_sources AS s ON s.source_id = a.source_id
        JOIN article_metrics AS m ON m.article_id = a.article_id
        LEFT JOIN stories AS t ON t.article_id = a.article_id;

        CREATE TEMP TABLE report_kept_categories AS
        SELECT l.source, c.category_id, count(*) AS articles
        FROM report_live AS l JOIN article_categories AS c ON c.article_id = l.article_id
        GROUP BY l.source, c.category_id
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY articles DESC, category_id) <= {CATEGORIES_OF_A_SOURCE};

        CREATE TEMP TABLE report_categories AS
        SELECT category_id, name, row_number() OVER (ORDER BY place, articles DESC, category_id) AS number FROM (
            SELECT k.category_id, any_value(c.name) AS name, sum(k.articles) AS articles, 0 AS place
            FROM report_kept_categories AS k JOIN categories AS c ON c.category_id = k.category_id
            GROUP BY k.category_id
            UNION ALL SELECT '{_NONE}', '{_NONE}', 0, 1
            UNION ALL SELECT '{_OTHER}', '{_OTHER}', 0, 2
        );

        -- Two categories without a row of their own are one (other).
        CREATE TEMP TABLE report_in_categories AS
        SELECT DISTINCT n.number AS category, l.*
        FROM report_live AS l
        LEFT JOIN article_categories AS c ON c.article_id = l.article_id
        LEFT JOIN report_kept_categories AS k ON k.source = l.source AND k.category_id = c.category_id
        JOIN report_categories AS n ON n.category_id
            = CASE WHEN c.article_id IS NULL THEN '{_NONE}' ELSE coalesce(k.category_id, '{_OTHER}') END;

        CREATE TEMP VIEW report_placed AS
        SELECT *, 1 AS times FROM report_in_categories
        UNION ALL
        SELECT 0, * EXCLUDE (category), count(*) - 1 FROM report_in_categories GROUP BY ALL HAVING count(*) > 1;

        CREATE TEMP TABLE report_kept_tags AS
        SELECT l.source, t.tag_id, count(*) AS articles
        FROM report_live AS l JOIN article_tags AS t ON t.article_id = l.article_id
        GROUP BY l.source, t.tag_id
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY articles DESC, tag_id) <= {TAGS_OF_A_SOURCE};

        CREATE TEMP TABLE report_tags AS
        SELECT k.tag_id, any_value(t.name) AS name,
            row_number() OVER (ORDER BY sum(k.articles) DESC, k.tag_id) - 1 AS number
        FROM report_kept_tags AS k JOIN tags AS t ON t.tag_id = k.tag_id GROUP BY k.tag_id;
        """
    )
    first, last, articles = con.execute("SELECT min(day), max(day), count(*) FROM report_live").fetchall()[0]
    return Axes(
        articles,
        first,
        last,
        _distinct_names(con, "SELECT source_id, source_id FROM report_sources ORDER BY number"),
        _distinct_names(con, "SELECT category_id, name FROM report_categories ORDER BY number"),
        _distinct_names(con, "SELECT tag_id, name FROM report_tags ORDER BY number"),
    )


def _distinct_names(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Names of (id, name), with the id where two would be the same: a chart has one row for each name."""
    rows = con.execute(query).fetchall()
    times = Counter(name for _, name in rows)
    return [name if times[name] == 1 else f"{name} ({key})" for key, name in rows]
