"""Turn titles and excerpts into the frame of `internal.article_words`: the words that trends are counted of.

Runs of Han are cut by rjieba; elsewhere a word is a run of letters and digits, with the marks and the apostrophes in
it. Words are folded as search folds them, and have two characters or more, not all of them digits. docs/trends.md says
what is counted.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import polars as pl

from etl_project.transform.search_text import folded

WORDS = "internal.article_words"
"""Name of the table."""

_SCHEMA: dict[str, Any] = {"article_id": pl.String, "words": pl.String}

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0980-\u0983\u09bc-\u09cd"
    "\u0a00-\u0dff\u0e31-\u0e4e"
)
_RUN_OF_HAN = re.compile(f"[{_HAN}]{{2,}}")
_OTHER_WORD = re.compile(rf"[^\W_{_HAN}](?:[^\W_{_HAN}]|[{_MARKS}]|['’](?=[^\W_{_HAN}]))+")


def article_words(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `internal.article_words`, one per post.

    Args:
        posts: one row per post with `article_id`, `title` and `excerpt`; `folded_title` is taken where it is there.
    """
    title = pl.col("folded_title") if "folded_title" in posts.columns else folded(pl.col("title").fill_null(""))
    texts = posts.select(pl.concat_str(title, pl.lit("\n"), folded(pl.col("excerpt").fill_null(""))))
    return pl.DataFrame(
        {"article_id": posts["article_id"], "words": map(find_words, texts.to_series().to_list())}, schema=_SCHEMA
    )


def find_words(text: str) -> str:
    """Find the words of a folded text: each once, joined by spaces, those of Han first."""
    # A dictionary keeps their order: the same text has the same words in every process.
    words: dict[str, None] = {}
    if runs := _RUN_OF_HAN.findall(text):
        words = dict.fromkeys([word for word in _cut_han()("\n".join(runs)) if len(word) > 1])
    for word in _OTHER_WORD.findall(text):
        if not word.isdigit():
            words[word] = None
    return " ".join(words)


@functools.cache
def _cut_han() -> Callable[[str], list[str]]:
    # To load its dictionary takes a sixth of a second: only who reads Han does so.
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut
