"""Counts over the posts' plain text and structure, as Polars expressions.

**Words.** Each character of Han, Hiragana, Katakana or Hangul is one word: UAX 29 leaves Han and kana to a
dictionary, and reading rates of all four scripts are measured in characters. Everywhere else a word is a
segment of UAX 29 (section 4.1) that contains a letter or a digit. The expression below implements its rules WB4 to
WB13b:

- letters, marks, decimal digits and connectors (`_`) are not separated,
- a letter, one of `' . : ·` or similar signs, and a letter are one word (`don't`, `U.S`, `l·l`),
- a digit, one of `' . , ;` or similar signs, and a digit are one word (`3.14`, `1,000`).

It differs from UAX 29 in two points: a run of Thai, Lao, Khmer or Burmese is one word (UAX 29 leaves
them to a dictionary), and `"` does not join Hebrew letters (WB7b).

**Sentences** are counted by punctuation, not by grammar: `e.g. this` counts as two.

**Reading time.** 238 words per minute is the mean of silent reading of English non-fiction over 190 studies
(Brysbaert 2019, Journal of Memory and Language 109, 104047); 500 characters per minute is the rate that
Medium uses for Chinese, Japanese and Korean.
"""

from __future__ import annotations

import polars as pl

_WORDS_PER_MINUTE = 238
_CHARACTERS_PER_MINUTE = 500

# U+30FC and U+FF70, the marks of a long vowel, belong to no single script, but readers see them as kana.
_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\x{30FC}\x{FF70}"
# Nearly all of what Chinese is written with: letters of Han, each of them.
_COMMON_HAN = r"\x{4E00}-\x{9FFF}"
_A_HAN = "\N{CJK UNIFIED IDEOGRAPH-5B57}"
# The half-width voice marks are letters in Unicode, but parts of a kana in UAX 29.
_NOT_IN_WORDS = rf"^{_CJK}\x{{FF9E}}\x{{FF9F}}"
_LETTER = rf"[\p{{Alphabetic}}\p{{M}}&&[{_NOT_IN_WORDS}]]"
_DIGIT = r"\p{Nd}"
_WORD_CHARACTER = rf"[\p{{Alphabetic}}\p{{M}}\p{{Nd}}\p{{Pc}}&&[{_NOT_IN_WORDS}]]"
_MID_SIGNS = r"'.\x{2018}\x{2019}\x{2024}\x{FE52}\x{FF07}\x{FF0E}"
_MID_LETTER_SIGN = rf"[{_MID_SIGNS}:\x{{B7}}\x{{387}}\x{{55F}}\x{{5F4}}\x{{2027}}\x{{FE13}}\x{{FE55}}\x{{FF1A}}]"
_MID_DIGIT_SIGN = (
    rf"[{_MID_SIGNS},;\x{{37E}}\x{{589}}\x{{60C}}\x{{60D}}\x{{66C}}\x{{7F8}}\x{{2044}}"
    r"\x{FE10}\x{FE14}\x{FE50}\x{FE54}\x{FF0C}\x{FF1B}]"
)
_JOINED_PARTS = rf"(?:{_LETTER}(?:{_MID_LETTER_SIGN}{_LETTER})+|{_DIGIT}(?:{_MID_DIGIT_SIGN}{_DIGIT})+)"
_WORD = (
    rf"(?:{_WORD_CHARACTER}*{_JOINED_PARTS})+{_WORD_CHARACTER}*"
    rf"|\p{{Pc}}*[\p{{Alphabetic}}\p{{Nd}}&&[{_NOT_IN_WORDS}]]{_WORD_CHARACTER}*"
)

_SENTENCE_END = "。｡！？!?…‼⁇⁈⁉।॥؟۔"
_SENTENCE = rf"[\p{{L}}\p{{N}}](?:[^{_SENTENCE_END}.\n]|\.+[^{_SENTENCE_END}.\s\"'”’»」』）)\]])*"


def article_metrics(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `article_metrics`.

    Args:
        posts: one row per post with `article_id`, `language`, `text`, `heading_levels`, `link_kinds` and `code_blocks`.

    Returns:
        The columns of `article_metrics`, in order; their units are in warehouse/schema.sql.
    """
    text, short, cjk = pl.col("text"), pl.col("short_text"), pl.col("cjk_text")
    is_chinese = posts["language"].str.starts_with("zh").sum() * 2 > posts.height
    left_out = text.str.len_chars().cast(pl.Int64) - short.str.len_chars().cast(pl.Int64)
    # Removing runs of other characters and measuring the rest is cheaper than counting CJK characters, most of all in a
    # text with few of them. Han is then counted in the rest.
    counts = (
        posts.with_columns(short_text=_shorten_han(text) if is_chinese else text)
        .with_columns(cjk_text=short.str.replace_all(rf"[^{_CJK}]+", ""))
        .select(
            "article_id",
            "heading_levels",
            "link_kinds",
            "code_blocks",
            characters=text.str.len_chars().cast(pl.Int64) - short.str.count_matches(r"\s").cast(pl.Int64),
            cjk=left_out + cjk.str.len_chars().cast(pl.Int64),
            other=short.str.count_matches(_WORD).cast(pl.Int64),
            han_characters=left_out + cjk.str.replace_all(r"\P{Han}+", "").str.len_chars().cast(pl.Int64),
            sentences=short.str.count_matches(_SENTENCE).cast(pl.Int64),
            paragraphs=short.str.count_matches("\n\n", literal=True).cast(pl.Int64) + (text != ""),
        )
    )
    minutes = pl.col("cjk") / _CHARACTERS_PER_MINUTE + pl.col("other") / _WORDS_PER_MINUTE
    return counts.select(
        "article_id",
        "characters",
        words=pl.col("cjk") + pl.col("other"),
        han_characters="han_characters",
        sentences="sentences",
        paragraphs="paragraphs",
        headings=pl.col("heading_levels").list.len().cast(pl.Int64),
        links=pl.col("link_kinds").list.count_matches("link").cast(pl.Int64),
        images=pl.col("link_kinds").list.count_matches("image").cast(pl.Int64),
        code_blocks=pl.col("code_blocks").cast(pl.Int64),
        reading_minutes=minutes.round(2),
    )


def _shorten_han(text: pl.Expr) -> pl.Expr:
    """Put one character of Han in place of each run of common ones; a text of nothing else becomes two.

    No word and no white space contains Han, and how many sentences there are does not depend on how long runs are. To
    gather what is between the runs takes half as long as to replace them.
    """
    between = text.str.extract_all(rf"[^{_COMMON_HAN}]+").list.join(_A_HAN)
    first, last = (
        pl.when(text.str.contains(edge)).then(pl.lit(_A_HAN)).otherwise(pl.lit(""))
        for edge in (rf"^[{_COMMON_HAN}]", rf"[{_COMMON_HAN}]$")
    )
    return pl.concat_str(first, between, last)
