"""The jobs: refresh, rebuild, verify, maintain."""

import dagster as dg
from pydantic import Field

from assets.records import purge
from assets.resources import Session
from etl_project.database.compact import compact
from etl_project.database.work_file import WorkFile
from etl_project.sources.access import sweep_mirrors

REFRESH, REBUILD, VERIFY, MAINTAIN = "refresh", "rebuild", "verify", "maintain"

"""Jobs that bring the whole warehouse up to date."""

_ALL_ASSETS = dg.AssetSelection.all()


def _run_config(**options: bool) -> dict[str, object]:
    """Run config that sets options of the step `tables`."""
    return {"ops": {"tables": {"config": options}}}


refreshing_jobs = [
    dg.define_asset_job(
        REFRESH,
        _ALL_ASSETS,
        description="Brings the whole warehouse up to date and publishes it. Reads only what may have changed.",
    ),
    dg.define_asset_job(
        REBUILD,
        _ALL_ASSETS,
        config=_run_config(full=True),
        description="Reads every post again and rebuilds every derived table; observed tables are carried over.",
    ),
    dg.define_asset_job(
        VERIFY,
        _ALL_ASSETS,
        config=_run_config(verify=True),
        description="Reads the bytes of every file, also of those that look unchanged, and refreshes what differs.",
    ),
]


class MaintainConfig(dg.Config):
    """Options of the job `maintain`."""

    keep_days: float | None = Field(
        default=None, ge=0, description="Age in days from which records are deleted; [schedule] keep_days by default."
    )


@dg.op(
    description="Copies the work file into a fresh one, or maintains the lake, and removes leftovers of interrupted "
    "refreshes and copies of repositories that no source uses."
)
def compact_work_file(context: dg.OpExecutionContext, session: dg.ResourceParam[Session]) -> dg.Output[None]:
    """Free the disk space of deleted rows and sources."""
    settings = session.refresh.settings
    with session.step():
        metadata = _maintain_lake(session) if settings.warehouse.kind == "lake" else _compact(session)
        metadata["copies_of_repositories"] = sweep_mirrors(settings.warehouse.path, settings.sources)
    return dg.Output(None, metadata=metadata)


def _compact(session: Session) -> dict[str, int]:
    compacted = compact(session.refresh.work)
    return {"bytes_before": compacted.before, "bytes_after": compacted.after}


def _maintain_lake(session: Session) -> dict[str, int]:
    from etl_project.lake.maintain import maintain_warehouse

    settings = session.refresh.settings
    done = maintain_warehouse(settings, WorkFile(settings.warehouse.path))
    return {
        "files_merged": done.merged,
        "publications_forgotten": done.forgotten,
        "objects_removed": done.removed,
        "bytes_removed": done.bytes,
    }


@dg.op(
    description="Deletes Dagster's records of old runs and ticks, and shrinks their files.",
    ins={"after": dg.In(dg.Nothing)},
)
def purge_records(
    context: dg.OpExecutionContext, config: MaintainConfig, session: dg.ResourceParam[Session]
) -> dg.Output[None]:
    """Free the disk space of old records."""
    keep_days = session.refresh.settings.schedule.keep_days if config.keep_days is None else config.keep_days
    with session.step():
        purged = purge(context.instance, keep_days)
    return dg.Output(None, metadata={"runs": purged.runs, "bytes_before": purged.before, "bytes_after": purged.after})


@dg.job(name=MAINTAIN, description="Compacts the work file and Dagster's records. Changes no table.")
def maintain() -> None:
    """Compact, then purge."""
    purge_records(compact_work_file())
