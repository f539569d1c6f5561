"""What is listed of a source as an Arrow table."""

from __future__ import annotations

from array import array

import pyarrow as pa

from etl_project.sources.folder import FolderListing

LISTING = pa.schema(
    [
        ("source_id", pa.string()),
        ("path", pa.string()),
        ("rank", pa.int32()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("ctime_ns", pa.int64()),
        ("inode", pa.uint64()),
    ]
)
"""One row per listed file. `rank` is the position of the first `include` pattern that the path matches."""


def listing_table(source_id: str, listing: FolderListing) -> pa.Table:
    """Make a table of the schema `LISTING` of what is listed of a folder."""
    batches = []
    for files in listing.files:
        paths = files.paths.decode().split("\0")
        columns = [pa.array([source_id] * len(paths), pa.string()), pa.array(paths, pa.string())]
        columns += [_column(values, field.type) for values, field in zip(files[1:], list(LISTING)[2:], strict=True)]
        batches.append(pa.record_batch(columns, schema=LISTING))
    return pa.Table.from_batches(batches, LISTING)


def _column(values: array[int], dtype: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(dtype, len(values), [None, pa.py_buffer(values)])
