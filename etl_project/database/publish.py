"""Publishes a checked generation in one atomic step that readers do not notice."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.copy_ahead import clone
from etl_project.database.generation import GenerationState, generation
from etl_project.database.reuse import reuse
from etl_project.database.work_file import WorkFile
from etl_project.errors import UserError
from etl_project.timing import milliseconds_since

if TYPE_CHECKING:
    import duckdb


class NotChecked(UserError):
    """The generation in the work file must not be published."""


@dataclass(frozen=True, slots=True)
class Published:
    """One publication."""

    path: Path
    generation: int
    is_new: bool
    """False where the published file was of this generation already: it was left as it is."""
    size: int
    """Bytes of the published file."""
    milliseconds: int
    was_written_into: bool = False
    """The file that it replaced was not as it was published; it is kept as the previous one, if it opens."""


def publish(work: WorkFile, *, is_moved: bool = False) -> Published:
    """Replace the published file by the present generation, unless it is that already.

    A reader that has the old file open keeps reading it; a reader that opens it now gets the new one. The old one is
    kept as `<name>.previous.duckdb`, if it opens.

    Args:
        work: the work file.
        is_moved: whether the work file was made for this publication alone: it becomes the published file, also where
            that is of the same generation.

    Raises:
        NotBuilt: there is no generation yet.
        NotChecked: the checks of this generation have not passed.
        OSError: the disk is full, say; the published file is as it was.
    """
    began = time.perf_counter()
    with work.opened() as con:
        number = require_checked(con)
        target = work.published
        # Published twice, the previous file would be a copy of it, and there would be nothing to go back to.
        edition = work.published_edition()
        was_written_into = work.is_written_into()
        is_there = work.is_edition(con, edition) and not was_written_into
        is_published = is_there and not is_moved
        if not is_published:
            con.execute("CHECKPOINT work")
    # Whoever closes a copy of the file lets go of the locks of this process on it, too.
    work.let_go()
    if is_published:
        work.discard_copy()
        return Published(target, number, False, target.stat().st_size, milliseconds_since(began))
    wal = Path(f"{work.path}.wal")
    if wal.exists():
        raise NotChecked(f"{wal} is still there: the work file was not closed")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = work.unfinished
    is_replaced = edition is not None and not is_there  # a damaged file must not take the place of a good one
    try:
        if not work.complete_copy():
            unfinished.unlink(missing_ok=True)
            if is_moved:
                _move(work.path, unfinished)
            else:
                _copy(work.path, unfinished, work.previous if is_replaced else None)
        _seal(unfinished)
        # After a crash before the rename the old file is still ours, and no reason to accuse anybody.
        work.publication.write(unfinished, *([] if was_written_into else [target]))
        Path(f"{target}.wal").unlink(missing_ok=True)
        if is_replaced:
            _keep_previous(work)
        unfinished.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    with contextlib.suppress(OSError):  # it is published, and the record has it
        work.publication.write(target)
    size = target.stat().st_size
    return Published(target, number, True, size, milliseconds_since(began), was_written_into)


def require_checked(con: duckdb.DuckDBPyConnection) -> int:
    """Require that the checks of the generation in use have passed. Returns its number.

    Raises:
        NotChecked: they have not.
    """
    present = generation(con)
    if present.state is not GenerationState.CHECKED:
        raise NotChecked(
            f"generation {present.number} is {present.state}, not checked: run the job `refresh`, which builds the "
            "aggregates and checks them first"
        )
    return present.number


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system whose folders cannot be written out
            raise
    finally:
        os.close(folder)


def _copy(origin: Path, copy: Path, unneeded: Path | None = None) -> None:
    """Copy a file by the least writing: shared blocks, or those of a file that is not needed any more, or all."""
    with origin.open("rb") as read, copy.open("xb") as written:
        is_cloned = clone(read, written)
    if not is_cloned and not (unneeded and reuse(unneeded, copy, origin)):
        shutil.copyfile(origin, copy)


def _move(origin: Path, target: Path) -> None:
    try:
        origin.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # the published file is linked to another disk
            raise
        _copy(origin, target)


def _seal(file: Path) -> None:
    """Let a file be read only, and make sure that it is on disk."""
    with file.open("rb") as written:
        with contextlib.suppress(OSError):  # a file system without permissions
            # Readers only, and of them whom the umask lets read: it took its bits when the file was created.
            os.fchmod(written.fileno(), os.fstat(written.fileno()).st_mode & 0o444)
        os.fsync(written.fileno())


def _keep_previous(work: WorkFile) -> None:
    work.linking.unlink(missing_ok=True)
    try:
        os.link(work.published, work.linking)
    except OSError:  # a file system without hard links, such as exFAT, SMB and many of FUSE
        _copy(work.published, work.linking)
        _seal(work.linking)
    work.linking.replace(work.previous)
    # After a kill between these steps both were names of one file already: then a rename does nothing.
    work.linking.unlink(missing_ok=True)
