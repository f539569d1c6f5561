"""Turn the frame of posts into the frames of `article_categories`, `article_tags` and `article_authors`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import polars as pl

from etl_project.extract.term_names import NESTING


def fold(name: str) -> str:
    """Make the id of a term: normalized to NFKC, casefolded, white space collapsed to single spaces.

    NFKC is applied again after casefolding, because casefolding can give a text that is not in NFKC.
    """
    if name.isascii():
        return " ".join(name.lower().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def article_categories(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_categories`.

    The id of a nested category is the folded parts joined by `/`; its name as written is the last part.

    Args:
        posts: one row per post, with `article_id` and the list column `categories`.
    """
    last_part = pl.col("name").str.split(NESTING).list.last()
    return _explode_terms(posts, "categories", "category_id", _fold_nested, last_part)


def article_tags(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_tags`.

    Args:
        posts: one row per post, with `article_id` and the list column `tags`.
    """
    return _explode_terms(posts, "tags", "tag_id", fold, pl.col("name"))


def article_authors(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_authors`.

    Args:
        posts: one row per post, with `article_id` and the list column `authors`.
    """
    return _explode_terms(posts, "authors", "author_id", fold, pl.col("name"))


def _fold_nested(name: str) -> str:
    return "/".join([fold(part) for part in name.split(NESTING)])


def _explode_terms(
    posts: pl.DataFrame, column: str, term_id: str, fold_name: Callable[[str], str], name_as_written: pl.Expr
) -> pl.DataFrame:
    """Make one row per post and term from a list column: `article_id`, `term_id`, `position` from 1, `name_as_written`.

    Of names that fold to the same id the first counts; names that fold to nothing give no row.
    """
    terms = (
        posts.lazy()
        .select("article_id", pl.col(column).cast(pl.List(pl.String)).alias("name"))
        .explode("name")
        .drop_nulls("name")
        .collect()
    )
    # Posts share few distinct names, so each is folded once, in Python: Polars has neither casefold nor NFKC.
    names = terms["name"].unique().to_list()
    ids = pl.DataFrame(
        {"name": names, term_id: [fold_name(name) for name in names]},
        schema={"name": pl.String, term_id: pl.String},
    )
    return (
        terms.join(ids, on="name", how="left", maintain_order="left")
        .filter(pl.col(term_id) != "")
        .unique(["article_id", term_id], keep="first", maintain_order=True)
        .select(
            "article_id",
            term_id,
            pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("article_id").alias("position"),
            name_as_written.alias("name_as_written"),
        )
    )
