"""Prepare the folder of Dagster's records without importing Dagster, and set aside records that cannot be used."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from etl_project.errors import UserError
from etl_project.settings import Settings

TEMPLATE = Path(__file__).parents[2] / "assets" / "dagster.yaml"

_DATABASES = ("runs.db", "event_log.db", "schedules.db")

_SIDES = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database; they belong to it."""

_SQLITE_MAGIC = b"SQLite format 3\0"
"""What a database begins with: https://sqlite.org/fileformat.html"""

_DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class ForeignRecords(UserError):
    """Dagster's records belong to another user, and so does their folder."""


def prepare_home(settings: Settings, tell: Callable[[str], None] | None = None) -> Path:
    """Create the folder of Dagster's records, and copy our dagster.yaml into it if it has none.

    Records that are damaged, or that this user may not write, are renamed and begun anew: they hold the history of
    runs, and a refresh does not depend on it.

    Args:
        settings: name the folder.
        tell: called with a sentence for each file that was set aside; by default they are written to stderr.

    Returns:
        The folder as an absolute path, which Dagster requires.

    Raises:
        OSError: the folder or the file cannot be written.
        ForeignRecords: files of another user cannot be renamed.
    """
    home = settings.dagster_home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    tell = tell or _write_to_stderr
    for name in _DATABASES:
        if reason := _database_fault(home / name):
            tell(set_aside(home / name, reason))
    if reason := _yaml_fault(home / "dagster.yaml"):
        tell(set_aside(home / "dagster.yaml", reason))
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(TEMPLATE, home / "dagster.yaml")
    return home


def set_aside_damaged(home: Path) -> list[str]:
    """Examine every page of the databases, and set the damaged ones aside.

    Returns:
        A sentence for each; empty where none is damaged.
    """
    return [
        set_aside(home / name, reason)
        for name in _DATABASES
        if (reason := _database_fault(home / name, is_thorough=True))
    ]


def set_aside(file: Path, reason: str) -> str:
    """Rename a file of the records, with the files that belong to it.

    Returns:
        A sentence that says what was done.

    Raises:
        ForeignRecords: it cannot be renamed.
    """
    now = dt.datetime.now(dt.UTC)
    aside = f".set-aside-{now:%Y%m%dT%H%M%S.%fZ}"
    try:
        file.rename(file.with_name(f"{file.name}{aside}"))
        for side in _SIDES:
            with contextlib.suppress(FileNotFoundError):
                file.with_name(f"{file.name}{side}").rename(file.with_name(f"{file.name}{aside}{side}"))
    except OSError as error:
        raise ForeignRecords(
            f"{file}: {reason}, and cannot be renamed: {error.strerror}. Give the folder {file.parent} to the user who "
            f"runs etl (chown -R), or move it away: it holds only the history of runs."
        ) from None
    return (
        f"{file}: {reason}. It was renamed to {file.name}{aside} and is begun anew; what Dagster recorded in it is "
        "lost."
    )


def is_damage(error: BaseException) -> bool:
    """Whether an error, or one that led to it, is SQLite's word that a file is no database or is malformed."""
    sqlite = sqlite_error_in(error)
    return sqlite is not None and getattr(sqlite, "sqlite_errorcode", 0) & 0xFF in _DAMAGE_CODES


def sqlite_error_in(error: BaseException | None) -> sqlite3.Error | None:
    """The error of SQLite behind an error of Dagster or SQLAlchemy; None where there is none."""
    for _ in range(20):  # more than any chain is long, in case one leads back to itself
        if error is None or isinstance(error, sqlite3.Error):
            return error
        original = getattr(error, "orig", None)
        error = original if isinstance(original, BaseException) else error.__cause__ or error.__context__
    return None


def _database_fault(database: Path, *, is_thorough: bool = False) -> str | None:
    """Why a database cannot be used; None where it can, or where there is none."""
    if not database.exists():
        return None
    if not database.is_file():
        return "is no file"
    files = [database, *(database.with_name(f"{database.name}{side}") for side in _SIDES)]
    if not all(os.access(file, os.R_OK | os.W_OK) for file in files if file.exists()):
        return "belongs to another user"
    with database.open("rb") as file:
        # SQLite would delete the log beside a file that is no database.
        if file.read(len(_SQLITE_MAGIC)) not in (b"", _SQLITE_MAGIC):
            return "is damaged"
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=5)) as con:
            con.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if is_thorough and con.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return "is damaged"
    except sqlite3.Error as error:
        # One that is locked, or on a disk that fails, is not damaged.
        return "is damaged" if is_damage(error) else None
    return None


def _yaml_fault(file: Path) -> str | None:
    """Why a dagster.yaml cannot be used; None where it can, or where there is none."""
    import yaml

    if not file.exists():
        return None
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except PermissionError:
        return "belongs to another user"
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return "is no YAML"
    return None if isinstance(content, dict) else "holds no settings"


def _write_to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr)
