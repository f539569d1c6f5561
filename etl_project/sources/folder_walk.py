"""Walks over the folder of a source: the names of the posts in it and the state of each."""

from __future__ import annotations

import contextlib
import os
import stat
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from etl_project.dialects import Dialect, ending_not_read, is_post
from etl_project.sources.folder_states import ASK_AGAIN, NUMBERS_PER_STATE, ask_beside
from etl_project.sources.listing import NOT_HERE
from etl_project.sources.paths import escape_path, name_bytes, name_text
from etl_project.sources.signature import SourceUnavailable
from etl_project.utf8_mode import names_are_utf8

PLACEHOLDER = ".icloud"
"""Ending of what iCloud leaves of `p.md` when it takes the file off the disk: `.p.md.icloud`."""

_OWN_SHARE = 0.55
"""Share of the files of a folder that the process asks for itself: one beside it has to start first."""

_NAMES_ARE_UTF8 = names_are_utf8()


def root_of(folder: Path) -> tuple[int, int]:
    """Device and inode of the folder of a source, which tell it from another folder at its path when a mount is lost.

    Raises:
        SourceUnavailable: there is no such folder, or it cannot be reached.
    """
    try:
        # The slash makes an automounter mount what belongs here, as a listing does.
        info = os.stat(os.path.join(folder, ""))
    except (FileNotFoundError, NotADirectoryError):
        told = f"{folder} is a file and no folder" if os.path.isfile(folder) else f"there is no folder {folder}"
        raise SourceUnavailable(told) from None
    except OSError as error:
        raise SourceUnavailable(f"{folder} cannot be read: {error.strerror}") from error
    return info.st_dev, info.st_ino


def check_root(folder: Path, root: tuple[int, int]) -> None:
    """Make sure that files missing below the folder of a source are deleted, and not the folder itself.

    Args:
        folder: the folder.
        root: what `root_of` returned when the plan began.

    Raises:
        SourceUnavailable: it is not there, or another one is in its place.
    """
    if root_of(folder) != root:
        raise SourceUnavailable(f"{folder} is another folder now than when the check for changes began")


def walk(
    top: Path, identity: tuple[int, int], dialect: Dialect
) -> Iterator[tuple[str, list[str], list[int], list[tuple[str, str]]]]:
    """Find the files named like posts. A plan may see a hundred thousand: what can be done once a folder is.

    Yields:
        A folder, the names in it and their stat results, four numbers a file (see `Signature`); folder and names as
        the warehouse writes them, a slash between. Numbers, since objects would keep the garbage collector busy.
        Then the names that other programs make posts of, with their endings.
    """
    root = os.fsencode(top)
    # Most files are posts, and most posts show it by this, which takes half the time of `is_post`.
    endings = () if dialect.not_posts else tuple(dialect.suffixes)
    folders = [""]
    while folders:
        found = _Posts(root, folder := folders.pop())
        others: list[tuple[str, str]] = []
        placeholders: list[tuple[str, os.stat_result]] = []
        posts: list[Any] = []
        try:
            with _open_entries(os.path.join(root, name_bytes(folder))) as (entries, descriptor):
                for entry in entries:
                    name = entry.name if _NAMES_ARE_UTF8 else name_text(entry.name)
                    if (name.endswith(endings) and name[0] not in ".~") or is_post(dialect, name):
                        posts.append(entry.name)
                        continue
                    if entry.is_dir(follow_symlinks=False) and name[0] != "." and name not in dialect.pruned:
                        folders.append(f"{folder}{name}/")
                    if name.endswith(PLACEHOLDER) and is_post(dialect, name[1 : -len(PLACEHOLDER)]):
                        with contextlib.suppress(FileNotFoundError):
                            info = entry.stat(follow_symlinks=False)
                            placeholders.append((escape_path(name[1 : -len(PLACEHOLDER)]), info))
                    elif (ending := ending_not_read(dialect, name)) and entry.is_file():
                        others.append((escape_path(name), ending))
                if not found.add(posts, descriptor):
                    check_root(top, identity)
        except FileNotFoundError:
            check_root(top, identity)  # else it was deleted, with its files, since the folder above was listed
        except OSError as error:
            raise SourceUnavailable(f"{top / escape_path(folder)} cannot be listed: {error.strerror}") from error
        folders += [f"{folder}{name}/" for name in found.folders if name not in dialect.pruned]
        for name, info in placeholders:
            if name not in found.names:
                found.names.append(name)
                found.states += (NOT_HERE, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        if found.names or others:
            yield escape_path(folder), found.names, found.states, others


class _Posts:
    """The names and states of the files of one folder that are named like posts."""

    def __init__(self, root: bytes, folder: str) -> None:
        self._root, self._folder = root, folder
        self.names: list[str] = []
        """As the warehouse writes them."""
        self.states: list[int] = []
        self.folders: list[str] = []
        """Names of folders that are named like posts."""

    def add(self, names: list[Any], descriptor: int | None) -> bool:
        """Add files with their states. Returns whether all were there still; those that were not are not listed.

        Args:
            names: their names as the system has them: entries would keep their states, which takes memory.
            descriptor: that of the folder, if it is open.
        """
        own = round(len(names) * _OWN_SHARE)
        with ask_beside(names[own:], descriptor) as beside:
            if beside is None:
                gone = self._ask(names, descriptor)
            else:
                gone = self._ask(names[:own], descriptor)
                gone += self._take(names[own:], descriptor, beside.answers())
        if gone:
            left_out = set(gone)
            names = [name for name in names if name not in left_out]
        self.names = [
            name if name.isascii() and "\\" not in name else escape_path(name)
            for name in (names if _NAMES_ARE_UTF8 else map(name_text, names))
        ]
        return not gone

    def _ask(self, names: Iterable[Any], descriptor: int | None) -> list[Any]:
        """Ask for states. Returns the files that went since the folder was opened."""
        gone = []
        for name in names:
            try:
                if descriptor is None:
                    info = os.lstat(os.path.join(self._root, name_bytes(self._folder), name))
                else:
                    info = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if not stat.S_ISREG(info.st_mode):
                    text = name_text(os.fsencode(name))
                    if stat.S_ISDIR(info.st_mode):
                        self.folders.append(text)
                    elif stat.S_ISLNK(info.st_mode):
                        info = _stat_target(self._root, name_bytes(self._folder + text), info)
            except FileNotFoundError:
                gone.append(name)
                continue
            self.states += (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        return gone

    def _take(self, names: list[Any], descriptor: int | None, answers: array[int] | None) -> list[Any]:
        """Take states that another process asked for. Returns the files that went since the folder was opened."""
        if answers is None:
            return self._ask(names, descriptor)
        gone, done = [], 0
        for place in [n for n, size in enumerate(answers[::NUMBERS_PER_STATE]) if size == ASK_AGAIN]:
            self.states += answers[NUMBERS_PER_STATE * done : NUMBERS_PER_STATE * place]
            gone += self._ask([names[place]], descriptor)
            done = place + 1
        self.states += answers[NUMBERS_PER_STATE * done :]
        return gone


@contextmanager
def _open_entries(folder: bytes) -> Iterator[tuple[Iterator[os.DirEntry[Any]], int | None]]:
    """Open a folder for its entries, which are then asked for by name: a stat of a whole path takes longer.

    Names are texts where they are UTF-8, and bytes elsewhere: the locale would make other names of them.

    Yields:
        The entries, and the descriptor of the folder where they are asked for by it.
    """
    if not _NAMES_ARE_UTF8:
        with os.scandir(folder) as entries:
            yield entries, None
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(descriptor) as entries:
            yield entries, descriptor
    finally:
        os.close(descriptor)


def _stat_target(root: bytes, relative: bytes, link: os.stat_result) -> os.stat_result:
    target = find_target_inside(root, relative)
    return link if target is None else os.stat(target)


def find_target_inside(root: bytes, relative: bytes) -> bytes | None:
    """The plain file inside the source that a symbolic link leads to, if it does."""
    try:
        target = os.path.realpath(os.path.join(root, relative), strict=True)
        inside = target.startswith(os.path.realpath(root) + b"/")
        return target if inside and stat.S_ISREG(os.lstat(target).st_mode) else None
    except OSError:
        return None
