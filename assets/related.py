"""The step `related`: bring the relations over all articles up to date with the tables."""

from collections.abc import Iterator

import dagster as dg

from assets.columns import table_metadata
from assets.markdown import escape_html
from assets.resources import Session
from assets.subjects import subject_of
from etl_project.database.contract import RELATED, contract


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=["articles", "article_links"] if name == "link_targets" else ["articles"],
            group_name=subject_of(name),
            kinds={"sql", "duckdb"},
            description=escape_html(contract()[name].comment),
            tags={"etl/rows": "derived"},
            metadata=table_metadata(contract()[name]),
        )
        for name in RELATED
    ],
)
def related(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Find what tells the same story and what links lead to, in one transaction, and write the rows that differ."""
    with session.step():
        rows = session.refresh.relate()
    for name in RELATED:
        yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": rows[name]})
