"""Lists the sources into the temporary table `listing`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.extract.site.left_out import LeftOut
from etl_project.extract.site.site_files import find_files_left_out
from etl_project.limits import Limits
from etl_project.scan.identity import NAME_IDENTITY
from etl_project.sources.listing import LISTING_COLUMNS, FolderListing, Listing
from etl_project.sources.place import LastListing, PinnedSource, PlaceVersion
from etl_project.sources.signature import SourceUnavailable

if TYPE_CHECKING:
    import duckdb


def list_source(
    con: duckdb.DuckDBPyConnection,
    pinned: PinnedSource,
    limits: Limits,
    walked: FolderListing | None = None,
    since: PlaceVersion | None = None,
) -> None:
    """Add the posts of a source to the table `listing`.

    Args:
        con: a connection with the tables `listing` and `inventory`.
        pinned: the source.
        limits: limits of the parser of the site's own settings, which may leave files out.
        walked: its listing, where it must be walked to be listed and was.
        since: version that the inventory lists, where it still holds.

    Raises:
        SourceUnavailable: the source cannot be listed completely; none of its files is in the table.
    """
    import polars as pl

    source = pinned.source
    last = LastListing(since, _symbolic_links(con, source.name)) if since else None
    listing = pinned.place.list_posts(source, walked, last)
    posts = listing.posts
    if (left_out := find_files_left_out(pinned, limits)) != LeftOut():
        posts = posts.filter(left_out.keeps(pl.col("path")))
    shares_identity = source.identity != "path"
    if not listing.is_whole:
        _list_untouched_files(con, pinned, listing)
    identity = NAME_IDENTITY if shares_identity else "path"
    with registered(con, listed_posts=posts):
        con.execute(
            f"INSERT INTO listing BY NAME SELECT source_id || ':' || {identity} AS article_id, "
            f"{shares_identity} AS shares_identity, * FROM listed_posts"
        )


def list_again(con: duckdb.DuckDBPyConnection, pinned: PinnedSource) -> None:
    """Replace the listing of a source by one of now; by none, where it cannot be listed."""
    con.execute("DELETE FROM listing WHERE source_id = ?", [pinned.name])
    with contextlib.suppress(SourceUnavailable):
        list_source(con, pinned, Limits())


def _symbolic_links(con: duckdb.DuckDBPyConnection, source_id: str) -> dict[str, int | None]:
    """Symbolic links of the inventory -> when they were committed."""
    query = "SELECT path, committed_us FROM inventory WHERE source_id = ? AND starts_with(blob_id, 'link:')"
    return dict(con.execute(query, [source_id]).fetchall())


def _list_untouched_files(con: duckdb.DuckDBPyConnection, pinned: PinnedSource, listing: Listing) -> None:
    """List from the inventory what no commit touched; its rows stay within DuckDB."""
    import polars as pl

    touched = pl.DataFrame({"path": listing.touched}, {"path": pl.String})
    dates = pl.DataFrame(
        {"path": list(listing.committed), "moment": list(listing.committed.values())},
        {"path": pl.String, "moment": pl.Int64},
    )
    columns = ", ".join(f"i.{name}" for name in LISTING_COLUMNS if name != "committed_us")
    with registered(con, touched_paths=touched, commit_dates=dates):
        con.execute(
            f"""
            INSERT INTO listing BY NAME
            SELECT i.article_id, $shares_identity AS shares_identity, {columns},
                if(d.path IS NULL, i.committed_us, d.moment) AS committed_us
            FROM inventory AS i LEFT JOIN commit_dates AS d ON d.path = i.path
            WHERE i.source_id = $source_id AND i.path NOT IN (SELECT path FROM touched_paths)
            """,
            {"shares_identity": pinned.source.identity != "path", "source_id": pinned.name},
        )
