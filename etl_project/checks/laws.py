"""The checks of what aggregates add up to, from the laws that their files state.

A law is an expression over live articles, or over the rows that live articles have in one other table. It is asked of
those rows with one join, whichever aggregates state it: counted for each article first, a million of them took three
times as long.
"""

from __future__ import annotations

import re

from etl_project.checks.check import Check
from etl_project.load.aggregates import Aggregate, Law, aggregates

_WITH_NONE = "LEFT JOIN {} AS b ON b.article_id = a.article_id"

_JOINS = {
    "category_rows": _WITH_NONE.format("article_categories"),
    "tag_rows": _WITH_NONE.format("article_tags"),
    "author_rows": _WITH_NONE.format("article_authors"),
    "links_to_hosts": "JOIN article_links AS b ON b.article_id = a.article_id AND b.host IS NOT NULL",
}
"""What a law may count of an article: its categories, tags and authors, 1 where there is none, as it then has a row
(none); its links that have a host. Name -> the join whose rows have a 1 for each."""

_LAWS = tuple(dict.fromkeys(law.expected for aggregate in aggregates().values() for law in aggregate.laws))


def _counts(expression: str) -> str:
    """What an expression counts: a name of `_JOINS`, or `articles`.

    Raises:
        ValueError: two of them.
    """
    names = [name for name in _JOINS if re.search(rf"\b{name}\b", expression)]
    if len(names) > 1:
        raise ValueError(f"a law counts one thing: write one law for each of {' and '.join(names)}, not {expression}")
    return names[0] if names else "articles"


def _expected(counted: str) -> str:
    """A table of what all laws that count the same expect: source_id, and one column for each law."""
    laws = {number: sql for number, sql in enumerate(_LAWS, 1) if _counts(sql) == counted}
    columns = "".join(f",\n        ({sql})::BIGINT AS law_{number}" for number, sql in laws.items())
    names_first = any("is_first" in sql for sql in laws.values())
    first = ",\n            coalesce(s.is_first::INTEGER, 0) AS is_first" if names_first else ""
    one = f",\n            1 AS {counted}" if counted in _JOINS else ""
    joins = "\n        LEFT JOIN stories AS s ON s.article_id = a.article_id" if names_first else ""
    joins += f"\n        {_JOINS[counted]}" if counted in _JOINS else ""
    return f"""expected_{counted} AS MATERIALIZED (
    SELECT source_id{columns}
    FROM (
        SELECT a.source_id,
            a.published_on IS NOT NULL AS is_dated,
            a.published_at IS NOT NULL AND a.published_precision <> 'day' AS is_timed{first}{one}
        FROM articles_live AS a{joins}
    ) GROUP BY source_id
)"""


def _find_wrong_totals(aggregate: Aggregate, law: Law) -> str:
    column, expected = f"law_{_LAWS.index(law.expected) + 1}", f"expected_{_counts(law.expected)}"
    return f"""
        SELECT source_id, '{law.total}' AS total, counted, {column} AS expected
        FROM (SELECT source_id, ({law.total})::BIGINT AS counted FROM {aggregate.name} GROUP BY source_id)
        FULL JOIN {expected} USING (source_id)
        WHERE counted IS DISTINCT FROM {column}"""


def _make_law_check(aggregate: Aggregate) -> Check:
    return Check(
        f"{aggregate.name}_adds_up",
        "aggregates",
        aggregate.name,
        " ".join(law.sentence for law in aggregate.laws),
        "\n        UNION ALL".join(_find_wrong_totals(aggregate, law) for law in aggregate.laws),
        shared=tuple(_expected(name) for name in dict.fromkeys(_counts(law.expected) for law in aggregate.laws)),
    )


LAWS: tuple[Check, ...] = tuple(map(_make_law_check, aggregates().values()))
