"""The step `tables`: what changed is read, and every table of the contract brought up to date in one transaction."""

import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from assets.columns import table_facts
from assets.freshness import READ, was_read
from assets.pictures import picture_of
from assets.resources import Session
from etl_project.database.contract import OBSERVED, contract
from etl_project.refresh.look import not_read
from etl_project.refresh.read_files import Report
from etl_project.refresh.result import TablesLoaded

FILES = "post_files"

TABLES = tuple(
    sorted((table.name for table in contract().values() if not table.is_view), key=lambda name: (name != FILES, name))
)
"""Tables of the contract, the files first: all others come from them. A view is no table of its own."""

_EXTRACTED = (FILES, "rejected_files")
_SECONDS_BETWEEN_LINES = 5


class RefreshConfig(dg.Config):
    """What a person may ask of one refresh."""

    sources: list[str] = Field(
        default=[], description="Names of the sources to look at; the others stay as they are. All of them by default."
    )
    full: bool = Field(default=False, description="Read every file again and build the derived tables anew.")
    allow_deletes: bool = Field(
        default=False, description="Go on although more posts are about to leave than [limits] deletes_share allows."
    )
    verify: bool = Field(default=False, description="Read the bytes of every file, also of those that look unchanged.")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=[] if name == FILES else [FILES],
            group_name="extract" if name in _EXTRACTED else "tables",
            kinds={"python", "polars", "duckdb"},
            description=contract()[name].comment,
            tags={"etl/rows": "observed" if name in OBSERVED else "derived"},
            metadata=table_facts(contract()[name]),
        )
        for name in TABLES
    ],
    check_specs=[READ],
)
def tables(
    context: dg.AssetExecutionContext, config: RefreshConfig, session: dg.ResourceParam[Session]
) -> Iterator[dg.MaterializeResult[None]]:
    """List the sources, read what changed, and load it in one transaction; with nothing to do, leave all as it is."""
    with session.step(attempts_left=context.retry_number == 0):
        look = session.take_look(attempts_left=context.retry_number == 0, **dict(config))
        refresh = session.refresh
        if look.is_idle:
            context.log.info("Nothing to do: no file, setting or definition has changed since the last refresh.")
            rows = refresh.count_rows()
        else:
            context.log.info("To do: %s.", "; ".join(look.reasons))
            session.tables = refresh.load_tables(look, session.report or _lines(context))
            rows = session.tables.rows
        for name, why in look.scan.unavailable.items():
            context.log.warning(not_read(name, why))
    unread = was_read(refresh.unread(look))
    for name in TABLES:
        yield dg.MaterializeResult(
            asset_key=name,
            metadata={
                "dagster/row_count": rows[name],
                **_numbers(name, session.tables),
                **picture_of(name, refresh.work),
            },
            check_results=[unread] if name == "sources" else [],
        )


def _numbers(name: str, loaded: TablesLoaded | None) -> dict[str, int | float]:
    """What is worth plotting over time: how much was read, how long it took, which articles changed."""
    if loaded is None:
        return {}
    if name == FILES:
        milliseconds = {f"{stage}_milliseconds": n for stage, n in loaded.milliseconds.items()}
        rejected = loaded.rows["rejected_files"] / max(1, loaded.rows[FILES])
        return {
            "files_read": loaded.files_read,
            "bytes_read": loaded.bytes_read,
            "rejected_share": round(rejected, 4),
            **milliseconds,
        }
    return dict(loaded.changes) if name == "article_changes" else {}


def _lines(context: dg.AssetExecutionContext) -> Report:
    """Report progress as a line in the run's log every few seconds."""
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            context.log.info("%s of %s files read.", f"{done:,}", f"{total:,}")

    return report
