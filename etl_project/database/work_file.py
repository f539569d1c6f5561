"""The private database of refreshes: where it lies, how it is opened, which generation it holds."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from etl_project.database.contract import INTERNAL_SQL, contract_sql, schema_version
from etl_project.database.lock import RefreshLock
from etl_project.database.sql import openable, quoted
from etl_project.errors import BUSY, Stop
from etl_project.refresh.unchanged import Quiet

# A look that finds nothing new opens no database, and takes half as long again where DuckDB is imported.
if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"
"""Oldest DuckDB that must be able to open the published file, and the first with zstd columns."""

ROW_GROUP_SIZE = 16_384
"""DuckDB compresses row group by row group, each on one core; its default is larger than most sites."""

MEMORY_LIMIT = "448MiB"
"""What DuckDB may hold at once; it spills the rest. A post of a million takes 1.07 times as long as one of 100,000."""

OPEN_SECONDS = 5
"""How long to wait for another program that has a file open."""

_LOCK_CONFLICT = re.compile(r"Conflicting lock is held in (.*?\(PID \d+\))")


class NotBuilt(Stop):
    """A part of a refresh was asked for, and there are no tables yet."""


class OpenElsewhere(Stop):
    """The work file is open in another program, which is no refresh."""

    exit_code = BUSY


@dataclass(frozen=True, slots=True)
class Generation:
    """How far the last refresh came. Published is told from the published file, not from here."""

    number: int
    """0 before the first refresh."""
    state: str
    """loaded, sound (its tables passed their checks), aggregated, checked, or failed (a blocking check broke)."""
    schema_version: str


class Outage(NamedTuple):
    """A source that cannot be read."""

    why: str
    since: str
    """Instant of the first look that found it so, in ISO 8601."""


class WorkFile:
    """The private database beside a published file.

    Layout, for `warehouse/posts.duckdb`: `warehouse/.work/posts.duckdb`, its lock, the staging folder,
    `posts.last_look.json` and `posts.alerts.json`.
    """

    def __init__(self, published: Path) -> None:
        self.published = published
        self.folder = published.parent / ".work"
        self.path = self.folder / published.name
        self.lock = RefreshLock(self.folder / f"{published.stem}.lock")
        self.staging = self.folder / f"{published.stem}.staging"
        self._spill = self.folder / "spill"
        self._look_file = self.folder / f"{published.stem}.last_look.json"
        self.alerts = self.folder / f"{published.stem}.alerts.json"

    def attach(self, con: duckdb.DuckDBPyConnection, *, read_only: bool = False, name: str = "work") -> None:
        """Attach the work file and use it; for writing it is created first if need be. `detach` lets go of it.

        Raises:
            duckdb.Error: the file cannot be opened.
        """
        if read_only:
            con.execute(f"ATTACH {quoted(self.path)} AS {name} (READ_ONLY)")
            con.execute(f"USE {name}")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        _attach(con, self.path)
        if is_new:
            create_tables(con)

    @staticmethod
    def detach(con: duckdb.DuckDBPyConnection, name: str = "work") -> None:
        """Write everything out and let go of the work file, where it is attached."""
        con.execute("USE memory")
        con.execute(f"DETACH DATABASE IF EXISTS {name}")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """An empty database in memory that work files can be attached to."""
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
                raise _not_built()
        with self.connect() as con:
            self.attach(con, read_only=read_only)
            if not (read_only or generation(con).number):
                raise _not_built()
            yield con
            self.detach(con)

    def restore(self) -> bool:
        """Make sure that there is a work file that opens, where that can be had without reading posts.

        A work file that is missing or does not open is replaced by a copy of the published file, which holds the same
        tables and inventory; where that is lost too, of the one published before, so that what was observed is kept.

        Returns:
            Whether the work file has the present version of the contract; if not, and it is there, the tables are to
            be built anew beside it.
        """
        version = _version(self.path)
        if version is None:
            for unusable in (self.path, Path(f"{self.path}.wal")):
                unusable.unlink(missing_ok=True)
            copy = self.path.with_suffix(".restoring")
            for kept in filter(Path.exists, (self.published, self.previous)):
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(kept, copy)
                # The copy is asked: a stale log beside a published file would keep that from opening.
                version = _version(copy)
                if version is not None:
                    copy.replace(self.path)
                    break
                copy.unlink()
        return version == schema_version()

    def sweep(self) -> None:
        """Remove what a refresh that was killed left behind; the caller holds the lock, so that nobody needs it."""
        leftovers = [self.path.with_suffix(ending) for ending in (".rebuilding", ".rebuilding.wal", ".restoring")]
        leftovers += [
            self.unfinished,
            self.linking,
            self._look_file.with_suffix(".tmp"),
            self.alerts.with_suffix(".tmp"),
        ]
        for file in leftovers:
            file.unlink(missing_ok=True)
        for folder in (self.staging, self._spill):
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def unfinished(self) -> Path:
        """Where a copy for publication grows."""
        return self.published.with_name(f".{self.published.name}.publishing")

    @property
    def previous(self) -> Path:
        """Where the file that was published before is kept."""
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
        """Put a file that was made beside it in the place of the work file: the only way a work file is replaced.

        Raises:
            OSError: the work file is as it was when it was last closed.
        """
        with new.open("rb") as written:
            os.fsync(written.fileno())
        # The log goes first: the changes of the old file would be played onto the new one.
        Path(f"{self.path}.wal").unlink(missing_ok=True)
        new.replace(self.path)

    def published_edition(self) -> tuple[int, str | None] | None:
        """What the published file is an edition of; None when there is none, or none that opens for everybody."""
        # Nobody writes the published file, so a log beside it is stale, and stops others from opening it.
        if not self.published.exists() or Path(f"{self.published}.wal").exists():
            return None
        import duckdb

        try:
            with duckdb.connect(openable(self.published), read_only=True) as con:
                return _edition(con)
        except duckdb.Error:
            return None

    def is_published(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether the work file, which the connection has in use, is checked and published as it is."""
        edition = _edition(con)
        return edition is not None and edition == self.published_edition()

    def last_look(self) -> dict[str, object]:
        """What the last look wrote down: `generation`, `looked_at`, `is_settled`, `unavailable`, `quiet`."""
        try:
            look = json.loads(self._look_file.read_text("utf-8"))
            return look if isinstance(look, dict) else {}
        except (OSError, ValueError):
            return {}

    def quiet(self) -> Quiet | None:
        """What the last look went by, if it found nothing to do."""
        quiet = self.last_look().get("quiet")
        try:
            return Quiet(**quiet) if isinstance(quiet, dict) else None
        except TypeError:  # of another version
            return None

    def outages(self) -> dict[str, Outage]:
        """Sources that the last look could not read."""
        outages = self.last_look().get("unavailable")
        return {name: Outage(*outage) for name, outage in outages.items()} if isinstance(outages, dict) else {}

    def all_read_at(self) -> dt.datetime | None:
        """When all that is in the tables was last known to be as in the sources.

        The instant of the last look; where it could not read a source, that of the first which could not.
        """
        looked_at = self.last_look().get("looked_at")
        instants = [looked_at, *(outage.since for outage in self.outages().values())]
        return min(map(dt.datetime.fromisoformat, map(str, instants))) if isinstance(looked_at, str) else None

    def note_look(
        self,
        number: int,
        as_of: dt.datetime,
        unavailable: Mapping[str, str],
        left_out: Collection[str] = (),
        *,
        is_settled: bool = False,
        quiet: Quiet | None = None,
    ) -> None:
        """Write down a look.

        Args:
            number: the generation that stands.
            as_of: the instant of the look.
            unavailable: source -> why it could not be read.
            left_out: sources that were not looked at: what was known of them stays.
            is_settled: every young file of the generation was found the same once more.
            quiet: what it went by, if it found nothing to do and the next need not go by more.
        """
        looked_at = as_of.isoformat(timespec="seconds")
        before = self.outages()
        outages = {name: outage for name, outage in before.items() if name in left_out}
        for name, why in unavailable.items():
            outages[name] = Outage(why, before[name].since if name in before else looked_at)
        self.write_look(
            {
                "generation": number,
                "looked_at": looked_at,
                "is_settled": is_settled,
                "unavailable": outages,
                "quiet": asdict(quiet) if quiet else None,
            }
        )

    def write_look(self, look: dict[str, object]) -> None:
        """Replace what the last look wrote down, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._look_file.with_suffix(".tmp")
        unfinished.write_text(json.dumps(look), "utf-8")
        unfinished.replace(self._look_file)


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
        con.execute("INSERT INTO internal.generation VALUES (0, 'checked', ?, NULL)", [schema_version()])


def generation(con: duckdb.DuckDBPyConnection) -> Generation:
    """Read how far the last refresh came."""
    row = con.execute("SELECT generation, state, schema_version FROM internal.generation").fetchone()
    assert row is not None, "the table internal.generation holds one row"
    return Generation(*row)


def _edition(con: duckdb.DuckDBPyConnection) -> tuple[int, str | None] | None:
    """What tells a checked database from every other: aggregates may change without a new generation."""
    return con.execute(
        "SELECT generation, aggregates_version FROM internal.generation WHERE state = 'checked'"
    ).fetchone()


def set_state(con: duckdb.DuckDBPyConnection, state: str) -> None:
    """Write down how far the refresh has come."""
    con.execute("UPDATE internal.generation SET state = ?", [state])


def _not_built() -> NotBuilt:
    return NotBuilt(
        "The warehouse has not been built yet, and this does a part of a refresh only: run the job `refresh`, or "
        "`etl refresh`, which builds it."
    )


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    statement = f"ATTACH {quoted(path)} AS work (STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    _patiently(path, lambda: con.execute(statement))
    con.execute("USE work")


def _patiently(path: Path, open_file: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
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


def _version(path: Path) -> str | None:
    """Version of the contract a file was made with; None when there is no such file or it does not open."""
    if not path.exists():
        return None
    import duckdb

    try:
        with _patiently(path, lambda: duckdb.connect(str(path), read_only=True)) as con:
            return generation(con).schema_version
    except duckdb.Error:
        return None
