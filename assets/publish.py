"""The step `publish`: replace the published file with the checked generation."""

from collections.abc import Iterator

import dagster as dg

from assets.aggregates import AGGREGATES
from assets.freshness import FRESHNESS_CHECK, check_freshness
from assets.outcome import log_outcome, outcome_tags
from assets.pictures import picture_of
from assets.resources import Session
from etl_project.show.console import bytes_in_words
from etl_project.show.summary import rows_checked_in_words


@dg.asset(
    name="published_file",
    # Of what aggregates are made of as well an edge would lead here, and nobody could follow it.
    deps=AGGREGATES,
    group_name="publish",
    kinds={"duckdb", "file"},
    check_specs=[FRESHNESS_CHECK],
    description="The DuckDB file that SQL clients open, replaced as a whole and only when every check has passed.",
)
def publish(
    context: dg.AssetExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Publish the current generation: an error if its checks have not passed, a no-op if it is published already."""
    with session.step():
        refresh = session.refresh
        session.published = published = refresh.publish()
    if not published.is_new:
        context.log.info("Generation %s is already published: the file was left as it is.", published.generation)
    fresh = check_freshness(refresh.work, refresh.settings.schedule.stale_after_hours)
    session.reported.append(fresh.passed)
    yield dg.MaterializeResult(
        metadata={
            "size": bytes_in_words(published.size),
            "path": dg.MetadataValue.path(published.path),
            "generation": published.generation,
            "is_new": published.is_new,
            **({"checked": rows_checked_in_words(session.checks)} if session.checks else {}),
            "bytes": published.size,
            "milliseconds": published.milliseconds,
            **picture_of("published_file", refresh),
        },
        check_results=[fresh],
    )
    context.instance.add_run_tags(context.run.run_id, outcome_tags(session))
    log_outcome(session, context.log)
