"""Turn the frame of posts into the frames of `articles` and `article_bodies`."""

from __future__ import annotations

import polars as pl

_INSTANT = pl.Datetime("us", "UTC")


def articles(posts: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Make the rows of `articles`, one per post.

    Args:
        posts: a frame of the schema `extract.frames.POSTS`.
        time_zone: IANA zone of the source, in which `published_local` and `published_on` are given.
    """
    published_at = pl.from_epoch("published_us", "us").dt.replace_time_zone("UTC")
    published_local = published_at.dt.convert_time_zone(time_zone).dt.replace_time_zone(None)
    return posts.select(
        "article_id",
        "source_id",
        "path",
        "slug",
        "title",
        published_at.alias("published_at"),
        published_local.alias("published_local"),
        published_local.dt.date().alias("published_on"),
        "published_precision",
        "published_from",
        pl.from_epoch("updated_us", "us").dt.replace_time_zone("UTC").alias("updated_at"),
        pl.from_epoch("expires_us", "us").dt.replace_time_zone("UTC").alias("expires_at"),
        "status",
        pl.lit(None, _INSTANT).alias("missing_since"),
        "language",
        "layout",
        "url",
        "original_url",
        "medium",
        "excerpt",
        "text_hash",
        "front_matter",
        "extra",
    )


def article_bodies(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_bodies`, one per post."""
    return posts.select("article_id", "body", "text")
