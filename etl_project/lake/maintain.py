"""Keeps a lake small: merges small files, forgets old publications, and removes what none that is kept needs."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from etl_project.database.opening import NO_DOWNLOADS
from etl_project.database.work_file import WorkFile
from etl_project.errors import BUSY, UserError
from etl_project.lake.commits import open_table, paths_of
from etl_project.lake.connect import query_of_files
from etl_project.lake.data_files import LakeFile, run_of
from etl_project.lake.lease import BEAT_SECONDS, live_runs, remove_expired, store_now
from etl_project.lake.logs import clean_log
from etl_project.lake.mirror import has_known
from etl_project.lake.place import StoredObject
from etl_project.lake.publications import PUBLICATIONS, Pins
from etl_project.lake.publish import is_of_this_version, publish_file
from etl_project.lake.store import Lake
from etl_project.lake.tables import lake_tables
from etl_project.settings import Settings

MOST_FILES_A_PART = 8
"""Small files of a part from which on they are merged: each is a request for whoever reads the table."""

SMALL_BYTES = 64 * 1024 * 1024
"""Files of this size and larger are left as they are."""


class LakeBusy(UserError):
    """A refresh is running: nothing was done."""

    exit_code = BUSY


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done."""

    merged: int = 0
    """Small files that became fewer."""
    forgotten: int = 0
    """Publications."""
    removed: int = 0
    """Objects: data files and entries of logs."""
    bytes: int = 0
    """Their size."""


def maintain_lake(lake: Lake, run_id: str, keep_generations: int, *, beat_seconds: float = BEAT_SECONDS) -> Maintained:
    """Merge small files, publish that, keep the newest publications, and remove what none of them needs.

    It begins with a publication of its own, of the same rows: a driver whose lease expired while it was only slow, and
    that is still to publish, is beaten by it, and what it wrote can go.

    Args:
        lake: the lake.
        run_id: name of this run.
        keep_generations: how many publications are kept, at least one.
        beat_seconds: time between renewals of the lease.

    Raises:
        LakeBusy: a refresh is running.
        Beaten: a refresh published meanwhile. Nothing was removed.
        LakeUnavailable: the store fails.
    """
    with lake.lease(run_id, beat_seconds):
        if live_runs(lake.place, run_id):
            raise LakeBusy(f"Nothing was done: a refresh of {lake.place} is running. Try again when it has ended.")
        base = lake.pins()
        if base is None:
            return Maintained()
        lake.heal(base, run_id)
        # A rebuild, which is to come, replaces all files of another version.
        adds, removes = _merge_small_files(lake, base, run_id) if is_of_this_version(lake, base) else ([], [])
        pins = lake.commit(base.n, base, adds, removes, run_id)
        before = store_now(lake.place, run_id)
        known = len(lake.publications())
        lake.publish(pins, keep=keep_generations)
        kept = lake.publications()
        removed = [*_remove_files(lake, kept, before, run_id), *_clean_logs(lake, kept)]
        remove_expired(lake.place, run_id)
    return Maintained(len(removes), known + 1 - len(kept), len(removed), sum(file.size for file in removed))


def maintain_warehouse(settings: Settings, work: WorkFile) -> Maintained:
    """Maintain the lake of a warehouse, and make the published file anew; the caller holds the lock.

    A file of views then shows versions that are kept, and one that was brought up to date again and again has no gaps.

    Raises:
        LakeBusy: a refresh of the lake is running, on another machine.
        Beaten: a refresh published meanwhile. Nothing was removed.
        LakeUnavailable: the store fails.
    """
    warehouse = settings.warehouse
    assert warehouse.location, "settings of a lake have a location"
    known = has_known(warehouse.path, warehouse.location)
    lake = Lake.open(warehouse.location, parts=warehouse.parts, is_known=known)
    done = maintain_lake(lake, uuid.uuid4().hex, warehouse.keep_generations)
    pins = lake.pins()
    if pins and work.published.exists() and is_of_this_version(lake, pins):
        publish_file(lake, pins, work, warehouse.publish, anew=True)
    return done


def _merge_small_files(lake: Lake, pins: Pins, run_id: str) -> tuple[list[LakeFile], list[LakeFile]]:
    """Write one file in the place of the small ones of a part, where there are many.

    Returns:
        Files to add and to remove.
    """
    import duckdb

    adds, removes = [], []
    with duckdb.connect(config=NO_DOWNLOADS) as con:
        lake.place.let_read(con)
        for name, table in lake_tables().items():
            small: dict[int, list[LakeFile]] = defaultdict(list)
            for file in lake.files(pins, name):
                if file.size < SMALL_BYTES:
                    small[file.part].append(file)
            for part, files in small.items():
                if len(files) > MOST_FILES_A_PART:
                    merged = lake.write(name, part, con.sql(query_of_files(lake.place, table, files)), run_id)
                    assert merged, "no file is without rows"
                    adds.append(merged)
                    removes += files
    return adds, removes


def _remove_files(lake: Lake, kept: list[Pins], before: datetime, run_id: str) -> list[StoredObject]:
    """Remove data files that no kept publication names, and that no driver may still publish.

    A file that was written before our publication can only be named by one that is there already: whoever began before
    it is beaten. Drivers that live keep their files nevertheless, until they know.

    Args:
        lake: the lake.
        kept: the publications that are kept.
        before: an instant before our publication, by the clock of the store.
        run_id: name of this run.

    Returns:
        What was removed.
    """
    folders = [PUBLICATIONS.folder, *(table.folder for table in lake_tables().values())]
    there = [file for folder in folders for file in lake.place.list(folder) if "/part=" in file.path]
    live = live_runs(lake.place, run_id)  # after the listing: a lease is there before the files of its run
    named = {(PUBLICATIONS.folder, kept[-1].sequence)}
    for name, table in lake_tables().items():
        named |= {(table.folder, version) for pins in kept if (version := pins.versions.get(name, 0))}
    needed = {
        f"{folder}/{path}" for folder, version in named for path in paths_of(open_table(lake.place, folder, version))
    }
    needless = [
        file for file in there if file.path not in needed and file.modified < before and run_of(file.path) not in live
    ]
    lake.place.delete([file.path for file in needless])
    return needless


def _clean_logs(lake: Lake, kept: list[Pins]) -> list[StoredObject]:
    oldest = {PUBLICATIONS.folder: min(pins.sequence for pins in kept)}
    for name, table in lake_tables().items():
        oldest[table.folder] = min(pins.versions.get(name, 0) for pins in kept)
    return [entry for folder, version in oldest.items() for entry in clean_log(lake.place, folder, version)]
