"""Packs that are objects of a bucket: found by one listing, and fetched to this machine when they changed."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from etl_project.sources.location import Bucket, Packs
from etl_project.sources.objects.store import NAMES_PER_REQUEST, fetch_object, list_objects, require_obstore
from etl_project.sources.packs.spool import readable_pack
from etl_project.sources.signature import Signature


def list_packs(packs: Packs, bucket: Bucket) -> tuple[list[tuple[Path, str]], int]:
    """Find the packs of a source in a bucket.

    Returns:
        Bucket and name of each object, as a path, with a stamp of its size, time and tag, in the order of their names;
        and how many requests that took.

    Raises:
        SourceUnavailable: the bucket cannot be listed; obstore or credentials are missing.
    """
    require_obstore(bucket)
    objects = list_objects(bucket)
    found = [
        (Path(bucket.bucket, bucket.prefix + entry.path), f"{entry.size} {entry.mtime_ns} {entry.blob_id}")
        for entry in objects.entries()
        if fnmatchcase(entry.path, packs.name) and "/" not in entry.path
    ]
    return sorted(found), max(1, -(-len(objects) // NAMES_PER_REQUEST[bucket.scheme]))


def readable_remote(packs: Packs, bucket: Bucket, pack: Path, stamp: str) -> Path:
    """Give a file from which members of a pack can be read; it is fetched where it is not there yet.

    Args:
        packs: the packs of the source.
        bucket: where they are.
        pack: bucket and name of the object, as `list_packs` gives it.
        stamp: its stamp.

    Raises:
        SourceUnavailable: the store fails, the pack is damaged or over a limit, or the folder is full.
    """
    size, mtime_ns, tag = stamp.split(" ", 2)
    listed = Signature(int(size), int(mtime_ns), 0, 0, tag or None)
    name = PurePosixPath(*pack.parts[1:]).as_posix()
    shown = f"{bucket.scheme}://{pack}"
    return readable_pack(shown, pack, stamp, packs, lambda target: fetch_object(bucket, name, listed, target))
