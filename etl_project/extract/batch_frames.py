"""Make the frames of a batch from the files and posts that were read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from etl_project.extract.body.read import Body
from etl_project.extract.conflict_copies import is_conflict_copy
from etl_project.extract.fields import EXCERPT_CHARACTERS
from etl_project.extract.frames import BODIES, FILES, FRONTS, POSTS, REJECTED, frame
from etl_project.extract.front_matter.read import front_matter_json
from etl_project.extract.reading import Reading
from etl_project.sources.signature import hash_bytes

_NO_HEADINGS = Body()


def files_frame(source: str, readings: Iterable[Reading], bodies: pl.DataFrame) -> pl.DataFrame:
    """Make the frame of `FILES`.

    Args:
        source: name of the source.
        readings: all files of the batch.
        bodies: the bodies that were read, as `BODIES`.
    """
    warned = bodies.filter(pl.col("warnings").list.len() > 0).select("row", "warnings")
    codes = dict(warned.iter_rows())
    return frame([_file_row(source, reading, codes.get(reading.row, [])) for reading in readings], FILES)


def posts_frame(source: str, readings: Iterable[Reading], bodies: pl.DataFrame) -> pl.DataFrame:
    """Make the frame of `POSTS`.

    Args:
        source: name of the source.
        readings: all files of the batch.
        bodies: the bodies that were read, as `BODIES`, in the order of the readings.
    """
    articles = [reading for reading in readings if reading.is_going_on and not reading.task.is_shadowed]
    if len(articles) != bodies.height:
        bodies = bodies.filter(pl.col("row").is_in([reading.row for reading in articles]))
    fronts = frame([_front_row(reading) for reading in articles], FRONTS)
    first_paragraph = pl.col("first_paragraph").str.head(EXCERPT_CHARACTERS).replace("", None)
    of_both = pl.concat([fronts, bodies], how="horizontal").with_columns(
        source_id=pl.lit(source), excerpt=pl.coalesce("excerpt", first_paragraph)
    )
    return of_both.select(POSTS.names())


def rejected_frame(source: str, readings: Iterable[Reading], largest: int) -> pl.DataFrame:
    """Make the frame of `REJECTED`.

    Args:
        source: name of the source.
        readings: all files of the batch.
        largest: bytes above which those of a file are left out.
    """
    rejected = [reading for reading in readings if reading.status == "rejected"]
    return frame([_rejected_row(source, reading, largest) for reading in rejected], REJECTED)


def body_frame(readings: Iterable[Reading]) -> pl.DataFrame:
    """Make the frame of `BODIES` from posts whose bodies were read one by one."""
    return frame(
        [_body_row(reading.row, reading.known_post.body) for reading in readings if reading.is_going_on], BODIES
    )


def give_headings(readings: Sequence[Reading], bodies: pl.DataFrame) -> None:
    """Give posts whose bodies were read by columns what a title may be found in.

    Args:
        readings: all files of the batch that were read.
        bodies: bodies that were read by columns, as `BODIES`.
    """
    by_row = {reading.row: reading.known_post for reading in readings}
    for row in bodies["row"]:
        by_row[row].body = _NO_HEADINGS
    titled = bodies.filter(pl.col("heading_levels").list.contains(1))
    for row, text, levels, texts in titled.select("row", "text", "heading_levels", "heading_texts").iter_rows():
        by_row[row].body = Body(text, heading_levels=levels, heading_texts=texts)


def _file_row(source: str, reading: Reading, body_codes: Sequence[str]) -> tuple[Any, ...]:
    task, signature, status, post = reading.task, reading.signature, reading.status, reading.post
    is_shadowed = task.is_shadowed and status != "rejected"
    encoding: str | None = None
    front_matter_format: str | None = None
    codes: list[str] = []
    if status is None and post is not None:
        encoding, front_matter_format = post.decoded.encoding, post.front_matter.format
        warnings = (*post.decoded.warnings, *post.front_matter.warnings, *post.fields.warnings)
        if warnings or body_codes:
            codes = list(dict.fromkeys([*[warning.code for warning in warnings], *body_codes]))
        if "\\x" in task.path:
            codes.append("path_not_utf8")
        if is_conflict_copy(task.path):
            codes.append("conflict_copy")
        if is_shadowed:
            codes.append("duplicate_identity")
    return (
        source, task.path, status or "loaded", task.article_id, is_shadowed,
        None if status in ("gone", "deferred") else reading.file_hash, encoding, front_matter_format, codes,
        reading.rejection.reason if reading.rejection and status == "rejected" else None,
        *signature, reading.is_young,
    )  # fmt: skip


def _rejected_row(source: str, reading: Reading, largest: int) -> tuple[Any, ...]:
    rejection, size = reading.rejection, reading.signature.size
    assert rejection is not None
    return (
        source, reading.task.path, rejection.reason, rejection.message, rejection.line,
        rejection.suggestion, size, reading.post.data if reading.post and size <= largest else None,
    )  # fmt: skip


def _front_row(reading: Reading) -> tuple[Any, ...]:
    post = reading.known_post
    decoded, fields, published = post.decoded, post.fields, post.fields.published
    return (
        reading.task.article_id, post.path, fields.slug, fields.title,
        published.instant if published else None,
        published.precision if published else None,
        fields.published_from,
        fields.updated.instant if fields.updated else reading.task.committed_us,
        fields.expires.instant if fields.expires else None,
        fields.status, fields.language, fields.layout, fields.url, fields.excerpt or None,
        reading.file_hash if decoded.is_verbatim else hash_bytes(decoded.text.encode()),
        post.fields_json or front_matter_json(post.front_matter.fields),
        post.front_matter.body,
        fields.categories, fields.tags, fields.authors,
    )  # fmt: skip


def _body_row(row: int, body: Body) -> tuple[Any, ...]:
    values = dict(body.values)
    original_url, medium = values.pop("original_url", None), values.pop("medium", None)
    return (
        row, body.first_paragraph, [warning.code for warning in body.warnings], original_url, medium,
        json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else "{}",
        body.text, body.link_urls, body.link_texts, body.link_kinds, body.heading_levels, body.heading_texts,
        body.mention_kinds, body.mention_keys, body.mention_labels, body.mention_counts, body.code_blocks,
    )  # fmt: skip
