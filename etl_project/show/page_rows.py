"""The queries of what the pages of Dagster show of a refresh: charts, and rows that a person would ask for first.

They are apart from what is made of their rows, because a refresh reads them before Dagster is there.
"""

from __future__ import annotations

from collections.abc import Mapping

from etl_project.load.aggregates import aggregates
from etl_project.show.charts import BARS_SHOWN, DAYS_SHOWN

_ROWS = 5
_REJECTED_ROWS = 20
_PER_DAY = f"""
SELECT day::DATE, coalesce(sum(articles), 0)::BIGINT
FROM (SELECT max(published_on) AS last FROM articles_by_date),
    generate_series(last - {DAYS_SHOWN - 1}, last, INTERVAL 1 DAY) AS d(day)
LEFT JOIN articles_by_date ON published_on = day
GROUP BY day ORDER BY day
"""
_PER_CATEGORY = f"""
SELECT any_value(category), sum(articles)::BIGINT AS n FROM articles_by_category
GROUP BY category_id ORDER BY n DESC, category_id LIMIT {BARS_SHOWN}
"""
_PER_REASON = f"SELECT reason, count(*) AS n FROM rejected_files GROUP BY 1 ORDER BY n DESC, 1 LIMIT {BARS_SHOWN}"
_PER_STAGE = """
UNPIVOT (
    SELECT list_milliseconds AS list, extract_milliseconds AS extract, load_milliseconds AS load,
        aggregate_milliseconds AS aggregates
    FROM refreshes ORDER BY refresh_id DESC LIMIT 1
) ON COLUMNS(*)
"""


PICTURES = {
    "rejected_files": ("files by reason", _PER_REASON),
    "articles_by_date": (f"articles per day, last {DAYS_SHOWN}", _PER_DAY),
    "articles_by_category": ("articles per category", _PER_CATEGORY),
    "published_file": ("milliseconds per stage, before checks and publishing", _PER_STAGE),
}
"""Asset -> title of its chart, and the query of its numbers."""

SAMPLES = {
    "rejected_files": (
        "what to do",
        f"SELECT path, line, reason, message, suggestion AS what_to_do FROM rejected_files "
        f"ORDER BY source_id, path LIMIT {_REJECTED_ROWS}",
    ),
    "post_files": (
        "files by source and status",
        "SELECT source_id AS source, status, count(*) AS files FROM post_files GROUP BY ALL ORDER BY ALL",
    ),
    "articles": (
        "newest articles",
        f"SELECT published_on, title, path FROM articles_live ORDER BY published_at DESC NULLS LAST, article_id "
        f"LIMIT {_ROWS}",
    ),
    "categories": (
        "most used",
        "SELECT name AS category, count(article_id) AS articles FROM categories LEFT JOIN article_categories "
        f"USING (category_id) GROUP BY ALL ORDER BY articles DESC, category LIMIT {_ROWS}",
    ),
    "tags": (
        "most used",
        "SELECT t.name AS tag, count(article_id) AS articles FROM tags AS t LEFT JOIN article_tags USING (tag_id) "
        f"GROUP BY ALL ORDER BY articles DESC, tag LIMIT {_ROWS}",
    ),
    "authors": (
        "most used",
        "SELECT t.name AS author, count(article_id) AS articles FROM authors AS t LEFT JOIN article_authors "
        f"USING (author_id) GROUP BY ALL ORDER BY articles DESC, author LIMIT {_ROWS}",
    ),
}
"""Table -> heading, and the query of its rows."""


def first_rows(aggregate: str) -> tuple[str, str]:
    """Heading and query of the rows that the page of an aggregate shows: it is in an order to be read in."""
    return "first rows", f"FROM {aggregate} LIMIT {_ROWS}"


def queries_by_stage() -> Mapping[str, list[str]]:
    """Method of a refresh -> queries that its result can answer, and that the pages ask. The file is of both kinds."""
    built = aggregates()
    of_tables = [query for _, query in SAMPLES.values()] + [PICTURES["rejected_files"][1]]
    of_aggregates = [query for name, (_, query) in PICTURES.items() if name in built or name == "published_file"]
    return {
        "load_tables": of_tables,
        "count_rows": of_tables,
        "build_aggregates": of_aggregates + [first_rows(name)[1] for name in built],
    }
