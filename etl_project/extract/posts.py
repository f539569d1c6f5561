"""Read a batch of listed files into three frames: the outcome of each file, the posts, and the rejected files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from etl_project.dialect import HTML, ORG, RST
from etl_project.dialects import DIALECTS
from etl_project.extract.body.content import Body
from etl_project.extract.body.language import detect_language
from etl_project.extract.body.read import BodyReader, Form
from etl_project.extract.conflict_copies import is_conflict_copy
from etl_project.extract.decode import Decoded, decode
from etl_project.extract.fields import EXCERPT_CHARACTERS, FieldReader, Fields
from etl_project.extract.frames import FILES, POSTS, REJECTED, frame
from etl_project.extract.front_matter.flat_header import FlatHeaders
from etl_project.extract.front_matter.read import FrontMatter, front_matter_json, read_front_matter
from etl_project.extract.site.hugo.content_files import is_copied
from etl_project.extract.title_heading import find_title_heading
from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection
from etl_project.sources.place import PinnedPlace, PinnedSource
from etl_project.sources.signature import FileTask, Signature, hash_bytes, is_recent, is_young

HALF_WRITTEN = frozenset({"empty", "unterminated_front_matter", "encoding"})
"""Reasons that a file still being written may cause: a young file that has a good row is deferred, not rejected."""

_POSTS_PER_STEP = 64
"""Posts that go through each step together. Repeating a step takes a quarter less time, as its code and data are in the
processor's caches; with more posts at once their own data would push each other out of the caches."""


@dataclass(slots=True)
class Post:
    """One post while it is read, step by step: `etl explain` shows its parts, and the frames are built from them."""

    path: str
    """Path below the source, as listed."""
    data: bytes = field(repr=False)
    decoded: Decoded = field(init=False)
    front_matter: FrontMatter = field(init=False)
    body: Body = field(init=False)
    fields: Fields = field(init=False)
    is_flat: bool = False
    """Whether the front matter was read by its shape."""
    fields_json: str | None = None
    """The front matter as JSON, where it is known already."""

    @property
    def warnings(self) -> list[PostWarning]:
        """All warnings about the post; they do not keep it from being loaded."""
        return [
            *self.decoded.warnings,
            *self.front_matter.warnings,
            *self.fields.warnings,
            *self.body.warnings,
        ]


@dataclass(slots=True)
class _Reading:
    """A listed file while it is read: it becomes a post, or gets a status instead."""

    task: FileTask
    started_ns: int
    signature: Signature
    is_young: bool
    changed_while_read: bool = False
    file_hash: str | None = None
    post: Post | None = None
    status: str | None = None
    """Set as soon as it is known that the file does not become a post: as in `FILES`, without `loaded`."""
    rejection: Rejection | None = None

    def reject(self, rejection: Rejection) -> None:
        """Reject the file, or defer it if it may still be being written."""
        is_deferred = self.task.may_defer and rejection.reason in HALF_WRITTEN and self._is_being_written()
        self.status = "deferred" if is_deferred else "rejected"
        self.is_young = self.is_young or (rejection.reason == "unreadable" and not is_deferred)
        # Anew: what was raised holds the frames it was raised through, and these hold every post of the step.
        self.rejection = Rejection(rejection.reason, rejection.message, rejection.line)

    def _is_being_written(self) -> bool:
        has_changed = self.changed_while_read or self.signature != self.task.listed
        return has_changed or is_recent(self.signature, self.started_ns)


_FORMS: dict[str, Form] = {".mdx": "mdx", RST: "rst", ORG: "org"}


def _form_of(path: str) -> Form:
    """Tell what the body of a file is written in: no generator reads an HTML file as Markdown."""
    if path.endswith(".md"):
        return "markdown"
    ending = path[path.rfind(".") :].lower()
    return "html" if ending in HTML else _FORMS.get(ending, "markdown")


class PostReader:
    """Reads posts of one source. Built once per worker, which prepares the rules and the dialect."""

    def __init__(self, pinned: PinnedSource, limits: Limits) -> None:
        self.source = source = pinned.source
        self.limits = limits
        self._dialect = DIALECTS[source.dialect]
        self._fields = FieldReader(pinned, limits)
        markdown = self._fields.markdown
        self._bodies = BodyReader(source.rules, source.mentions, markdown, self._dialect.templates)
        self._bodies_without_tags = BodyReader(source.rules, source.mentions, markdown)
        self._copies_html = self._fields.copies_html
        self._flat_headers = FlatHeaders(limits, self._dialect)
        self._steps = (self._decode, self._read_front_matter, self._read_body, self._read_fields)

    def read(self, path: str, data: bytes) -> Post:
        """Read one post.

        Args:
            path: path below the source, as listed.
            data: bytes of the file.

        Raises:
            Rejection: the file cannot be loaded.
        """
        post = Post(path, data)
        for step in self._steps:
            step(post)
        return post

    def read_batch(
        self, tasks: Sequence[FileTask], started_ns: int, place: PinnedPlace
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Read a batch of files.

        Args:
            tasks: the files.
            place: where they are: that of the source, or one that holds them alone.
            started_ns: when the check for changes began, in nanoseconds since the epoch; see `YOUNG_NS`.

        Returns:
            Frames of the schemas `FILES`, `POSTS` and `REJECTED`.

        Raises:
            SourceUnavailable: the device or mount failed.
        """
        files: list[tuple[Any, ...]] = []
        posts: list[tuple[Any, ...]] = []
        rejected: list[tuple[Any, ...]] = []
        for start in range(0, len(tasks), _POSTS_PER_STEP):
            readings = self._start_readings(tasks[start : start + _POSTS_PER_STEP], started_ns, place)
            self._run_steps(readings)
            for reading in readings:
                files.append(self._file_row(reading))
                if reading.status is None and not reading.task.is_shadowed:
                    posts.append(self._post_row(reading))
                elif reading.status == "rejected":
                    rejected.append(self._rejected_row(reading))
        return frame(files, FILES), frame(posts, POSTS), frame(rejected, REJECTED)

    def _start_readings(self, tasks: Sequence[FileTask], started_ns: int, place: PinnedPlace) -> list[_Reading]:
        """Read the bytes of some files: several at once where each is mostly waited for."""
        if place.reads_at_once == 1:
            return [self._start_reading(task, started_ns, place) for task in tasks]
        with ThreadPoolExecutor(place.reads_at_once) as threads:
            return list(threads.map(lambda task: self._start_reading(task, started_ns, place), tasks))

    def _start_reading(self, task: FileTask, started_ns: int, place: PinnedPlace) -> _Reading:
        """Read the bytes of a file and decide whether it has to be parsed."""
        try:
            data, signature, changed_while_read = place.read_post(task.path, task.listed, self.limits.file_bytes)
        except FileNotFoundError:
            return _Reading(task, started_ns, task.listed, is_young(task.listed, started_ns), status="gone")
        except Rejection as rejection:
            reading = _Reading(task, started_ns, task.listed, is_young(task.listed, started_ns))
            reading.reject(rejection)
            return reading
        file_hash = hash_bytes(data)
        return _Reading(
            task,
            started_ns,
            signature,
            is_young(signature, started_ns) or changed_while_read,
            changed_while_read,
            file_hash,
            Post(task.path, data),
            "same" if file_hash == task.known_hash else None,
        )

    def _run_steps(self, readings: list[_Reading]) -> None:
        """Take the readings through each step together; one that is rejected skips the remaining steps."""
        self._read_flat_headers([reading.post for reading in readings if reading.status is None and reading.post])
        for step in self._steps:
            for reading in readings:
                if reading.status is None and reading.post is not None:
                    try:
                        step(reading.post)
                    except Rejection as rejection:
                        reading.reject(rejection)
                    except MemoryError:
                        raise
                    except Exception as error:
                        # An error of the parser rejects the post: one bad file never stops a refresh.
                        message = f"the parser failed: {type(error).__name__}: {error}"
                        reading.reject(Rejection("crashed_parser", message))

    def _read_flat_headers(self, posts: list[Post]) -> None:
        """Decode posts and read their front matter, where that is flat; the first two steps take the others."""
        for post, read in zip(posts, self._flat_headers.read([(post.path, post.data) for post in posts]), strict=True):
            if read:
                post.decoded, post.front_matter, post.fields_json = read
                post.is_flat = True

    def _decode(self, post: Post) -> None:
        if not post.is_flat:
            post.decoded = decode(post.data, self.source.encodings)

    def _read_front_matter(self, post: Post) -> None:
        if post.is_flat:
            return
        post.front_matter = read_front_matter(
            post.decoded.text,
            self.limits,
            required=self._dialect.front_matter_required,
            formats=self._dialect.formats_of(post.path),
            rules=self._dialect.header_rules,
        )

    def _read_body(self, post: Post) -> None:
        key, value = self._dialect.templates_off
        fields = post.front_matter.fields
        is_off = key in fields and str(fields[key]).lower() == value
        bodies = self._bodies_without_tags if is_off else self._bodies
        post.body = bodies.read(post.front_matter.body, _form_of(post.path))

    def _read_fields(self, post: Post) -> None:
        front_matter, body = post.front_matter, post.body
        if self._copies_html and front_matter.format is None and is_copied(post.path, front_matter.body):
            raise Rejection("not_a_page", "is HTML without front matter, which Hugo copies as it is")
        first_heading = find_title_heading(
            body,
            front_matter.body,
            self._dialect.title_from_heading,
            is_html=_form_of(post.path) == "html",
        )
        post.fields = fields = self._fields.read(
            post.path, front_matter.fields, first_heading=first_heading, body=front_matter.body
        )
        if fields.language is None:
            fields.language = detect_language(body.text)

    def _file_row(self, reading: _Reading) -> tuple[Any, ...]:
        """Build the row of `FILES`."""
        task, signature, status, post = reading.task, reading.signature, reading.status, reading.post
        is_shadowed = task.is_shadowed and status != "rejected"
        encoding: str | None = None
        front_matter_format: str | None = None
        codes: list[str] = []
        if status is None and post is not None:
            encoding, front_matter_format = post.decoded.encoding, post.front_matter.format
            if warnings := post.warnings:
                codes = list(dict.fromkeys([warning.code for warning in warnings]))
            if "\\x" in task.path:
                codes.append("path_not_utf8")
            if is_conflict_copy(task.path):
                codes.append("conflict_copy")
            if is_shadowed:
                codes.append("duplicate_identity")
        return (
            self.source.name, task.path, status or "loaded", task.article_id, is_shadowed,
            None if status in ("gone", "deferred") else reading.file_hash, encoding, front_matter_format, codes,
            reading.rejection.reason if reading.rejection and status == "rejected" else None,
            *signature, reading.is_young,
        )  # fmt: skip

    def _rejected_row(self, reading: _Reading) -> tuple[Any, ...]:
        """Build the row of `REJECTED`."""
        rejection, size = reading.rejection, reading.signature.size
        assert rejection is not None
        return (
            self.source.name, reading.task.path, rejection.reason, rejection.message, rejection.line,
            rejection.suggestion, size,
            reading.post.data if reading.post and size <= self.limits.rejected_bytes else None,
        )  # fmt: skip

    def _post_row(self, reading: _Reading) -> tuple[Any, ...]:
        """Build the row of `POSTS`."""
        post = reading.post
        assert post is not None
        decoded, fields, body = post.decoded, post.fields, post.body
        values = dict(body.values)
        original_url, medium = values.pop("original_url", None), values.pop("medium", None)
        published = fields.published
        return (
            reading.task.article_id, self.source.name, post.path, fields.slug, fields.title,
            published.instant if published else None,
            published.precision if published else None,
            fields.published_from,
            fields.updated.instant if fields.updated else reading.task.committed_us,
            fields.expires.instant if fields.expires else None,
            fields.status, fields.language, fields.layout, fields.url, original_url, medium,
            fields.excerpt or body.first_paragraph[:EXCERPT_CHARACTERS] or None,
            reading.file_hash if decoded.is_verbatim else hash_bytes(decoded.text.encode()),
            post.fields_json or front_matter_json(post.front_matter.fields),
            json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else "{}",
            post.front_matter.body, body.text,
            fields.categories, fields.tags, fields.authors,
            body.link_urls, body.link_texts, body.link_kinds,
            body.heading_levels, body.heading_texts,
            body.mention_kinds, body.mention_keys, body.mention_labels, body.mention_counts,
            body.code_blocks,
        )  # fmt: skip
