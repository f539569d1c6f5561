"""The step `tables`: read the changed files, and bring the tables of articles up to date in one transaction."""

import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from assets.columns import table_metadata
from assets.freshness import SOURCES_READ_CHECK, check_sources_read
from assets.markdown import escape_html
from assets.pictures import picture_of
from assets.resources import Session
from assets.samples import sample_of
from assets.subjects import subject_of
from etl_project.database.contract import OBSERVED, RELATED, contract
from etl_project.refresh.read_files import Report
from etl_project.refresh.result import TablesLoaded, describe_outage
from etl_project.show.console import bytes_in_words
from etl_project.show.nodes import nodes_in_words

FILES = "post_files"

TABLES = tuple(
    sorted((table.name for table in contract().values() if not table.is_view), key=lambda name: (name != FILES, name))
)
"""Tables of the contract, without views. The files are first, because all other tables are derived from them."""

LOADED = tuple(name for name in TABLES if name not in RELATED)
"""Those that this step loads; the step `related` makes the others of them."""

_SECONDS_BETWEEN_LOG_LINES = 5


class RefreshConfig(dg.Config):
    """Options of one refresh."""

    sources: list[str] = Field(
        default=[], description="Names of the sources to refresh; the others stay as they are. All of them by default."
    )
    full: bool = Field(default=False, description="Read every file again and rebuild the derived tables.")
    allow_deletes: bool = Field(
        default=False, description="Go on although more posts are to be deleted than [limits] deletes_share allows."
    )
    verify: bool = Field(default=False, description="Read the bytes of every file, also of those that look unchanged.")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=[] if name == FILES else [FILES],
            group_name=subject_of(name),
            kinds={"python", "polars", "duckdb"},
            description=escape_html(contract()[name].comment),
            tags={"etl/rows": "observed" if name in OBSERVED else "derived"},
            metadata=table_metadata(contract()[name]),
        )
        for name in LOADED
    ],
    check_specs=[SOURCES_READ_CHECK],
)
def tables(
    context: dg.AssetExecutionContext, config: RefreshConfig, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """Check for changes, read the changed files and load them in one transaction. Nothing changed: a no-op."""
    with session.step(attempts_left=context.retry_number == 0):
        plan = session.take_plan(attempts_left=context.retry_number == 0, **dict(config))
        refresh = session.refresh
        if plan.is_no_op:
            context.log.info("Nothing to do: no file, setting or definition has changed since the last refresh.")
            rows = refresh.count_rows()
        else:
            context.log.info("To do: %s.", "; ".join(plan.reasons))
            session.tables = refresh.load_tables(plan, session.report or _progress_logger(context))
            rows = session.tables.rows
        unavailable = session.tables.unavailable if session.tables else plan.diff.unavailable
        for name, reason in unavailable.items():
            context.log.warning(describe_outage(name, reason))
    sources_read = check_sources_read(refresh.skipped_outages() | unavailable)
    session.reported.append(sources_read.passed)
    for name in LOADED:
        yield dg.MaterializeResult(
            asset_key=name,
            metadata={
                "dagster/row_count": rows[name],
                **_metrics(name, session.tables),
                **picture_of(name, refresh),
                **sample_of(name, refresh),
            },
            check_results=[sources_read] if name == "sources" else [],
        )


def _metrics(name: str, loaded: TablesLoaded | None) -> dict[str, int | float | str]:
    """Numbers that Dagster plots over time: files and bytes read, milliseconds of each stage, articles changed."""
    if loaded is None:
        return {}
    if name == FILES:
        milliseconds = {f"{stage}_milliseconds": n for stage, n in loaded.milliseconds.items()}
        rejected = loaded.rows["rejected_files"] / max(1, loaded.rows[FILES])
        return {
            "files_read": loaded.files_read,
            "bytes_read": loaded.bytes_read,
            "read": f"{loaded.files_read:,} files, {bytes_in_words(loaded.bytes_read)}",
            "rejected_share": round(rejected, 4),
            **({"nodes": nodes_in_words(loaded.nodes)} if loaded.nodes else {}),
            **milliseconds,
        }
    return dict(loaded.changes) if name == "article_changes" else {}


def _progress_logger(context: dg.AssetExecutionContext) -> Report:
    """Make a function that logs progress to the run every few seconds."""
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LOG_LINES:
            last = time.monotonic()
            context.log.info("%s of %s files read.", f"{done:,}", f"{total:,}")

    return report
