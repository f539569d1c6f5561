"""Turn the lists of links, headings and mentions of each post into one row per item."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

# RFC 3986, section 3: scheme, then an authority of user, host and port after two slashes. Browsers read a
# backslash as a slash (URL Standard, section 4.4).
_SCHEME = r"^[A-Za-z][A-Za-z0-9+.\-]*:"
_HOST = r"^(?:[A-Za-z][A-Za-z0-9+.\-]*:)?[/\\]{2}(?:[^/\\?#]*@)?(\[[0-9A-Fa-f:.]+\]|[^/\\?#:@\s]+)"


def article_links(posts: pl.DataFrame, site_host: str | None) -> pl.DataFrame:
    """Make the rows of `article_links`.

    Args:
        posts: one row per post with `article_id`, `link_urls`, `link_texts` and `link_kinds`.
        site_host: host of the site; links to it are internal, with or without a leading `www.`. None if unknown:
            then only relative addresses are internal.

    Returns:
        The columns of `article_links`, in order. An image is an image wherever it is hosted; an address
        without a host but with a scheme (`mailto:`) is external.
    """
    url = pl.col("url")
    host = url.str.extract(_HOST).str.to_lowercase().str.strip_suffix(".")
    site_domain = site_host.lower().removesuffix(".").removeprefix("www.") if site_host else ""
    kind = (
        pl.when(pl.col("kind") == "image")
        .then(pl.lit("image"))
        .when(url.str.starts_with("#"))
        .then(pl.lit("anchor"))
        .when(pl.col("host").is_not_null() & (pl.col("host").str.strip_prefix("www.") != site_domain))
        .then(pl.lit("external"))
        .when(pl.col("host").is_null() & url.str.contains(_SCHEME))
        .then(pl.lit("external"))
        .otherwise(pl.lit("internal"))
    )
    lists = {"url": "link_urls", "text": "link_texts", "kind": "link_kinds"}
    return (
        _explode_lists(posts, lists)
        .with_columns(host=host)
        .select("article_id", "position", "url", "host", kind=kind, text=pl.col("text").replace("", None))
    )


def article_headings(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_headings`.

    Args:
        posts: one row per post with `article_id`, `heading_levels` and `heading_texts`.

    Returns:
        The columns of `article_headings`, in order.
    """
    rows = _explode_lists(posts, {"level": "heading_levels", "text": "heading_texts"})
    return rows.with_columns(pl.col("level").cast(pl.Int32))


def article_mentions(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_mentions`.

    Args:
        posts: one row per post with `article_id`, `mention_kinds`, `mention_keys`, `mention_labels` and
            `mention_counts`.

    Returns:
        The columns of `article_mentions`, in order.
    """
    lists = {name: f"mention_{name}s" for name in ("kind", "key", "label", "count")}
    return _explode_lists(posts, lists).drop("position").with_columns(pl.col("count").cast(pl.Int32))


def _explode_lists(posts: pl.DataFrame, lists: Mapping[str, str]) -> pl.DataFrame:
    """Turn parallel lists into rows: `article_id`, `position` from 1, one column per list. Empty lists give none."""
    length = pl.col(next(iter(lists.values()))).list.len().cast(pl.Int32)
    return (
        posts.filter(length > 0)
        .select(
            "article_id",
            pl.int_ranges(1, length + 1, dtype=pl.Int32).alias("position"),
            *(pl.col(column).alias(name) for name, column in lists.items()),
        )
        .explode("position", *lists)
    )
