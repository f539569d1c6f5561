"""Charts on the pages of assets: the queries, and the charts as Dagster metadata."""

from __future__ import annotations

import dagster as dg

from etl_project.database.work_file import WorkFile
from etl_project.show.charts import BARS_SHOWN, DAYS_SHOWN, draw_bars, draw_columns, svg_as_markdown

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


def picture_of(name: str, work: WorkFile) -> dict[str, dg.MarkdownMetadataValue]:
    """Draw the chart of an asset.

    Args:
        name: the asset.
        work: the work file that the numbers are read from.

    Returns:
        Metadata: title -> Markdown. Empty for an asset that has no chart, or no numbers yet.
    """
    if name not in _CHARTS:
        return {}
    title, query = _CHARTS[name]
    with work.opened(read_only=True) as con:
        rows = con.execute(query).fetchall()
    if not rows:
        return {}
    svg = draw_columns(rows) if name == "articles_by_date" else draw_bars(rows)
    return {title: dg.MetadataValue.md(svg_as_markdown(title, svg))}


_CHARTS = {
    "rejected_files": ("files by reason", _PER_REASON),
    "articles_by_date": (f"articles per day, last {DAYS_SHOWN}", _PER_DAY),
    "articles_by_category": ("articles per category", _PER_CATEGORY),
    "published_file": ("milliseconds per stage, before checks and publishing", _PER_STAGE),
}
