"""The work file in, a fresh copy of it in its place out: what deleted rows leave behind is given back."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from etl_project.load.work_file import WorkFile


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of the work file."""

    before: int
    """Bytes; 0 where there is no work file."""
    after: int
    """Bytes; equal to `before` where a copy was no smaller, and the file was left as it was."""


def compact(work: WorkFile) -> Compacted:
    """Copy the work file into a new one of the same layout, which takes its place in one step.

    The caller holds the lock. The published file is left alone: the next refresh publishes the small one. A work file
    of another version of the contract is left alone too: the next refresh builds it anew.

    Raises:
        duckdb.Error, OSError: the work file is as it was.
    """
    drop_leftovers(work)
    if work.restore() is not None or not work.path.exists():
        return Compacted(0, 0)
    before = work.path.stat().st_size
    try:
        with work.connect() as con:
            work.attach_previous(con, work.path)
            new = work.attach_new(con)
            con.execute("COPY FROM DATABASE previous TO work")
            con.execute("CHECKPOINT work")
            work.detach(con)
        after = new.stat().st_size
        if after >= before:
            return Compacted(before, before)
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(work.path)
        return Compacted(before, after)
    finally:
        drop_leftovers(work)


def drop_leftovers(work: WorkFile) -> None:
    """Remove what a refresh that was cut off has left; the caller holds the lock, so none of it is in use."""
    published = work.published
    files = [
        work.path.with_suffix(".rebuilding"),
        work.path.with_suffix(".restoring"),
        published.with_name(f".{published.name}.publishing"),
        published.with_name(f".{published.stem}.previous{published.suffix}.linking"),
    ]
    for file in (*files, *(Path(f"{file}.wal") for file in files)):
        file.unlink(missing_ok=True)
    for folder in (work.staging, work.folder / "spill"):
        shutil.rmtree(folder, ignore_errors=True)
