"""The private database of refreshes: its files, how it is opened, restored and replaced."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import INTERNAL_SQL, contract_sql, schema_version
from etl_project.database.generation import GenerationState, generation
from etl_project.database.json_file import unfinished_of
from etl_project.database.last_plan import LastPlanFile
from etl_project.database.lock import RefreshLock
from etl_project.database.sql import openable, quoted
from etl_project.errors import BUSY, UserError

# A plan that finds nothing to do opens no database: importing DuckDB would take half as long again.
if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"
"""Oldest DuckDB that must be able to open the published file, and the first with zstd columns."""

ROW_GROUP_SIZE = 16_384
"""DuckDB compresses row group by row group, each on one core; its default is larger than most sites."""

MEMORY_LIMIT = "448MiB"
"""Memory that DuckDB may use at once; it spills the rest. A post of a million takes 1.07 times as long as one of
100,000."""

OPEN_SECONDS = 5
"""How long to wait for another program that has a file open."""

_LOCK_CONFLICT = re.compile(r"Conflicting lock is held in (.*?\(PID \d+\))")


class NotBuilt(UserError):
    """A part of a refresh was requested, and there are no tables yet."""


class OpenElsewhere(UserError):
    """The work file is open in another program, which is no refresh."""

    exit_code = BUSY


class WorkFile:
    """The private database beside a published file.

    Layout, for `warehouse/posts.duckdb`: `warehouse/.work/posts.duckdb`, its lock, the staging folder,
    `posts.last_plan.json` and `posts.alerts.json`.
    """

    def __init__(self, published: Path) -> None:
        self.published = published
        self.folder = published.parent / ".work"
        self.path = self.folder / published.name
        self.lock = RefreshLock(self.folder / f"{published.stem}.lock")
        self.staging = self.folder / f"{published.stem}.staging"
        self._spill = self.folder / "spill"
        self.last_plan = LastPlanFile(self.folder / f"{published.stem}.last_plan.json")
        self.alerts = self.folder / f"{published.stem}.alerts.json"

    def attach(self, con: duckdb.DuckDBPyConnection) -> None:
        """Attach the work file for writing as `work` and use it; it is created first if need be.

        Raises:
            duckdb.Error: the file cannot be opened.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        _attach(con, self.path)
        if is_new:
            create_tables(con)

    @staticmethod
    def attach_read_only(con: duckdb.DuckDBPyConnection, file: Path) -> None:
        """Attach a work file, or a copy of it, for reading as `work` and use it.

        Raises:
            duckdb.Error: the file cannot be opened.
        """
        con.execute(f"ATTACH {quoted(file)} AS work (READ_ONLY)")
        con.execute("USE work")

    @staticmethod
    def detach(con: duckdb.DuckDBPyConnection, name: str = "work") -> None:
        """Write everything out and detach the work file, where it is attached."""
        con.execute("USE memory")
        con.execute(f"DETACH DATABASE IF EXISTS {name}")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open an empty database in memory that work files can be attached to."""
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(self._spill),
        }
        return duckdb.connect(config=settings)

    @contextmanager
    def opened(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the work file on a connection of its own; the caller of a write holds the lock.

        Raises:
            NotBuilt: it is to be written to, and no refresh has loaded its tables yet; no file is made.
        """
        if not (read_only or self.path.exists()):
            self.restore()
            if not self.path.exists():
                raise _make_not_built_error()
        with self.connect() as con:
            if read_only:
                self.attach_read_only(con, self.path)
            else:
                self.attach(con)
            if not (read_only or generation(con).number):
                raise _make_not_built_error()
            yield con
            self.detach(con)

    def restore(self) -> bool:
        """Make sure that there is a work file that opens, where that can be had without reading posts.

        A work file that is missing or does not open is replaced by a copy of the published file, which holds the same
        tables and inventory; where that is lost too, by a copy of the one published before, so that the observed
        tables are kept.

        Returns:
            Whether the work file has the present version of the contract; if not, and there is one, the tables are to
            be built anew beside it.
        """
        version = _read_version(self.path)
        if version is None:
            copy = self.path.with_suffix(".restoring")
            for origin in filter(Path.exists, (self.published, self.previous)):
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, copy)
                # The copy is opened and not the file: a stale log beside that would keep it from opening.
                version = _read_version(copy)
                if version is not None:
                    self.replace_by(copy)
                    break
                copy.unlink()
            else:
                for unusable in (self.path, Path(f"{self.path}.wal")):
                    unusable.unlink(missing_ok=True)
        return version == schema_version()

    def usable_file(self) -> tuple[Path | None, bool]:
        """Find the file that `restore` would make the work file of, without changing anything.

        Returns:
            The file, if there is one, and whether it has the present version of the contract.
        """
        for file in (self.path, self.published, self.previous):
            version = _read_version(file)
            if version is not None:
                return file, version == schema_version()
        return None, False

    def sweep(self) -> None:
        """Remove the leftovers of a killed refresh; the caller holds the lock, so that nobody uses them."""
        leftovers = [self.path.with_suffix(ending) for ending in (".rebuilding", ".rebuilding.wal", ".restoring")]
        leftovers += [
            self.unfinished,
            self.linking,
            unfinished_of(self.last_plan.path),
            unfinished_of(self.alerts),
        ]
        for file in leftovers:
            file.unlink(missing_ok=True)
        for folder in (self.staging, self._spill):
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def unfinished(self) -> Path:
        """Path of the copy for publication while it is written."""
        return self.published.with_name(f".{self.published.name}.publishing")

    @property
    def previous(self) -> Path:
        """Path of the file that was published before."""
        return self.published.with_name(f"{self.published.stem}.previous{self.published.suffix}")

    @property
    def linking(self) -> Path:
        """Name under which the published file becomes the previous one."""
        return self.published.with_name(f".{self.previous.name}.linking")

    def attach_new(self, con: duckdb.DuckDBPyConnection) -> Path:
        """Attach an empty file beside the work file as `work` and use it."""
        new = self.path.with_suffix(".rebuilding")
        for leftover in (new, Path(f"{new}.wal")):
            leftover.unlink(missing_ok=True)
        _attach(con, new)
        return new

    def replace_by(self, new: Path) -> None:
        """Replace the work file by a file that was made beside it: the only way a work file is replaced.

        Raises:
            OSError: the work file is as it was when it was last closed.
        """
        with new.open("rb") as written:
            os.fsync(written.fileno())
        # The log is deleted first: DuckDB would apply the changes of the old file to the new one.
        Path(f"{self.path}.wal").unlink(missing_ok=True)
        new.replace(self.path)

    def published_edition(self) -> tuple[int, str | None] | None:
        """Read generation and aggregates version of the published file; None where none opens for everybody."""
        # Nobody writes the published file, so a log beside it is stale, and stops others from opening it.
        if not self.published.exists() or Path(f"{self.published}.wal").exists():
            return None
        import duckdb

        try:
            with duckdb.connect(openable(self.published), read_only=True) as con:
                return _read_edition(con)
        except duckdb.Error:
            return None

    def is_published(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether the work file, which the connection has in use, is checked and published as it is."""
        edition = _read_edition(con)
        return edition is not None and edition == self.published_edition()


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what is done, or nothing of it."""
    import duckdb

    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        # An error that ended the transaction itself is the one to tell.
        with suppress(duckdb.Error):
            con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the contract and those of refreshes in the database in use, generation 0."""
    with transaction(con):
        con.execute(contract_sql())
        con.execute(INTERNAL_SQL.read_text("utf-8"))
        con.execute(
            "INSERT INTO internal.generation VALUES (0, ?, ?, NULL)", [GenerationState.CHECKED, schema_version()]
        )


def _read_edition(con: duckdb.DuckDBPyConnection) -> tuple[int, str | None] | None:
    """Read generation and aggregates version of a checked database; None of any other.

    Aggregates may change without a new generation.
    """
    return con.execute(
        "SELECT generation, aggregates_version FROM internal.generation WHERE state = ?", [GenerationState.CHECKED]
    ).fetchone()


def _make_not_built_error() -> NotBuilt:
    return NotBuilt(
        "The warehouse has not been built yet, and this does a part of a refresh only: run the job `refresh`, or "
        "`etl refresh`, which builds it."
    )


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    statement = f"ATTACH {quoted(path)} AS work (STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    _open_with_retries(path, lambda: con.execute(statement))
    con.execute("USE work")


def _open_with_retries(path: Path, open_file: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    """Open a file that another program may have open for a moment, as `etl status` has.

    Raises:
        OpenElsewhere: it keeps it open.
        duckdb.Error: the file cannot be opened at all.
    """
    import duckdb

    deadline = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            return open_file()
        except duckdb.IOException as error:
            holder = _LOCK_CONFLICT.search(str(error))
            if not holder:
                raise
            if time.monotonic() >= deadline:
                raise OpenElsewhere(
                    f"{path} is open in another program ({holder[1]}), and a refresh needs it. Close it there, and try "
                    "again. People read the published file, which is never in the way."
                ) from None
            time.sleep(0.1)


def _read_version(path: Path) -> str | None:
    """Version of the contract a file was made with; None when there is no such file or it does not open."""
    if not path.exists():
        return None
    import duckdb

    try:
        with _open_with_retries(path, lambda: duckdb.connect(str(path), read_only=True)) as con:
            return generation(con).schema_version
    except duckdb.Error:
        return None
