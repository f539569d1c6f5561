"""Delete Dagster's old records of runs and ticks, and shrink their files."""

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
from dagster._check import CheckError
from dagster._core.errors import DagsterInvalidConfigError
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import EventLogStorage, SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import func, select
from yaml.scanner import ScannerError

from etl_project.errors import UserError
from etl_project.refresh.disk_full import is_full
from etl_project.servers.dagster_home import sqlite_error_in

_ENDED_STATUSES = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]

_RESULT_STATUSES = [AssetCheckExecutionRecordStatus.SUCCEEDED.value, AssetCheckExecutionRecordStatus.FAILED.value]

_VACUUM_LOCK_TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Purged:
    """The result of a purge."""

    runs: int
    """Number of runs deleted."""
    before: int
    """Bytes of Dagster's home before the purge."""
    after: int
    """Bytes of Dagster's home after it."""


class UnusableRecords(UserError):
    """Dagster's records cannot be opened, read or written; the message names their folder."""


@contextmanager
def tell_unusable_records(home: Path) -> Iterator[None]:
    """Say which folder it is where SQLite or Dagster cannot use the records in it.

    Raises:
        UnusableRecords: they cannot.
    """
    try:
        yield
    except Exception as error:
        sqlite = sqlite_error_in(error)
        is_config = isinstance(error, DagsterInvalidConfigError | ScannerError | CheckError)
        if is_full(error) or not (sqlite or is_config):
            raise
        what = home if sqlite else home / "dagster.yaml"
        reason = str(sqlite or error).strip().splitlines()[0].rstrip(".")
        raise UnusableRecords(
            f"{what}: Dagster cannot use it: {reason}. Correct what it says, or move {what} away: it is made anew, and "
            "only the history of runs in Dagster is lost."
        ) from error


@contextmanager
def records_of(home: Path) -> Iterator[dg.DagsterInstance]:
    """Open the records in a Dagster home, a path as `prepare_home` returns it."""
    before = os.environ.get("DAGSTER_HOME")
    # dagster.yaml names its databases by this variable, so that a home can be moved.
    os.environ["DAGSTER_HOME"] = str(home)
    try:
        # Dagster treats the path of dagster.yaml as a glob pattern, and reads nothing if the home is named `[drafts]`.
        settings = yaml.safe_load((home / "dagster.yaml").read_text("utf-8"))
        with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=settings)) as instance:
            yield instance
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


def trim_runs(instance: dg.DagsterInstance, keep: int, keep_days: float) -> int:
    """Delete old runs that have ended, with their events.

    Kept are the newest runs and, of each earlier day, the last run of each outcome: a failure in the night can be read
    in the morning, and numbers can be followed over weeks.

    Args:
        instance: where runs are recorded.
        keep: number of the newest runs that are kept.
        keep_days: age in days from which the last runs of a day are deleted too.

    Returns:
        The number of runs deleted.
    """
    since = _days_ago(keep_days)
    seen = set()
    old = []
    for index, record in enumerate(instance.get_run_records(dg.RunsFilter(statuses=_ENDED_STATUSES))):
        day_and_outcome = record.create_timestamp.date(), record.dagster_run.status
        if index >= keep and (day_and_outcome in seen or record.create_timestamp < since):
            old.append(record)
        seen.add(day_and_outcome)
    return _delete(instance, old)


def purge(instance: dg.DagsterInstance, keep_days: float) -> Purged:
    """Delete records of runs and ticks older than some days, and free their disk space.

    The runs whose results the nodes of the graph show now are kept, however old they are.

    Args:
        instance: where runs are recorded.
        keep_days: age in days from which records are deleted; 0 for all runs that have ended.
    """
    home = Path(instance.root_directory)
    before = _bytes_of(home)
    since = _days_ago(keep_days)
    runs = _delete(instance, instance.get_run_records(dg.RunsFilter(statuses=_ENDED_STATUSES, created_before=since)))
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, since.timestamp())
    for database in sorted(home.rglob("*.db")):
        _vacuum(database)
    return Purged(runs, before, _bytes_of(home))


def _days_ago(days: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=days)


def _delete(instance: dg.DagsterInstance, records: Sequence[dg.RunRecord]) -> int:
    """Delete runs except those whose results an asset or a check shows now. Returns the number of runs deleted."""
    count = 0
    events = instance.event_log_storage
    shown = _shown_runs(events) if records else set()
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


def _shown_runs(events: EventLogStorage) -> set[str]:
    """Ids of the runs of the latest materialization of each asset and the latest result of each check."""
    latest = [record.asset_entry.last_materialization_record for record in events.get_asset_records()]
    runs = {event.run_id for event in latest if event}
    if isinstance(events, SqlEventLogStorage):
        check = AssetCheckExecutionsTable.c
        results = select(func.max(check.id)).where(check.execution_status.in_(_RESULT_STATUSES))
        last = results.group_by(check.asset_key, check.check_name)
        with events.index_connection() as con:
            runs.update(con.execute(select(check.run_id).where(check.id.in_(last))).scalars())
    return runs


def _vacuum(database: Path) -> None:
    try:
        with closing(sqlite3.connect(database, timeout=_VACUUM_LOCK_TIMEOUT_SECONDS, isolation_level=None)) as con:
            con.execute("VACUUM")
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:
        # The daemon is writing: the next purge frees the space.
        return


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
