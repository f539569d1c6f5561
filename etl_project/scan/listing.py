"""Sources in, what is listed of them out as a temporary table: files, or what a repository says has changed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.scan.identity import NAME_IDENTITY
from etl_project.sources.folder import list_files
from etl_project.sources.listing import FolderListing
from etl_project.sources.signature import SourceUnavailable
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb

    from etl_project.sources.git.tree import GitListing

# Polars is imported where rows are made: most looks find nothing to do, and make none.


def create_listing(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty temporary table `listing`: one row per listed file of every source."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE listing (article_id VARCHAR, shares_identity BOOLEAN, "
        "source_id VARCHAR, path VARCHAR, rank INTEGER, size BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, "
        "blob_id VARCHAR, committed_us BIGINT)"
    )


def list_source(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    folder: FolderListing | None = None,
    since: tuple[str, str] | None = None,
) -> None:
    """Add the posts of a source to the listing.

    Args:
        con: a connection that has the listing and the inventory.
        source: the source, settled.
        folder: what is listed of it, where it is a folder.
        since: commit and tree that the inventory lists, of a git source, where it still holds.

    Raises:
        SourceUnavailable: the source cannot be listed completely; nothing of it is in the listing.
    """
    from etl_project.sources.git.tree import list_posts
    from etl_project.sources.listing import folder_frame

    shares_identity = source.identity != "path"
    if folder is not None:
        listed = folder_frame(source.name, folder)
    else:
        found = list_posts(source, since, _links(con, source.name))
        listed = found.posts
        if not found.is_whole:
            _list_as_it_was(con, source, found)
    identity = NAME_IDENTITY if shares_identity else "path"
    with registered(con, listed_now=listed):
        con.execute(
            f"INSERT INTO listing BY NAME SELECT source_id || ':' || {identity} AS article_id, "
            f"{shares_identity} AS shares_identity, * FROM listed_now"
        )


def list_again(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Put another listing of a folder in the place of the one there is; none, where it cannot be listed now."""
    con.execute("DELETE FROM listing WHERE source_id = ?", [source.name])
    with contextlib.suppress(SourceUnavailable):
        list_source(con, source, list_files(source))


def _links(con: duckdb.DuckDBPyConnection, source_id: str) -> dict[str, int | None]:
    """Symbolic links of the inventory, with when they were committed."""
    query = "SELECT path, committed_us FROM inventory WHERE source_id = ? AND starts_with(blob_id, 'link:')"
    return dict(con.execute(query, [source_id]).fetchall())


def _list_as_it_was(con: duckdb.DuckDBPyConnection, source: Source, found: GitListing) -> None:
    """List what a commit did not touch from the inventory, without a row of it passing through here."""
    import polars as pl

    touched = pl.DataFrame({"path": found.touched}, {"path": pl.String})
    dates = pl.DataFrame(
        {"path": list(found.committed), "moment": list(found.committed.values())},
        {"path": pl.String, "moment": pl.Int64},
    )
    with registered(con, touched=touched, dates=dates):
        con.execute(
            """
            INSERT INTO listing BY NAME
            SELECT i.article_id, $shares_identity AS shares_identity, i.source_id, i.path, i.rank, i.size, i.mtime_ns,
                i.ctime_ns, i.inode, i.blob_id, if(d.path IS NULL, i.committed_us, d.moment) AS committed_us
            FROM inventory AS i LEFT JOIN dates AS d ON d.path = i.path
            WHERE i.source_id = $source_id AND i.path NOT IN (SELECT path FROM touched)
            """,
            {"shares_identity": source.identity != "path", "source_id": source.name},
        )
