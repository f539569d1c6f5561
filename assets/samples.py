"""Rows to look at on the page of an asset: those a person would ask for first."""

from __future__ import annotations

import dagster as dg

from etl_project.database.work_file import WorkFile

_ROWS = 5
_REJECTED_ROWS = 20
_CHARACTERS = 100
"""Most characters of a value: a run keeps its rows as long as itself."""

_QUERIES = {
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
"""Table -> heading, and the query of its rows. Aggregates show their first rows."""


def sample_of(name: str, work: WorkFile, *, is_aggregate: bool = False) -> dict[str, dg.TableMetadataValue]:
    """Read the rows that the page of a table shows.

    Args:
        name: the table.
        work: the work file.
        is_aggregate: whether it is an aggregate, which is in an order to be read in.

    Returns:
        Metadata: heading -> rows. Empty for a table without rows, and for one that shows none.
    """
    heading, query = _QUERIES.get(name, ("first rows", f"FROM {name} LIMIT {_ROWS}" if is_aggregate else ""))
    if not query:
        return {}
    with work.opened(read_only=True) as con:
        found = con.execute(query)
        names = [column[0] for column in found.description or ()]
        rows = [[_shown(value) for value in row] for row in found.fetchall()]
    if not rows:
        return {}
    records = [dg.TableRecord(dict(zip(names, row, strict=True))) for row in rows]
    return {heading: dg.MetadataValue.table(records)}


def _shown(value: object) -> str | int | float | bool:
    """Write a value so that a cell of Dagster's tables can hold it; what is missing is empty."""
    if isinstance(value, bool | int | float):
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 1]}…"
