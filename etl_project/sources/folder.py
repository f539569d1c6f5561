"""A folder of posts: the files in it with their signatures, and the bytes of one file."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl_project.dialects import DIALECTS, Dialect, is_post
from etl_project.reasons import Rejection
from etl_project.sources.listing import FolderListing, ListedFiles
from etl_project.sources.paths import escape_path, unescape_path
from etl_project.sources.patterns import Patterns
from etl_project.sources.signature import ReadFile, Signature, SourceUnavailable
from etl_project.sources.source import Source

_TOGETHER = 50_000
_OF_A_STATE = 4
_UNAVAILABLE = {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN}


def list_files(source: Source) -> FolderListing:
    """List every post of a source.

    Only names are looked at, and `lstat`: a name that matches is listed whatever it is, so that a link out of the
    source, a FIFO or a directory named like a post is rejected by name later and not passed over in silence.

    Raises:
        SourceUnavailable: the folder, or one below it, cannot be listed, or another took its place meanwhile; a partial
            listing would look like deletes.
    """
    dialect = DIALECTS[source.dialect]
    assert isinstance(source.location, Path)
    root = source.root or root_of(source.location)
    includes, excludes = Patterns(source.include or dialect.include), Patterns(source.exclude)
    listed: list[ListedFiles] = []
    paths: list[str] = []
    ranks: list[int] = []
    states: list[int] = []
    for folder, names, found in _walk(source.location, root, dialect):
        included, excluded = includes.in_folder(folder), excludes.in_folder(folder)
        if included.asked or excluded.asked or excluded.rank is not None:
            for place, name in enumerate(names):
                path = folder + name
                rank = included.of(path)
                if rank is not None and excluded.of(path) is None:
                    paths.append(path)
                    ranks.append(rank)
                    states += found[_OF_A_STATE * place : _OF_A_STATE * (place + 1)]
        elif included.rank is not None:
            paths += [folder + name for name in names]
            ranks += [included.rank] * len(names)
            states += found
        if len(paths) >= _TOGETHER:
            listed.append(_listed(paths, ranks, states))
            paths, ranks, states = [], [], []
    check_root(source.location, root)
    if paths:
        listed.append(_listed(paths, ranks, states))
    digest = hashlib.blake2b(digest_size=16)
    for files in listed:
        for column in files:
            digest.update(b"%d " % len(column))
            digest.update(column)
    return FolderListing(listed, digest.hexdigest())


def _listed(paths: list[str], ranks: list[int], states: list[int]) -> ListedFiles:
    sizes, mtimes_ns, ctimes_ns, inodes = (states[place::_OF_A_STATE] for place in range(_OF_A_STATE))
    return ListedFiles(
        "\0".join(paths).encode(),
        array("i", ranks),
        array("q", sizes),
        array("q", mtimes_ns),
        array("q", ctimes_ns),
        array("Q", inodes),
    )


def root_of(folder: Path) -> tuple[int, int]:
    """Device and inode of the folder of a source, which tell it from what takes its place when a mount is lost.

    Raises:
        SourceUnavailable: there is no such folder, or it cannot be reached.
    """
    try:
        # The slash makes an automounter mount what belongs here, as a listing does.
        info = os.stat(os.path.join(folder, ""))
    except (FileNotFoundError, NotADirectoryError):
        raise SourceUnavailable(f"there is no folder {folder}") from None
    except OSError as error:
        raise SourceUnavailable(f"{folder} cannot be read: {error.strerror}") from error
    return info.st_dev, info.st_ino


def check_root(folder: Path, root: tuple[int, int]) -> None:
    """Make sure that what is missing below the folder of a source is gone, and not the folder itself.

    Args:
        folder: the folder.
        root: what `root_of` said of it when the look began.

    Raises:
        SourceUnavailable: it is not there, or another one is in its place.
    """
    if root_of(folder) != root:
        raise SourceUnavailable(f"{folder} is another folder now than when the look began")


def _walk(top: Path, identity: tuple[int, int], dialect: Dialect) -> Iterator[tuple[str, list[str], list[int]]]:
    """Find what is named like a post. A hundred thousand files pass here at every look: what can be is done by folder.

    Yields:
        A folder, the names in it and their states, four numbers a file (see `Signature`); folder and names as the
        warehouse writes them, a slash between. Numbers, since objects would keep the garbage collector busy.
    """
    root = os.fspath(top)
    folders = [""]
    while folders:
        folder = folders.pop()
        names: list[str] = []
        states: list[int] = []
        try:
            with _entries(os.path.join(root, folder)) as entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_dir(follow_symlinks=False) and name[0] != "." and name not in dialect.pruned:
                        folders.append(f"{folder}{name}/")
                    if is_post(dialect, name):
                        try:
                            info = entry.stat(follow_symlinks=False)
                            if entry.is_symlink():
                                info = _linked(os.fsencode(root), os.fsencode(folder + name), info)
                        except FileNotFoundError:
                            check_root(top, identity)
                            continue  # gone since the folder was opened: not listed
                        names.append(name if name.isascii() and "\\" not in name else escape_path(name))
                        states += (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        except FileNotFoundError:
            check_root(top, identity)  # else it is gone since the folder above was listed, with its files
        except OSError as error:
            place = os.path.join(root, folder)
            raise SourceUnavailable(f"{place} cannot be listed: {error.strerror}") from error
        if names:
            yield escape_path(folder), names, states


@contextmanager
def _entries(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """Open a folder for its entries, whose states are then asked of it by name: a whole path each takes longer."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(descriptor) as entries:
            yield entries
    finally:
        os.close(descriptor)


def _linked(root: bytes, relative: bytes, link: os.stat_result) -> os.stat_result:
    target = _target_inside(root, relative)
    return link if target is None else os.stat(target)


def _target_inside(root: bytes, relative: bytes) -> bytes | None:
    """The plain file inside the source that a link stands for, if that is what it is."""
    try:
        target = os.path.realpath(os.path.join(root, relative), strict=True)
        inside = target.startswith(os.path.realpath(root) + b"/")
        return target if inside and stat.S_ISREG(os.lstat(target).st_mode) else None
    except OSError:
        return None


def signature_of(info: os.stat_result) -> Signature:
    """Take the signature out of a stat result."""
    return Signature(info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


def read_file(root: bytes, path: str, largest: int) -> ReadFile:
    """Read one listed file.

    Args:
        root: folder of the source, as bytes.
        path: path below it, as listed.
        largest: bytes above which the file is not read.

    Raises:
        Rejection: not_regular_file, permission_denied, file_size_limit, unreadable.
        FileNotFoundError: the file went away since it was listed.
        SourceUnavailable: the device or mount failed.
    """
    relative = unescape_path(path)
    full = os.path.join(root, relative)
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise _failed(error, path) from error
        target = _target_inside(root, relative)
        if target is None:
            raise Rejection("not_regular_file", "is a link that leaves the source or leads nowhere") from None
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as second:
            raise _failed(second, path) from second
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Rejection("not_regular_file", f"is a {_kind(before.st_mode)}, not a plain file")
        if before.st_size > largest:
            raise Rejection("file_size_limit", f"has {before.st_size:,} bytes, more than the limit of {largest:,}")
        chunks = []
        left = largest + 1
        while left > 0 and (chunk := os.read(descriptor, min(left, max(before.st_size, 4096) + 1))):
            chunks.append(chunk)
            left -= len(chunk)
            if len(chunk) == before.st_size:
                # More was asked for, so this was the end; if it no longer is, the size will tell.
                break
        if left <= 0:
            raise Rejection("file_size_limit", f"grew beyond the limit of {largest:,} bytes while it was read")
        after = os.fstat(descriptor)
    except OSError as error:
        raise _failed(error, path) from error
    finally:
        os.close(descriptor)
    data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    signature = signature_of(after)
    return ReadFile(data, signature, signature != signature_of(before) or len(data) != after.st_size)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "FIFO", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device"}
    return kinds.get(stat.S_IFMT(mode), "special file")


def _failed(error: OSError, path: str) -> Exception:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileNotFoundError(path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Rejection("permission_denied", "cannot be opened: permission denied")
    if error.errno in _UNAVAILABLE:
        return SourceUnavailable(f"{path} cannot be read: {error.strerror}")
    if error.errno == errno.ENXIO:
        return Rejection("not_regular_file", "is a socket or device, not a plain file")
    return Rejection("unreadable", f"cannot be read: {error.strerror}")
