"""Read a batch of listed files into three frames: the outcome of each file, the posts, and the rejected files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import polars as pl

from etl_project.dialects import DIALECTS
from etl_project.extract.batch_frames import body_frame, files_frame, give_headings, posts_frame, rejected_frame
from etl_project.extract.body.language import SAMPLE_CHARACTERS, detect_language
from etl_project.extract.body.read import BodyReader, Form
from etl_project.extract.columns.bodies import BodyColumns
from etl_project.extract.columns.flat_headers import FlatHeaders
from etl_project.extract.decode import decode
from etl_project.extract.fields import FieldReader
from etl_project.extract.frames import BODIES
from etl_project.extract.front_matter.read import read_front_matter
from etl_project.extract.reading import Post, Reading, form_of
from etl_project.extract.site.hugo.content_files import is_copied
from etl_project.extract.title_heading import find_title_heading
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.place import PinnedPlace, PinnedSource
from etl_project.sources.signature import FileTask, hash_bytes, is_young

_POSTS_PER_STEP = 64
"""Posts that go through each step together. Repeating a step takes a quarter less time, as its code and data are in the
processor's caches; with more posts at once their own data would push each other out of the caches."""


class PostReader:
    """Reads posts of one source. Built once per worker, which prepares the rules and the dialect.

    Args:
        pinned: the source, and the place of its site's own settings.
        limits: how much of a file is read.
        columns: read what is plain by shapes and by columns. Turning it off gives the same result, only slower.
    """

    def __init__(self, pinned: PinnedSource, limits: Limits, *, columns: bool = True) -> None:
        self.source = source = pinned.source
        self.limits = limits
        self._dialect = DIALECTS[source.dialect]
        self._fields = FieldReader(pinned, limits)
        markdown = self._fields.markdown
        self._bodies = BodyReader(source.rules, source.mentions, markdown, self._dialect.templates)
        self._bodies_without_tags = BodyReader(source.rules, source.mentions, markdown)
        self._copies_html = self._fields.copies_html
        self._body_columns = BodyColumns(self._bodies) if columns else None
        self._flat_headers = FlatHeaders(limits, self._dialect) if columns else None

    def read(self, path: str, data: bytes) -> Post:
        """Read one post.

        Args:
            path: path below the source, as listed.
            data: bytes of the file.

        Raises:
            Rejection: the file cannot be loaded.
        """
        post = Post(path, data)
        for step in (self._decode, self._read_front_matter, self._read_body, self._read_fields):
            step(post)
        if post.fields.language is None:
            post.fields.language = detect_language(post.body.text)
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
        readings: list[Reading] = []
        for start in range(0, len(tasks), _POSTS_PER_STEP):
            some = self._start_readings(tasks[start : start + _POSTS_PER_STEP], started_ns, place)
            self._read_fronts([reading for reading in some if reading.is_going_on])
            if self._body_columns is None:
                _take(self._read_body, some)
            readings += some
        for row, reading in enumerate(readings):
            reading.row = row
        bodies = self._read_bodies([reading for reading in readings if reading.is_going_on])
        name = self.source.name
        return (
            files_frame(name, readings, bodies),
            posts_frame(name, readings, bodies),
            rejected_frame(name, readings, self.limits.rejected_bytes),
        )

    def _start_readings(self, tasks: Sequence[FileTask], started_ns: int, place: PinnedPlace) -> list[Reading]:
        """Read the bytes of some files: several at once where each is mostly waited for."""
        if place.reads_at_once == 1:
            return [self._start_reading(task, started_ns, place) for task in tasks]
        with ThreadPoolExecutor(place.reads_at_once) as threads:
            return list(threads.map(lambda task: self._start_reading(task, started_ns, place), tasks))

    def _start_reading(self, task: FileTask, started_ns: int, place: PinnedPlace) -> Reading:
        """Read the bytes of a file and decide whether it has to be parsed."""
        try:
            data, signature, changed_while_read = place.read_post(task.path, task.listed, self.limits.file_bytes)
        except FileNotFoundError:
            return Reading(task, started_ns, task.listed, is_young(task.listed, started_ns), status="gone")
        except Rejection as rejection:
            reading = Reading(task, started_ns, task.listed, is_young(task.listed, started_ns))
            reading.reject(rejection)
            return reading
        file_hash = hash_bytes(data)
        return Reading(
            task,
            started_ns,
            signature,
            is_young(signature, started_ns) or changed_while_read,
            changed_while_read,
            file_hash,
            Post(task.path, data),
            "same" if file_hash == task.known_hash else None,
        )

    def _read_fronts(self, readings: list[Reading]) -> None:
        """Read the front matter of some posts, and their fields where those do not depend on the body."""
        left = readings
        if self._flat_headers:
            were_read = self._flat_headers.read([reading.known_post for reading in readings])
            left = [reading for reading, was_read in zip(readings, were_read, strict=True) if not was_read]
        _take(self._decode, left)
        _take(self._read_front_matter, left)
        if not self._dialect.title_from_heading:
            _take(self._read_fields, readings)

    def _read_bodies(self, readings: list[Reading]) -> pl.DataFrame:
        """Read the bodies, then the fields that depend on them. Returns rows of `BODIES`, in the order of readings."""
        plain: list[pl.DataFrame] = []
        left = readings
        if self._body_columns:
            plain, left = self._read_plain_bodies(self._body_columns, readings)
            _take(self._read_body, left)
        bodies = pl.concat([*plain, body_frame(left)]).sort("row") if plain else body_frame(left)
        if self._dialect.title_from_heading:
            if plain:
                give_headings(readings, pl.concat(plain))
            _take(self._read_fields, readings)
        self._detect_languages(readings, bodies)
        return bodies

    def _read_plain_bodies(
        self, columns: BodyColumns, readings: list[Reading]
    ) -> tuple[list[pl.DataFrame], list[Reading]]:
        """Read those bodies by columns that can be. Returns frames of `BODIES`, and the posts that are left."""
        frames: list[pl.DataFrame] = []
        by_form: dict[Form, list[Reading]] = {}
        left: list[Reading] = []
        for reading in readings:
            if reading.is_going_on:
                post = reading.known_post
                of_form = left if self._has_no_tags(post) else by_form.setdefault(form_of(post.path), [])
                of_form.append(reading)
        for form, some in by_form.items():
            read, others = columns.read([reading.known_post.front_matter.body for reading in some], form)
            rows = pl.Series([reading.row for reading in some], dtype=pl.UInt32)
            frames.append(read.with_columns(rows.gather(read["row"]).alias("row")).select(BODIES.names()))
            for place, html in others.items():
                some[place].known_post.html = html
                left.append(some[place])
        return frames, left

    def _detect_languages(self, readings: list[Reading], bodies: pl.DataFrame) -> None:
        """Detect the languages of posts that state none."""
        without = {
            reading.row: reading
            for reading in readings
            if reading.is_going_on and reading.known_post.fields.language is None
        }
        if without:
            is_without = pl.col("row").is_in(list(without))
            starts = bodies.filter(is_without).select("row", pl.col("text").str.head(SAMPLE_CHARACTERS))
            for row, text in starts.iter_rows():
                without[row].attempt(partial(_detect_language, text=text))

    def _decode(self, post: Post) -> None:
        post.decoded = decode(post.data, self.source.encodings)

    def _read_front_matter(self, post: Post) -> None:
        post.front_matter = read_front_matter(
            post.decoded.text,
            self.limits,
            required=self._dialect.front_matter_required,
            formats=self._dialect.formats_of(post.path),
            rules=self._dialect.header_rules,
        )

    def _read_body(self, post: Post) -> None:
        body = post.front_matter.body
        if post.html is not None:
            post.body = self._bodies.read_html(post.html, body)
        else:
            bodies = self._bodies_without_tags if self._has_no_tags(post) else self._bodies
            post.body = bodies.read(body, form_of(post.path))

    def _has_no_tags(self, post: Post) -> bool:
        """Whether what looks like template tags in the body is text."""
        key, value = self._dialect.templates_off
        fields = post.front_matter.fields
        return key in fields and str(fields[key]).lower() == value

    def _read_fields(self, post: Post) -> None:
        front_matter = post.front_matter
        if self._copies_html and front_matter.format is None and is_copied(post.path, front_matter.body):
            raise Rejection("not_a_page", "is HTML without front matter, which Hugo copies as it is")
        first_heading = None
        if self._dialect.title_from_heading:
            first_heading = find_title_heading(
                post.body,
                front_matter.body,
                self._dialect.title_from_heading,
                is_html=form_of(post.path) == "html",
            )
        post.fields = self._fields.read(
            post.path, front_matter.fields, first_heading=first_heading, body=front_matter.body
        )


def _take(step: Callable[[Post], None], readings: Iterable[Reading]) -> None:
    """Take the posts that still may become articles through a step together."""
    for reading in readings:
        reading.attempt(step)


def _detect_language(post: Post, text: str) -> None:
    post.fields.language = detect_language(text)
