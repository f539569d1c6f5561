"""The objects of a bucket, as a place of posts: listed once for each plan, and read by their names."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from etl_project.sources.choose import choose_posts
from etl_project.sources.listing import FolderListing, Listing, folder_frame
from etl_project.sources.location import Bucket
from etl_project.sources.objects.store import (
    NAMES_PER_REQUEST,
    Objects,
    get_object,
    list_objects,
    read_object,
    require_obstore,
)
from etl_project.sources.paths import unescape_path
from etl_project.sources.place import LastListing, LookCost, OrdinaryPlace
from etl_project.sources.signature import ReadFile, Signature
from etl_project.sources.source import Source

READS_AT_ONCE = 16
"""Objects that one process reads at once: each is mostly waited for."""


@dataclass(unsafe_hash=True, slots=True)
class PinnedBucket(OrdinaryPlace):
    """The objects of a bucket as they were listed when the plan began: see `PinnedPlace` for what its methods answer.

    The listing stays with the process of the plan: another that reads posts gets their signatures, and the files beside
    the posts that were read already.
    """

    bucket: Bucket
    inventory: Bucket | None
    """Where the store writes an inventory of the bucket, which is read in place of a listing."""
    digest: str
    """Digest of the listing: equal where every object is the same."""
    _objects: Objects | None = field(default=None, compare=False, repr=False)
    _requests: LookCost = field(default_factory=lambda: LookCost(0, 0), compare=False, repr=False)
    """What the listing asked of the store."""
    _beside: dict[str, bytes | None] = field(default_factory=dict, compare=False, repr=False)
    """File beside the posts that was asked for -> its bytes; None where there is none."""

    def __reduce__(self) -> tuple[object, ...]:
        """Leave the listing behind: it may have a million rows, and every batch takes the place along."""
        return PinnedBucket, (self.bucket, self.inventory, self.digest, None, self._requests, self._beside)

    @property
    def name(self) -> str:
        """Last part of the prefix; empty for a whole bucket."""
        return self.bucket.name

    @property
    def knows_content(self) -> bool:
        """No: not every store makes its tags of the content."""
        return False

    @property
    def reads_at_once(self) -> int:
        """As many as one process can wait for."""
        return READS_AT_ONCE

    @property
    def look_cost(self) -> LookCost:
        """Requests of the listing, and of the site's own settings."""
        asked = [name for name, data in self._beside.items() if data is not None or name.startswith("../")]
        return self._requests._replace(gets=len(asked))

    def walk(self, source: Source) -> FolderListing:
        """Choose the posts among the objects."""
        return choose_posts(source, self._listed().entries())

    def list_posts(self, source: Source, walked: FolderListing | None, last: LastListing | None) -> Listing:
        """Give the listing in columns, whole; list anew where no plan has."""
        walked = walked or choose_posts(source, self._listed().entries())
        return Listing(folder_frame(source.name, walked))

    def read_post(self, path: str, listed: Signature, largest: int) -> ReadFile:
        """Read the object."""
        return read_object(self.bucket, self.bucket.prefix + unescape_path(path).decode(), listed, largest)

    def read_first(self, names: Iterable[str], largest: int | None = None) -> tuple[str, bytes] | None:
        """Read the first object there is of some beside the posts."""
        return next(self._read_named(names, largest), None)

    def read_files(self, names: Sequence[str], largest: int | None = None) -> list[tuple[str, bytes]]:
        """Read all objects there are of some beside the posts, several at once."""
        there = self._there(names)
        with ThreadPoolExecutor(READS_AT_ONCE) as threads:
            list(threads.map(lambda name: self._read_beside(name, largest), there))
        return list(self._read_named(there, largest))

    def files_below(self, folder: str) -> Iterator[str]:
        """List the objects below a folder of the source; of the folder above it, by a listing of its own."""
        if folder.startswith("../"):
            above = self._key("../")
            if above is None:
                return
            outer = Bucket(f"{self.bucket.scheme}://{self.bucket.bucket}/{above}/{folder[3:]}")
            yield from [f"{folder}/{name}" for name in list_objects(outer).names()]
            return
        below = f"{folder.rstrip('/')}/" if folder else ""
        yield from [name for name in self._listed().names() if name.startswith(below)]

    def still_there(self, paths: Sequence[str]) -> list[str]:
        """Find the paths at which there is an object; only where one was there is the bucket listed again.

        An inventory stays as it was.
        """
        wanted = {unescape_path(path).decode(): path for path in paths}
        if wanted.keys().isdisjoint(self._listed().names()):
            return []
        objects = self._listed() if self.inventory else list_objects(self.bucket)
        return [wanted[name] for name in objects.names() if name in wanted]

    def _listed(self) -> Objects:
        if self._objects is None:
            self._objects, self._requests = _list(self.bucket, self.inventory)
        return self._objects

    def _there(self, names: Iterable[str]) -> list[str]:
        """Those of the names that may be there, in their order: the listing does not know those above the prefix."""
        names = list(names)
        unknown = {name for name in names if name not in self._beside and not name.startswith("../")}
        found = unknown.intersection(self._listed().names()) if unknown else set()
        self._beside.update(dict.fromkeys(unknown - found))
        return [name for name in names if name in found or self._beside.get(name, b"") is not None]

    def _read_named(self, names: Iterable[str], largest: int | None) -> Iterator[tuple[str, bytes]]:
        for name in self._there(names):
            if (data := self._read_beside(name, largest)) is not None:
                yield name, data

    def _read_beside(self, name: str, largest: int | None) -> bytes | None:
        if name in self._beside:
            data = self._beside[name]
            return b"" if data is not None and largest is not None and len(data) > largest else data
        key = self._key(name)
        found = get_object(self.bucket, key, largest) if key else None
        if found is not None and found[0] is None:
            return b""
        data = self._beside[name] = found[0] if found else None
        return data

    def _key(self, name: str) -> str | None:
        """Name of an object by its path below the source; None where that leads out of the bucket."""
        key = posixpath.normpath(posixpath.join(self.bucket.prefix, name))
        return None if key.startswith("..") else key


def pin_bucket(bucket: Bucket, inventory: Bucket | None = None) -> PinnedBucket:
    """List a bucket for one refresh.

    Args:
        bucket: the bucket.
        inventory: where the store writes an inventory of it, which is read in place of a listing.

    Raises:
        SourceUnavailable: it cannot be listed, nor its inventory read; obstore or credentials are missing.
    """
    require_obstore(bucket)
    objects, requests = _list(bucket, inventory)
    digest = hashlib.blake2b(digest_size=16)
    for names, sizes, times, tags in objects.chunks:
        for column in (names, sizes, times, tags):
            digest.update(column)
    return PinnedBucket(bucket, inventory, digest.hexdigest(), objects, requests)


def _list(bucket: Bucket, inventory: Bucket | None) -> tuple[Objects, LookCost]:
    """The objects of a bucket, and what it took to learn of them."""
    if inventory:
        from etl_project.sources.objects.inventory import read_inventory

        found = read_inventory(bucket, inventory)
        return found.objects, LookCost(found.lists, 0, inventory_gets=found.gets)
    objects = list_objects(bucket)
    return objects, LookCost(max(-(-len(objects) // NAMES_PER_REQUEST[bucket.scheme]), 1), 0)
