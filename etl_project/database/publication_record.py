"""What the published file began with: one that begins otherwise was written into, or took its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

from etl_project.database.json_file import read_json, write_json

_HEADER_BYTES = 3 * 4096
"""A DuckDB file begins with three headers, and whatever is written to it changes one of them: where its tables are, and
how often it was written. https://duckdb.org/docs/stable/internals/storage"""


class PublicationRecord:
    """The JSON file beside the work file that holds the size and a digest of the headers of what was published.

    Times are not part of it: a published file that was only touched, or restored from a backup, is the same.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *files: Path) -> None:
        """Write down the files of which each may be the published one from now on; those that are missing are not.

        Raises:
            OSError: a file cannot be read, or the record cannot be written and is as it was.
        """
        write_json(self.path, {"files": [_begins_with(file) for file in files if file.exists()]})

    def is_strange(self, published: Path) -> bool:
        """Whether there is a published file that is none of those written down; no record accuses no file.

        A log beside it does not matter: nothing reads that but DuckDB, when the file is opened with it.
        """
        known = read_json(self.path).get("files")
        try:
            return isinstance(known, list) and _begins_with(published) not in known
        except OSError:  # not there, or not to be read
            return False

    def has_log(self, published: Path) -> bool:
        """Whether somebody wrote what DuckDB has not moved into the file yet: it is in a log beside it."""
        wal = Path(f"{published}.wal")
        return self.path.exists() and wal.exists() and wal.stat().st_size > 0


def are_alike(one: Path, other: Path) -> bool:
    """Whether two DuckDB files hold the same, as a file and its copy do until one of them is written to.

    Args:
        one: a file; what is in a log beside it is not in the other.
        other: another.
    """
    try:
        return not Path(f"{one}.wal").exists() and _begins_with(one) == _begins_with(other)
    except OSError:  # not there, or not to be read
        return False


def _begins_with(file: Path) -> dict[str, str | int]:
    with file.open("rb") as opened:
        header = opened.read(_HEADER_BYTES)
    return {"bytes": file.stat().st_size, "headers": hashlib.blake2b(header, digest_size=16).hexdigest()}
