"""The checks of what aggregates add up to, from the laws that their files state.

Each law is an expression over `article_counts`. So all of them need the counts of each article once, where a query for
each law would join articles with their categories, tags, stories and links again and again.
"""

from __future__ import annotations

from etl_project.checks.check import Check
from etl_project.load.aggregates import Aggregate, Law, aggregates

ARTICLE_COUNTS = """
    SELECT a.article_id, a.source_id,
        a.published_on IS NOT NULL AS is_dated,
        a.published_at IS NOT NULL AND a.published_precision <> 'day' AS is_timed,
        coalesce(s.is_first, 0) AS is_first,
        greatest(coalesce(c.rows, 0), 1) AS category_rows,
        greatest(coalesce(t.rows, 0), 1) AS tag_rows,
        greatest(coalesce(w.rows, 0), 1) AS author_rows,
        l.rows AS links_to_hosts
    FROM articles_live AS a
    LEFT JOIN (SELECT article_id, sum(is_first::INTEGER) AS is_first FROM stories GROUP BY ALL) AS s USING (article_id)
    LEFT JOIN (SELECT article_id, count(*) AS rows FROM article_categories GROUP BY ALL) AS c USING (article_id)
    LEFT JOIN (SELECT article_id, count(*) AS rows FROM article_tags GROUP BY ALL) AS t USING (article_id)
    LEFT JOIN (SELECT article_id, count(*) AS rows FROM article_authors GROUP BY ALL) AS w USING (article_id)
    LEFT JOIN (SELECT article_id, count(*) AS rows FROM article_links WHERE host IS NOT NULL GROUP BY ALL) AS l
        USING (article_id)
"""
"""One row per live article: whether it has a date, and one to the minute; 1 where it is the first to tell its story;
its categories, tags and authors, or 1 without any, as it then has a row (none); its links that have a host, or NULL."""

_EXPRESSIONS = tuple(dict.fromkeys(law.expected for aggregate in aggregates().values() for law in aggregate.laws))


def _column(law: Law) -> str:
    return f"law_{_EXPRESSIONS.index(law.expected) + 1}"


_EXPECTED = (
    f"article_counts AS ({ARTICLE_COUNTS}), expected AS MATERIALIZED (\n    SELECT source_id"
    + "".join(f",\n        ({sql})::BIGINT AS law_{number}" for number, sql in enumerate(_EXPRESSIONS, 1))
    + "\n    FROM article_counts GROUP BY source_id\n)"
)


def _make_law_check(aggregate: Aggregate) -> Check:
    return Check(
        f"{aggregate.name}_adds_up",
        "aggregates",
        aggregate.name,
        " ".join(law.sentence for law in aggregate.laws),
        "\n        UNION ALL".join(
            f"""
        SELECT source_id, '{law.total}' AS total, counted, {_column(law)} AS expected
        FROM (SELECT source_id, ({law.total})::BIGINT AS counted FROM {aggregate.name} GROUP BY source_id)
        FULL JOIN expected USING (source_id)
        WHERE counted IS DISTINCT FROM {_column(law)}"""
            for law in aggregate.laws
        ),
        shared=_EXPECTED,
    )


LAWS: tuple[Check, ...] = tuple(map(_make_law_check, aggregates().values()))
