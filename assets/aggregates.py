"""The step `aggregates`: each file of warehouse/aggregates is a table of its name."""

from collections.abc import Iterator

import dagster as dg

from assets.columns import table_facts
from assets.pictures import picture_of
from assets.resources import Session
from etl_project.database.contract import AGGREGATES_FOLDER
from etl_project.load.aggregates import Aggregate
from etl_project.load.aggregates import aggregates as read_aggregates

AGGREGATES = tuple(read_aggregates())


def _spec(aggregate: Aggregate) -> dg.AssetSpec:
    # The view of live articles has no node: what reads it reads articles.
    inputs = {"articles" if name == "articles_live" else name for name in aggregate.inputs}
    return dg.AssetSpec(
        aggregate.name,
        deps=sorted(inputs),
        group_name="aggregates",
        kinds={"sql", "duckdb"},
        description=f"{aggregate.grain}\n\n```sql\n{_query(aggregate)}\n```",
        metadata=table_facts(aggregate.table, AGGREGATES_FOLDER / f"{aggregate.name}.sql"),
    )


def _query(aggregate: Aggregate) -> str:
    """The SQL without its first line, which is the grain, and its comments on columns, which are shown as columns."""
    return aggregate.sql.partition("\n")[2].partition("COMMENT ON COLUMN")[0].strip()


@dg.multi_asset(specs=[_spec(aggregate) for aggregate in read_aggregates().values()], can_subset=True)
def aggregates(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Build the selected aggregates from the tables of the present generation, in one transaction."""
    selected = [name for name in AGGREGATES if dg.AssetKey(name) in context.selected_asset_keys]
    with session.step():
        session.aggregates = session.refresh.build_aggregates(selected)
    work = session.refresh.work
    for name, rows in session.aggregates.items():
        yield dg.MaterializeResult(asset_key=name, metadata={"dagster/row_count": rows, **picture_of(name, work)})
