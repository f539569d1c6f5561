"""The step `publish`: the checked generation takes the place of the file that people open."""

from collections.abc import Iterator

import dagster as dg

from assets.aggregates import AGGREGATES
from assets.freshness import CHECK, is_fresh
from assets.pictures import picture_of
from assets.resources import Session
from assets.tables import TABLES


@dg.asset(
    name="published_file",
    deps=[*TABLES, *AGGREGATES],
    group_name="publish",
    kinds={"duckdb", "file"},
    check_specs=[CHECK],
    description="The DuckDB file that SQL clients open, replaced as a whole and only when every check has passed.",
)
def publish(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Publish the present generation; one that is not checked is refused, one that is published is left as it is."""
    with session.step():
        refresh = session.refresh
        session.published = published = refresh.publish()
    if not published.is_new:
        context.log.info("Generation %s is published already: the file was left as it is.", published.generation)
    yield dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(published.path),
            "generation": published.generation,
            "is_new": published.is_new,
            "bytes": published.size,
            "milliseconds": published.milliseconds,
            **picture_of("published_file", refresh.work),
        },
        check_results=[is_fresh(refresh.work, refresh.settings.schedule.stale_after_hours)],
    )
