"""A file system of the data files of pinned versions, which can be read and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any

from fsspec import AbstractFileSystem


class PinnedFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec states no types
    """Opens some files of another file system for reading. Everything else that fsspec knows is refused.

    Args:
        below: the file system that has them.
        addresses: their addresses in it.
    """

    protocol = "pinned"
    cachable = False

    def __init__(self, below: AbstractFileSystem, addresses: Collection[str]) -> None:
        super().__init__()
        self._below, self._addresses = below, frozenset(addresses)

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file for reading.

        Raises:
            PermissionError: it is none of the files, or is not to be read alone.
        """
        return self._below.open(self._known(path, is_read=mode == "rb"), "rb", **options)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Tell the size and the time of a file."""
        return {**self._below.info(self._known(path)), "name": path, "type": "file"}

    def modified(self, path: str) -> Any:
        """Tell when a file was written."""
        return self._below.modified(self._known(path))

    def glob(self, path: str, **options: Any) -> list[str]:
        """List the files that a pattern matches and that are there, by their addresses in the other file system."""
        matched = (one for one in self._addresses if fnmatchcase(one, self._strip_protocol(path)))
        return sorted(one for one in matched if self._below.exists(one))

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        """List nothing: there are no folders."""
        return []

    def mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
        """Make no folder: here there is nothing to write into."""
        raise PermissionError(f"{path} cannot be made: this file system is only read")

    def _known(self, path: str, *, is_read: bool = True) -> str:
        address = self._strip_protocol(path)
        if address not in self._addresses or not is_read:
            raise PermissionError(f"{path} cannot be opened: the files of the lake alone, and to read")
        return address

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix(f"{cls.protocol}://")
