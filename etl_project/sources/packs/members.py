"""The members of one pack: where each lies, and its bytes. Nothing is ever unpacked under the name it has."""

from __future__ import annotations

import functools
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from etl_project.reasons import Rejection
from etl_project.sources.signature import SourceUnavailable, hash_bytes

MOST_MEMBERS = 2_000_000
"""A pack with more is refused: its index is kept in memory."""
LARGEST_RATIO = 200
"""Text is packed up to some thirty times; what unpacks to so much more is made to fill disks."""
BYTES_WITHOUT_RATIO = 64 * 1024 * 1024
"""Packs that unpack to less are taken whatever their ratio."""
MOST_BYTES = 256 * 1024**3
"""A pack that unpacks to more is refused."""

HASH, CRC, SPECIAL = "hash:", "crc:", "special:"
"""How the `blob_id` of a member begins: its hash, the checksum of the directory of a zip, or no plain file."""

_TAR_BLOCK = 512
_MEMBERS_KEPT = 1_000


class Member(NamedTuple):
    """One member of a pack."""

    pack: int
    """Number of its pack, from 0."""
    place: int
    """Where its bytes begin, in a tar; the number of its entry, in a zip."""
    size: int
    kind: str
    """`blob_id` where it is known without reading the member, else empty."""


def is_zip(path: Path) -> bool:
    """Tell a zip from a tar by its name."""
    return path.name.lower().endswith(".zip")


def refuse_bomb(shown: str, packed: int, unpacked: int) -> None:
    """Stop where a pack unpacks to more than posts do.

    Args:
        shown: the pack, to be named.
        packed: bytes of it.
        unpacked: bytes that come out of it, as far as is known.

    Raises:
        SourceUnavailable: with the limit.
    """
    if unpacked > MOST_BYTES:
        raise SourceUnavailable(f"{shown} unpacks to more than {MOST_BYTES:,} bytes. Split it")
    if unpacked > BYTES_WITHOUT_RATIO and unpacked > LARGEST_RATIO * packed:
        raise SourceUnavailable(
            f"{shown} unpacks to more than {LARGEST_RATIO} times its size, as no text does. Look at what is in it"
        )


def index_pack(shown: str, path: Path, number: int) -> dict[str, Member]:
    """Find the members of a pack: path -> member; of equal paths the last counts, as when it is unpacked.

    Args:
        shown: the pack, to be named.
        path: a zip, or a tar that is not compressed.
        number: number of the pack.

    Raises:
        SourceUnavailable: it is damaged, is being written, or is over a limit.
    """
    members: dict[str, Member] = {}
    try:
        for name, member in (_zip_members if is_zip(path) else _tar_members)(shown, path, number):
            if (inside := _path_inside(name)) is None:
                raise SourceUnavailable(
                    f"{shown} holds the name {name!r}, which leads out of it. Look at what is in it"
                )
            members[inside] = member
            if len(members) > MOST_MEMBERS:
                raise SourceUnavailable(f"{shown} has more than {MOST_MEMBERS:,} members. Split it")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise SourceUnavailable(f"{shown} is damaged or not wholly written: {error}. Make it anew") from None
    except OSError as error:
        raise SourceUnavailable(f"{shown} cannot be read: {error.strerror or error}. See that this user may") from None
    return members


def read_member(path: Path, member: Member, largest: int | None) -> bytes:
    """Read a member.

    Args:
        path: its pack.
        member: the member.
        largest: bytes above which no more is read.

    Raises:
        Rejection: unreadable.
        OSError: the pack cannot be read.
    """
    asked = member.size if largest is None else min(member.size, largest)
    if not is_zip(path):
        with path.open("rb") as file:
            return os.pread(file.fileno(), asked, member.place)
    try:
        archive = _open_zip(path, _stamp(path))
        with archive.open(archive.infolist()[member.place]) as file:
            return file.read(asked)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Rejection("unreadable", f"cannot be unpacked: {error}") from None
    except RuntimeError:
        raise Rejection("unreadable", "is encrypted in its pack") from None


def hash_member(path: Path, member: Member) -> str:
    """Name the content of a member of a tar."""
    return HASH + hash_bytes(read_member(path, member, None))


def _tar_members(shown: str, path: Path, number: int) -> Iterator[tuple[str, Member]]:
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
        known: list[tarfile.TarInfo] = vars(archive)["members"]
        while info := archive.next():
            if not info.isdir():
                is_plain = info.isreg() and not info.issparse()
                kind = "" if is_plain else SPECIAL
                yield info.name, Member(number, info.offset_data, info.size if is_plain else 0, kind)
            if len(known) > _MEMBERS_KEPT:
                known.clear()  # each takes a kilobyte, and none is asked for again
        # A damaged header and the end of a file that was cut off end the loop as the true end does: a block of zeros.
        file.seek(archive.offset)
        if file.read(_TAR_BLOCK) != bytes(_TAR_BLOCK):
            raise tarfile.ReadError("its end is missing")


def _zip_members(shown: str, path: Path, number: int) -> Iterator[tuple[str, Member]]:
    infos = _open_zip(path, _stamp(path)).infolist()
    refuse_bomb(shown, path.stat().st_size, sum(info.file_size for info in infos))
    for place, info in enumerate(infos):
        if not info.is_dir():
            # The upper half holds the mode of Unix: a link is no plain file.
            is_plain = (info.external_attr >> 28) in (0, 0o10)
            kind = f"{CRC}{info.CRC:08x}" if is_plain else SPECIAL
            yield info.filename, Member(number, place, info.file_size if is_plain else 0, kind)


@functools.lru_cache(maxsize=8)
def _open_zip(path: Path, stamp: tuple[int, ...]) -> zipfile.ZipFile:
    """Open a zip in one state of its file; it stays open, as to read its directory takes as long as many members."""
    return zipfile.ZipFile(path)


def _stamp(path: Path) -> tuple[int, ...]:
    info = path.stat()
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino


def _path_inside(name: str) -> str | None:
    """Path of a member below its pack; None where it leads out of it."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if name.startswith("/") or ".." in parts or not parts else "/".join(parts)
