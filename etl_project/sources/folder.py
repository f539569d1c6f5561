"""A folder of posts: the files in it with their signatures, and the bytes of one file."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import stat
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl_project.dialects import DIALECTS
from etl_project.reasons import Rejection
from etl_project.sources.folder_faults import describe_kind, interpret_error
from etl_project.sources.folder_states import NUMBERS_PER_STATE
from etl_project.sources.folder_walk import PLACEHOLDER, check_root, find_target_inside, root_of, walk
from etl_project.sources.listing import FolderListing, ListedFiles, Listing, folder_frame
from etl_project.sources.paths import name_bytes, name_text, unescape_path
from etl_project.sources.patterns import Patterns, Ranking
from etl_project.sources.place import LastListing, OrdinaryPlace
from etl_project.sources.signature import ReadFile, Signature, wrap_ns
from etl_project.sources.source import Source

_PATHS_PER_CHUNK = 50_000
_BYTES_PER_READ = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PinnedFolder(OrdinaryPlace):
    """A folder of posts, and no other in its place: see `PinnedPlace` for what its methods answer."""

    folder: Path
    root: tuple[int, int] | None = None
    """Its device and inode when the plan began, so that a swapped mount is noticed; None where nobody asks."""

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    def walk(self, source: Source) -> FolderListing:
        """List every post of the source."""
        return list_files(self.folder, self.root or root_of(self.folder), source)

    def list_posts(self, source: Source, walked: FolderListing | None, last: LastListing | None) -> Listing:
        """Give the listing in columns, whole."""
        return Listing(folder_frame(source.name, walked or self.walk(source)))

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        """Read one listed post, by fewer calls where it is as it was listed."""
        try:
            return read_file(_bytes_of(self.folder), path, largest, listed)
        except FileNotFoundError:
            if self.root:
                check_root(self.folder, self.root)
            raise

    def read_first(self, names: Iterable[str], largest: int | None = None) -> tuple[str, bytes] | None:
        """Read the first file there is of some beside the posts."""
        return next(self._read_named(names, largest), None)

    def read_files(self, names: Sequence[str], largest: int | None = None) -> list[tuple[str, bytes]]:
        """Read all files there are of some beside the posts."""
        return list(self._read_named(names, largest))

    def _read_named(self, names: Iterable[str], largest: int | None) -> Iterator[tuple[str, bytes]]:
        for name in names:
            path = self.folder.parent / name[3:] if name.startswith("../") else self.folder / name
            if path.is_file():
                yield name, b"" if largest is not None and path.stat().st_size > largest else path.read_bytes()

    def files_below(self, folder: str) -> Iterator[str]:
        """List the files below a folder of the source."""
        start = os.path.join(os.fsencode(self.folder), name_bytes(folder))
        for above, _, names in os.walk(start):
            below = name_text(name_bytes(folder) + above[len(start) :])
            prefix = f"{below}/" if below else ""
            yield from [prefix + name_text(name) for name in names]

    def still_there(self, paths: Sequence[str]) -> list[str]:
        """Find the paths at which there is a file, whether or not it is a post."""
        root = os.fsencode(self.folder)
        return [path for path in paths if os.path.lexists(os.path.join(root, unescape_path(path)))]


@functools.lru_cache(maxsize=16)
def _bytes_of(folder: Path) -> bytes:
    return os.fsencode(folder)


def list_files(folder: Path, root: tuple[int, int], source: Source) -> FolderListing:
    """List every post of a source that is a folder.

    Only names and `lstat` decide: a name that matches is listed whatever it is, so that a link out of the
    source, a FIFO or a directory named like a post is rejected by name later and not passed over in silence.

    Args:
        folder: the folder of the source.
        root: its device and inode (`root_of`).
        source: whose patterns choose the posts.

    Raises:
        SourceUnavailable: the folder, or one below it, cannot be listed, or another took its place meanwhile; a partial
            listing would look like deletes.
    """
    dialect = DIALECTS[source.dialect]
    includes, excludes = Patterns(source.include or dialect.include), Patterns(source.exclude)
    listed: list[ListedFiles] = []
    paths: list[str] = []
    ranks = array("i")
    stats: list[int] = []
    not_read: Counter[str] = Counter()
    for below, names, found, others in walk(folder, root, dialect):
        included, excluded = includes.in_folder(below), excludes.in_folder(below)
        for name, ending in others:
            not_read[ending] += included.of(below + name) is not None and excluded.of(below + name) is None
        if included.by_name or excluded.by_name or excluded.rank is not None:
            names, found, ranks_of = _choose(below, names, found, included, excluded)
            ranks += ranks_of
        elif included.rank is not None:
            ranks += array("i", [included.rank]) * len(names)
        else:
            continue
        if names:
            paths.append(below + f"\0{below}".join(names))
            stats += found
        if len(ranks) >= _PATHS_PER_CHUNK:
            listed.append(_make_columns(paths, ranks, stats))
            paths, ranks, stats = [], array("i"), []
    check_root(folder, root)
    if paths:
        listed.append(_make_columns(paths, ranks, stats))
    digest = hashlib.blake2b(digest_size=16)
    for files in listed:
        for column in files:
            digest.update(b"%d " % len(column))
            digest.update(column)
    return FolderListing(listed, digest.hexdigest(), +not_read)


def _choose(
    below: str, names: list[str], stats: list[int], included: Ranking, excluded: Ranking
) -> tuple[list[str], list[int], array[int]]:
    """Choose the files of a folder by their names: the names of the posts, their stat results and their ranks."""
    chosen: list[str] = []
    found: list[int] = []
    ranks = array("i")
    for index, name in enumerate(names):
        path = below + name
        rank = included.of(path)
        if rank is not None and excluded.of(path) is None:
            chosen.append(name)
            ranks.append(rank)
            found += stats[NUMBERS_PER_STATE * index : NUMBERS_PER_STATE * (index + 1)]
    return chosen, found, ranks


def _make_columns(paths: list[str], ranks: array[int], stats: list[int]) -> ListedFiles:
    """Make columns of files.

    Args:
        paths: texts of paths, NUL between those of one text.
        ranks: the rank of each file.
        stats: four numbers for each file, as `walk` yields them.
    """
    try:
        numbers = array("q", stats)
        sizes, mtimes_ns, ctimes_ns, inodes = (numbers[first::NUMBERS_PER_STATE] for first in range(NUMBERS_PER_STATE))
    except OverflowError:  # a time or an inode that takes more than 63 bits
        sizes, mtimes_ns, ctimes_ns, inodes = (
            array("q", map(wrap_ns, stats[first::NUMBERS_PER_STATE])) for first in range(NUMBERS_PER_STATE)
        )
    return ListedFiles("\0".join(paths).encode(), ranks, sizes, mtimes_ns, ctimes_ns, array("Q", inodes.tobytes()))


def signature_of(info: os.stat_result) -> Signature:
    """Take the signature out of a stat result."""
    return Signature(info.st_size, wrap_ns(info.st_mtime_ns), wrap_ns(info.st_ctime_ns), info.st_ino)


def read_file(root: bytes, path: str, largest: int, listed: Signature | None = None) -> ReadFile:
    """Read one listed file.

    Args:
        root: folder of the source, as bytes.
        path: path below it, as listed.
        largest: bytes above which the file is not read.
        listed: its signature in the listing, where that is known.

    Raises:
        Rejection: not_regular_file, permission_denied, file_size_limit, unreadable, not_downloaded.
        FileNotFoundError: the file went away since it was listed.
        SourceUnavailable: the device or mount failed.
    """
    relative = unescape_path(path)
    full = root + b"/" + relative
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENOENT and os.path.lexists(_placeholder_of(full)):
            raise Rejection("not_downloaded", "is in iCloud, and not on this disk") from None
        if error.errno != errno.ELOOP:
            raise interpret_error(error, path) from error
        target = find_target_inside(root, relative)
        if target is None:
            raise Rejection("not_regular_file", "is a link that leaves the source or leads nowhere") from None
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as second:
            raise interpret_error(second, path) from second
    try:
        if listed and 0 < listed.size <= largest and (read := _read_as_listed(descriptor, listed)):
            return read
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Rejection("not_regular_file", f"is a {describe_kind(before.st_mode)}, not a plain file")
        if before.st_size > largest:
            raise Rejection("file_size_limit", f"has {before.st_size:,} bytes, more than the limit of {largest:,}")
        data = os.read(descriptor, before.st_size + 1)
        if len(data) != before.st_size:
            data = _read_rest(descriptor, data, largest)
        after = os.fstat(descriptor)
    except OSError as error:
        raise interpret_error(error, path) from error
    finally:
        os.close(descriptor)
    changed = (
        (before.st_mtime_ns, before.st_ctime_ns, before.st_size, before.st_ino)
        != (after.st_mtime_ns, after.st_ctime_ns, after.st_size, after.st_ino)
    )  # fmt: skip
    return ReadFile(data, signature_of(after), changed or len(data) != after.st_size)


def _read_as_listed(descriptor: int, listed: Signature) -> ReadFile | None:
    """Read a file that after reading is as it was listed, so that it did not change meanwhile; None of any other."""
    try:  # a pipe that took its place has no offset to read at, so that nothing is taken out of it
        data = os.pread(descriptor, listed.size + 1, 0)
    except OSError as error:
        if error.errno not in (errno.ESPIPE, errno.EISDIR):
            raise
        return None
    after = os.fstat(descriptor)
    state = (after.st_size, after.st_mtime_ns, after.st_ctime_ns, after.st_ino)
    is_as_listed = state == listed[:4] and len(data) == after.st_size and stat.S_ISREG(after.st_mode)
    return ReadFile(data, listed, changed_while_read=False) if is_as_listed else None


def _read_rest(descriptor: int, start: bytes, largest: int) -> bytes:
    """Read on to the end of a file that grew, or of which a part was given; returns all of it.

    Raises:
        Rejection: file_size_limit.
    """
    chunks, left = [start], largest + 1 - len(start)
    while chunks[-1] and left > 0:
        chunks.append(os.read(descriptor, min(left, _BYTES_PER_READ)))
        left -= len(chunks[-1])
    if left <= 0:
        raise Rejection("file_size_limit", f"grew beyond the limit of {largest:,} bytes while it was read")
    return b"".join(chunks)


def _placeholder_of(path: bytes) -> bytes:
    folder, name = os.path.split(path)
    return os.path.join(folder, b"." + name + PLACEHOLDER.encode())
