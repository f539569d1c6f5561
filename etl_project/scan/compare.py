"""The listing of the sources and the inventory of the last refresh in, the work of this one out."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from etl_project.limits import Limits
from etl_project.scan.listing import create_listing, list_source
from etl_project.scan.rehash import look_at_young, verify_quiet
from etl_project.sources.listing import FolderListing
from etl_project.sources.signature import FileTask, Signature, SourceUnavailable
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb

MOST_DEFERRALS = 2
LONGEST_DEFERRAL_NS = 60_000_000_000
"""A file caught half written keeps its last good row for at most so many refreshes and so long: writers truncate, then
write, and most are done within a moment."""

_TASKS_TOGETHER = 10_000
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)

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
FROM {database}.post_files)"""
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
    folders: Mapping[str, FolderListing] = MappingProxyType({}),
    left_out: frozenset[str] = frozenset(),
    verify: bool = False,
    since: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    unavailable: Mapping[str, str] = MappingProxyType({}),
) -> Scan:
    """Compare what is listed of every source with the inventory.

    Args:
        con: a connection that has a table or view `inventory` (see `EMPTY_INVENTORY`).
        sources: the sources to compare.
        limits: how much of a file may be read.
        look_ns: when the look began, nanoseconds since the epoch.
        reparse: sources whose settings or code changed: every file is read again.
        young_settled: the young files of the inventory were found unchanged by an earlier look.
        folders: source -> its listing, for sources that are folders.
        left_out: sources of etl.toml that are not to be listed; their files stay as they are.
        verify: hash every file again, also those whose signature is the same.
        since: source -> commit and tree that the inventory lists, for git sources.
        unavailable: sources that cannot be listed -> why.
    """
    result = Scan(unavailable=dict(unavailable))
    create_listing(con)
    for source in sources:
        if source.name in unavailable:
            continue
        last = None if source.name in reparse else since.get(source.name)
        try:
            list_source(con, source, folders.get(source.name), last)
        except SourceUnavailable as error:
            result.unavailable[source.name] = str(error)
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
            NOT l.shares_identity OR coalesce(i.status = 'loaded' AND NOT i.is_shadowed, false) AS is_winner
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
    failed: dict[str, str] = {}
    if verify:
        result.missed = verify_quiet(con, by_name, limits, failed)
    if verify or not young_settled:
        result.young_left = look_at_young(con, by_name, limits, look_ns, failed)
    for name, why in failed.items():
        result.unavailable[name] = why
        forget_source(con, name)
    choose_winners(con)
    result.to_read = dict(con.execute(f"SELECT source_id, count(*) FROM ({FILES_TO_READ}) GROUP BY 1").fetchall())
    result.listed = {source.name: 0 for source in sources if source.name not in result.unavailable} | dict(
        con.execute("SELECT source_id, count(*) FROM candidates GROUP BY 1").fetchall()
    )
    row = con.execute("SELECT count(*) FROM gone").fetchone()
    result.gone = row[0] if row else 0
    if result.gone:
        result.leaving = articles_leaving(con, sources)
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
    The choice stands where no file of an identity has changed, come or gone.
    """
    con.execute(
        """
        WITH touched AS (
            SELECT source_id, article_id FROM candidates WHERE is_changed OR is_reparse OR is_read
            UNION
            SELECT source_id, article_id FROM gone
        )
        UPDATE candidates SET is_winner = best.path IS NOT DISTINCT FROM candidates.path
        FROM (
            SELECT source_id, article_id,
                arg_min(path, (rank, path)) FILTER (NOT is_out) AS path
            FROM (
                SELECT *, coalesce(known_status, '') IN ('rejected', 'gone', 'closed')
                    AND (is_read OR NOT (is_changed OR is_reparse)) AS is_out
                FROM candidates SEMI JOIN touched USING (source_id, article_id) WHERE shares_identity
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
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE tasks AS
        SELECT row_number() OVER (ORDER BY path) AS number, path, article_id, NOT is_winner AS is_shadowed,
            CASE WHEN NOT is_reparse AND known_status = 'loaded' AND is_winner <> was_shadowed
                    AND committed_us IS NOT DISTINCT FROM known_committed_us THEN known_hash
                 WHEN NOT is_reparse AND known_status = 'rejected' THEN known_hash END AS known_hash,
            may_defer AND $may_defer AND is_winner AND NOT is_reparse AS may_defer,
            committed_us, size, mtime_ns, ctime_ns, inode, blob_id
        FROM ({FILES_TO_READ}) WHERE source_id = $source_id
        """,
        {"source_id": source_id, "may_defer": may_defer},
    )
    # By pages of a table, since the connection is used for other things between them.
    page = "SELECT * EXCLUDE number FROM tasks WHERE number BETWEEN ? AND ? ORDER BY number"
    for first in itertools.count(1, _TASKS_TOGETHER):
        rows = con.execute(page, [first, first + _TASKS_TOGETHER - 1]).fetchall()
        if not rows:
            return
        yield [
            FileTask(path, article_id, is_shadowed, known_hash, deferrable, Signature(*signature), committed_us)
            for path, article_id, is_shadowed, known_hash, deferrable, committed_us, *signature in rows
        ]


def note_read(con: duckdb.DuckDBPyConnection, files: str) -> None:
    """Write down what became of the files that were read, and choose winners again.

    Args:
        con: the connection of the scan.
        files: a query of staged rows: source_id, path, status; `closed` where a file could not be opened.
    """
    # Put in the place of the rows they had: an update of every row takes twenty times as long.
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE noted AS
        SELECT c.* REPLACE (
            true AS is_read, NOT c.is_winner AS was_shadowed,
            if(read.status IN ('same', 'deferred'), c.known_status, read.status) AS known_status
        )
        FROM candidates AS c JOIN ({files}) AS read USING (source_id, path);
        DELETE FROM candidates WHERE (source_id, path) IN (SELECT (source_id, path) FROM noted);
        INSERT INTO candidates FROM noted;
        DROP TABLE noted
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


def articles_leaving(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> dict[str, tuple[int, int]]:
    """Count the articles whose every file is gone, be it from the listing or, later, when it was to be read.

    An article that its source keeps without its file does not leave; that of a file which cannot be opened does.

    What is there is told by the table `listing`: where files went while they were read, it is to be made anew, and what
    could not be opened is to be taken out.
    A file that only moved still has its inode, size and time; in a git source, its blob. Many files may have the same:
    each new one stands for one that is gone.

    Args:
        con: the connection of the scan.
        sources: the sources of the scan.

    Returns:
        Source -> (articles about to leave, articles it has), where any is about to leave.
    """
    rows = con.execute(
        """
        WITH lost AS (
            SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
            FROM (
                SELECT source_id, path, article_id, status, inode, size, mtime_ns, blob_id FROM gone
                WHERE NOT list_contains($keeping, source_id)
                UNION ALL
                SELECT source_id, path, article_id, status, inode, size, mtime_ns, blob_id FROM inventory
                SEMI JOIN (
                    SELECT source_id, path FROM candidates WHERE known_status = 'closed'
                        OR (known_status = 'gone' AND NOT list_contains($keeping, source_id))
                ) USING (source_id, path)
            )
            ANTI JOIN listing AS there USING (source_id, article_id)
            WHERE status = 'loaded'
        ), new AS (
            SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
            FROM listing ANTI JOIN inventory USING (source_id, path)
        )
        SELECT source_id, count(DISTINCT article_id),
            (
                SELECT count(DISTINCT article_id) FROM inventory AS i
                WHERE i.source_id = lost.source_id AND i.status = 'loaded'
            )
        FROM lost
        ANTI JOIN new ON (new.source_id, new.inode, new.size, new.mtime_ns, coalesce(new.blob_id, ''), new.n)
            = (lost.source_id, lost.inode, lost.size, lost.mtime_ns, coalesce(lost.blob_id, ''), lost.n)
        GROUP BY 1
        """,
        {"keeping": [source.name for source in sources if source.on_missing == "keep"]},
    ).fetchall()
    return {source_id: (leaving, has) for source_id, leaving, has in rows}


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant of a refresh: one reading, so that every stage agrees."""

    as_of: dt.datetime
    look_ns: int

    @property
    def as_of_us(self) -> int:
        """The instant in microseconds since 1970-01-01T00:00Z."""
        return (self.as_of - _EPOCH) // dt.timedelta(microseconds=1)

    @classmethod
    def now(cls) -> Clock:
        """Read the clock."""
        ns = time.time_ns()
        return cls(dt.datetime.fromtimestamp(ns // 1_000 / 1_000_000, dt.UTC), ns)
