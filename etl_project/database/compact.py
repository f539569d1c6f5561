"""Compacts the work file: a fresh copy gives back the space that deleted rows leave behind."""

from __future__ import annotations

from dataclasses import dataclass

from etl_project.database.sql import quoted
from etl_project.database.work_file import WorkFile


@dataclass(frozen=True, slots=True)
class Compacted:
    """Size of the work file before and after."""

    before: int
    """Bytes; 0 where there is no work file."""
    after: int
    """Bytes; equal to `before` where a copy was no smaller, and the file was left as it was."""


def compact(work: WorkFile) -> Compacted:
    """Copy the work file into a new one of the same layout, and replace it by the copy in one step.

    The caller holds the lock. The published file stays as it is: the next refresh publishes the small one. A work file
    of another version of the contract stays as it is too: the next refresh builds it anew.

    Raises:
        duckdb.Error, OSError: the work file is as it was.
    """
    work.sweep()
    if not work.restore() or not work.path.exists():
        return Compacted(0, 0)
    before = work.path.stat().st_size
    try:
        with work.connect() as con:
            con.execute(f"ATTACH {quoted(work.path)} AS previous (READ_ONLY)")
            new = work.attach_new(con)
            con.execute("COPY FROM DATABASE previous TO work")
            con.execute("CHECKPOINT work")
            work.detach(con)
        after = new.stat().st_size
        if after >= before:
            return Compacted(before, before)
        work.replace_by(new)
        return Compacted(before, after)
    finally:
        work.sweep()
