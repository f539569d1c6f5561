"""Dagster's records of runs and looks: the old ones go, and the files that held them shrink."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]

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


def trim_runs(instance: dg.DagsterInstance, keep: int) -> int:
    """Delete the oldest runs that have ended, but for some; their events go with them.

    Args:
        instance: where runs are recorded.
        keep: how many stay.

    Returns:
        How many were deleted.
    """
    ended = dg.RunsFilter(statuses=_ENDED)
    too_many = instance.get_runs_count(ended) - keep
    if too_many <= 0:
        return 0
    return _delete(instance, instance.get_run_records(ended, limit=too_many, ascending=True))


def purge(instance: dg.DagsterInstance, keep_days: float) -> Purged:
    """Delete the records of runs and looks that are older than some days, and give back the room they took.

    Args:
        instance: where runs are recorded.
        keep_days: age from which they go; 0 for all that have ended.
    """
    home = Path(instance.root_directory)
    before = _bytes_of(home)
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=keep_days)
    runs = _delete(instance, instance.get_run_records(dg.RunsFilter(statuses=_ENDED, created_before=since)))
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, since.timestamp())
    for database in sorted(home.rglob("*.db")):
        _vacuum(database)
    return Purged(runs, before, _bytes_of(home))


def _delete(instance: dg.DagsterInstance, records: Iterable[dg.RunRecord]) -> int:
    count = 0
    events = instance.event_log_storage
    for record in records:
        run_id = record.dagster_run.run_id
        instance.delete_run(run_id)
        if isinstance(events, SqlEventLogStorage):
            # Dagster leaves these rows behind.
            with events.index_connection() as con:
                con.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
        count += 1
    return count


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
