"""The private database of refreshes: its files, how it is opened, restored and replaced."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.database.contract import schema_version
from etl_project.database.copy_ahead import CopyAhead
from etl_project.database.differing_blocks import are_mostly_alike
from etl_project.database.generation import GenerationState, generation
from etl_project.database.json_file import unfinished_of
from etl_project.database.last_plan import LastPlanFile
from etl_project.database.lock import RefreshLock
from etl_project.database.memory import MOST_KEPT_BYTES, allow_for_rows, memory_settings
from etl_project.database.opening import NO_DOWNLOADS, DoesNotOpen, is_damage, open_with_retries
from etl_project.database.publication_record import PublicationRecord
from etl_project.database.reuse import can_be_reused
from etl_project.database.sql import quoted
from etl_project.database.template import attach_statement, template_file
from etl_project.errors import UserError

# A plan that finds nothing to do opens no database: importing DuckDB would take half as long again.
if TYPE_CHECKING:
    import duckdb

_ATTACHED = "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'"


class NotBuilt(UserError):
    """A part of a refresh was requested, and there are no tables yet."""


class WorkFile:
    """The private database beside a published file.

    Layout, for `warehouse/posts.duckdb`: `warehouse/.work/posts.duckdb`, its lock, the staging folder,
    `posts.last_plan.json`, `posts.published.json`, `posts.alerts.json` and `posts.warnings.json`.
    """

    def __init__(self, published: Path) -> None:
        # Files of `a.duckdb` and `a.db` of one folder must not be the same.
        name = published.name.removesuffix(".duckdb")
        # Who links the published file to another disk reads it there.
        self.published = Path(os.path.realpath(published)) if published.is_symlink() else published
        self.folder = published.parent / ".work"
        self.path = self.folder / published.name
        self.lock = RefreshLock(self.folder / f"{name}.lock")
        self.staging = self.folder / f"{name}.staging"
        self._spill = self.folder / f"{name}.spill"
        self.last_plan = LastPlanFile(self.folder / f"{name}.last_plan.json")
        self.publication = PublicationRecord(self.folder / f"{name}.published.json")
        self.alerts = self.folder / f"{name}.alerts.json"
        self.warnings = self.folder / f"{name}.warnings.json"
        self.damaged: Path | None = None
        """Where `restore` put a damaged work file."""
        self.stays_attached = False
        """Whether the work file stays attached between the stages after a load. Who sets it calls `close` at the end.
        To attach and detach it at every stage takes a seventh of a small refresh."""
        self.was_left_clean = False
        """Whether `restore` found a work file that was closed in order: nothing was cut off, lost or damaged."""
        self.knows_touched = False
        """Whether tables of the database in memory tell which rows the last load may have written."""
        self._is_attached = False
        self._may_keep = 0
        """Bytes that DuckDB may have to keep in memory until the next checkpoint."""
        self._copy_ahead: CopyAhead | None = None
        self._instance: duckdb.DuckDBPyConnection | None = None

    def attach(self, con: duckdb.DuckDBPyConnection) -> None:
        """Attach the work file for writing as `work` and use it; it is created first if need be.

        Raises:
            duckdb.Error: the file cannot be opened.
        """
        if not self.path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            copy = self.path.with_name(f"{self.path.name}.restoring")
            shutil.copyfile(template_file(), copy)
            self.replace_by(copy)
        self._may_keep = _attach(con, self.path)

    @staticmethod
    def attach_read_only(con: duckdb.DuckDBPyConnection, file: Path) -> None:
        """Attach a work file, or a copy of it, for reading as `work` and use it.

        Raises:
            duckdb.Error: the file cannot be opened.
        """
        con.execute(f"ATTACH {quoted(file)} AS work (READ_ONLY)")
        con.execute("USE work")

    @staticmethod
    def detach(con: duckdb.DuckDBPyConnection) -> None:
        """Write everything out, and detach the work file and whatever else is attached."""
        con.execute("USE memory")
        for (name,) in con.execute(_ATTACHED).fetchall():
            con.execute(f'DETACH DATABASE "{name}"')

    def end_stage(self, con: duckdb.DuckDBPyConnection) -> None:
        """Detach whatever is attached, the work file too unless it stays attached: then it is written out if large."""
        if not self.stays_attached:
            self.detach(con)
            return
        for (name,) in con.execute(_ATTACHED).fetchall():
            if name != "work":
                con.execute(f'DETACH DATABASE "{name}"')
        if self._may_keep > MOST_KEPT_BYTES:
            con.execute("CHECKPOINT work")
        self._is_attached = True

    def let_go(self) -> None:
        """Write everything out and detach the work file, if it stayed attached."""
        self.knows_touched = False
        if self._is_attached:
            self._is_attached = False
            with self.connect() as con:
                self.detach(con)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Connect to the DuckDB in memory that files are attached to; the caller closes the connection.

        It is the same one from the plan to the publication: to start one takes a tenth of the time of a small refresh.
        """
        import duckdb

        if self._instance is None:
            settings = (
                NO_DOWNLOADS
                | memory_settings()
                | {
                    "temp_directory": str(self._spill),
                    "python_enable_replacements": False,  # a name that is no table must not find a variable of ours
                }
            )
            self._instance = duckdb.connect(config=settings)
            # An instant has the same day wherever the machine is.
            self._instance.execute("SET GLOBAL TimeZone = 'UTC'")
        return self._instance.cursor()

    def close(self) -> None:
        """Let go of every file, after an error too, once the connections are closed. The next `connect` starts anew."""
        self._is_attached = self.knows_touched = False
        self.discard_copy()
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def copy_ahead(self) -> None:
        """Begin to copy the published file for the publication to come, if this object is to publish and must copy.

        After every post was read again, the file before would have to be written as a whole, too, and in the end.
        """
        if not (self.stays_attached and self.published.exists()):
            return
        if not (can_be_reused(self.previous) and are_mostly_alike(self.previous, self.published)):
            self._copy_ahead = CopyAhead(self.published, self.unfinished)

    def complete_copy(self) -> bool:
        """Make the copy that was begun one of the work file, which is closed. Returns whether there is one.

        Raises:
            OSError: the disk is full, say.
        """
        copy, self._copy_ahead = self._copy_ahead, None
        return copy is not None and copy.complete(self.path)

    def discard_copy(self) -> None:
        """Remove the copy that was begun, if any."""
        copy, self._copy_ahead = self._copy_ahead, None
        if copy is not None:
            copy.discard()

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
        try:
            with self.connect() as con:
                if self._is_attached:  # by a load, so that there are tables
                    con.execute("USE work")
                elif read_only:
                    self.attach_read_only(con, self.path)
                else:
                    self.attach(con)
                    if not generation(con).number:
                        raise _make_not_built_error()
                yield con
                if read_only and not self._is_attached:
                    self.detach(con)
                elif not self._is_attached:
                    self.end_stage(con)
        except BaseException:
            self.close()
            raise

    def restore(self) -> bool:
        """Make sure that there is a work file that opens, where that can be had without reading posts.

        A work file that is missing or does not open is replaced by a copy of the published file, which holds the same
        tables and inventory; where that is lost too, or was written into, by a copy of the one published before, so
        that the observed tables are kept.

        Returns:
            Whether the work file has the present version of the contract; if not, and there is one, the tables are to
            be built anew beside it.
        """
        is_cut_off = Path(f"{self.path}.wal").exists()
        version = self._read_version(self.path)
        self.was_left_clean = version is not None and not is_cut_off
        if version is None:
            self._set_aside()
            copy = self.path.with_name(f"{self.path.name}.restoring")
            for origin in filter(Path.exists, self._origins()):
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, copy)
                # The copy is opened and not the file: a stale log beside that would keep it from opening.
                version = self._read_version(copy)
                if version is not None:
                    self.replace_by(copy)
                    break
                copy.unlink()
        return version == schema_version()

    def _origins(self) -> tuple[Path, Path]:
        """What a lost work file is made of, the better first: what somebody wrote would be taken for what was read."""
        files = (self.published, self.previous)
        return files[::-1] if self.publication.is_strange(self.published) else files

    def _set_aside(self) -> None:
        """Give a damaged work file another name: what can be saved of it may be worth more than its space."""
        if not self.path.exists():
            Path(f"{self.path}.wal").unlink(missing_ok=True)
            return
        kept = self.path.with_name(f"{self.path.name}.damaged-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}")
        wal = Path(f"{self.path}.wal")
        if wal.exists():
            wal.replace(f"{kept}.wal")
        self.path.replace(kept)
        self.damaged = kept

    def usable_file(self) -> tuple[Path | None, bool]:
        """Find the file that `restore` would make the work file of, without changing anything.

        Returns:
            The file, if there is one, and whether it has the present version of the contract.
        """
        for file in (self.path, *self._origins()):
            version = self._read_version(file)
            if version is not None:
                return file, version == schema_version()
        return None, False

    def sweep(self) -> None:
        """Remove the leftovers of a killed refresh; the caller holds the lock, so that nobody uses them."""
        leftovers = [
            self.path.with_name(self.path.name + ending) for ending in (".rebuilding", ".rebuilding.wal", ".restoring")
        ]
        leftovers += [
            self.unfinished,
            self.linking,
            unfinished_of(self.last_plan.path),
            unfinished_of(self.publication.path),
            unfinished_of(self.alerts),
            unfinished_of(self.warnings),
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

    def attach_new(self, con: duckdb.DuckDBPyConnection, template: Path | None = None) -> Path:
        """Attach a new file beside the work file as `work` and use it: an empty one, or a copy of a template."""
        new = self.path.with_name(f"{self.path.name}.rebuilding")
        for leftover in (new, Path(f"{new}.wal")):
            leftover.unlink(missing_ok=True)
        if template:
            shutil.copyfile(template, new)
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
            with self._attached_read_only(self.published) as con:
                return _read_edition(con)
        except duckdb.Error:
            return None

    def _read_version(self, file: Path) -> str | None:
        """Version of the contract that a file was made with; None where there is no such file, or it is damaged.

        Raises:
            DoesNotOpen: the file cannot be opened, and is not proven to be damaged.
        """
        if not file.exists():
            return None
        import duckdb

        try:
            with self._attached_read_only(file) as con:
                return generation(con).schema_version
        except duckdb.Error as error:
            if is_damage(error):
                return None
            raise DoesNotOpen(file, error) from error

    @contextmanager
    def _attached_read_only(self, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """Attach a database file under a name of our own, in use; a name taken from the file may mean a schema."""
        with self.connect() as con:
            open_with_retries(file, lambda: con.execute(f"ATTACH {quoted(file)} AS inspected (READ_ONLY, TYPE duckdb)"))
            try:
                con.execute("USE inspected")
                yield con
            finally:
                con.execute("USE memory")
                con.execute("DETACH inspected")

    def is_published(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether the work file, which the connection has in use, is checked and published as it is."""
        return self.is_edition(con, self.published_edition()) and not self.is_written_into()

    @staticmethod
    def is_edition(con: duckdb.DuckDBPyConnection, edition: tuple[int, str | None] | None) -> bool:
        """Whether the work file, which the connection has in use, is checked and of this edition."""
        return edition is not None and edition == _read_edition(con)

    def is_written_into(self) -> bool:
        """Whether the published file is not as it was published: something wrote into it, or took its place."""
        return self.publication.is_strange(self.published) or self.publication.has_log(self.published)


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


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    statement = attach_statement(path, is_new=not path.exists())
    open_with_retries(path, lambda: con.execute(statement))
    con.execute("USE work")
    return allow_for_rows(con)
