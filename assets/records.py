"""Dagster's records of runs and looks: the old ones go, and the files that held them shrink."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import EventLogStorage, SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import func, select

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]

_ANSWERS = [AssetCheckExecutionRecordStatus.SUCCEEDED.value, AssetCheckExecutionRecordStatus.FAILED.value]

_VACUUM_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed."""

    runs: int
    before: int
    """Bytes of Dagster's home."""
    after: int


@contextmanager
def records_of(home: Path) -> Iterator[dg.DagsterInstance]:
    """Open the records that are kept in a home, as `prepare_home` returns it."""
    before = os.environ.get("DAGSTER_HOME")
    # The databases of dagster.yaml are found by this name, so that a home can be moved.
    os.environ["DAGSTER_HOME"] = str(home)
    try:
        # Dagster takes the path of dagster.yaml for a pattern, and reads nothing where the home is named `[drafts]`.
        settings = yaml.safe_load((home / "dagster.yaml").read_text("utf-8"))
        with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=settings)) as instance:
            yield instance
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


def trim_runs(instance: dg.DagsterInstance, keep: int, keep_days: float) -> int:
    """Delete old runs that have ended; their events go with them.

    The newest stay, and of the days before them the last run of each outcome: what failed in the night can be read in
    the morning, and numbers can be followed over weeks.

    Args:
        instance: where runs are recorded.
        keep: how many of the newest stay.
        keep_days: age from which the last runs of a day go too.

    Returns:
        How many were deleted.
    """
    since = _days_ago(keep_days)
    seen = set()
    old = []
    for place, record in enumerate(instance.get_run_records(dg.RunsFilter(statuses=_ENDED))):
        of = record.create_timestamp.date(), record.dagster_run.status
        if place >= keep and (of in seen or record.create_timestamp < since):
            old.append(record)
        seen.add(of)
    return _delete(instance, old)


def purge(instance: dg.DagsterInstance, keep_days: float) -> Purged:
    """Delete the records of runs and looks that are older than some days, and give back the room they took.

    What the nodes of the graph show now stays, however old it is.

    Args:
        instance: where runs are recorded.
        keep_days: age from which they go; 0 for all of runs that have ended.
    """
    home = Path(instance.root_directory)
    before = _bytes_of(home)
    since = _days_ago(keep_days)
    runs = _delete(instance, instance.get_run_records(dg.RunsFilter(statuses=_ENDED, created_before=since)))
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, since.timestamp())
    for database in sorted(home.rglob("*.db")):
        _vacuum(database)
    return Purged(runs, before, _bytes_of(home))


def _days_ago(days: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=days)


def _delete(instance: dg.DagsterInstance, records: Sequence[dg.RunRecord]) -> int:
    """Delete runs, but for those that hold what an asset or a check shows now: its page would be empty."""
    count = 0
    events = instance.event_log_storage
    shown = _shown(events) if records else set()
    for record in records:
        run_id = record.dagster_run.run_id
        if run_id in shown:
            continue
        instance.delete_run(run_id)
        if isinstance(events, SqlEventLogStorage):
            # Dagster leaves these rows behind.
            with events.index_connection() as con:
                con.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
        count += 1
    return count


def _shown(events: EventLogStorage) -> set[str]:
    """Runs of the latest materialization of each asset and the latest answer of each check."""
    latest = [record.asset_entry.last_materialization_record for record in events.get_asset_records()]
    runs = {event.run_id for event in latest if event}
    if isinstance(events, SqlEventLogStorage):
        check = AssetCheckExecutionsTable.c
        answers = select(func.max(check.id)).where(check.execution_status.in_(_ANSWERS))
        last = answers.group_by(check.asset_key, check.check_name)
        with events.index_connection() as con:
            runs.update(con.execute(select(check.run_id).where(check.id.in_(last))).scalars())
    return runs


def _vacuum(database: Path) -> None:
    try:
        with closing(sqlite3.connect(database, timeout=_VACUUM_SECONDS, isolation_level=None)) as con:
            con.execute("VACUUM")
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:
        # The daemon is writing: the room is given back the next time.
        return


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
