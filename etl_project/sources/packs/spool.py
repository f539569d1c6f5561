"""Makes a plain tar of a compressed one or of Parquet, from which any member can be read: streamed, in limits, once."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from etl_project.sources.packs.members import is_zip, refuse_bomb
from etl_project.sources.signature import SourceUnavailable

_CHUNK = 1024 * 1024
_ROWS = 256
_PARQUET = ".parquet"


def readable_pack(shown: str, pack: Path, stamp: str, spool: Path) -> Path:
    """Give a file from which members of a pack can be read at any place: the pack itself, or what it was unpacked to.

    Args:
        shown: the pack, to be named.
        pack: its file.
        stamp: what tells this state of the file from others.
        spool: folder for what is unpacked; what an earlier state of the pack was unpacked to is removed.

    Raises:
        SourceUnavailable: the pack is damaged or over a limit, or the folder is full.
    """
    if is_zip(pack) or pack.name.lower().endswith(".tar"):
        return pack
    begin = spool_name(pack)
    target = spool / f"{begin}{hashlib.blake2b(stamp.encode(), digest_size=8).hexdigest()}.tar"
    if target.exists():
        return target
    spool.mkdir(parents=True, exist_ok=True)
    for old in spool.glob(f"{begin}*"):
        old.unlink()
    unfinished = target.with_suffix(".tmp")
    try:
        _unpack(shown, pack, unfinished)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def spool_name(pack: Path) -> str:
    """How the names of the files begin that a pack is unpacked to."""
    return f"{hashlib.blake2b(os.fsencode(pack), digest_size=8).hexdigest()}-"


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
