"""The plain text of many posts, line by line: what `plain_text.py` says of one."""

from __future__ import annotations

import polars as pl

from etl_project.extract.body.plain_text import WIDE, is_paragraph
from etl_project.extract.columns.body_tags import BLANK, LINE_BREAK
from etl_project.extract.columns.body_tokens import Tokens, all_alike

_RUN = "\0r"
"""Stands before each run of texts while they are joined; no text holds a NUL."""
_RUNS_AT_ONCE = 64
BREAK = "\0 "
"""Stands for a break within an element whose text is one line."""
_SPACE = r"\s\x1c-\x1f"
"""White space as Python splits at it, for a class of Polars."""
_UNUSUAL_SPACE = rf"(?:[{_SPACE}\x00--[ ]]| [{_SPACE}\x00])[{_SPACE}\x00]*"
"""All runs of white space but a single blank."""
_UNUSUAL_ASCII = r"[\t-\r\x1c-\x1f\x00]"
_UNUSUAL_ELSE = [character for character in map(chr, range(0x80, 0x3001)) if character.isspace()]
_WIDE_BREAK = rf"([{WIDE}])[ \t]*\n[ \t]*([{WIDE}])"
_SURELY_A_WORD = "[0-9A-Za-z\u4e00-\u9fff]"
_LONGEST_CONTENTS_BYTES = 40
"""A title of a table of contents is shorter; see `is_paragraph`."""


def joined(texts: pl.Series, begins: pl.Series, between: str = "") -> pl.Series:
    """Join texts to longer ones.

    Args:
        texts: texts without null.
        begins: whether a text begins a longer one; so does the first.
        between: what stands between two texts that are joined.
    """
    starts = begins.arg_true()
    result = texts[starts]
    is_alone = begins & begins.shift(-1, fill_value=True)
    if is_alone.all():
        return result
    texts, of_several = texts.filter(~is_alone), begins.filter(~is_alone)
    # Many are joined to one text that is split again: a list for each would take ten times as long, and one text of
    # them all as much memory as the batch, in one piece.
    pieces = pl.select(pl.when(of_several).then(pl.lit(_RUN)).otherwise(pl.lit(between)) + texts).to_series()
    chunk = of_several.arg_true().gather_every(_RUNS_AT_ONCE)
    bounds = pl.DataFrame([chunk.alias("start"), chunk.shift(-1, fill_value=len(texts)).alias("end")])
    whole = pl.lit(pieces.implode()).list.slice("start", pl.col("end") - pl.col("start")).list.join("")
    several = bounds.select(whole.str.strip_prefix(_RUN).str.split(_RUN).explode()).to_series()
    return result.scatter((~is_alone).filter(begins).arg_true(), several)


def one_line(text: pl.Series) -> pl.Series:
    """Write each text on one line, as `plain_text.one_line` does.

    Args:
        text: texts without white space at their ends but `BREAK`, which stands for a break.
    """
    has_others = text.str.len_bytes() != text.str.len_chars()
    broken = text.str.contains("\n", literal=True)
    if (wide := (broken & has_others).arg_true()).len():
        # A character between two breaks is part of one match only: a second look finds what the first one left.
        written = text[wide].str.replace_all(_WIDE_BREAK, "$1$2").str.replace_all(_WIDE_BREAK, "$1$2")
        text = text.scatter(wide, written)
    if (broken := broken.arg_true()).len():
        text = text.scatter(broken, text[broken].str.replace_all("\n", " ", literal=True))
    # To look for each kind first takes half as long as one class of all.
    is_unusual = text.str.contains("  ", literal=True) | text.str.contains(_UNUSUAL_ASCII)
    if (others := has_others.arg_true()).len():
        is_unusual = is_unusual.scatter(others, is_unusual[others] | text[others].str.contains_any(_UNUSUAL_ELSE))
    if (unusual := is_unusual.arg_true()).len():
        text = text.scatter(unusual, text[unusual].str.replace_all(_UNUSUAL_SPACE, " ").str.strip_chars(" "))
    return text


def texts_of(tokens: Tokens) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Gather the text between tags.

    Args:
        tokens: tags whose rows have `block`, a number that grows with each block.

    Returns:
        The blocks that have a text, in order: `post`, `block`, `text` with its lines, `is_apart` (it is no paragraph),
        `is_quoted`. And the elements that are links or mention an entity: `post`, `block`, `tag`, `start` and `end`,
        between which rows they are, `links_to`, `mentions`, and `text`, on one line.
    """
    breaks, texts = tokens.meant("breaks"), tokens.rows["text"]
    begins = breaks >= LINE_BREAK
    elements = _elements(tokens)
    within = elements.select("start", place=pl.int_ranges("start", "last")).explode("place")
    pieces = _within_lines(texts[within["place"]], breaks[within["place"]], BREAK)
    if (void := (elements["end"] == elements["start"]).arg_true()).len():
        pieces = pieces.scatter((within["place"] == within["start"]).arg_true()[void], "")
    text = joined(
        pl.concat([_within_lines(texts, breaks, ""), pieces]), pl.concat([begins, within["place"] == within["start"]])
    )
    starts = begins.arg_true()
    written = text.head(len(starts))
    text = text.str.strip_chars()
    has_text = text.head(len(starts)) != ""
    starts, written = starts.filter(has_text), written.filter(has_text)
    text = one_line(pl.concat([text.head(len(has_text)).filter(has_text), text.tail(len(elements))]))
    depths = tokens.shapes.select("apart", "quoted", "code")[tokens.rows["shape"]].select(pl.all().cum_sum() > 0)[
        starts
    ]
    line = text.head(len(starts))
    if (code := depths["code"].arg_true()).len():
        line = line.scatter(code, _code_lines(written[code]))
    elements = elements.drop("last").hstack([text.tail(len(elements)).alias("text")])
    return _blocks(tokens.rows.select("post", "block")[starts].hstack([*depths, line.alias("text")])), elements


def _elements(tokens: Tokens) -> pl.DataFrame:
    """The elements whose own text is asked for; `last` is the row after the last with text of it."""
    flags = tokens.shapes.select("links_to", "mentions", "turn")[tokens.rows["shape"]]
    start = (flags["links_to"] | flags["mentions"]).arg_true()
    rows = tokens.rows.select("post", "block", "tag", "length")[start].hstack(flags[start])
    start = start.cast(pl.Int64)
    length = pl.when(pl.col("turn") == 1).then("length").otherwise(0)
    return rows.select(
        "post", "block", "tag", "links_to", "mentions",
        start=start, end=start + length, last=start + length.clip(lower_bound=1),
    )  # fmt: skip


def _within_lines(texts: pl.Series, breaks: pl.Series, sign: str) -> pl.Series:
    """Write a blank before texts that follow the border of a cell, and a sign before those that follow a break."""
    if (blanks := (breaks == BLANK).arg_true()).len():
        texts = texts.scatter(blanks, " " + texts[blanks])
    if sign and (broken := (breaks >= LINE_BREAK).arg_true()).len():
        texts = texts.scatter(broken, sign + texts[broken])
    return texts


def _blocks(lines: pl.DataFrame) -> pl.DataFrame:
    """Gather lines into blocks; empty ones are left out."""
    lines = lines.filter(lines["text"] != "")
    begins = lines.select(pl.col("block").ne_missing(pl.col("block").shift(1))).to_series()
    first = lines.filter(begins)
    text = joined(lines["text"], begins, "\n") if len(lines) else lines["text"]
    return first.select("post", "block", text.alias("text"), is_apart="apart", is_quoted="quoted")


def _code_lines(text: pl.Series) -> pl.Series:
    """Cut white space off the ends of lines of code, and take out those that are empty then."""
    return text.str.replace_all(f"[{_SPACE}]*\n", "\n").str.strip_prefix("\n").str.replace(f"[{_SPACE}]+$", "")


def texts_of_blocks(blocks: pl.DataFrame, count: int) -> pl.Series:
    """The texts of `count` blocks by their number; empty where a block has none."""
    return all_alike("", count).scatter(blocks["block"], blocks["text"])


def without_lines(text: pl.Series) -> pl.Series:
    """Write texts of blocks on one line each."""
    return text.str.replace_all("\n", " ", literal=True)


def texts_of_posts(blocks: pl.DataFrame, posts: pl.Series) -> pl.Series:
    """The plain text of each of some posts."""
    start = blocks["post"].search_sorted(posts, "left")
    bounds = pl.DataFrame([start.alias("start"), blocks["post"].search_sorted(posts, "right").alias("end")])
    runs = pl.lit(blocks["text"].implode()).list.slice("start", pl.col("end") - pl.col("start"))
    return bounds.select(runs.list.join("\n\n")).to_series()


def first_paragraphs(blocks: pl.DataFrame, posts: pl.Series) -> pl.Series:
    """The first paragraph of each of some posts, on one line: one that is quoted if there is no other, or none."""
    blocks = blocks.filter(~blocks["is_apart"])
    text = all_alike("", len(posts))
    first = blocks.filter(~blocks["is_quoted"])
    first = first.filter(first.select(pl.col("post").ne_missing(pl.col("post").shift(1))).to_series())
    text = text.scatter(posts.search_sorted(first["post"]), first["text"])
    is_sure = text.str.contains(_SURELY_A_WORD) & (text.str.len_bytes() > _LONGEST_CONTENTS_BYTES)
    if (unsure := (~is_sure).arg_true()).len():
        asked = blocks.filter(blocks["post"].is_in(posts[unsure].implode()))
        paragraphs: dict[int, str] = {}
        quoted: dict[int, str] = {}
        for post, is_quoted, block in asked.select("post", "is_quoted", "text").iter_rows():
            chosen = quoted if is_quoted else paragraphs
            if post not in chosen and is_paragraph(block):
                chosen[post] = block
        text = text.scatter(
            unsure, pl.Series([paragraphs.get(post) or quoted.get(post, "") for post in posts[unsure].to_list()])
        )
    return without_lines(text)
