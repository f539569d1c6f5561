"""The listing of a source: one row per file, in columns, so that a million rows take little memory."""

from __future__ import annotations

import functools
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from etl_project.sources.signature import SIGNATURE_COLUMNS

if TYPE_CHECKING:
    import polars as pl

LISTING_COLUMNS: Mapping[str, str] = {
    "source_id": "VARCHAR",
    "path": "VARCHAR",
    "rank": "INTEGER",
    **SIGNATURE_COLUMNS,
    "committed_us": "BIGINT",
}
"""Columns of a listing -> their SQL types: the only place that says them.

`rank` is the position of the first `include` pattern that the path matches. `committed_us` is when the file was last
committed, in microseconds since 1970-01-01T00:00Z, where the source takes dates from the history of a repository.
"""


E_TAG = "etag:"
"""Begins the `blob_id` of an object of a store: the tag by which the store tells its contents apart follows."""

HINTS = "^(etag|hash|crc):"
"""What a `blob_id` begins with that is not the name that git gives to a content: of objects and of members of packs."""

NOT_HERE = -1
"""Size of a file that is not on this disk now: a synchronizing program took it off, and brings it back when asked."""


class ListedFiles(NamedTuple):
    """Some of the files of a folder, column by column."""

    paths: bytes
    """Paths as the warehouse writes them, in UTF-8, NUL between them."""
    ranks: array[int]
    """Position of the first `include` pattern that each path matches."""
    sizes: array[int]
    mtimes_ns: array[int]
    ctimes_ns: array[int]
    inodes: array[int]


@dataclass(frozen=True, slots=True)
class Listing:
    """The posts of a source, or those that may differ from the last listing."""

    posts: pl.DataFrame
    """One row per listed file, in columns of `LISTING_COLUMNS`: every post, or those that may differ."""
    is_whole: bool = True
    """Every post is there; else those not named in `touched` are as they were."""
    touched: list[str] = field(default_factory=list)
    """Paths whose row in the last listing is outdated, whether or not they are posts now."""
    committed: dict[str, int | None] = field(default_factory=dict)
    """Path -> when it was committed since, in microseconds since 1970-01-01T00:00Z, for paths that may be as they were
    all the same."""


@dataclass(frozen=True, slots=True)
class FolderListing:
    """Every post of a source that is walked to be listed, with a digest."""

    files: list[ListedFiles]
    digest: str
    """Equal for equal listings."""
    not_read: Mapping[str, int] = field(default_factory=dict)
    """Ending that the dialect does not read, but that posts may have -> files at the places of posts."""
    blob_ids: Sequence[bytes] = ()
    """For each of `files`, the `blob_id`s of its files in UTF-8, NUL between them; nothing of a folder."""

    def paths(self) -> Iterator[str]:
        """Paths of all files, as listed."""
        for files in self.files:
            yield from files.paths.decode().split("\0")


# Polars is imported where rows are made: most refreshes find nothing to do, and make none.


def listing_frame(columns: Mapping[str, Sequence[object]]) -> pl.DataFrame:
    """Make a frame of listed files, in the types of `LISTING_COLUMNS`.

    Args:
        columns: column -> values, one for each file; columns that a kind of source does not know are left out.
    """
    import polars as pl

    types = polars_types()
    return pl.DataFrame(dict(columns), {name: types[name] for name in columns})


@functools.cache
def polars_types() -> dict[str, pl.DataType]:
    """Column of a listing -> its type in Polars."""
    import polars as pl

    types = {"VARCHAR": pl.String(), "INTEGER": pl.Int32(), "BIGINT": pl.Int64(), "UBIGINT": pl.UInt64()}
    return {name: types[sql] for name, sql in LISTING_COLUMNS.items()}


def folder_frame(source_id: str, listing: FolderListing) -> pl.DataFrame:
    """Make a frame of the listing of a source that was walked."""
    import polars as pl

    known = [*_FOLDER_COLUMNS, *(["blob_id"] if listing.blob_ids else [])]
    frames = [listing_frame({name: [] for name in ("source_id", *known)})]
    types = polars_types()
    for number, files in enumerate(listing.files):
        paths = pl.Series([files.paths.decode()]).str.split("\0").explode()
        columns = [
            pl.repeat(source_id, len(paths), dtype=pl.String, eager=True).alias("source_id"),
            paths.alias("path"),
        ]
        columns += [
            _numbers(values, types[name]).alias(name)
            for name, values in zip(_FOLDER_COLUMNS[1:], files[1:], strict=True)
        ]
        if listing.blob_ids:
            names = [name or None for name in listing.blob_ids[number].decode().split("\0")]
            columns.append(pl.Series("blob_id", names, dtype=pl.String))
        frames.append(pl.DataFrame(columns))
    return pl.concat(frames)


def _numbers(values: array[int], dtype: pl.DataType) -> pl.Series:
    """Make a column of numbers as they are in memory, with no object of Python for each."""
    import polars as pl

    whole = pl.Series([values.tobytes()])
    return whole.bin.reinterpret(dtype=pl.Array(dtype, len(values)), endianness=sys.byteorder).explode()


_FOLDER_COLUMNS = ("path", "rank", "size", "mtime_ns", "ctime_ns", "inode")
"""Columns of `LISTING_COLUMNS` that `ListedFiles` holds, in its order."""
