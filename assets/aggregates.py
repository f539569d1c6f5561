"""The step `aggregates`: one Dagster asset, and one table, for each file of warehouse/aggregates."""

from collections.abc import Iterator

import dagster as dg

from assets.columns import table_metadata
from assets.pictures import picture_of
from assets.resources import Session
from assets.samples import sample_of
from etl_project.database.contract import AGGREGATES_FOLDER
from etl_project.load.aggregates import Aggregate
from etl_project.load.aggregates import aggregates as read_aggregates

AGGREGATES = tuple(read_aggregates())


def _asset_spec(aggregate: Aggregate) -> dg.AssetSpec:
    return dg.AssetSpec(
        aggregate.name,
        deps=aggregate.inputs,
        group_name="aggregates",
        kinds={"sql", "duckdb"},
        description=f"{aggregate.grain}\n\n```sql\n{_query(aggregate)}\n```",
        metadata=table_metadata(aggregate.table, AGGREGATES_FOLDER / f"{aggregate.name}.sql"),
    )


def _query(aggregate: Aggregate) -> str:
    """The SQL without its first line, the grain, and without its comments on columns: both are shown elsewhere."""
    return aggregate.sql.partition("\n")[2].partition("COMMENT ON COLUMN")[0].strip()


@dg.multi_asset(specs=[_asset_spec(aggregate) for aggregate in read_aggregates().values()], can_subset=True)
def aggregates(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Build the selected aggregates from the tables of the current generation, in one transaction."""
    selected = [name for name in AGGREGATES if dg.AssetKey(name) in context.selected_asset_keys]
    with session.step():
        session.aggregates = session.refresh.build_aggregates(selected)
    refresh = session.refresh
    for name, rows in session.aggregates.items():
        yield dg.MaterializeResult(
            asset_key=name,
            metadata={
                "dagster/row_count": rows,
                **(picture_of(name, refresh) or sample_of(name, refresh, is_aggregate=True)),
            },
        )
