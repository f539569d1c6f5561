"""The file system by which DuckDB reads objects of a bucket, with what it remembers of data files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from obstore.fsspec import FsspecStore

FILES_REMEMBERED = 10_000
"""Of so many data files the sizes are remembered: those of a large query."""

_DATA_FILE = re.compile(r".*/part=\d+/[^/]+\.parquet")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class BucketFiles(FsspecStore):
    """Opens objects by their addresses, and asks once in a query whether a data file is there and how large it is.

    DuckDB looks for a file as a query begins, and then wants its size and time again and again. A data file never
    changes once it is written, so that the first answer holds; of all else, such as the log of a table, every answer is
    a new one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Used in the one thread of fsspec's loop.
        self._remembered: dict[str, dict[str, Any]] = {}

    def modified(self, path: str) -> datetime:
        """Tell when an object was written.

        Args:
            path: its address.

        Returns:
            The time by the clock of the store; of a data file always the same.

        Raises:
            FileNotFoundError: there is no such object, and its name is not that of a data file.
        """
        # By it DuckDB tells whether what it has read of a file still holds. It trusts no time of the last ten seconds.
        return _LONG_AGO if _DATA_FILE.fullmatch(path) else super().modified(path)

    async def _exists(self, path: str, **options: Any) -> bool:
        # A file may have been deleted since: a query that looks for it is told so, in DuckDB's words, before it reads.
        self._remembered.pop(path, None)
        return bool(await super()._exists(path, **options))

    async def _info(self, path: str, **options: Any) -> dict[str, Any]:
        if found := self._remembered.get(path):
            return found
        found = await super()._info(path, **options)
        if _DATA_FILE.fullmatch(path) and found["type"] == "file":
            if len(self._remembered) >= FILES_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[path] = found
        return found
