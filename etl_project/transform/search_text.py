"""Turn titles and plain texts into the frame of `search_text`: what search compares.

The rule is that of the macro `search_form` in warehouse/search.sql, which folds what is searched for: NFC, half-width,
lower case, single spaces between words and around each run of a script that puts none between its words; characters
that are no letter, mark or digit are left out.
"""

from __future__ import annotations

import polars as pl

_UNSPACED = (
    r"\p{Han}\x{2EBF0}-\x{2EE5D}\p{Bopomofo}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"ー\x{FF70}\x{FF9E}\x{FF9F}"
)
_KNOWN = r"\p{Age=15.0}\x{2EBF0}-\x{2EE5D}"
"""What DuckDB knows: Unicode 15.0, and CJK Extension I of 15.1, which the macro names."""

_RUN = rf"[{_UNSPACED}&&{_KNOWN}]+|[\p{{L}}\p{{M}}\p{{N}}&&{_KNOWN}&&[^{_UNSPACED}]]+"
"""A run of a script without spaces, or of other letters, marks and digits."""

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS_AND_LETTERS = f"0123456789{_CAPITALS}{_CAPITALS.lower()}"
_FOLDED = {letter: letter.lower() for letter in _CAPITALS} | {
    chr(ord(half) + 0xFEE0): half.lower() for half in _DIGITS_AND_LETTERS
} | {
    "İ": "i", "Σ": "σ", "ς": "σ",  # Polars would lower the first to two characters, the second by its place in the word
    "\ufe0e": " ", "\ufe0f": " ",
    "\ua7cb": " ", "\ua7d2": " ", "\ua7d4": " ", "\ua7dc": " ",  # DuckDB knows only the lower case of these letters
}  # fmt: skip

_MAY_NOT_BE_NFC = (
    r"\p{M}\x{374}\x{37E}\x{387}\x{900}-\x{11FF}\x{1F00}-\x{2001}\x{2126}\x{212A}\x{212B}\x{2329}\x{232A}\x{2ADC}"
    r"\x{F900}-\x{FB4F}\x{10000}-\x{1EFFF}\x{2F800}-\x{2FA1D}"
)
"""Characters that NFC may change, alone or after others (Unicode 15.0, property NFC_Quick_Check), and some more."""

_MAY_NEED_MORE = rf"[{_MAY_NOT_BE_NFC}[^{_KNOWN}][\p{{Changes_When_Lowercased}}&&[^A-ZＡ-Ｚ]]]"
"""Characters for which `_FOLDED` may not be enough, those unknown included: to search for them takes a tenth of the
time of NFC, and a third of that of lowering a text of Han."""


def fold(posts: pl.DataFrame) -> pl.DataFrame:
    """Add `folded_title` and `folded_text`, whose letters and digits are NFC, half-width and lower case.

    Where they are there already the posts are as they were: search and stories share them.

    Args:
        posts: one row per post with `title` and `text`.
    """
    if "folded_text" in posts.columns:
        return posts
    return posts.with_columns(folded_title=folded(pl.col("title").fill_null("")), folded_text=folded(pl.col("text")))


def search_text(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `search_text`, one per post.

    Args:
        posts: one row per post with `article_id`, `title` and `text`.

    Returns:
        The columns of `search_text`, in order. The form of the title comes first; two spaces end it.
    """
    form = _set_apart(pl.col("folded_title")) + _set_apart(pl.col("folded_text"))
    return (
        fold(posts)
        .select("article_id", form=form)
        .select("article_id", pl.col("form").str.len_chars().cast(pl.Int32).alias("length"), "form")
    )


def search_form(text: pl.Expr) -> pl.Expr:
    """Fold a column of texts as the macro `search_form` does."""
    return _set_apart(folded(text))


def folded(text: pl.Expr) -> pl.Expr:
    """Fold the letters and digits of a column of texts: NFC, half-width, lower case."""
    needs_more = pl.when(text.str.contains(_MAY_NEED_MORE)).then(text)
    return pl.coalesce(_replace(needs_more.str.normalize("NFC")).str.to_lowercase(), _replace(text))


def _replace(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many([*_FOLDED], [*_FOLDED.values()])


def _set_apart(folded: pl.Expr) -> pl.Expr:
    return pl.lit(" ") + folded.str.extract_all(_RUN).list.join(" ") + pl.lit(" ")
