"""Writes packs of any kind that posts are read from."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def tar_of(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def write_pack(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a pack of the kind that its name says, under another name at first."""
    unfinished = path.with_name("unfinished")
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    elif path.name.endswith(".zst"):
        with pa.output_stream(str(unfinished), compression="zstd") as stream:
            stream.write(tar_of(files))
    elif path.name.endswith(".parquet"):
        rows = pa.table({"path": list(files), "content": list(files.values())})
        pq.write_table(rows, unfinished, compression="zstd")
    else:
        data = tar_of(files)
        unfinished.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    unfinished.rename(path)
