"""Where a lake is: a folder or a prefix of a bucket. Puts, gets, lists and deletes its objects."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl_project.errors import UserError
from etl_project.sources.location import Bucket, bucket_of
from etl_project.sources.objects.credentials import unusable_environment
from etl_project.sources.objects.faults import describe_fault
from etl_project.sources.objects.store import SECONDS_OF_A_PACK, environment_of, is_plain, open_store, store_options
from etl_project.sources.signature import SourceUnavailable

if TYPE_CHECKING:
    import duckdb
    from fsspec import AbstractFileSystem
    from obstore.store import ObjectStore

INSTALL = "pip install 'etl-project[lake]'"
"""Command that installs what reads and writes lakes."""


class LakeUnavailable(UserError):
    """The lake cannot be read or written now: the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a lake."""

    path: str
    """Path below the location."""
    size: int
    """Bytes."""
    modified: datetime
    """When it was written, by the clock of the store."""


@dataclass(frozen=True)
class Place:
    """A location, opened with the credentials of the environment; they are no part of it, so that it can be pickled."""

    location: str = field(repr=False)
    """Absolute path of a folder, or `s3://bucket/prefix`, `gs://…`, `az://…`."""

    def __str__(self) -> str:
        """Give the location without what may be secret in it."""
        return str(self.bucket or self.location)

    @functools.cached_property
    def bucket(self) -> Bucket | None:
        """Bucket and prefix; None where the lake is a folder."""
        return bucket_of(self.location)

    def address(self, path: str) -> str:
        """Address of an object, or of the folder of a table, as Delta Lake, DuckDB and people write it."""
        if self.bucket:
            return f"{self.bucket.scheme}://{self.bucket.bucket}/{self.bucket.prefix}{path}"
        return f"{self.location.rstrip('/')}/{path}"

    def check(self) -> None:
        """Make sure that the libraries are installed and that the environment has credentials. No request is made.

        Raises:
            LakeUnavailable: with the command that installs them, or the variables that are missing.
        """
        try:
            import deltalake  # noqa: F401
            import obstore  # noqa: F401
        except ImportError as error:
            raise LakeUnavailable(
                f"The lake {self} cannot be opened: the library {error.name} is not installed. Run {INSTALL}."
            ) from None
        if self.bucket and (unusable := unusable_environment(self.bucket, environment_of(self.bucket))):
            raise LakeUnavailable(f"{unusable}.")

    def storage_options(self) -> dict[str, str]:
        """Options by which Delta Lake opens the tables, besides the environment, which it reads itself."""
        if not self.bucket:
            return {}
        conditional = {"aws_conditional_put": "etag"} if self.bucket.scheme == "s3" else {}
        return {**conditional, **({"allow_http": "true"} if is_plain(environment_of(self.bucket)) else {})}

    def make(self) -> None:
        """Make the folder, where the lake is one.

        Raises:
            LakeUnavailable: it cannot be made.
        """
        if not self.bucket:
            try:
                Path(self.location).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self.fault(error) from None

    def is_there(self, folder: str) -> bool:
        """Whether there is any object below a folder."""
        if not self.bucket and not Path(self.location).is_dir():
            return False
        return next(self.list(folder), None) is not None

    def put(self, path: str, data: bytes | Path) -> None:
        """Write an object whole: nobody sees a part of it."""
        import obstore

        with self._told():
            obstore.put(self._store(), self._key(path), data)

    def get(self, path: str) -> bytes | None:
        """Read an object; None where there is none."""
        import obstore

        with self._told():
            try:
                return obstore.get(self._store(), self._key(path)).bytes().to_bytes()
            except FileNotFoundError:
                return None

    def modified(self, path: str) -> datetime | None:
        """When an object was written, by the clock of the store; None where there is none."""
        import obstore

        with self._told():
            try:
                return obstore.head(self._store(), self._key(path))["last_modified"]
            except FileNotFoundError:
                return None

    def list(self, folder: str) -> Iterator[StoredObject]:
        """List every object below a folder."""
        import obstore

        skip = len(self._key(""))
        with self._told():
            for rows in obstore.list(self._store(), self._key(folder).rstrip("/") or None):
                for row in rows:
                    yield StoredObject(row["path"][skip:], row["size"], row["last_modified"])

    def delete(self, paths: Sequence[str]) -> None:
        """Delete objects; one that is gone already is no error."""
        import obstore

        for path in paths:
            with self._told():
                try:
                    obstore.delete(self._store(), self._key(path))
                except FileNotFoundError:
                    continue

    def let_read(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let a connection of DuckDB read objects of the bucket by their addresses; folders it reads itself."""
        if self.bucket:
            con.register_filesystem(self.file_system())

    def file_system(self) -> AbstractFileSystem:
        """Make the file system, as fsspec has them, that knows objects by their addresses."""
        if not self.bucket:
            from fsspec.implementations.local import LocalFileSystem

            return LocalFileSystem()
        from etl_project.lake.bucket_files import BucketFiles

        with self._told():
            self._store()  # tells what the environment lacks
        options: dict[str, Any] = store_options(environment_of(self.bucket), SECONDS_OF_A_PACK)
        # One that it keeps would go on with the credentials of an environment that has changed since.
        options |= {"protocol": self.bucket.scheme, "skip_instance_cache": True}
        return BucketFiles(**options)

    def _key(self, path: str) -> str:
        return f"{self.bucket.prefix}{path}" if self.bucket else path

    def _store(self) -> ObjectStore:
        return open_store(self.bucket, SECONDS_OF_A_PACK) if self.bucket else _open_folder(self.location)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in a sentence what the store did not do.

        Raises:
            LakeUnavailable: with what to do.
        """
        from obstore.exceptions import BaseError

        try:
            yield
        except SourceUnavailable as error:
            raise LakeUnavailable(f"{error}.") from None
        except BaseError as error:
            raise self.fault(error) from None

    def fault(self, error: Exception) -> LakeUnavailable:
        """Make the error that says in a sentence what a store or Delta Lake did not do."""
        if self.bucket:
            return LakeUnavailable(f"{describe_fault(self.bucket, error, os.environ, writes=True)}.")
        if not Path(self.location).is_dir():
            return LakeUnavailable(f"There is no folder {self}. Mount the disk of the lake, or restore it.")
        said = str(error).splitlines()[0].rstrip("!.")
        return LakeUnavailable(
            f"The lake {self} cannot be used: {said}. Make the folder readable and writable for "
            "the user of the refresh, free disk space if that is what lacks, and try again."
        )


@functools.lru_cache(maxsize=16)
def _open_folder(location: str) -> ObjectStore:
    from obstore.store import LocalStore

    return LocalStore(location)
