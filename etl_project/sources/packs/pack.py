"""Packs of posts as a place: listed again only where a file changed, members read where they lie."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from etl_project.reasons import Rejection
from etl_project.sources.choose import Entry, choose_posts
from etl_project.sources.listing import FolderListing, Listing, folder_frame
from etl_project.sources.location import Packs
from etl_project.sources.packs.members import SPECIAL, Member, hash_member, index_pack, read_member
from etl_project.sources.packs.spool import read_index, readable_pack, spool_name, sweep_spool, write_index
from etl_project.sources.paths import unescape_path
from etl_project.sources.place import LastListing, LookCost, OrdinaryPlace, PlaceVersion
from etl_project.sources.signature import ReadFile, Signature, SourceUnavailable
from etl_project.sources.source import Source


@dataclass(frozen=True, slots=True)
class PinnedPacks(OrdinaryPlace):
    """Packs that are one source, each in one state of its file: see `PinnedPlace` for what its methods answer."""

    packs: Packs
    files: tuple[tuple[Path, str], ...]
    """Each pack with the stamp of its file, in the order of their names; of objects, the names in their bucket."""
    lists: int = field(default=0, compare=False)
    """Requests for names that it took to find them, in a bucket."""

    @property
    def name(self) -> str:
        """Empty: a pack is taken for a whole site."""
        return ""

    @property
    def version(self) -> PlaceVersion:
        """A digest of the files, as the tree: while it is the same, no pack is opened."""
        digest = hashlib.blake2b(digest_size=16)
        for path, stamp in self.files:
            digest.update(f"{path.name}\0{stamp}\0".encode(errors="surrogateescape"))
        return PlaceVersion(None, digest.hexdigest())

    @property
    def knows_content(self) -> bool:
        """No: a checksum of a zip has 32 bits."""
        return False

    @property
    def look_cost(self) -> LookCost | None:
        """Requests for the names of packs in a bucket; None for files."""
        return LookCost(self.lists, 0, has_packs=True) if self.lists else None

    def walk(self, source: Source) -> FolderListing | None:
        """None: the version tells what changed."""
        return None

    def list_posts(self, source: Source, walked: FolderListing | None, last: LastListing | None) -> Listing:
        """List the posts of all packs; nothing where no pack changed."""
        if last and last.version == self.version:
            return Listing(folder_frame(source.name, FolderListing([], "")), is_whole=False)
        listing = choose_posts(source, self._entries())
        self._require_pinned()
        return Listing(folder_frame(source.name, listing))

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        """Read a member."""
        if (listed.blob_id or "").startswith(SPECIAL):
            raise Rejection("not_regular_file", "is a link or a device in its pack, not a plain file")
        if listed.size > largest:
            raise Rejection("file_size_limit", f"has {listed.size:,} bytes, more than the limit of {largest:,}")
        member = self._members().get(unescape_path(path).decode("utf-8", "surrogateescape"))
        if member is None:
            raise FileNotFoundError(path)
        try:
            data = read_member(self._readable()[member.pack], member, largest)
        except OSError as error:
            raise SourceUnavailable(f"{self.packs} cannot be read: {error.strerror or error}") from None
        self._require_pinned(member.pack)
        if len(data) != member.size:
            raise Rejection("unreadable", f"has {len(data):,} bytes in its pack, and should have {member.size:,}")
        return ReadFile(data, listed, changed_while_read=False)

    def read_first(self, names: Iterable[str], largest: int | None = None) -> tuple[str, bytes] | None:
        """Read the first member there is of some beside the posts."""
        return next(self._read_named(names, largest), None)

    def read_files(self, names: Sequence[str], largest: int | None = None) -> list[tuple[str, bytes]]:
        """Read all members there are of some beside the posts."""
        return list(self._read_named(names, largest))

    def files_below(self, folder: str) -> Iterator[str]:
        """List the members below a folder of the source."""
        below = f"{folder.rstrip('/')}/" if folder else ""
        return (name for name in self._members() if name.startswith(below))

    def still_there(self, paths: Sequence[str]) -> list[str]:
        """Find the paths at which there is a member."""
        members = self._members()
        return [path for path in paths if unescape_path(path).decode("utf-8", "surrogateescape") in members]

    def _read_named(self, names: Iterable[str], largest: int | None) -> Iterator[tuple[str, bytes]]:
        members = self._members()
        for name in names:
            if member := members.get(name):
                is_large = largest is not None and member.size > largest
                try:
                    yield name, b"" if is_large else read_member(self._readable()[member.pack], member, largest)
                except Rejection as rejection:
                    raise OSError(rejection.message) from None

    def _entries(self) -> Iterator[Entry]:
        for name, member in self._members().items():
            kind = member.kind or hash_member(self._readable()[member.pack], member)
            yield Entry(name, member.size, 0, kind)

    def _readable(self) -> tuple[Path, ...]:
        return _readable(self.packs, self.files)

    def _members(self) -> dict[str, Member]:
        return _members(self.packs, self.files)

    def _require_pinned(self, number: int | None = None) -> None:
        """Make sure that a pack, or all of them, are what they were when the plan began.

        Where the members of a pack lie is known for one state of its file only. What was unpacked does not change.
        """
        for pack, (path, stamp) in enumerate(self.files):
            if number in (None, pack) and self._readable()[pack] == path and _stamp(path) != stamp:
                raise SourceUnavailable(f"{path} was written while it was read. It is read at the next check")


def pin_packs(packs: Packs) -> PinnedPacks:
    """Find the packs of a source and the state of their files.

    Raises:
        SourceUnavailable: there is none, or one cannot be reached.
    """
    if packs.bucket:
        from etl_project.sources.packs.remote import list_packs

        found, lists = list_packs(packs, packs.bucket)
    else:
        found, lists = [(path, _stamp(path)) for path in _files(packs)], 0
    if not found:
        raise SourceUnavailable(f"there is no pack {packs}. Correct its location or make the pack")
    return PinnedPacks(packs, tuple(found), lists)


def _files(packs: Packs) -> list[Path]:
    """Files of the packs, in the order of their names."""
    there = Path(packs.pattern)
    return [there] if os.path.lexists(there) else sorted(there.parent.glob(there.name), key=lambda path: path.name)


def _stamp(path: Path) -> str:
    try:
        info = path.stat()
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror}. See that it is there") from None
    return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"


@functools.lru_cache(maxsize=4)
def _readable(packs: Packs, files: tuple[tuple[Path, str], ...]) -> tuple[Path, ...]:
    if packs.bucket:
        from etl_project.sources.packs.remote import readable_remote

        readable = [readable_remote(packs, packs.bucket, path, stamp) for path, stamp in files]
    else:
        readable = [readable_pack(str(path), path, stamp, packs) for path, stamp in files]
    sweep_spool(packs, [*readable, _index_of(packs, files)])
    return tuple(readable)


@functools.lru_cache(maxsize=4)
def _members(packs: Packs, files: tuple[tuple[Path, str], ...]) -> dict[str, Member]:
    """Members of all packs: where several have the same path, the last pack by name counts."""
    index = _index_of(packs, files)
    if (known := read_index(index)) is not None:
        return known
    members: dict[str, Member] = {}
    for number, (readable, (path, _)) in enumerate(zip(_readable(packs, files), files, strict=True)):
        members |= index_pack(str(path), readable, number)
    write_index(index, members)
    return members


def _index_of(packs: Packs, files: tuple[tuple[Path, str], ...]) -> Path:
    """File that the index of packs in one state is kept in."""
    return packs.spool / f"{spool_name(packs)}{PinnedPacks(packs, files).version.tree_id}.json"
