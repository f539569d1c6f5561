"""Reads the inventory that a store writes of a bucket, in place of a listing: S3's, in Parquet.

Its layout: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html. Below the place that
an inventory is written to, each has a folder named by its time, `2026-01-31T01-00Z/`, whose `manifest.json` comes last
and names the Parquet files.
"""

from __future__ import annotations

import io
import json
import os
import posixpath
import re
from array import array
from dataclasses import dataclass

import polars as pl

from etl_project.sources.listing import E_TAG
from etl_project.sources.location import Bucket
from etl_project.sources.objects.faults import describe_fault
from etl_project.sources.objects.store import Chunk, Objects, faults, get_object, open_store
from etl_project.sources.signature import SourceUnavailable

MANIFEST = "manifest.json"

_DATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\dZ")
_NEEDED = ("key", "size", "e_tag")
_ROWS_PER_CHUNK = 50_000
_TAG = pl.col("e_tag").cast(pl.String)
_STRONG_TAG = (_TAG.str.len_bytes() > 0) & ~_TAG.str.starts_with("W/")


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an inventory says of a bucket."""

    objects: Objects
    lists: int
    """Requests for names that were sent to find it."""
    gets: int
    """Requests for its files."""


def read_inventory(bucket: Bucket, place: Bucket) -> Inventory:
    """Read the newest inventory of a bucket.

    Args:
        bucket: the bucket and prefix whose objects are wanted.
        place: where the store writes inventories to, or the address of one `manifest.json`.

    Returns:
        The newest version of each object below the prefix, deleted ones left out.

    Raises:
        SourceUnavailable: there is no inventory, it is not of this bucket, not in Parquet, or lacks a column; the store
            fails. With what to do.
    """
    name, lists = _newest_manifest(place)
    manifest = _read_manifest(bucket, place, name)
    chunks: list[Chunk] = []
    for file in manifest:
        frame = _read_rows(bucket, place, file)
        chunks.extend(map(_chunk, frame.iter_slices(_ROWS_PER_CHUNK)))
    return Inventory(Objects(chunks), lists, 1 + len(manifest))


def _newest_manifest(place: Bucket) -> tuple[str, int]:
    """Name of the manifest of the newest inventory that is whole, and how many requests for names found it."""
    import obstore

    prefix = place.prefix.rstrip("/")
    if posixpath.basename(prefix) == MANIFEST:
        return prefix, 0
    store = open_store(place)
    try:
        folders = obstore.list_with_delimiter(store, prefix or None)["common_prefixes"]
        dated = sorted(f.rstrip("/") for f in folders if _DATED.fullmatch(posixpath.basename(f.rstrip("/"))))
        lists = 1
        for folder in reversed(dated):
            lists += 1
            names = {row["path"] for row in obstore.list_with_delimiter(store, folder)["objects"]}
            if (manifest := f"{folder}/{MANIFEST}") in names:
                return manifest, lists
    except faults() as error:
        raise SourceUnavailable(describe_fault(place, error, os.environ)) from None
    raise SourceUnavailable(
        f"There is no inventory at {place}: no folder such as 2026-01-31T01-00Z/ with a {MANIFEST}. A store writes the "
        "first within two days; until then leave `inventory` out"
    )


def _read_manifest(bucket: Bucket, place: Bucket, name: str) -> list[str]:
    """Names of the Parquet files of an inventory."""
    shown = f"{place.scheme}://{place.bucket}/{name}"
    try:
        manifest = json.loads(_read(place, name))
        of, file_format = manifest["sourceBucket"], manifest["fileFormat"]
        files = [str(file["key"]) for file in manifest["files"]]
    except (ValueError, KeyError, TypeError):
        raise SourceUnavailable(f"{shown} is no manifest of an inventory as S3 writes it") from None
    if of != bucket.bucket:
        raise SourceUnavailable(f"{shown} is the inventory of the bucket {of!r}, and not of {bucket.bucket!r}")
    if str(file_format).lower() != "parquet":
        raise SourceUnavailable(f"{shown} is an inventory in {file_format}; set its format to Parquet")
    return files


def _read_rows(bucket: Bucket, place: Bucket, file: str) -> pl.DataFrame:
    """Rows of one file of an inventory below the prefix of the source: key, size, last_modified_date, e_tag."""
    shown = f"{place.scheme}://{place.bucket}/{file}"
    data = io.BytesIO(_read(place, file))
    try:
        columns = pl.read_parquet_schema(data)
        if missing := [name for name in _NEEDED if name not in columns]:
            raise SourceUnavailable(
                f"{shown} lacks {' and '.join(missing)}; let the inventory have the fields Size, ETag and "
                "LastModifiedDate"
            )
        asked = [*_NEEDED, *({"last_modified_date", "is_latest", "is_delete_marker"} & columns.keys())]
        data.seek(0)
        rows = pl.read_parquet(data, columns=asked)
    except (pl.exceptions.PolarsError, OSError):
        raise SourceUnavailable(f"{shown} cannot be read as Parquet: it is damaged or no inventory") from None
    rows = rows.filter(pl.col("key").str.starts_with(bucket.prefix))
    if "is_latest" in columns:
        rows = rows.filter(pl.col("is_latest").fill_null(value=True))
    if "is_delete_marker" in columns:
        rows = rows.filter(~pl.col("is_delete_marker").fill_null(value=False))
    time = pl.col("last_modified_date").dt.epoch("s") if "last_modified_date" in columns else pl.lit(0)
    # As `store` makes signatures: the time counts only where there is no tag. Inventories write tags without quotes.
    tag = _TAG.str.strip_chars('"')
    return rows.select(
        pl.col("key").str.slice(len(bucket.prefix)).alias("name"),
        pl.col("size").fill_null(0).cast(pl.Int64),
        pl.when(_STRONG_TAG).then(0).otherwise(time.fill_null(0) * 1_000_000_000).cast(pl.Int64).alias("mtime_ns"),
        pl.when(_STRONG_TAG).then(pl.format(E_TAG + '"{}"', tag)).otherwise(pl.lit("")).alias("blob_id"),
    )


def _chunk(rows: pl.DataFrame) -> Chunk:
    return (
        "\0".join(rows["name"].to_list()).encode(),
        array("q", rows["size"].to_list()),
        array("q", rows["mtime_ns"].to_list()),
        "\0".join(rows["blob_id"].to_list()).encode(),
    )


def _read(place: Bucket, name: str) -> bytes:
    try:
        found = get_object(place, name)
    except PermissionError as error:
        raise SourceUnavailable(f"The inventory cannot be read: {error}") from None
    if found is None or found[0] is None:
        raise SourceUnavailable(
            f"The inventory at {place} is not whole: {place.scheme}://{place.bucket}/{name} is missing"
        )
    return found[0]
