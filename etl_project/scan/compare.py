"""Compares the listing of the sources with the inventory of the last refresh: which files are to be read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.database.sql import count_rows
from etl_project.limits import Limits
from etl_project.scan.diff import Diff
from etl_project.scan.leaving import articles_leaving
from etl_project.scan.listing import list_source
from etl_project.scan.rehash import confirm_young_files, rehash_unchanged
from etl_project.sources.listing import NOT_HERE, FolderListing
from etl_project.sources.place import PinnedSource, PlaceVersion
from etl_project.sources.signature import SIGNATURE_COLUMNS, FileTask, Signature, SourceUnavailable

if TYPE_CHECKING:
    import duckdb

MOST_DEFERRALS = 2
LONGEST_DEFERRAL_NS = 60_000_000_000
"""A file caught half written keeps its last good row for at most so many refreshes and so long: writers truncate, then
write, and most are done within a moment."""

_TASKS_PER_PAGE = 10_000

_SIGNATURE = ", ".join(SIGNATURE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is to be compared, and how."""

    sources: tuple[PinnedSource, ...]
    limits: Limits
    started_ns: int
    """When the plan began, in nanoseconds since 1970-01-01T00:00Z."""
    reparse: frozenset[str]
    """Sources whose settings or code changed: every file is read again."""
    skipped: frozenset[str]
    """Sources of etl.toml that are not to be listed; their files stay as they are."""
    unavailable: Mapping[str, str]
    """Sources that cannot be listed -> why."""
    walked: Mapping[str, FolderListing]
    """Source -> its listing, for sources that must be walked to be listed."""
    since: Mapping[str, PlaceVersion]
    """Source -> the version that the inventory lists."""
    young_confirmed: bool
    """An earlier plan found the young files of the inventory unchanged."""
    verify: bool
    """Hash every file again, also those whose signature is the same."""
    all_files: bool
    """Ask what is known of every listed file, as most of them are to be read or hashed."""


def compare(con: duckdb.DuckDBPyConnection, ask: Comparison) -> Diff:
    """List the sources and compare them with the inventory.

    Args:
        con: a connection with the tables of in_flight.sql, empty, and the view `inventory`.
        ask: what is to be compared.
    """
    unavailable = dict(ask.unavailable)
    for pinned in ask.sources:
        if pinned.name not in unavailable:
            try:
                since = None if pinned.name in ask.reparse else ask.since.get(pinned.name)
                list_source(con, pinned, ask.limits, ask.walked.get(pinned.name), since)
            except SourceUnavailable as error:
                unavailable[pinned.name] = str(error)
    unlisted = {"unlisted": sorted(ask.skipped | unavailable.keys())}
    if ask.all_files:
        con.execute(f"INSERT INTO deleted_files SELECT {_OF_DELETED} {_GONE}", unlisted)
    else:
        con.execute(f"INSERT INTO differing_files {_DIFFERING}", unlisted)
        con.execute(f"INSERT INTO deleted_files SELECT {_OF_DELETED} {_GONE_OF_DIFFERING}")
    _fill_listed_files(con, ask)
    con.execute(
        "INSERT INTO confirmed_young SELECT source_id, path FROM listed_files "
        f"WHERE was_young AND NOT is_changed AND NOT is_reparse AND size <> {NOT_HERE}"
    )
    by_name = {pinned.name: pinned for pinned in ask.sources}
    failed: dict[str, str] = {}
    missed = rehash_unchanged(con, by_name, ask.limits, failed) if ask.verify else []
    young_left = False
    if ask.verify or not ask.young_confirmed:
        young_left = confirm_young_files(con, by_name, ask.limits, ask.started_ns, failed)
    for name in failed:
        forget_source(con, name)
    unavailable |= failed
    if any(pinned.source.identity != "path" for pinned in ask.sources):
        choose_winners(con)
    listed = dict.fromkeys([s.name for s in ask.sources if s.name not in unavailable], 0)
    counts = con.execute(
        f"""
        SELECT source_id, count(*), any_value(to_read)
        FROM listing
        LEFT JOIN (SELECT source_id, count(*) AS to_read FROM ({FILES_TO_READ}) GROUP BY 1) USING (source_id)
        GROUP BY 1
        UNION ALL SELECT NULL, count(*), NULL FROM deleted_files
        """
    ).fetchall()
    files_of = {name: (files, to_read) for name, files, to_read in counts}
    deleted, _ = files_of.pop(None)
    return Diff(
        listed=listed | {name: files for name, (files, _) in files_of.items()},
        unavailable=unavailable,
        to_read={name: to_read for name, (_, to_read) in files_of.items() if to_read},
        deleted=deleted,
        leaving=articles_leaving(con, ask.sources) if deleted else {},
        missed=missed,
        young_left=young_left,
    )


_LISTED, _KNOWN = (", ".join(f"{table}.{name}" for name in (*SIGNATURE_COLUMNS, "committed_us")) for table in "li")

# What is not on the disk now, and was loaded, is as it was.
_IS_CHANGED = f"""({_LISTED}) IS DISTINCT FROM ({_KNOWN})
    AND NOT (l.size = {NOT_HERE} AND coalesce(i.status = 'loaded', false))"""

_ROW = f"hash(source_id, path, {_SIGNATURE}, committed_us)"

# Numbers are joined in half of the time of paths. That a changed file has the number of one that is known happens once
# in sixty thousand million refreshes of a million files of which 300 changed.
_DIFFERING = f"""
WITH now AS MATERIALIZED (SELECT {_ROW} AS row FROM listing),
    known AS MATERIALIZED (SELECT {_ROW} AS row FROM inventory WHERE NOT list_contains($unlisted, source_id)),
    came AS MATERIALIZED (FROM now ANTI JOIN known USING (row)),
    went AS MATERIALIZED (FROM known ANTI JOIN now USING (row))
SELECT source_id, path, article_id, false AS was_so, true AS is_so
FROM (SELECT *, {_ROW} AS row FROM listing) SEMI JOIN came USING (row)
UNION ALL
SELECT source_id, path, article_id, true, false FROM (SELECT *, {_ROW} AS row FROM inventory) SEMI JOIN went USING (row)
UNION ALL
SELECT source_id, path, article_id, false, false FROM inventory WHERE is_young
"""
"""Files that may not be as they were. Identities of others are left alone, and nobody asks what is known of them: of a
small refresh that takes a third of the time."""

_OF_DELETED = "source_id, path, article_id, status, is_shadowed, size, mtime_ns, inode, blob_id"

# Of sources that were not listed, no file went.
_GONE = """
FROM inventory ANTI JOIN listing USING (source_id, path) WHERE NOT list_contains($unlisted, source_id)
"""
_GONE_OF_DIFFERING = """
FROM inventory SEMI JOIN (
    SELECT source_id, path FROM differing_files WHERE was_so
    EXCEPT SELECT source_id, path FROM differing_files WHERE is_so
) USING (source_id, path)
"""


def _fill_listed_files(con: duckdb.DuckDBPyConnection, ask: Comparison) -> None:
    """Find what is known of the listed files of identities that may differ, and whether they changed."""
    con.execute(
        f"""
        INSERT INTO listed_files BY NAME
        SELECT l.*, i.file_hash AS known_hash, i.status AS known_status, i.is_shadowed AS was_shadowed,
            coalesce(i.is_young, false) AS was_young,
            i.committed_us AS known_committed_us,
            i.path IS NULL AS is_new,
            {_IS_CHANGED} AS is_changed,
            list_contains($reparse, l.source_id) AS is_reparse,
            coalesce(i.status = 'loaded' AND NOT i.is_shadowed AND i.deferrals < $deferrals
                AND coalesce(epoch_ns(i.deferred_since) > $started_ns - $deferral_ns, true), false) AS may_defer,
            false AS is_read,
            NOT l.shares_identity OR coalesce(i.status = 'loaded' AND NOT i.is_shadowed, false) AS is_winner
        FROM (FROM listing {"" if ask.all_files else "SEMI JOIN differing_files USING (source_id, article_id)"}) AS l
            LEFT JOIN inventory AS i USING (source_id, path)
        """,
        {
            "reparse": sorted(ask.reparse),
            "deferrals": MOST_DEFERRALS,
            "started_ns": ask.started_ns,
            "deferral_ns": LONGEST_DEFERRAL_NS,
        },
    )


_IS_TO_READ = "NOT is_read AND (is_changed OR is_reparse OR is_winner = was_shadowed AND known_status = 'loaded')"

FILES_TO_READ = f"SELECT * FROM listed_files WHERE {_IS_TO_READ}"
"""Files whose rows may differ from those of the last refresh: changed, read under other settings, or with another
part among the files of one identity."""


_OUT = "('rejected', 'gone', 'closed')"
"""What became of files that are no article."""


_FILES_THAT_CHANGED = """
SELECT source_id, article_id FROM listed_files WHERE is_changed OR is_reparse
UNION
SELECT source_id, article_id FROM deleted_files
"""


def choose_winners(con: duckdb.DuckDBPyConnection, touched: str = _FILES_THAT_CHANGED) -> None:
    """Decide which file of an identity is its article, from what is known of each so far.

    The earliest `include` pattern wins, then the smallest path in bytes, never the newest; a file known to be rejected
    never wins. A file of which nothing is known yet counts as good, and the choice is made again after reading.

    Args:
        con: the connection of the plan.
        touched: query of the identities for which it is made: by default those of which a file changed, came or went.
    """
    con.execute(
        f"""
        WITH touched AS ({touched})
        UPDATE listed_files SET is_winner = best.path IS NOT DISTINCT FROM listed_files.path
        FROM (
            SELECT source_id, article_id,
                arg_min(path, (rank, path)) FILTER (NOT is_out) AS path
            FROM (
                SELECT *, coalesce(known_status, '') IN {_OUT}
                    AND (is_read OR NOT (is_changed OR is_reparse)) AS is_out
                FROM listed_files SEMI JOIN touched USING (source_id, article_id) WHERE shares_identity
            )
            GROUP BY ALL
        ) AS best
        WHERE shares_identity AND best.source_id = listed_files.source_id AND best.article_id = listed_files.article_id
        """
    )


def tasks_to_read(con: duckdb.DuckDBPyConnection, source_id: str, *, may_defer: bool) -> Iterator[list[FileTask]]:
    """Files of one source to read now, in path order, in lists of some thousands.

    Args:
        con: the connection of the plan.
        source_id: the source.
        may_defer: whether a file caught half written may keep its last good row.
    """
    con.execute("DELETE FROM files_to_read")
    con.execute(
        f"""
        INSERT INTO files_to_read BY NAME
        SELECT row_number() OVER (ORDER BY path) AS number, path, article_id, NOT is_winner AS is_shadowed,
            CASE WHEN NOT is_reparse AND known_status = 'loaded' AND is_winner <> was_shadowed
                    AND committed_us IS NOT DISTINCT FROM known_committed_us THEN known_hash
                 WHEN NOT is_reparse AND known_status = 'rejected' THEN known_hash END AS known_hash,
            may_defer AND $may_defer AND is_winner AND NOT is_reparse AS may_defer,
            committed_us, {_SIGNATURE}
        FROM ({FILES_TO_READ}) WHERE source_id = $source_id
        """,
        {"source_id": source_id, "may_defer": may_defer},
    )
    # In pages of a table, as the connection is used for other things between them.
    page = "SELECT * EXCLUDE number FROM files_to_read WHERE number BETWEEN ? AND ? ORDER BY number"
    for first in itertools.count(1, _TASKS_PER_PAGE):
        rows = con.execute(page, [first, first + _TASKS_PER_PAGE - 1]).fetchall()
        if rows:
            yield [
                FileTask(path, article_id, is_shadowed, known_hash, deferrable, Signature(*signature), committed_us)
                for path, article_id, is_shadowed, known_hash, deferrable, committed_us, *signature in rows
            ]
        if len(rows) < _TASKS_PER_PAGE:
            return


def record_read_files(con: duckdb.DuckDBPyConnection, files: str) -> bool:
    """Record in `listed_files` what became of the files that were read, and choose winners again.

    Args:
        con: the connection of the plan.
        files: a query of staged rows: source_id, path, status; `closed` where a file could not be opened.

    Returns:
        Whether some file is no article; else there is nothing more to read.
    """
    # Rows are inserted anew and the old ones deleted: an update of every row takes twenty times as long.
    con.execute(
        f"""
        INSERT INTO listed_files
        SELECT l.* REPLACE (
            true AS is_read, NOT l.is_winner AS was_shadowed,
            if(read.status IN ('same', 'deferred'), l.known_status, read.status) AS known_status
        )
        FROM listed_files AS l JOIN ({files}) AS read USING (source_id, path) WHERE NOT l.is_read;
        DELETE FROM listed_files WHERE NOT is_read AND (source_id, path) IN
            (SELECT (source_id, path) FROM listed_files WHERE is_read)
        """
    )
    # What was to be read counted as good when winners were chosen.
    out = f"listed_files WHERE is_read AND known_status IN {_OUT}"
    is_some_out = count_rows(con, out) > 0
    if is_some_out:
        choose_winners(con, f"SELECT DISTINCT source_id, article_id FROM {out}")
        con.execute(
            """
            UPDATE listed_files SET is_read = false, is_changed = false
            WHERE is_read AND known_status = 'loaded' AND is_winner = was_shadowed
            """
        )
    return is_some_out


def forget_source(con: duckdb.DuckDBPyConnection, source_id: str) -> None:
    """Leave a source as it is: it failed while it was listed or read."""
    for table in ("listing", "listed_files", "deleted_files", "confirmed_young"):
        con.execute(f"DELETE FROM {table} WHERE source_id = ?", [source_id])
