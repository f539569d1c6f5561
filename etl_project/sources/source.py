"""One `[[source]]` of etl.toml: where its posts are and how they are to be read."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

from etl_project.sources.location import SCHEMES, Bucket, Location, Packs, Repository, is_objects_address


@dataclass(frozen=True, slots=True)
class Rule:
    """`[[source.rules]]`: site furniture in the body, and the column its value fills.

    An element that matches `selector` and whose text matches `pattern` is furniture: it is left out of the plain
    text, links and metrics. The first group of the pattern (the whole match without one) is the value; where
    several elements match, the last one counts.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    selector: str
    """CSS selector of the elements to look at."""
    pattern: str = ".+"
    """Regular expression that the element's text, white space stripped, must match as a whole."""
    column: str | None = None
    """`medium`, `original_url`, any other name for a key of `extra`, or nothing to only leave the element out."""


@dataclass(frozen=True, slots=True)
class MentionRule:
    """`[[source.mentions]]`: markup that names an entity, such as a stock."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    kind: str
    """Kind of entity, stored as written."""
    selector: str
    """CSS selector of the elements that mention one."""
    key: str
    """`attribute` or `attribute~pattern`: the attribute that holds the key, and a regular expression whose first
    group is the key."""


@dataclass(frozen=True, slots=True)
class Source:
    """One `[[source]]` of etl.toml, paths resolved."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str
    """Name of the source: the `source_id` of its rows."""
    location: Location
    """Folder, git repository, bucket or packs of the posts; every path of the source is relative to it."""
    _: KW_ONLY
    branch: str | None = None
    """Branch of a git repository; the one its HEAD names by default."""
    inventory: str | None = None
    """Address of the inventory that the store writes of a bucket, which is read in place of a listing."""
    look_every: str | None = None
    """How often the source is listed at most, such as `6 hours`; at every check by default."""
    renamed_from: str | None = None
    """Name the source had before: its articles keep their history under the new one."""
    dialect: str = "plain"
    """A name of `dialects.DIALECTS`."""
    title: str | None = None
    """Title of the site."""
    url: str | None = None
    """Address of the site; links to its host are internal."""
    language: str | None = None
    """Language of posts that do not state theirs."""
    time_zone: str = "UTC"
    """IANA zone of the site's clock."""
    naive_dates: Literal["local", "utc"] = "local"
    """What a time without a zone means: the site's clock, or UTC (as Jekyll reads it)."""
    permalink: str | None = None
    """Permalink style or template of the site, where the dialect has one."""
    encodings: tuple[str, ...] = ("utf-8",)
    """Encodings tried in order after a byte order mark and UTF-8."""
    include: tuple[str, ...] = ()
    """Patterns of the posts, best first; empty for the patterns of the dialect."""
    exclude: tuple[str, ...] = ()
    """Patterns of files that are not posts."""
    identity: Literal["path", "file_name"] = "path"
    """What makes two files the same article: their path, or their file name without extension."""
    updated_from: Literal["front_matter", "git"] = "front_matter"
    """Where `updated_at` comes from: the front matter alone, or the history where the front matter says nothing."""
    on_missing: Literal["delete", "keep"] = "delete"
    """What becomes of an article whose file is deleted: its rows are deleted, or retained with `missing_since`."""
    rules: tuple[Rule, ...] = ()
    mentions: tuple[MentionRule, ...] = ()

    @property
    def look_interval(self) -> dt.timedelta:
        """Shortest time between two listings; none by default.

        Raises:
            ValueError: `look_every` is no such time.
        """
        if self.look_every is None:
            return dt.timedelta()
        if not (written := _INTERVAL.fullmatch(self.look_every.strip().lower())):
            raise ValueError(f"{self.look_every!r} is no time; write a number and its unit: '30 minutes', '6 hours'")
        interval = int(written[1]) * _UNITS[written[2][0]]
        if not dt.timedelta(minutes=1) <= interval <= _LONGEST_INTERVAL:
            raise ValueError(
                f"{self.look_every!r} cannot be used; write a time from a minute to {_LONGEST_INTERVAL.days} days"
            )
        return interval


_INTERVAL = re.compile(r"([0-9]{1,6})\s*(m|min|minutes?|h|hours?|d|days?)")
_UNITS = {"m": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1), "d": dt.timedelta(days=1)}
_LONGEST_INTERVAL = dt.timedelta(days=366)


_BRANCH = re.compile(r"(?!-|/)(?!.*(?:\.\.|//|@\{|\.lock$|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]+")
"""Names that git takes for a branch: `git help check-ref-format`."""


_BUCKET = re.compile(r"[A-Za-z0-9_$][A-Za-z0-9_.$-]*")


def _bucket_problem(bucket: Bucket) -> str | None:
    """Tell what is wrong with the address of objects: a sentence without its full stop."""
    if "@" in bucket.bucket:
        return "an address of objects holds no user and no key; credentials are taken from the environment alone"
    if not _BUCKET.fullmatch(bucket.bucket):
        return f"{str(bucket)!r} names no bucket; write {bucket.scheme}://bucket/prefix"
    parts = bucket.prefix[:-1].split("/") if bucket.prefix else []
    if any(part in ("", ".", "..") or not part.isprintable() for part in parts):
        return f"{str(bucket)!r} has a prefix that no object can be asked for by: a part of it is empty, `.` or `..`"
    return None


def _inventory_problem(source: Source) -> str | None:
    """Tell what is wrong with the inventory of a source: a sentence without its full stop."""
    if source.inventory is None:
        return None
    if not (isinstance(source.location, Bucket) and source.location.scheme in ("s3", "memory")):
        return "`inventory` is for a bucket of S3, or of a store that speaks it: a location such as s3://bucket/prefix"
    if not is_objects_address(source.inventory):
        return "write where the store puts its inventories: an address such as s3://bucket/inventories/site/daily"
    place = Bucket(source.inventory)
    if place.scheme != source.location.scheme:
        return f"{str(place)!r} is in another kind of store than the source"
    return _bucket_problem(place)


def place_problem(source: Source) -> tuple[str, str] | None:
    """Tell what is wrong with how a source is found: the key, and a sentence without its full stop."""
    try:
        _ = source.look_interval
    except ValueError as error:
        return "look_every", str(error)
    if isinstance(source.location, Repository):
        scheme = source.location.scheme
        if scheme and scheme not in SCHEMES:
            kinds = ", ".join(f"{known}://" for known in SCHEMES)
            return "location", f"posts are not read from {scheme}:// addresses; git reads {kinds} and user@host:path"
        if source.branch is not None and not _BRANCH.fullmatch(source.branch):
            return "branch", f"{source.branch!r} is no name of a branch"
        return None
    if problem := _inventory_problem(source):
        return "inventory", problem
    location = source.location
    bucket = location if isinstance(location, Bucket) else location.bucket if isinstance(location, Packs) else None
    if bucket and (problem := _bucket_problem(bucket)):
        return "location", problem
    needs = "needs a git source; for a repository on this machine, write `git+` before its location"
    if source.branch is not None:
        return "branch", f"`branch` {needs}"
    if source.updated_from == "git":
        return "updated_from", f'`updated_from = "git"` {needs}'
    return None
