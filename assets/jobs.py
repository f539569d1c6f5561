"""The jobs a person starts: refresh, rebuild, verify, maintain."""

import dagster as dg
from pydantic import Field

from assets.records import purge
from assets.resources import Session
from etl_project.database.compact import compact
from etl_project.sources.access import sweep_mirrors

REFRESH, REBUILD, VERIFY, MAINTAIN = "refresh", "rebuild", "verify", "maintain"

REFRESHING = (REFRESH, REBUILD, VERIFY)
"""Jobs that bring the whole warehouse up to date."""

_EVERYTHING = dg.AssetSelection.all()


def _asking(**config: bool) -> dict[str, object]:
    return {"ops": {"tables": {"config": config}}} if config else {}


refreshing_jobs = [
    dg.define_asset_job(
        REFRESH,
        _EVERYTHING,
        description="Brings the whole warehouse up to date and publishes it. Reads only what may have changed.",
    ),
    dg.define_asset_job(
        REBUILD,
        _EVERYTHING,
        config=_asking(full=True),
        description="Reads every post again and builds every derived table anew; what was observed is carried over.",
    ),
    dg.define_asset_job(
        VERIFY,
        _EVERYTHING,
        config=_asking(verify=True),
        description="Reads the bytes of every file, also of those that look unchanged, and refreshes what differs.",
    ),
]


class MaintainConfig(dg.Config):
    """What a person may ask of the job `maintain`."""

    keep_days: float | None = Field(
        default=None, ge=0, description="Age in days from which records go; [schedule] keep_days by default."
    )


@dg.op(
    description="Copies the work file into a fresh one, and removes what refreshes that were cut off have left and the "
    "copies of repositories that no source is read from."
)
def compact_work_file(context: dg.OpExecutionContext, session: dg.ResourceParam[Session]) -> dg.Output[None]:
    """Give back the room that deleted rows and sources take."""
    settings = session.refresh.settings
    with session.step():
        compacted = compact(session.refresh.work)
        swept = sweep_mirrors(settings.warehouse.path, settings.sources)
    return dg.Output(
        None,
        metadata={"bytes_before": compacted.before, "bytes_after": compacted.after, "copies_of_repositories": swept},
    )


@dg.op(
    description="Deletes Dagster's records of old runs and looks, and shrinks their files.",
    ins={"after": dg.In(dg.Nothing)},
)
def purge_records(
    context: dg.OpExecutionContext, config: MaintainConfig, session: dg.ResourceParam[Session]
) -> dg.Output[None]:
    """Give back the room that old records take."""
    keep_days = session.refresh.settings.schedule.keep_days if config.keep_days is None else config.keep_days
    with session.step():
        purged = purge(context.instance, keep_days)
    return dg.Output(None, metadata={"runs": purged.runs, "bytes_before": purged.before, "bytes_after": purged.after})


@dg.job(name=MAINTAIN, description="Makes the work file and Dagster's records small again. Changes no table.")
def maintain() -> None:
    """Compact, then purge."""
    purge_records(compact_work_file())
