"""The listing of the sources and the inventory of the last refresh in, the work of this one out."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import duckdb
import pyarrow as pa

from etl_project.extract.limits import Limits
from etl_project.extract.listing import create_listing, list_source
from etl_project.extract.reasons import Rejection
from etl_project.extract.tasks import FileTask, hash_bytes, is_young
from etl_project.sources.folder import Signature, SourceUnavailable
from etl_project.sources.place import post_reader
from etl_project.sources.source import Source

MOST_DEFERRALS = 2
LONGEST_DEFERRAL_NS = 60_000_000_000
"""A file caught half written keeps its last good row for at most so many refreshes and so long: writers truncate, then
write, and most are done within a moment."""

_NEVER_LISTED = Signature(0, 0, 0, 0)
"""Stands for the signature of a file whose present one is asked for."""

_ALONE = 64
"""So few files are hashed sooner than threads are started."""

EMPTY_INVENTORY = """(SELECT
    NULL::VARCHAR AS source_id, NULL::VARCHAR AS path, NULL::VARCHAR AS article_id, NULL::VARCHAR AS status,
    NULL::BOOLEAN AS is_shadowed, NULL::BIGINT AS size, NULL::BIGINT AS mtime_ns, NULL::BIGINT AS ctime_ns,
    NULL::UBIGINT AS inode, NULL::VARCHAR AS file_hash, NULL::BOOLEAN AS is_young, NULL::INTEGER AS deferrals,
    NULL::TIMESTAMPTZ AS deferred_since, NULL::INTEGER AS rank, NULL::VARCHAR AS blob_id, NULL::BIGINT AS committed_us
WHERE false)"""

INVENTORY_OF_ANOTHER_VERSION = """(SELECT
    source_id, path, article_id, status, is_shadowed, size, NULL::BIGINT AS mtime_ns, NULL::BIGINT AS ctime_ns,
    NULL::UBIGINT AS inode, file_hash, false AS is_young, 0 AS deferrals, NULL::TIMESTAMPTZ AS deferred_since,
    NULL::INTEGER AS rank, NULL::VARCHAR AS blob_id, NULL::BIGINT AS committed_us
FROM work.post_files)"""
"""What the tables of any version tell of the files that were there: enough for the guard and for moves."""


@dataclass(slots=True)
class Scan:
    """What a listing says against the inventory.

    Rows of files are in temporary tables of the connection it was made on: `candidates` (every listed file, with what
    is known of it), `gone` (files of the inventory that are no longer listed) and `settled` (young files whose bytes
    were found the same once more).
    """

    listed: dict[str, int] = field(default_factory=dict)
    """Source -> listed files."""
    unavailable: dict[str, str] = field(default_factory=dict)
    """Source -> why it could not be listed completely; nothing of it is in the work."""
    to_read: dict[str, int] = field(default_factory=dict)
    """Source -> files to read."""
    gone: int = 0
    """Files of the inventory that are no longer listed."""
    leaving: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Source -> (articles about to leave, articles it has), where any is about to leave."""
    missed: list[str] = field(default_factory=list)
    """Files found by `verify` whose bytes changed although their signature did not, as `source/path`."""
    young_left: bool = False
    """Some file was written so recently that it must be looked at again although its bytes are the same."""


def scan(
    con: duckdb.DuckDBPyConnection,
    sources: tuple[Source, ...],
    limits: Limits,
    *,
    look_ns: int,
    reparse: frozenset[str],
    young_settled: bool,
    left_out: frozenset[str] = frozenset(),
    verify: bool = False,
    since: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    unavailable: Mapping[str, str] = MappingProxyType({}),
) -> Scan:
    """List every source and compare with the inventory.

    Args:
        con: a connection that has a table or view `inventory` (see `EMPTY_INVENTORY`).
        sources: the sources to list.
        limits: how much of a file may be read.
        look_ns: when the look began, nanoseconds since the epoch.
        reparse: sources whose settings or code changed: every file is read again.
        young_settled: the young files of the inventory were found unchanged by an earlier look.
        left_out: sources of etl.toml that are not to be listed; their files stay as they are.
        verify: hash every file again, also those whose signature is the same.
        since: source -> commit and tree that the inventory lists, for git sources.
        unavailable: other sources -> why they cannot be listed.
    """
    result = Scan(unavailable=dict(unavailable))
    create_listing(con)
    for source in sources:
        try:
            list_source(con, source, None if source.name in reparse else since.get(source.name))
        except SourceUnavailable as error:
            result.unavailable[source.name] = str(error)
    names = [s.name for s in sources if s.name not in result.unavailable]
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE candidates AS
        SELECT l.*, i.file_hash AS known_hash, i.status AS known_status, i.is_shadowed AS was_shadowed,
            coalesce(i.is_young, false) AS was_young,
            i.committed_us AS known_committed_us,
            (l.size, l.mtime_ns, l.ctime_ns, l.inode, l.blob_id, l.committed_us)
                IS DISTINCT FROM (i.size, i.mtime_ns, i.ctime_ns, i.inode, i.blob_id, i.committed_us) AS is_changed,
            list_contains($reparse, l.source_id) AS is_reparse,
            coalesce(i.status = 'loaded' AND NOT i.is_shadowed AND i.deferrals < $deferrals
                AND coalesce(epoch_ns(i.deferred_since) > $look_ns - $deferral_ns, true), false) AS may_defer,
            false AS is_read,
            NOT l.shares_identity AS is_winner
        FROM listing AS l LEFT JOIN inventory AS i USING (source_id, path)
        """,
        {
            "reparse": sorted(reparse),
            "deferrals": MOST_DEFERRALS,
            "look_ns": look_ns,
            "deferral_ns": LONGEST_DEFERRAL_NS,
        },
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE gone AS
        SELECT source_id, path, article_id, status, is_shadowed, size, mtime_ns, inode, blob_id
        FROM inventory ANTI JOIN listing USING (source_id, path)
        WHERE NOT list_contains($stays, source_id)
        """,
        {"stays": sorted(left_out | result.unavailable.keys())},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE settled AS SELECT source_id, path FROM candidates "
        "WHERE was_young AND NOT is_changed AND NOT is_reparse"
    )
    by_name = {s.name: s for s in sources}
    if verify:
        _verify(con, by_name, limits, result)
    if not young_settled:
        _look_at_young(con, by_name, limits, look_ns, result)
    choose_winners(con)
    result.to_read = dict(con.execute(f"SELECT source_id, count(*) FROM ({FILES_TO_READ}) GROUP BY 1").fetchall())
    result.listed = dict.fromkeys(names, 0) | dict(
        con.execute("SELECT source_id, count(*) FROM candidates GROUP BY 1").fetchall()
    )
    row = con.execute("SELECT count(*) FROM gone").fetchone()
    result.gone = row[0] if row else 0
    if result.gone:
        result.leaving = _leaving(con)
    return result


FILES_TO_READ = """
SELECT * FROM candidates
WHERE NOT is_read AND (is_changed OR is_reparse OR is_winner = was_shadowed AND known_status = 'loaded')
"""
"""Files whose rows may differ from those of the last refresh: changed, read under other settings, or with another
part to play among files of one identity."""


def choose_winners(con: duckdb.DuckDBPyConnection) -> None:
    """Decide which file of an identity is its article, from what is known of each so far.

    The earliest `include` pattern wins, then the smallest path in bytes, never the newest; a file known to be rejected
    does not stand. Where nothing is known yet a file is taken to be good, and the choice is made again after reading.
    """
    con.execute(
        """
        UPDATE candidates SET is_winner = best.path IS NOT DISTINCT FROM candidates.path
        FROM (
            SELECT source_id, article_id,
                arg_min(path, (rank, path)) FILTER (NOT is_out) AS path
            FROM (
                SELECT *, coalesce(known_status, '') IN ('rejected', 'gone')
                    AND (is_read OR NOT (is_changed OR is_reparse)) AS is_out
                FROM candidates WHERE shares_identity
            )
            GROUP BY ALL
        ) AS best
        WHERE shares_identity AND best.source_id = candidates.source_id AND best.article_id = candidates.article_id
        """
    )


def tasks_to_read(con: duckdb.DuckDBPyConnection, source_id: str, *, may_defer: bool) -> Iterator[list[FileTask]]:
    """Files of one source to read now, in path order, in lists of some thousands.

    Args:
        con: the connection of the scan.
        source_id: the source.
        may_defer: whether a file caught half written may keep its last good row.
    """
    cursor = con.execute(
        f"""
        SELECT path, article_id, NOT is_winner,
            CASE WHEN NOT is_reparse AND known_status = 'loaded' AND is_winner <> was_shadowed
                    AND committed_us IS NOT DISTINCT FROM known_committed_us THEN known_hash
                 WHEN NOT is_reparse AND known_status = 'rejected' THEN known_hash END,
            may_defer AND $may_defer, committed_us, size, mtime_ns, ctime_ns, inode, blob_id
        FROM ({FILES_TO_READ}) WHERE source_id = $source_id ORDER BY path
        """,
        {"source_id": source_id, "may_defer": may_defer},
    )
    while rows := cursor.fetchmany(10_000):
        yield [
            FileTask(path, article_id, is_shadowed, known_hash, deferrable, Signature(*signature), committed_us)
            for path, article_id, is_shadowed, known_hash, deferrable, committed_us, *signature in rows
        ]


def note_read(con: duckdb.DuckDBPyConnection, files: str) -> None:
    """Write down what became of the files that were read, and choose winners again.

    Args:
        con: the connection of the scan.
        files: a query of staged rows: source_id, path, status.
    """
    con.execute(
        f"""
        UPDATE candidates SET is_read = true, was_shadowed = NOT is_winner, known_status =
            CASE WHEN read.status IN ('same', 'deferred') THEN candidates.known_status ELSE read.status END
        FROM ({files}) AS read WHERE read.source_id = candidates.source_id AND read.path = candidates.path
        """
    )
    choose_winners(con)
    con.execute(
        """
        UPDATE candidates SET is_read = false, is_changed = false
        WHERE is_read AND known_status = 'loaded' AND is_winner = was_shadowed
        """
    )


def forget_source(con: duckdb.DuckDBPyConnection, source_id: str) -> None:
    """Leave a source as it is: it failed while it was read."""
    for table in ("candidates", "gone", "settled"):
        con.execute(f"DELETE FROM {table} WHERE source_id = ?", [source_id])


def _look_at_young(
    con: duckdb.DuckDBPyConnection, sources: dict[str, Source], limits: Limits, look_ns: int, result: Scan
) -> None:
    """Hash the young files again: only another hash counts as a change (git's racy rule)."""
    changed, unsettled = [], []
    for again in _read_again(con, "SEMI JOIN settled USING (source_id, path)", sources, limits):
        if again.is_changed:
            changed.append(again.file)
        if again.is_changed or again.signature is None or again.is_moving or _is_recent(again.signature, look_ns):
            unsettled.append(again.file)
    result.young_left = bool(unsettled)
    _note_changed(con, changed)
    with _some_files(con, unsettled):
        con.execute(f"DELETE FROM settled WHERE {_IS_SOME}")


def _verify(con: duckdb.DuckDBPyConnection, sources: dict[str, Source], limits: Limits, result: Scan) -> None:
    """Hash every file again whose signature is the same; another hash is a change that the signature missed."""
    # What git knows by its content cannot change under the same name.
    quiet = "ANTI JOIN settled USING (source_id, path) WHERE blob_id IS NULL AND NOT (is_changed OR is_reparse)"
    changed = [again.file for again in _read_again(con, quiet, sources, limits) if again.is_changed]
    result.missed = [f"{source_id}/{path}" for source_id, path in changed]
    _note_changed(con, changed)


@dataclass(frozen=True, slots=True)
class _ReadAgain:
    """A file hashed once more."""

    file: tuple[str, str]
    """Source and path."""
    is_changed: bool
    """Its hash is another now."""
    is_moving: bool
    """It changed while it was read, or could not be read this time."""
    signature: Signature | None
    """None when it could not be read."""


def _read_again(
    con: duckdb.DuckDBPyConnection, which: str, sources: dict[str, Source], limits: Limits
) -> Iterator[_ReadAgain]:
    """Hash candidates once more, on every core: reading and hashing let go of the interpreter."""
    rows = con.execute(f"SELECT source_id, path, known_hash FROM candidates {which}").fetchall()

    readers = {name: post_reader(source) for name, source in sources.items()}

    def read(row: tuple[str, str, str | None]) -> _ReadAgain:
        source_id, path, known_hash = row
        file = (source_id, path)
        try:
            found = readers[source_id](path, _NEVER_LISTED, limits.file_bytes)
            return _ReadAgain(file, hash_bytes(found.data) != known_hash, found.changed_while_read, found.signature)
        except Rejection as rejection:
            return _ReadAgain(file, known_hash is not None, rejection.reason == "unreadable", None)
        except (FileNotFoundError, SourceUnavailable):
            return _ReadAgain(file, known_hash is not None, True, None)

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
    columns = {"source_id": [file[0] for file in files], "path": [file[1] for file in files]}
    con.register("some_files", pa.table(columns, schema=pa.schema({"source_id": pa.string(), "path": pa.string()})))
    yield
    con.unregister("some_files")


def _is_recent(signature: Signature, look_ns: int) -> bool:
    # A time in the future would stay young for ever: there, the same hash twice is enough.
    return is_young(signature, look_ns) and max(signature.mtime_ns, signature.ctime_ns) <= look_ns


def _leaving(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Count the articles whose every file is gone.

    A file that only moved still has its inode, size and time; in a git source, its blob.
    """
    rows = con.execute(
        """
        WITH moved AS (
            SELECT gone.source_id, gone.path FROM gone
            SEMI JOIN (SELECT * FROM candidates WHERE known_status IS NULL) AS new
                ON (new.source_id, new.inode, new.size, new.mtime_ns, coalesce(new.blob_id, ''))
                    = (gone.source_id, gone.inode, gone.size, gone.mtime_ns, coalesce(gone.blob_id, ''))
        )
        SELECT g.source_id, count(DISTINCT g.article_id),
            (
                SELECT count(DISTINCT article_id) FROM inventory AS i
                WHERE i.source_id = g.source_id AND i.status = 'loaded'
            )
        FROM gone AS g
        ANTI JOIN candidates AS c ON c.source_id = g.source_id AND c.article_id = g.article_id
        ANTI JOIN moved AS m ON m.source_id = g.source_id AND m.path = g.path
        WHERE g.status = 'loaded'
        GROUP BY 1
        """
    ).fetchall()
    return {source_id: (leaving, has) for source_id, leaving, has in rows}


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant of a refresh: one reading, so that every stage agrees."""

    as_of: dt.datetime
    look_ns: int

    @classmethod
    def now(cls) -> Clock:
        """Read the clock."""
        ns = time.time_ns()
        return cls(dt.datetime.fromtimestamp(ns // 1_000 / 1_000_000, dt.UTC), ns)
