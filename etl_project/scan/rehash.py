"""Re-hashes files whose signature is unchanged and finds those whose content changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etl_project.database.arrow import registered
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.listing import HINTS, NOT_HERE
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import SIGNATURE_COLUMNS, Signature, SourceUnavailable, hash_bytes, is_recent

if TYPE_CHECKING:
    import duckdb

_FILES_WITHOUT_THREADS = 64
"""Fewer files are hashed sooner than threads can be started."""

_FILES_AT_ONCE = 10_000
"""Files that threads are given at once: each waits as an object of Python, and a million of them took two gigabytes."""


def confirm_young_files(
    con: duckdb.DuckDBPyConnection,
    sources: dict[str, PinnedSource],
    limits: Limits,
    started_ns: int,
    failed: dict[str, str],
) -> bool:
    """Re-hash the young files: only another hash counts as a change (git's racy rule).

    Args:
        con: a connection with `listed_files` and `confirmed_young`; both are brought up to date.
        sources: the sources by their names.
        limits: how much of a file may be read.
        started_ns: when the plan began, in nanoseconds since 1970-01-01T00:00Z.
        failed: source -> why it cannot be read; those that fail here are added.

    Returns:
        Whether some file must be hashed again by the next plan.
    """
    changed, unconfirmed = [], []
    for read in _rehash(con, "SEMI JOIN confirmed_young USING (source_id, path)", sources, limits, failed):
        if read.is_changed:
            changed.append(read.file)
        if read.is_changed or read.signature is None or read.is_moving or is_recent(read.signature, started_ns):
            unconfirmed.append(read.file)
    _mark_changed(con, changed)
    if unconfirmed:
        with _registered_files(con, unconfirmed):
            con.execute(f"DELETE FROM confirmed_young WHERE {_IS_SOME}")
    return bool(unconfirmed)


def rehash_unchanged(
    con: duckdb.DuckDBPyConnection, sources: dict[str, PinnedSource], limits: Limits, failed: dict[str, str]
) -> list[str]:
    """Re-hash every file whose signature is the same.

    Args:
        con: a connection with `listed_files` and `confirmed_young`; both are brought up to date.
        sources: the sources by their names.
        limits: how much of a file may be read.
        failed: source -> why it cannot be read; those that fail here are added.

    Returns:
        The files whose bytes changed although their signature did not, as `source/path`. A file that was deleted or
        written since it was listed has changed, too, but its signature shows it.
    """
    # A blob of git is named by its content, which cannot change under the same name.
    unchanged = (
        "ANTI JOIN confirmed_young USING (source_id, path) "
        f"WHERE (blob_id IS NULL OR regexp_matches(blob_id, '{HINTS}')) AND size <> {NOT_HERE} "
        "AND NOT (is_changed OR is_reparse)"
    )
    changed = [read for read in _rehash(con, unchanged, sources, limits, failed) if read.is_changed]
    _mark_changed(con, [read.file for read in changed])
    hidden = [read.file for read in changed if read.signature == read.listed and not read.is_moving]
    return [f"{source_id}/{path}" for source_id, path in hidden if source_id not in failed]


@dataclass(frozen=True, slots=True)
class _Rehashed:
    """A file that was re-hashed."""

    file: tuple[str, str]
    """Source and path."""
    listed: Signature
    is_changed: bool
    """Its hash is another now."""
    is_moving: bool
    """It changed while it was read, or could not be read this time."""
    signature: Signature | None
    """None when it could not be read."""


def _rehash(
    con: duckdb.DuckDBPyConnection, which: str, sources: dict[str, PinnedSource], limits: Limits, failed: dict[str, str]
) -> Iterator[_Rehashed]:
    """Re-hash some of `listed_files`, on every core: reading and hashing let go of the interpreter."""
    con.execute(f"SELECT source_id, path, known_hash, {', '.join(SIGNATURE_COLUMNS)} FROM listed_files {which}")

    def read(row: tuple[Any, ...]) -> _Rehashed:
        source_id, path, known_hash, *signature = row
        file, listed, is_known = (source_id, path), Signature(*signature), known_hash is not None
        try:
            if source_id not in failed:
                found = sources[source_id].place.read_post(path, listed, limits.file_bytes)
                is_other = hash_bytes(found.data) != known_hash
                return _Rehashed(file, listed, is_other, found.changed_while_read, found.signature)
        except Rejection as rejection:
            return _Rehashed(file, listed, is_known, rejection.reason == "unreadable", None)
        except FileNotFoundError:
            return _Rehashed(file, listed, is_known, True, None)
        except SourceUnavailable as error:
            failed[source_id] = str(error)
        return _Rehashed(file, listed, False, True, None)

    rows = con.fetchmany(_FILES_AT_ONCE)
    if len(rows) < _FILES_WITHOUT_THREADS:
        yield from map(read, rows)
        return
    waiting = max([pinned.place.reads_at_once for pinned in sources.values()])
    with ThreadPoolExecutor(max(os.cpu_count() or 1, waiting)) as threads:
        while rows:
            yield from threads.map(read, rows)
            rows = con.fetchmany(_FILES_AT_ONCE)


def _mark_changed(con: duckdb.DuckDBPyConnection, files: list[tuple[str, str]]) -> None:
    if not files:
        return
    with _registered_files(con, files):
        con.execute(f"UPDATE listed_files SET is_changed = true WHERE {_IS_SOME}")


_IS_SOME = "(source_id, path) IN (SELECT (source_id, path) FROM some_files)"


@contextmanager
def _registered_files(con: duckdb.DuckDBPyConnection, files: list[tuple[str, str]]) -> Iterator[None]:
    import polars as pl  # most plans do without it

    frame = pl.DataFrame(files, {"source_id": pl.String, "path": pl.String}, orient="row")
    with registered(con, some_files=frame):
        yield
