"""Opens database files that others may use, and tells a damaged file from one that cannot be opened now."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.errors import BUSY, UserError

if TYPE_CHECKING:
    import duckdb

OPEN_SECONDS = 5
"""How long to wait for another program that has a file open."""

NO_DOWNLOADS: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}
"""Configuration of a DuckDB that fetches no extension, whatever a query names."""

_DAMAGE = re.compile(
    r"not a valid DuckDB database file|Could not read enough bytes|Corrupt database file|replaying WAL", re.IGNORECASE
)
"""Messages of DuckDB about a file whose contents are not those of a whole database."""

_LOCK_CONFLICT = re.compile(r"Conflicting lock is held in (.*?\(PID \d+\))")


class OpenElsewhere(UserError):
    """The work file is open in another program, which is no refresh."""

    exit_code = BUSY


class DoesNotOpen(UserError):
    """A database file cannot be opened, for a reason that does not prove that it is damaged."""

    def __init__(self, file: Path, error: Exception) -> None:
        reason = str(error).partition("\n")[0].rstrip(".")
        super().__init__(
            f"{file} does not open: {reason}. It was left as it is. Make it readable for the user of the refresh, free "
            "memory or disk space if that is what lacks, and try again."
        )


def open_with_retries(path: Path, open_file: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
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


def is_damage(error: duckdb.Error) -> bool:
    """Whether an error that opening a file raised proves that the file is damaged, or no file of a refresh."""
    import duckdb

    kinds = (duckdb.CatalogException, duckdb.BinderException, duckdb.SerializationException, duckdb.InternalException)
    return isinstance(error, kinds) or _DAMAGE.search(str(error)) is not None
