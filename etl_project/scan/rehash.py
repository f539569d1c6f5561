"""Files whose signature tells nothing new in, those whose bytes are others out: each is hashed once more."""

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
from etl_project.sources.access import post_reader
from etl_project.sources.signature import Signature, SourceUnavailable, hash_bytes, is_recent
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb

_ALONE = 64
"""So few files are hashed sooner than threads are started."""


def look_at_young(
    con: duckdb.DuckDBPyConnection, sources: dict[str, Source], limits: Limits, look_ns: int, failed: dict[str, str]
) -> bool:
    """Hash the young files again: only another hash counts as a change (git's racy rule).

    Args:
        con: a connection with the tables `candidates` and `settled` of the scan; what changed is noted in them.
        sources: the sources by their names.
        limits: how much of a file may be read.
        look_ns: when the look began, nanoseconds since the epoch.
        failed: source -> why it cannot be read; those that fail here are added.

    Returns:
        Whether some file must be looked at again by the next look.
    """
    changed, unsettled = [], []
    for again in _read_again(con, "SEMI JOIN settled USING (source_id, path)", sources, limits, failed):
        if again.is_changed:
            changed.append(again.file)
        if again.is_changed or again.signature is None or again.is_moving or is_recent(again.signature, look_ns):
            unsettled.append(again.file)
    _note_changed(con, changed)
    with _some_files(con, unsettled):
        con.execute(f"DELETE FROM settled WHERE {_IS_SOME}")
    return bool(unsettled)


def verify_quiet(
    con: duckdb.DuckDBPyConnection, sources: dict[str, Source], limits: Limits, failed: dict[str, str]
) -> list[str]:
    """Hash every file again whose signature is the same.

    Args:
        con: a connection with the tables `candidates` and `settled` of the scan; what changed is noted in them.
        sources: the sources by their names.
        limits: how much of a file may be read.
        failed: source -> why it cannot be read; those that fail here are added.

    Returns:
        The files whose bytes changed although their signature did not, as `source/path`. A file that went, or was
        written, since it was listed has changed, too, but its signature hides nothing.
    """
    # What git knows by its content cannot change under the same name.
    quiet = "ANTI JOIN settled USING (source_id, path) WHERE blob_id IS NULL AND NOT (is_changed OR is_reparse)"
    changed = [again for again in _read_again(con, quiet, sources, limits, failed) if again.is_changed]
    _note_changed(con, [again.file for again in changed])
    hidden = [again.file for again in changed if again.signature == again.listed and not again.is_moving]
    return [f"{source_id}/{path}" for source_id, path in hidden if source_id not in failed]


@dataclass(frozen=True, slots=True)
class _ReadAgain:
    """A file hashed once more."""

    file: tuple[str, str]
    """Source and path."""
    listed: Signature
    is_changed: bool
    """Its hash is another now."""
    is_moving: bool
    """It changed while it was read, or could not be read this time."""
    signature: Signature | None
    """None when it could not be read."""


def _read_again(
    con: duckdb.DuckDBPyConnection, which: str, sources: dict[str, Source], limits: Limits, failed: dict[str, str]
) -> Iterator[_ReadAgain]:
    """Hash candidates once more, on every core: reading and hashing let go of the interpreter."""
    rows = con.execute(
        f"SELECT source_id, path, known_hash, size, mtime_ns, ctime_ns, inode, blob_id FROM candidates {which}"
    ).fetchall()
    readers = {name: post_reader(source) for name, source in sources.items()}

    def read(row: tuple[Any, ...]) -> _ReadAgain:
        source_id, path, known_hash, *signature = row
        file, listed, is_known = (source_id, path), Signature(*signature), known_hash is not None
        try:
            if source_id not in failed:
                found = readers[source_id](path, listed, limits.file_bytes)
                is_other = hash_bytes(found.data) != known_hash
                return _ReadAgain(file, listed, is_other, found.changed_while_read, found.signature)
        except Rejection as rejection:
            return _ReadAgain(file, listed, is_known, rejection.reason == "unreadable", None)
        except FileNotFoundError:
            return _ReadAgain(file, listed, is_known, True, None)
        except SourceUnavailable as error:
            failed[source_id] = str(error)
        return _ReadAgain(file, listed, False, True, None)

    if len(rows) < _ALONE:
        yield from map(read, rows)
        return
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(read, rows)


def _note_changed(con: duckdb.DuckDBPyConnection, files: list[tuple[str, str]]) -> None:
    with _some_files(con, files):
        con.execute(f"UPDATE candidates SET is_changed = true WHERE {_IS_SOME}")


_IS_SOME = "(source_id, path) IN (SELECT (source_id, path) FROM some_files)"


@contextmanager
def _some_files(con: duckdb.DuckDBPyConnection, files: list[tuple[str, str]]) -> Iterator[None]:
    import polars as pl  # most looks get along without

    frame = pl.DataFrame(files, {"source_id": pl.String, "path": pl.String}, orient="row")
    with registered(con, some_files=frame):
        yield
