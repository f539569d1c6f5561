"""The plain text of many posts, line by line: what `plain_text.py` says of one."""

from __future__ import annotations

import polars as pl

from etl_project.extract.body.plain_text import WIDE, is_paragraph
from etl_project.extract.columns.body_tags import BLANK, LINE_BREAK

BREAK = "\0"
"""Stands for a break within an element whose text is one line; no text holds it."""
_SPACE = r"\s\x1c-\x1f"
"""White space as Python splits at it, for a class of Polars."""
_SPACES = f"[{_SPACE}{BREAK}]+"
_WIDE_BREAK = rf"([{WIDE}])[ \t]*\n[ \t]*([{WIDE}])"
_SURELY_A_WORD = "[0-9A-Za-z\u4e00-\u9fff]"
_LONGEST_CONTENTS_BYTES = 40
"""A title of a table of contents is shorter; see `is_paragraph`."""


def joined(pieces: pl.Series, starts: pl.Series, lengths: pl.Series, between: str = "") -> pl.Series:
    """Join runs of texts.

    Args:
        pieces: texts without null.
        starts: where each run begins in `pieces`.
        lengths: how many texts it has; 0 gives an empty text.
        between: what stands between two texts.
    """
    if not len(starts):
        return pl.Series(dtype=pl.String)
    runs = pl.DataFrame([starts.alias("start"), lengths.alias("length")])
    return runs.select(pl.lit(pieces.implode()).list.slice("start", "length").list.join(between)).to_series()


def one_line(text: pl.Series) -> pl.Series:
    """Write each text on one line, as `plain_text.one_line` does; breaks in it are `BREAK`."""
    text = text.str.strip_chars()
    broken = text.str.contains("\n", literal=True)
    if broken.any():
        # A character between two breaks is part of one match only: a second look finds what the first one left.
        wide = text.filter(broken).str.replace_all(_WIDE_BREAK, "$1$2").str.replace_all(_WIDE_BREAK, "$1$2")
        text = text.scatter(broken.arg_true(), wide)
    return text.str.replace_all(_SPACES, " ").str.strip_chars(" ")


def lines_of(tokens: pl.DataFrame) -> pl.DataFrame:
    """Gather the text between tags into lines; those without text are left out.

    Args:
        tokens: as of `tokens_of`, with `block`, a number that grows with each block.

    Returns:
        `post`, `block`, `text`, `is_apart` (it is in no paragraph), `is_quoted`.
    """
    places = tokens.select(
        "post", "block", "breaks", *[pl.col(name).cum_sum() > 0 for name in ("apart", "quoted", "code")]
    )
    start = (places["breaks"] >= LINE_BREAK).arg_true()
    length = pl.select(start.shift(-1, fill_value=len(places)) - start).to_series()
    pieces = tokens["text"]
    blanks = (places["breaks"] == BLANK).arg_true()
    if len(blanks):
        pieces = pieces.scatter(blanks, pl.select(" " + pieces.gather(blanks)).to_series())
    text = joined(pieces, start, length)
    lines = places[start].select("post", "block", "code", text=text, is_apart="apart", is_quoted="quoted")
    lines = lines.filter(pl.col("text").str.strip_chars() != "")
    text = one_line(lines["text"])
    code = lines["code"].arg_true()
    if len(code):
        text = text.scatter(code, _code_lines(lines["text"].gather(code)))
    return lines.select(pl.exclude("code", "text"), text.alias("text")).filter(pl.col("text") != "")


def _code_lines(text: pl.Series) -> pl.Series:
    """Cut white space off the ends of lines of code, and take out those that are empty then."""
    return text.str.replace_all(f"[{_SPACE}]*\n", "\n").str.strip_prefix("\n").str.replace(f"[{_SPACE}]+$", "")


def texts_of_blocks(lines: pl.DataFrame, blocks: pl.Series, between: str = " ") -> pl.Series:
    """The text of each of some blocks, on one line or with something else between its lines."""
    start = lines["block"].search_sorted(blocks, "left")
    return joined(lines["text"], start, lines["block"].search_sorted(blocks, "right") - start, between)


def texts_of_posts(lines: pl.DataFrame, posts: pl.Series) -> pl.Series:
    """The plain text of each of some posts."""
    is_same_post = pl.col("post") == pl.col("post").shift(1)
    is_same_block = pl.col("block") == pl.col("block").shift(1)
    between = pl.when(is_same_block).then(pl.lit("\n")).when(is_same_post).then(pl.lit("\n\n")).otherwise(pl.lit(""))
    pieces = lines.select(between + pl.col("text")).to_series()
    start = lines["post"].search_sorted(posts, "left")
    return joined(pieces, start, lines["post"].search_sorted(posts, "right") - start)


def first_paragraphs(lines: pl.DataFrame, posts: pl.Series) -> pl.Series:
    """The first paragraph of each of some posts, on one line, or an empty text; one that is quoted if there is no other."""
    blocks = lines.filter(~pl.col("is_apart")).select("post", "block", "is_quoted").unique("block", maintain_order=True)
    first = blocks.filter(~pl.col("is_quoted")).unique("post", keep="first", maintain_order=True)
    found = pl.DataFrame({"post": posts}).join(first, on="post", how="left", maintain_order="left")
    text = pl.Series("text", [""]).new_from_index(0, len(posts))
    there = found["block"].is_not_null().arg_true()
    text = text.scatter(there, texts_of_blocks(lines, found["block"].drop_nulls()))
    is_sure = text.str.contains(_SURELY_A_WORD) & (text.str.len_bytes() > _LONGEST_CONTENTS_BYTES)
    unsure = (~is_sure).arg_true().to_list()
    if unsure:
        asked = blocks.filter(pl.col("post").is_in(posts.gather(unsure).implode()))
        paragraphs: dict[int, str] = {}
        quoted: dict[int, str] = {}
        for post, is_quoted, block_text in zip(
            asked["post"], asked["is_quoted"], texts_of_blocks(lines, asked["block"], "\n"), strict=True
        ):
            chosen = quoted if is_quoted else paragraphs
            if post not in chosen and is_paragraph(block_text):
                chosen[post] = block_text.replace("\n", " ")
        answers = [paragraphs.get(post) or quoted.get(post, "") for post in posts.gather(unsure)]
        text = text.scatter(unsure, answers)
    return text
