"""Opens a bucket by obstore and the environment, and asks it: listings, and the bytes of objects."""

from __future__ import annotations

import functools
import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from etl_project.reasons import Rejection
from etl_project.sources.choose import Entry
from etl_project.sources.listing import E_TAG
from etl_project.sources.location import Bucket
from etl_project.sources.objects.credentials import ENDPOINTS, unusable_environment
from etl_project.sources.objects.faults import INSTALL, describe_fault, is_archived, is_denied, is_no_bucket
from etl_project.sources.paths import escape_path
from etl_project.sources.signature import ReadFile, Signature, SourceUnavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

NAMES_PER_REQUEST = {"s3": 1_000, "gs": 1_000, "az": 5_000, "memory": 1_000}
"""Names that one request of a listing answers with."""

_VARIABLES = {"s3": ("AWS_",), "gs": ("GOOGLE_",), "az": ("AZURE_",), "memory": ()}
_MORE_TRIES = 4
_TRY_FOR = timedelta(seconds=60)
_ROWS_PER_CHUNK = 1_000
_SECONDS_OF_A_REQUEST = 60
SECONDS_OF_A_PACK = 3_600
"""How long the answer with a large object may take, to its last byte."""


Chunk: TypeAlias = "tuple[bytes, array[int], array[int], bytes]"
"""Names below the prefix, sizes, times in nanoseconds since 1970-01-01T00:00Z, `blob_id`s: names and ids in UTF-8, NUL
between them."""


class ObjectArchived(PermissionError):
    """The store does not give out an object before somebody restores it from its archive."""


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects below a prefix, in columns, chunk by chunk."""

    chunks: list[Chunk]

    def __len__(self) -> int:
        """How many objects there are."""
        return sum(len(sizes) for _, sizes, _, _ in self.chunks)

    def names(self) -> Iterator[str]:
        """Names below the prefix."""
        for names, *_ in self.chunks:
            yield from names.decode().split("\0")

    def entries(self) -> Iterator[Entry]:
        """Names with what is known of their signatures."""
        for names, sizes, times, tags in self.chunks:
            yield from map(Entry, names.decode().split("\0"), sizes, times, tags.decode().split("\0"))


def list_objects(bucket: Bucket) -> Objects:
    """List every object below the prefix.

    Raises:
        SourceUnavailable: the bucket cannot be listed completely, with what to do.
    """
    import obstore

    skip = len(bucket.prefix)
    chunks = []
    try:
        # The store takes a prefix for a folder: `posts` does not list `posts2/`.
        stream = obstore.list(open_store(bucket), bucket.prefix.rstrip("/") or None, chunk_size=_ROWS_PER_CHUNK)
        for rows in stream:
            signatures = [_signature(row) for row in rows]
            chunks.append(
                (
                    "\0".join([row["path"][skip:] for row in rows]).encode(),
                    array("q", [signature.size for signature in signatures]),
                    array("q", [signature.mtime_ns for signature in signatures]),
                    "\0".join([signature.blob_id or "" for signature in signatures]).encode(),
                )
            )
    except faults() as error:
        raise SourceUnavailable(describe_fault(bucket, error, os.environ)) from None
    return Objects(chunks)


def read_object(bucket: Bucket, name: str, listed: Signature, largest: int) -> ReadFile:
    """Read one object that was listed.

    One request, without a condition: what comes is one version of the object, and its tag comes with it. Where that is
    another than was listed, the object was written since, and counts as changed while it was read.

    Args:
        bucket: the bucket.
        name: name of the object, prefix included.
        listed: its signature in the listing.
        largest: bytes above which it is not read.

    Raises:
        Rejection: permission_denied, file_size_limit, unreadable.
        FileNotFoundError: the object went away since it was listed.
        SourceUnavailable: the store fails.
    """
    if listed.size > largest:
        raise Rejection("file_size_limit", f"has {listed.size:,} bytes, more than the limit of {largest:,}")
    try:
        found = get_object(bucket, name, largest)
    except ObjectArchived:
        raise Rejection("unreadable", "is in an archive of the store; restore it") from None
    except PermissionError:
        raise Rejection("permission_denied", "cannot be read: the store denies it") from None
    except ValueError:
        raise Rejection("unreadable", "has a name that obstore cannot ask for") from None
    if found is None:
        raise FileNotFoundError(name)
    data, signature = found
    if data is None:
        raise Rejection("file_size_limit", f"has {signature.size:,} bytes, more than the limit of {largest:,}")
    return ReadFile(data, signature, changed_while_read=signature != listed or len(data) != signature.size)


def get_object(bucket: Bucket, name: str, largest: int | None = None) -> tuple[bytes | None, Signature] | None:
    """Read an object: its bytes, None where they are more than the largest number, and its signature.

    Returns:
        None where there is no such object.

    Raises:
        ObjectArchived: it would have to be restored first.
        PermissionError: it may not be read.
        ValueError: obstore cannot ask for such a name.
        SourceUnavailable: the store fails.
    """
    import obstore

    try:
        answer = obstore.get(open_store(bucket), name)
        signature = _signature(answer.meta)
        if largest is not None and signature.size > largest:
            return None, signature
        return answer.bytes().to_bytes(), signature
    except FileNotFoundError as error:
        if is_no_bucket(error):
            raise SourceUnavailable(describe_fault(bucket, error, os.environ)) from None
        return None
    except faults() as error:
        if is_archived(error):
            raise ObjectArchived(f"{bucket}: {escape_path(name)} is in an archive of the store") from None
        if is_denied(error):
            raise PermissionError(f"{bucket}: {escape_path(name)} may not be read") from None
        raise SourceUnavailable(describe_fault(bucket, error, os.environ)) from None


def fetch_object(bucket: Bucket, name: str, listed: Signature, target: Path) -> None:
    """Write an object into a file.

    Args:
        bucket: the bucket.
        name: name of the object, prefix included.
        listed: its signature in the listing.
        target: the file; it is made.

    Raises:
        SourceUnavailable: the store fails, or the object is another than was listed.
        OSError: the file cannot be written.
    """
    import obstore
    from obstore.exceptions import BaseError

    shown = f"{bucket.scheme}://{bucket.bucket}/{name}"
    try:
        answer = obstore.get(open_store(bucket, SECONDS_OF_A_PACK), name)
        if _signature(answer.meta) != listed:
            raise SourceUnavailable(f"{shown} was written after it was listed. It is read at the next check")
        with target.open("wb") as file:
            for chunk in answer.stream():
                file.write(chunk)
    except FileNotFoundError as error:
        if is_no_bucket(error):
            raise SourceUnavailable(describe_fault(bucket, error, os.environ)) from None
        raise SourceUnavailable(f"{shown} went after it was listed. It is looked for at the next check") from None
    except BaseError as error:
        if is_archived(error):
            raise SourceUnavailable(f"{shown} is in an archive of the store. Restore it") from None
        raise SourceUnavailable(describe_fault(bucket, error, os.environ)) from None


def open_store(bucket: Bucket, seconds: int = _SECONDS_OF_A_REQUEST) -> ObjectStore:
    """Open a bucket with the credentials of the environment; one that is open already is given again.

    Args:
        bucket: the bucket.
        seconds: how long an answer may take, to its last byte.

    Raises:
        SourceUnavailable: the environment has no credentials, or an address that is none.
    """
    environment = environment_of(bucket)
    if unusable := unusable_environment(bucket, environment):
        raise SourceUnavailable(unusable)
    return _open(bucket.scheme, bucket.bucket, tuple(sorted(environment.items())), seconds)


@functools.lru_cache(maxsize=16)
def _open(scheme: str, name: str, environment: tuple[tuple[str, str], ...], seconds: int) -> ObjectStore:
    """Open a store. It reads the environment itself; what is given of it tells when it must be opened anew."""
    from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

    if scheme == "memory":
        return MemoryStore()
    kinds: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    store: ObjectStore = kinds[scheme](name, **store_options(dict(environment), seconds))
    return store


def environment_of(bucket: Bucket) -> dict[str, str]:
    """Variables of the environment that say how the store of a bucket is reached, with their values."""
    begin = _VARIABLES[bucket.scheme]
    return {name: value for name, value in os.environ.items() if begin and name.startswith(begin)}


def is_plain(environment: Mapping[str, str]) -> bool:
    """Whether the environment names an address of a store that is not https, or allows one."""
    return any(environment.get(endpoint, "").startswith("http://") for endpoint in ENDPOINTS) or any(
        environment.get(allow, "").lower() in ("true", "1") for allow in ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP")
    )


def store_options(environment: Mapping[str, str], seconds: int) -> dict[str, Any]:
    """Options by which obstore opens a store, besides the environment.

    Args:
        environment: variable -> value.
        seconds: how long an answer may take, to its last byte.
    """
    return {
        "client_options": {
            "allow_http": is_plain(environment),
            "connect_timeout": "10s",
            "timeout": f"{seconds}s",
        },
        "retry_config": {"max_retries": _MORE_TRIES, "retry_timeout": _TRY_FOR},
    }


def require_obstore(bucket: Bucket) -> None:
    """Make sure that objects can be read at all.

    Raises:
        SourceUnavailable: obstore is not installed, with the command that installs it.
    """
    try:
        import obstore  # noqa: F401
    except ImportError:
        raise SourceUnavailable(
            f"{bucket} cannot be read: the library obstore is not installed. Run {INSTALL}"
        ) from None


def faults() -> tuple[type[Exception], ...]:
    """What obstore raises where a store fails."""
    from obstore.exceptions import BaseError

    return (BaseError, OSError)


def _signature(meta: Any) -> Signature:
    """Signature of an object: its size and the tag of its store; the time only where there is no such tag.

    A tag names one content, whenever it was written: an object that was written again as it was is not read again, and
    one that was copied elsewhere has moved. A weak tag (`W/`) promises less, and counts as none. Azure writes tags with
    quotes in the answer to a GET, and without in a listing.
    """
    tag: str | None = meta["e_tag"]
    if tag and not tag.startswith("W/"):
        bare = tag.strip('"')
        return Signature(meta["size"], 0, 0, 0, f'{E_TAG}"{bare}"')
    return Signature(meta["size"], _nanoseconds(meta["last_modified"]), 0, 0)


def _nanoseconds(moment: datetime) -> int:
    """Whole seconds, in nanoseconds: a store may tell smaller parts in a listing and not with the object."""
    return int(moment.timestamp()) * 1_000_000_000
