"""Commits to one Delta table: strictly the next version, after what dead drivers left is undone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from etl_project.errors import BUSY, UserError
from etl_project.lake.data_files import LakeFile
from etl_project.lake.place import LakeUnavailable, Place, StoredObject
from etl_project.lake.tables import PART, LakeTable

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

APPLICATION = "etl"
"""Application of Delta Lake's transactions: its version is the number of the refresh."""

RUN = "run"
"""Key of a commit under which it names its run."""


class Beaten(UserError):
    """Another driver published first: what this one made is of no use, and it begins anew on the new pins."""

    exit_code = BUSY

    def __init__(self, place: Place) -> None:
        super().__init__(f"Another refresh of {place} published first. Nothing was changed: run it again.")


_ENTRY = re.compile(r".*/_delta_log/(\d{20})\.(?:json|checkpoint.*\.parquet)")


def log_entries(place: Place, folder: str) -> list[tuple[int, StoredObject]]:
    """List the entries of the log of a table, each with the version that it belongs to.

    Raises:
        LakeUnavailable: the store cannot be read.
    """
    found = ((_ENTRY.fullmatch(entry.path), entry) for entry in place.list(f"{folder}/_delta_log"))
    return [(int(match[1]), entry) for match, entry in found if match]


def newest_version(place: Place, folder: str) -> int:
    """Find the newest version of a table by one listing, without opening it.

    Raises:
        LakeUnavailable: the store cannot be read.
    """
    return max(version for version, _ in log_entries(place, folder))


def open_table(place: Place, folder: str, version: int | None = None) -> DeltaTable:
    """Open a Delta table, at a version or the newest.

    Raises:
        LakeUnavailable: it cannot be opened.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(place.address(folder), version=version, storage_options=place.storage_options())
    except (DeltaError, OSError) as error:
        entries = log_entries(place, folder)
        if version is not None and not entries:
            raise LakeUnavailable(
                f"There is no table at {place.address(folder)} any more. Restore the lake from a backup."
            ) from None
        if version is not None and version < min(entry_version for entry_version, _ in entries):
            raise LakeUnavailable(
                f"Version {version} of {place.address(folder)} is not kept any more: newer ones took its place. Ask "
                "again; where the published file names it, run: etl refresh"
            ) from None
        raise place.fault(error) from None


def create_table(place: Place, table: LakeTable, settings: dict[str, str]) -> None:
    """Create a Delta table without rows, if there is none.

    Args:
        place: where the lake is.
        table: the table.
        settings: properties of the table, besides those that keep its log.

    Raises:
        LakeUnavailable: it cannot be created.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    # The log is kept until `etl maintain` removes what no kept publication needs: without it a version does not open.
    kept = {"delta.enableExpiredLogCleanup": "false", "delta.logRetentionDuration": "interval 36500 days"}
    address, options = place.address(table.folder), place.storage_options()
    try:
        if not DeltaTable.is_deltatable(address, options):
            DeltaTable.create(
                address,
                table.schema(),
                mode="ignore",
                partition_by=[PART],
                description=table.comment,
                configuration={**kept, **settings},
                storage_options=options,
                raise_if_key_not_exists=False,
            )
    except (DeltaError, OSError) as error:
        raise place.fault(error) from None


def commit_files(
    place: Place,
    table: LakeTable,
    base: int,
    adds: Sequence[LakeFile],
    removes: Sequence[LakeFile],
    *,
    n: int,
    run_id: str,
    wait_for: Callable[[frozenset[str]], None],
) -> int:
    """Commit files of one table on top of its pinned version.

    Where the table is ahead of it, because a driver died between its commits and its publication, it is restored
    first, a commit of the log only. Every commit is strictly the next version of the handle: it fails where anybody
    else committed meanwhile, and then all is looked at again.

    Args:
        place: where the lake is.
        table: the table.
        base: its pinned version.
        adds: files to add; they are there.
        removes: files of the pinned version to remove.
        n: number of the refresh.
        run_id: name of the run.
        wait_for: called with the runs whose commits are in the way; returns once none of them lives, and raises
            `Beaten` once one has published.

    Returns:
        The version that the commit made.
    """
    while True:
        handle = open_table(place, table.folder)
        wait_for(_runs_of_commits(place, table.folder, base + 1, handle.version()) - {run_id})
        with suppress(NotNext):
            if handle.version() > base:
                # The handle that restored is the one that writes: a newer one might hold commits unseen.
                restore(place, table.folder, handle, base, n=n, run_id=run_id)
            return commit_next(place, table, handle, adds, removes, n=n, run_id=run_id)


def heal_table(
    place: Place, table: LakeTable, pinned: int, *, n: int, run_id: str, wait_for: Callable[[frozenset[str]], None]
) -> None:
    """Make the contents of the pinned version the newest, where a dead driver left others, for readers without pins.

    Args:
        place: where the lake is.
        table: the table.
        pinned: its pinned version.
        n: number of the refresh.
        run_id: name of the run.
        wait_for: as in `commit_files`.
    """
    while newest_version(place, table.folder) > pinned:
        handle = open_table(place, table.folder)
        if paths_of(handle) == paths_of(open_table(place, table.folder, pinned)):
            return
        wait_for(_runs_of_commits(place, table.folder, pinned + 1, handle.version()) - {run_id})
        with suppress(NotNext):
            restore(place, table.folder, handle, pinned, n=n, run_id=run_id)
            return


def paths_of(handle: DeltaTable) -> frozenset[str]:
    """Paths of the files of a table at the version of a handle, below its folder."""
    import polars as pl

    # The table's own list of addresses has `%20` for a blank, which DuckDB takes for three letters.
    return frozenset(pl.DataFrame(handle.get_add_actions())["path"])


def restore(place: Place, folder: str, handle: DeltaTable, version: int, *, n: int, run_id: str) -> None:
    """Make the contents of a version the newest again, by the next commit of the handle.

    Raises:
        NotNext: somebody else made the next commit.
        LakeUnavailable: the commit cannot be written.
    """
    with _next_of(place, folder, handle):
        handle.restore(version, commit_properties=_properties(run_id, n))


def commit_next(
    place: Place,
    table: LakeTable,
    handle: DeltaTable,
    adds: Sequence[LakeFile],
    removes: Sequence[LakeFile],
    *,
    n: int,
    run_id: str,
    statistics: Mapping[str, object] | None = None,
) -> int:
    """Remove and add files by the next commit of a handle, and no later one.

    Where the columns of the table are those of another version of the program, all its files must be removed, and the
    commit changes them.

    Args:
        place: where the lake is.
        table: the table.
        handle: the version that the commit follows.
        adds: files to add; they are there.
        removes: files of that version to remove.
        n: number of the refresh.
        run_id: name of the run.
        statistics: statistics of the added files, besides the number of rows.

    Returns:
        The version that the commit made.

    Raises:
        NotNext: somebody else made the next commit.
        LakeUnavailable: the commit cannot be written.
    """
    from deltalake.transaction import AddAction, RemoveAction

    now = time.time_ns() // 1_000_000
    schema = table.schema()
    added: list[AddAction | RemoveAction] = [
        AddAction(
            path=file.path,
            size=file.size,
            partition_values={PART: str(file.part)},
            modification_time=now,
            data_change=True,
            stats=json.dumps({"numRecords": file.rows, **(statistics or {})}),
        )
        for file in adds
    ]
    removed = [RemoveAction(file.path, True, now, file.size, {PART: str(file.part)}) for file in removes]
    is_of_other_columns = handle.schema().to_json() != schema.to_json()
    if is_of_other_columns and len(removed) != len(handle.file_uris()):
        raise ValueError(f"the columns of {table.name} have changed, and not all of its files are replaced")
    with _next_of(place, table.folder, handle):
        handle.create_write_transaction(
            added if is_of_other_columns else [*removed, *added],
            "overwrite" if is_of_other_columns else "append",
            schema,
            [PART],
            commit_properties=_properties(run_id, n),
        )
    return handle.version() + 1


class NotNext(Exception):
    """Somebody else made the next commit."""


@contextmanager
def _next_of(place: Place, folder: str, handle: DeltaTable) -> Iterator[None]:
    """Tell that somebody else made the next commit from that it cannot be written."""
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        yield
    except (DeltaError, OSError) as error:
        entry = _entry(folder, handle.version() + 1)
        if isinstance(error, CommitFailedError) and place.modified(entry) is not None:
            raise NotNext from None
        raise place.fault(error) from None


def _entry(folder: str, version: int) -> str:
    return f"{folder}/_delta_log/{version:020}.json"


def _runs_of_commits(place: Place, folder: str, first: int, last: int) -> frozenset[str]:
    """Runs that made the commits of some versions; empty text for a commit of a program that names none."""
    runs = set()
    for version in range(first, last + 1):
        text = (place.get(_entry(folder, version)) or b"").decode()
        actions = [json.loads(line) for line in text.splitlines() if line]
        runs |= {str(action["commitInfo"].get(RUN, "")) for action in actions if "commitInfo" in action}
    return frozenset(runs)


def _properties(run_id: str, n: int) -> CommitProperties:
    from deltalake import CommitProperties, Transaction

    return CommitProperties({RUN: run_id}, max_commit_retries=0, app_transactions=[Transaction(APPLICATION, n)])
