"""A batch of listed files in, three frames out: what became of each file, the posts read, the files rejected."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from etl_project.dialects import DIALECTS
from etl_project.extract.body import Body, BodyReader
from etl_project.extract.decode import Decoded, decode
from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter import FrontMatter, front_matter_json, read_front_matter
from etl_project.extract.language import detect_language
from etl_project.extract.limits import Limits
from etl_project.extract.reasons import PostWarning, Rejection
from etl_project.sources.folder import ReadFile, Signature, read_file
from etl_project.sources.source import Source

YOUNG_NS = 3_000_000_000
"""A file written this short before the look may be written again without its signature showing it (git's racy
rule, with the coarsest clock of the file systems in use, FAT's two seconds, and one more)."""

_TEXTS = pl.List(pl.String)

FILES = pl.Schema(
    {
        "source_id": pl.String(),
        "path": pl.String(),
        "status": pl.String(),
        "article_id": pl.String(),
        "is_shadowed": pl.Boolean(),
        "size": pl.Int64(),
        "file_hash": pl.String(),
        "encoding": pl.String(),
        "front_matter_format": pl.String(),
        "warnings": _TEXTS,
        "reason": pl.String(),
        "mtime_ns": pl.Int64(),
        "ctime_ns": pl.Int64(),
        "inode": pl.UInt64(),
        "is_young": pl.Boolean(),
    }
)
"""One row per file of the batch. `status` is loaded, rejected, same (the bytes are those of the last refresh), deferred
(caught half written, its last good row stays) or gone (it went away since it was listed)."""

HALF_WRITTEN = frozenset({"empty", "unterminated_front_matter", "encoding"})
"""What a file that is being written looks like: a young one that has a good row is not rejected for it at once."""

POSTS = pl.Schema(
    {
        "article_id": pl.String(),
        "source_id": pl.String(),
        "path": pl.String(),
        "slug": pl.String(),
        "title": pl.String(),
        "published_us": pl.Int64(),
        "published_precision": pl.String(),
        "published_from": pl.String(),
        "updated_us": pl.Int64(),
        "expires_us": pl.Int64(),
        "status": pl.String(),
        "language": pl.String(),
        "layout": pl.String(),
        "url": pl.String(),
        "original_url": pl.String(),
        "medium": pl.String(),
        "excerpt": pl.String(),
        "text_hash": pl.String(),
        "front_matter": pl.String(),
        "extra": pl.String(),
        "body": pl.String(),
        "text": pl.String(),
        "categories": _TEXTS,
        "tags": _TEXTS,
        "authors": _TEXTS,
        "link_urls": _TEXTS,
        "link_texts": _TEXTS,
        "link_kinds": _TEXTS,
        "heading_levels": pl.List(pl.Int32()),
        "heading_texts": _TEXTS,
        "mention_kinds": _TEXTS,
        "mention_keys": _TEXTS,
        "mention_labels": _TEXTS,
        "mention_counts": pl.List(pl.Int32()),
        "code_blocks": pl.Int64(),
    }
)
"""One row per loaded file that is its article. `_us` are microseconds since 1970-01-01T00:00Z."""

REJECTED = pl.Schema(
    {
        "source_id": pl.String(),
        "path": pl.String(),
        "reason": pl.String(),
        "message": pl.String(),
        "line": pl.Int32(),
        "suggestion": pl.String(),
        "size": pl.Int64(),
        "bytes": pl.Binary(),
    }
)
"""One row per rejected file: the columns of `rejected_files`."""


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to read."""

    path: str
    article_id: str
    is_shadowed: bool
    """Another file is the article: read this one for its status only."""
    known_hash: str | None
    """Hash of the bytes at the last refresh, when the same bytes would give the same rows."""
    may_defer: bool
    """The file has a good row that it may keep when it is caught half written."""
    listed: Signature
    """Signature at the time of the listing; stands in where the file cannot be read."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post as read: the parts that `etl explain` shows and the frames are built from."""

    decoded: Decoded
    front_matter: FrontMatter
    body: Body
    fields: Fields
    warnings: tuple[PostWarning, ...]


class PostReader:
    """Reads posts of one source. Built once per worker: rules and dialect are prepared here."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self._dialect = DIALECTS[source.dialect]
        self._bodies = BodyReader(source.rules, source.mentions, self._dialect.wikilinks)
        self._fields = FieldReader(source, limits)
        self._root = os.fsencode(source.location)

    def read(self, path: str, data: bytes) -> Post:
        """Read one post.

        Args:
            path: path below the source, as listed.
            data: bytes of the file.

        Raises:
            Rejection: the file cannot be trusted at all.
        """
        decoded = decode(data, self.source.encodings)
        front_matter = read_front_matter(
            decoded.text,
            self.limits,
            required=self._dialect.front_matter_required,
            formats=self._dialect.header_formats,
        )
        body = self._bodies.read(front_matter.body)
        first_heading = body.heading_texts[0] if body.heading_texts else None
        fields = self._fields.read(path, front_matter.fields, first_heading=first_heading, body=front_matter.body)
        if fields.language is None:
            fields.language = detect_language(body.text)
        return Post(
            decoded,
            front_matter,
            body,
            fields,
            (*decoded.warnings, *front_matter.warnings, *fields.warnings, *body.warnings),
        )

    def read_batch(self, tasks: Sequence[FileTask], look_ns: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Read a batch of files.

        Args:
            tasks: the files.
            look_ns: when the look began, nanoseconds since the epoch; see `YOUNG_NS`.

        Returns:
            Frames of the schemas `FILES`, `POSTS` and `REJECTED`.

        Raises:
            SourceUnavailable: the device or mount failed.
        """
        files: list[tuple[Any, ...]] = []
        posts: list[tuple[Any, ...]] = []
        rejected: list[tuple[Any, ...]] = []
        for task in tasks:
            self._read_task(task, look_ns, files, posts, rejected)
        return _frame(files, FILES), _frame(posts, POSTS), _frame(rejected, REJECTED)

    def _read_task(
        self,
        task: FileTask,
        look_ns: int,
        files: list[tuple[Any, ...]],
        posts: list[tuple[Any, ...]],
        rejected: list[tuple[Any, ...]],
    ) -> None:
        def became(status: str, signature: Signature, young: bool, **facts: Any) -> None:
            row = {
                "source_id": self.source.name, "path": task.path, "status": status, "article_id": task.article_id,
                "is_shadowed": task.is_shadowed and status != "rejected", "size": signature.size, "warnings": [],
                "mtime_ns": signature.mtime_ns, "ctime_ns": signature.ctime_ns, "inode": signature.inode,
                "is_young": young,
            } | facts  # fmt: skip
            files.append(tuple(map(row.get, FILES)))

        read: ReadFile | None = None
        file_hash: str | None = None
        signature, young = task.listed, is_young(task.listed, look_ns)
        try:
            read = read_file(self._root, task.path, self.limits.file_bytes)
            file_hash = hash_bytes(read.data)
            signature = read.signature
            young = is_young(signature, look_ns) or read.changed_while_read
            if file_hash == task.known_hash:
                became("same", signature, young, file_hash=file_hash)
                return
            with _nothing_escapes():
                post = self.read(task.path, read.data)
        except FileNotFoundError:
            became("gone", signature, young)
            return
        except Rejection as rejection:
            if young and task.may_defer and rejection.reason in HALF_WRITTEN:
                became("deferred", signature, young)
                return
            young = young or rejection.reason == "unreadable"
            became("rejected", signature, young, file_hash=file_hash, reason=rejection.reason)
            kept = read.data if read and signature.size <= self.limits.rejected_bytes else None
            why = (rejection.reason, rejection.message, rejection.line, rejection.suggestion)
            rejected.append((self.source.name, task.path, *why, signature.size, kept))
            return
        codes = list(dict.fromkeys(warning.code for warning in post.warnings))
        if "\\x" in task.path:
            codes.append("path_not_utf8")
        if task.is_shadowed:
            codes.append("duplicate_identity")
        became(
            "loaded", signature, young, file_hash=file_hash, encoding=post.decoded.encoding,
            front_matter_format=post.front_matter.format, warnings=codes,
        )  # fmt: skip
        if not task.is_shadowed:
            posts.append(self._row(task.path, task.article_id, post))

    def _row(self, path: str, article_id: str, post: Post) -> tuple[Any, ...]:
        fields, body = post.fields, post.body
        values = dict(body.values)
        original_url, medium = values.pop("original_url", None), values.pop("medium", None)
        published = fields.published
        return (
            article_id, self.source.name, path, fields.slug, fields.title,
            published.instant if published else None,
            published.precision if published else None,
            fields.published_from,
            fields.updated.instant if fields.updated else None,
            fields.expires.instant if fields.expires else None,
            fields.status, fields.language, fields.layout, fields.url, original_url, medium, fields.excerpt,
            hash_bytes(post.decoded.text.encode()),
            front_matter_json(post.front_matter.fields),
            json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else "{}",
            post.front_matter.body, body.text,
            fields.categories, fields.tags, fields.authors,
            body.link_urls, body.link_texts, body.link_kinds,
            body.heading_levels, body.heading_texts,
            body.mention_kinds, body.mention_keys, body.mention_labels, body.mention_counts,
            body.code_blocks,
        )  # fmt: skip


@contextmanager
def _nothing_escapes() -> Iterator[None]:
    """Turn a fault of ours in one post into its rejection: one bad file never stops a refresh."""
    try:
        yield
    except (Rejection, MemoryError):
        raise
    except Exception as error:
        raise Rejection("crashed_parser", f"the parser failed: {type(error).__name__}: {error}") from error


def hash_bytes(data: bytes) -> str:
    """BLAKE2b-128 in hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def is_young(signature: Signature, look_ns: int) -> bool:
    """Whether a file was written so shortly before the look that a later write could leave the signature alike."""
    return max(signature.mtime_ns, signature.ctime_ns) > look_ns - YOUNG_NS


_ARROW_LISTS: dict[pl.DataType, Any] = {
    _TEXTS: pa.large_list(pa.large_string()),
    pl.List(pl.Int32()): pa.large_list(pa.int32()),
}
"""Polars builds one series for each inner list; Arrow builds them all at once, which takes a third off a post."""


def _frame(rows: list[tuple[Any, ...]], schema: pl.Schema) -> pl.DataFrame:
    # Column by column: five times as fast as a frame from rows.
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, pa.array(column, _ARROW_LISTS[dtype]))
            if dtype in _ARROW_LISTS
            else pl.Series(name, column, dtype=dtype, strict=True)
            for (name, dtype), column in zip(schema.items(), columns, strict=True)
        ]
    )
