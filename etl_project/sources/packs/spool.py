"""Makes a plain tar of a compressed one or of Parquet, from which any member can be read: streamed, in limits, once."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from etl_project.sources.location import Packs
from etl_project.sources.packs.members import Member, is_zip, refuse_bomb
from etl_project.sources.signature import SourceUnavailable

_CHUNK = 1024 * 1024
_ROWS = 256
_PARQUET = ".parquet"

Fetch = Callable[[Path], None]
"""Writes a pack into a file."""


def readable_pack(shown: str, pack: Path, stamp: str, packs: Packs, fetch: Fetch | None = None) -> Path:
    """Give a file from which members of a pack can be read at any place: the pack itself, or what it was unpacked to.

    Args:
        shown: the pack, to be named.
        pack: its file.
        stamp: what tells this state of the file from others.
        packs: the packs of the source, with the folder for what is unpacked.
        fetch: writes the pack into a file, where it is not on this machine.

    Raises:
        SourceUnavailable: the pack is damaged or over a limit, or the folder is full.
    """
    is_readable = is_zip(pack) or pack.name.lower().endswith(".tar")
    if is_readable and not fetch:
        return pack
    state = hashlib.blake2b(os.fsencode(pack) + b"\0" + stamp.encode(), digest_size=8).hexdigest()
    target = packs.spool / f"{spool_name(packs)}{state}{'.zip' if is_zip(pack) else '.tar'}"
    if target.exists():
        return target
    packs.spool.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".tmp")
    fetched = target.with_name(f"{target.stem}.fetched{''.join(pack.suffixes[-2:])}")
    try:
        if fetch:
            _fetch(shown, fetch, fetched)
        if is_readable:
            fetched.rename(target)
        else:
            _unpack(shown, fetched if fetch else pack, unfinished)
            unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
        fetched.unlink(missing_ok=True)
    return target


def _fetch(shown: str, fetch: Fetch, target: Path) -> None:
    try:
        fetch(target)
    except OSError as error:
        raise SourceUnavailable(f"{shown} cannot be fetched: {error.strerror or error}. Make room") from None


def spool_name(packs: Packs) -> str:
    """How the names of the files begin that the packs of a source are unpacked to."""
    return f"{hashlib.blake2b(os.fsencode(packs.pattern), digest_size=8).hexdigest()}-"


def sweep_spool(packs: Packs, needed: Iterable[Path]) -> None:
    """Remove what packs of a source were unpacked to that went or are in another state now."""
    if packs.spool.is_dir():
        for old in set(packs.spool.glob(f"{spool_name(packs)}*")).difference(needed):
            old.unlink(missing_ok=True)


def read_index(file: Path) -> dict[str, Member] | None:
    """Read the index of packs that was kept; None where there is none."""
    try:
        return {path: Member(*member) for path, member in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError):
        return None


def write_index(file: Path, members: Mapping[str, Member]) -> None:
    """Keep the index of packs, which takes longer to make than to read. Where it cannot be kept it is made again."""
    unfinished = file.with_suffix(".tmp")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(members), "ascii")
        unfinished.rename(file)


def _unpack(shown: str, pack: Path, target: Path) -> None:
    packed, unpacked = pack.stat().st_size, 0
    try:
        with target.open("wb") as file:
            for chunk in _rows_in_a_tar(shown, pack) if pack.name.lower().endswith(_PARQUET) else _unpacked(pack):
                unpacked += len(chunk)
                refuse_bomb(shown, packed, unpacked)
                file.write(chunk)
    except (EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceUnavailable(f"{shown} is damaged or not wholly written: {error}. Make it anew") from None
    except OSError as error:
        what = error.strerror or str(error).splitlines()[0]
        raise SourceUnavailable(f"{shown} cannot be unpacked: {what}. Make it anew, or make room") from None


def _unpacked(pack: Path) -> Iterator[bytes]:
    with _open_compressed(pack) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _rows_in_a_tar(shown: str, pack: Path) -> Iterator[bytes]:
    """Give the rows of a Parquet file of (path, content) as a tar, a few at a time."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with pq.ParquetFile(pack) as file:
        if missing := {"path", "content"} - set(file.schema_arrow.names):
            raise SourceUnavailable(f"{shown} has no column {sorted(missing)[0]!r}. Give it the columns path, content")
        for rows in file.iter_batches(_ROWS, columns=["path", "content"]):
            for path, content in zip(rows["path"].to_pylist(), rows["content"].to_pylist(), strict=True):
                data = content.encode() if isinstance(content, str) else content or b""
                info = tarfile.TarInfo(path or "")
                info.size = len(data)
                yield info.tobuf(tarfile.PAX_FORMAT, errors="surrogateescape")
                yield data + bytes(-len(data) % tarfile.BLOCKSIZE)
        yield bytes(2 * tarfile.BLOCKSIZE)


def _open_compressed(pack: Path) -> IO[bytes] | Any:
    if not pack.name.lower().endswith(".zst"):
        return gzip.open(pack, "rb")
    import pyarrow as pa  # where a pack needs it: it takes long to import

    return pa.input_stream(str(pack), compression="zstd")
