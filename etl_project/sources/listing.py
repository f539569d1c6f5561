"""What is listed of a source as a frame."""

from __future__ import annotations

import polars as pl

from etl_project.sources.folder import FolderListing

LISTING = pl.Schema(
    {
        "source_id": pl.String(),
        "path": pl.String(),
        "rank": pl.Int32(),
        "size": pl.Int64(),
        "mtime_ns": pl.Int64(),
        "ctime_ns": pl.Int64(),
        "inode": pl.UInt64(),
    }
)
"""One row per listed file. `rank` is the position of the first `include` pattern that the path matches."""


def listing_frame(source_id: str, listing: FolderListing) -> pl.DataFrame:
    """Make a frame of the schema `LISTING` of what is listed of a folder."""
    frames = [LISTING.to_frame()]
    for files in listing.files:
        paths = files.paths.decode().split("\0")
        columns = [[source_id] * len(paths), paths, *files[1:]]
        frames.append(pl.DataFrame(columns, LISTING, orient="col"))
    return pl.concat(frames)
