"""The signature of a file, which shows most changes without reading it; the files to read, and what is read."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

YOUNG_NS = 3_000_000_000
"""A file written this shortly before the plan may be written again without its signature showing it (git's racy
rule, with the coarsest clock of the file systems in use, FAT's two seconds, and one more)."""


class SourceUnavailable(Exception):
    """A source that cannot be listed or read completely now; what is known of it must stay."""


class Signature(NamedTuple):
    """Shows that a file changed without reading it; compared with ≠, never <."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    blob_id: str | None = None
    """Name that git gives to the content, in a git source; there, the times and the inode are 0."""


SIGNATURE_COLUMNS: dict[str, str] = {
    "size": "BIGINT",
    "mtime_ns": "BIGINT",
    "ctime_ns": "BIGINT",
    "inode": "UBIGINT",
    "blob_id": "VARCHAR",
}
"""Fields of `Signature` -> their SQL types. Listings, the inventory and what is staged of a file have these columns."""


class ReadFile(NamedTuple):
    """Bytes of one file with the signature of the descriptor they came from."""

    data: bytes
    signature: Signature
    changed_while_read: bool


class FileTask(NamedTuple):
    """One file to read."""

    path: str
    article_id: str
    is_shadowed: bool
    """Another file is the article: read this one for its status only."""
    known_hash: str | None
    """Hash of the bytes at the last refresh, when the same bytes would give the same rows."""
    may_defer: bool
    """The file has a good row that it may keep when it is caught half written."""
    listed: Signature
    """Signature in the listing; used where the file cannot be read."""
    committed_us: int | None = None
    """When it was last committed, in microseconds since 1970-01-01T00:00Z, where the source dates updates by that."""


def wrap_ns(time_ns: int) -> int:
    """Make a time fit into 64 bits with a sign: times of files are compared, and equal ones stay equal.

    File systems keep times that 64 bits of nanoseconds do not reach: NTFS from 1601, ext4 until 2446.
    """
    return (time_ns + 2**63) % 2**64 - 2**63


def hash_bytes(data: bytes) -> str:
    """BLAKE2b-128 in hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def is_young(signature: Signature, started_ns: int) -> bool:
    """Whether a file was written so shortly before the plan that a later write could leave the same signature."""
    return max(signature.mtime_ns, signature.ctime_ns) > started_ns - YOUNG_NS


def is_recent(signature: Signature, started_ns: int) -> bool:
    """Whether a file was written about when the plan began; a time far in the future means the clock was set back."""
    return abs(max(signature.mtime_ns, signature.ctime_ns) - started_ns) < YOUNG_NS
