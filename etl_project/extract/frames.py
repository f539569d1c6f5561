"""The schemas of the three frames that a batch of files becomes, and the building of a frame from rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import polars as pl

from etl_project.sources.listing import polars_types
from etl_project.sources.signature import SIGNATURE_COLUMNS

_STRING_LIST = pl.List(pl.String)

FILES = pl.Schema(
    {
        "source_id": pl.String(),
        "path": pl.String(),
        "status": pl.String(),
        "article_id": pl.String(),
        "is_shadowed": pl.Boolean(),
        "file_hash": pl.String(),
        "encoding": pl.String(),
        "front_matter_format": pl.String(),
        "warnings": _STRING_LIST,
        "reason": pl.String(),
        **{name: polars_types()[name] for name in SIGNATURE_COLUMNS},
        "is_young": pl.Boolean(),
    }
)
"""One row per file of the batch. `status` is loaded, rejected, same (the bytes are those of the last refresh), deferred
(still being written, so its last good row stays) or gone (deleted since it was listed)."""

POSTS = pl.Schema(
    {
        "article_id": pl.String(),
        "source_id": pl.String(),
        "path": pl.String(),
        "slug": pl.String(),
        "title": pl.String(),
        "published_us": pl.Int64(),
        "published_precision": pl.String(),
        "published_from": pl.String(),
        "updated_us": pl.Int64(),
        "expires_us": pl.Int64(),
        "status": pl.String(),
        "language": pl.String(),
        "layout": pl.String(),
        "url": pl.String(),
        "original_url": pl.String(),
        "medium": pl.String(),
        "excerpt": pl.String(),
        "text_hash": pl.String(),
        "front_matter": pl.String(),
        "extra": pl.String(),
        "body": pl.String(),
        "text": pl.String(),
        "categories": _STRING_LIST,
        "tags": _STRING_LIST,
        "authors": _STRING_LIST,
        "link_urls": _STRING_LIST,
        "link_texts": _STRING_LIST,
        "link_kinds": _STRING_LIST,
        "heading_levels": pl.List(pl.Int32()),
        "heading_texts": _STRING_LIST,
        "mention_kinds": _STRING_LIST,
        "mention_keys": _STRING_LIST,
        "mention_labels": _STRING_LIST,
        "mention_counts": pl.List(pl.Int32()),
        "code_blocks": pl.Int64(),
    }
)
"""One row per loaded file that is not shadowed, so is an article. `_us` are microseconds since 1970-01-01T00:00Z."""

REJECTED = pl.Schema(
    {
        "source_id": pl.String(),
        "path": pl.String(),
        "reason": pl.String(),
        "message": pl.String(),
        "line": pl.Int32(),
        "suggestion": pl.String(),
        "size": pl.Int64(),
        "bytes": pl.Binary(),
    }
)
"""One row per rejected file: the columns of `rejected_files`."""


def frame(rows: list[tuple[Any, ...]], schema: pl.Schema) -> pl.DataFrame:
    """Build a frame from rows whose values are in the order of the schema."""
    if not rows:
        return schema.to_frame()
    places: dict[tuple[int, ...], pl.Series] = {}
    # Building it column by column is five times as fast as building it from rows.
    return pl.DataFrame(
        [
            _list_series(name, column, dtype.inner, places)
            if isinstance(dtype, pl.List)
            else pl.Series(name, column, dtype=dtype, strict=True)
            for (name, dtype), column in zip(schema.items(), zip(*rows, strict=True), strict=True)
        ]
    )


def _list_series(
    name: str, column: Sequence[Sequence[Any]], inner: Any, places: dict[tuple[int, ...], pl.Series]
) -> pl.Series:
    """Build a list column: lists of places in one flat series, of which each is then replaced by what is there.

    Polars would build a series for each list, 40 times as slow. Columns whose lists are equally long share `places`,
    which are kept by the lengths.
    """
    lengths = tuple(map(len, column))
    if lengths not in places:
        length = pl.col("length")
        places[lengths] = (
            pl.DataFrame({"length": lengths})
            .select(pl.int_ranges(length.cum_sum() - length, length.cum_sum(), dtype=pl.UInt32))
            .to_series()
        )
    items = pl.Series(name, list(chain.from_iterable(column)), dtype=inner, strict=True)
    there = pl.element().map_batches(items.gather, return_dtype=inner, is_elementwise=True)
    return places[lengths].list.eval(there).alias(name)
