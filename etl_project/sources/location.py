"""Tells what a `location` of the settings is: a folder, a git repository, a bucket of an object store, or packs."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from etl_project.sources.secrets import without_secrets

SCHEMES = ("https", "http", "ssh", "git", "file")
"""Schemes that git fetches from; others, by which it could be made to run programs (`ext::`), are refused."""

IN_PLACE = "git+"
"""Begins a location that is a repository on this machine, read at its commits and not at its files."""

PACK_ENDINGS = (".tar", ".tar.zst", ".tar.gz", ".tgz", ".zip", ".parquet")
"""Endings of files that hold many posts each."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_OBJECTS = re.compile(r"(s3|gs|az|memory)://([^/]*)/*(.*)", re.IGNORECASE | re.DOTALL)
"""Addresses of objects: S3 and what speaks like it, Google Cloud Storage, Azure; a store in the memory of this process
is for tests."""
_HOST_AND_PATH = re.compile(r"[\w.-]+@\w[\w.-]*:[^:].*")
_SSH_WITH_PASSWORD = re.compile(r"[^/@:\s]+:.*@[\w.-]+:[^:].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository that posts are read from, at one commit once `look_up` has found it."""

    address: str = field(repr=False)
    """What git fetches from, or the absolute path of a repository on this machine. It may hold a password: show the
    repository itself, by `str`."""
    mirror: Path | None = None
    """Our bare copy of a remote repository; None for a repository on this machine, which is read in place."""
    git_dir: str = ""
    """Directory that the objects are read from."""
    folder: str = ""
    """Folder of the repository that is the source, without a slash at its end; empty for all of it."""
    commit: str | None = None
    """Commit that is read; None before it has been looked up, and while there is none."""
    tree: str | None = None
    """Tree of `folder` at that commit: what the posts are, whatever the history."""
    boundaries: frozenset[str] = frozenset()
    """Commits of a shallow clone whose parents are not there; only filled where dates are taken from the history."""

    @property
    def scheme(self) -> str | None:
        """Scheme of the address, `https` of `https://…`; None where it has none."""
        scheme = _SCHEME.match(self.address) if self.mirror else None
        return scheme[1].lower() if scheme else None

    def __str__(self) -> str:
        """Give the location as people write it, without what may be secret in it."""
        return without_secrets(self.address) if self.mirror else f"{IN_PLACE}{self.address}"

    @property
    def name(self) -> str:
        """Name of the folder that is the source; empty for a whole repository."""
        return self.folder.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The objects of a bucket whose names begin with a prefix. Credentials are no part of it."""

    address: str = field(repr=False)
    """As written. Somebody may have written a password into it: show the bucket itself, by `str`."""

    def __str__(self) -> str:
        """Give the location as people write it, without what may be secret in it."""
        return without_secrets(self.address)

    @property
    def scheme(self) -> str:
        """Kind of store: s3, gs, az or memory."""
        return self._parts[0].lower()

    @property
    def bucket(self) -> str:
        """Name of the bucket; of the container in Azure."""
        return self._parts[1]

    @property
    def prefix(self) -> str:
        """What the names of the objects begin with, a slash after it; empty for the whole bucket."""
        prefix = self._parts[2].rstrip("/")
        return f"{prefix}/" if prefix else ""

    @property
    def name(self) -> str:
        """Name of the folder that the prefix is taken for; empty for a whole bucket."""
        return self.prefix[:-1].rpartition("/")[2]

    @property
    def _parts(self) -> tuple[str, str, str]:
        parts = _OBJECTS.fullmatch(self.address)
        assert parts, "a bucket is only made of an address of objects"
        return parts[1], parts[2], parts[3]


@dataclass(frozen=True, slots=True)
class Packs:
    """Files that hold many posts each, which are one source together."""

    pattern: str
    """Absolute path, or address of objects, in whose last part `*`, `?` and `[…]` stand for letters of names."""
    spool: Path
    """Folder for packs that are unpacked to be read at any place."""

    def __str__(self) -> str:
        """Give the path or the address, without what may be secret in it."""
        return without_secrets(self.pattern) if self.bucket else self.pattern

    @property
    def bucket(self) -> Bucket | None:
        """Bucket and prefix that the packs are in; None where they are files."""
        return Bucket(self.pattern.rpartition("/")[0] + "/") if _OBJECTS.fullmatch(self.pattern) else None

    @property
    def name(self) -> str:
        """Last part of the pattern."""
        return self.pattern.rpartition("/")[2]


Location = Path | Repository | Bucket | Packs


def bucket_of(text: str) -> Bucket | None:
    """Tell an address of objects from a path; None for a path."""
    return Bucket(text) if _OBJECTS.fullmatch(text) else None


def mirrors_of(published: Path) -> Path:
    """Folder of the copies of remote repositories, beside the work file of a published file."""
    # As of all files beside it: those of `a.duckdb` and `a.db` of one folder must not be the same.
    return published.parent / ".work" / f"{published.name.removesuffix('.duckdb')}.mirrors"


def is_objects_address(text: str) -> bool:
    """Whether this is an address of objects."""
    return _OBJECTS.fullmatch(text) is not None


def location_of(text: str, folder: Path, mirrors: Path, branch: str | None) -> Location:
    """Tell a folder, a git repository, a bucket and packs apart.

    A repository is an address (`https://…`, `ssh://…`, `git@host:path`, `file:///…`), a bare repository, or any other
    on this machine after `git+`. A plain path to a working copy is a folder: people write posts before they commit.
    Objects are `s3://bucket/prefix`, `gs://…` or `az://…`; packs a path that ends like one and is no folder.

    Args:
        text: the location as written.
        folder: what relative paths are relative to.
        mirrors: folder of the copies of remote repositories. A copy is named by what is fetched into it, not by its
            source, so that sources that read the same branch share one.
        branch: the branch that is to be read.
    """
    if objects := _OBJECTS.fullmatch(text):
        return Packs(text, mirrors) if objects[3].lower().endswith(PACK_ENDINGS) else Bucket(text)
    rest = text.removeprefix(IN_PLACE)
    if _SCHEME.match(rest) or _HOST_AND_PATH.fullmatch(rest) or _SSH_WITH_PASSWORD.fullmatch(rest):
        fetched = f"{without_secrets(rest)} {branch or ''}".encode("utf-8", "surrogateescape")
        return Repository(rest, mirrors / f"{hashlib.blake2b(fetched, digest_size=8).hexdigest()}.git")
    path = folder / Path(rest).expanduser()
    if rest == text and rest.lower().endswith(PACK_ENDINGS) and not _is_folder(path):
        return Packs(str(path), mirrors)
    return Repository(str(path)) if rest != text or _is_bare(path) else path


_is_folder = os.path.isdir
"""Where a folder may not be entered, it answers no, and the method of `Path` raises."""


def _is_bare(path: Path) -> bool:
    """Whether there is a bare repository. One whose folder may not be entered is taken for a folder of posts.

    `os.path` and not `Path`: where a folder may not be entered, these answer no instead of raising.
    """
    parts = {"HEAD": os.path.isfile, "objects": os.path.isdir, "refs": os.path.isdir}
    return all(is_there(path / name) for name, is_there in parts.items())
