"""Counts what readers would lose by a refresh: articles about to leave, by the reason why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.sources.place import PinnedSource

if TYPE_CHECKING:
    import duckdb


@dataclass(slots=True)
class Leaving:
    """Articles of one source that are about to leave. Each counts once, for the first of the reasons that holds."""

    total: int
    """Articles that the source has."""
    some_stay: bool
    """Whether it would have any afterwards, new ones included."""
    absent: int = 0
    """Their files are not there any more."""
    closed: int = 0
    """Their files are there, and cannot be opened."""
    rejected: int = 0
    """Their files were changed, and cannot be loaded any more."""
    unselected: int = 0
    """Their files are there as they were: the settings or the code do not take them for posts any more."""
    example: str = ""
    """Path of the first of them, with the reason of the rejection where there is one."""

    @property
    def lost(self) -> int:
        """Articles that leave for another reason than the settings or the code."""
        return self.absent + self.closed + self.rejected

    @property
    def leaving(self) -> int:
        """All articles that are about to leave."""
        return self.lost + self.unselected


# Files that are or may become articles.
_LISTED = "SELECT source_id, article_id FROM listing {only}"

# The same after reading.
_LOADED = """
SELECT source_id, article_id FROM listed_files {only} WHERE known_status = 'loaded'
UNION ALL
SELECT source_id, article_id FROM inventory {only}
ANTI JOIN listed_files USING (source_id, path) ANTI JOIN deleted_files USING (source_id, path)
WHERE status = 'loaded'
"""

# Of sources that were listed again, what was listed counts unless reading refused it.
_LISTED_AGAIN = """
UNION ALL
SELECT source_id, article_id FROM listing {only}
ANTI JOIN (
    SELECT source_id, path FROM listed_files WHERE known_status IN ('loaded', 'rejected', 'closed')
) USING (source_id, path)
WHERE list_contains($again, source_id)
"""

_FILE = "source_id, path, inode, size, mtime_ns, blob_id"

_NEW = f"SELECT {_FILE} FROM listed_files WHERE is_new"

# A name that was gone when it was read is no new one, whatever lists it again.
_NEW_AGAIN = f"""
UNION ALL
SELECT {_FILE} FROM listing ANTI JOIN listed_files USING (source_id, path) ANTI JOIN inventory USING (source_id, path)
WHERE list_contains($again, source_id)
"""

# Files of the inventory that are lost, each with the article that it was; `there`: the articles that stay; `new`: files
# that the inventory has not. A file that only moved still has its inode, size and time; in a git source, its blob.
# Several files may have the same: each new one replaces one that was lost.
_LEAVING = """
WITH gone AS MATERIALIZED (
    SELECT source_id, path FROM deleted_files WHERE NOT list_contains($keeping, source_id)
    UNION
    SELECT source_id, path FROM listed_files WHERE known_status IN ('closed', 'rejected')
        OR (known_status = 'gone' AND NOT list_contains($keeping, source_id))
), candidates AS MATERIALIZED (
    SELECT * FROM inventory SEMI JOIN gone USING (source_id, path) WHERE status = 'loaded'
), lost AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
    FROM candidates ANTI JOIN ({there}) USING (source_id, article_id)
), new AS (
    SELECT *, row_number() OVER (PARTITION BY source_id, inode, size, mtime_ns, blob_id ORDER BY path) AS n
    FROM ({new})
)
SELECT lost.source_id, lost.article_id, lost.path, coalesce(l.known_status, 'gone'),
    coalesce(l.is_reparse AND read.file_hash = lost.file_hash, false), read.reason
FROM lost
ANTI JOIN new ON (new.source_id, new.inode, new.size, new.mtime_ns, coalesce(new.blob_id, ''), new.n)
    = (lost.source_id, lost.inode, lost.size, lost.mtime_ns, coalesce(lost.blob_id, ''), lost.n)
LEFT JOIN listed_files AS l ON l.source_id = lost.source_id AND l.path = lost.path
LEFT JOIN ({read}) AS read ON read.source_id = lost.source_id AND read.path = lost.path
ORDER BY lost.source_id, lost.path
"""

NOTHING_READ = "SELECT ''::VARCHAR AS source_id, '' AS path, '' AS file_hash, '' AS reason WHERE false"


def articles_leaving(
    con: duckdb.DuckDBPyConnection,
    sources: Iterable[PinnedSource],
    read: str | None = None,
    listed_again: Iterable[str] = (),
) -> dict[str, Leaving]:
    """Count the articles that are about to lose their last file.

    An article that its source keeps without its file (`on_missing = "keep"`) does not leave, unless its file is there
    and cannot be loaded.

    Args:
        con: the connection of the plan.
        sources: the sources that were listed.
        read: after reading, a query of the rows of files that were read: source_id, path, file_hash, reason.
        listed_again: sources that were listed again, since files went before they were read.

    Returns:
        Source -> articles about to leave, where any is.
    """
    by_name = {pinned.name: pinned for pinned in sources}
    there, new = (_LISTED, _NEW) if read is None else (_LOADED, f"{_NEW} AND known_status = 'loaded'")
    again = {"again": names} if (names := list(listed_again)) else {}
    if again:
        there, new = there + _LISTED_AGAIN, new + _NEW_AGAIN
    keeping = [name for name, pinned in by_name.items() if pinned.source.on_missing == "keep"]
    lost: dict[str, dict[str, tuple[str, str, bool, str | None]]] = defaultdict(dict)
    of_candidates = there.format(only="SEMI JOIN candidates USING (source_id, article_id)")
    query = _LEAVING.format(there=of_candidates, new=new, read=read or NOTHING_READ)
    for source_id, article_id, *facts in con.execute(query, {"keeping": keeping, **again}).fetchall():
        lost[source_id].setdefault(article_id, tuple(facts))
    return {
        name: _count(con, name, by_name.get(name), articles, there.format(only=""), again)
        for name, articles in sorted(lost.items())
    }


def _count(
    con: duckdb.DuckDBPyConnection,
    name: str,
    pinned: PinnedSource | None,
    articles: dict[str, tuple[str, str, bool, str | None]],
    there: str,
    again: dict[str, list[str]],
) -> Leaving:
    # One loaded file of each identity is its article, and not shadowed by another.
    row = con.execute(
        f"""
        SELECT (SELECT count(*) FROM inventory WHERE source_id = $name AND status = 'loaded' AND NOT is_shadowed),
            EXISTS (FROM ({there}) WHERE source_id = $name)
        """,
        {"name": name, **again},
    ).fetchone()
    assert row
    counted = Leaving(*row)
    paths = [path for path, status, _, _ in articles.values() if status == "gone"]
    unselected = set(pinned.place.still_there(paths)) if pinned else set()
    for path, status, is_by_settings, reason in articles.values():
        if path in unselected or is_by_settings:
            counted.unselected += 1
        elif status == "gone":
            counted.absent += 1
        elif status == "closed":
            counted.closed += 1
        else:
            counted.rejected += 1
        counted.example = counted.example or f"{path}{f' ({reason})' if reason else ''}"
    return counted
