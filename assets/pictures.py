"""Charts on the pages of assets, as Dagster metadata."""

from __future__ import annotations

import dagster as dg

from etl_project.refresh import Refresh
from etl_project.refresh.handed_on import HandedOn
from etl_project.show.charts import draw_bars, draw_columns, svg_as_markdown
from etl_project.show.page_rows import PICTURES


def picture_of(name: str, refresh: Refresh | HandedOn) -> dict[str, dg.MarkdownMetadataValue]:
    """Draw the chart of an asset.

    Args:
        name: the asset.
        refresh: reads the numbers from its work file.

    Returns:
        Metadata: title -> Markdown. Empty for an asset that has no chart, or no numbers yet.
    """
    if name not in PICTURES:
        return {}
    title, query = PICTURES[name]
    _, rows = refresh.select(query)
    if not rows:
        return {}
    svg = draw_columns(rows) if name == "articles_by_date" else draw_bars(rows)
    return {title: dg.MetadataValue.md(svg_as_markdown(title, svg))}
