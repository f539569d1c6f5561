"""The plain text of many posts, line by line: what `plain_text.py` says of one."""

from __future__ import annotations

import polars as pl

from etl_project.extract.body.plain_text import WIDE, is_paragraph
from etl_project.extract.columns.body_tags import BLANK, LINE_BREAK
from etl_project.extract.columns.body_tokens import Tokens

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


def joined_runs(texts: pl.Series, starts: pl.Series, lengths: pl.Series, between: str = "") -> pl.Series:
    """Join runs of texts, which may overlap.

    Args:
        texts: texts without null.
        starts: where each run begins in `texts`.
        lengths: how many texts it has; 0 gives an empty text.
        between: what stands between two texts.
    """
    if not len(starts) or not len(texts):
        return pl.repeat("", len(starts), dtype=pl.String, eager=True)
    result = texts.gather(starts.clip(upper_bound=len(texts) - 1))
    if (empty := (lengths == 0).arg_true()).len():
        result = result.scatter(empty, "")
    if (several := (lengths > 1).arg_true()).len():
        runs = pl.DataFrame([starts[several].alias("start"), lengths[several].alias("length")])
        places = runs.with_columns(place=pl.int_ranges("start", pl.col("start") + pl.col("length"))).explode("place")
        begins = places["place"] == places["start"]
        result = result.scatter(several, joined(texts[places["place"]], begins, between))
    return result


def one_line(text: pl.Series) -> pl.Series:
    """Write each text on one line, as `plain_text.one_line` does; breaks in it are `BREAK`."""
    text = text.str.strip_chars()
    broken = text.str.contains("\n", literal=True)
    if broken.any():
        # A character between two breaks is part of one match only: a second look finds what the first one left.
        wide = text.filter(broken).str.replace_all(_WIDE_BREAK, "$1$2").str.replace_all(_WIDE_BREAK, "$1$2")
        text = text.scatter(broken.arg_true(), wide)
    # To look for each kind first takes half as long as one class of all.
    is_unusual = text.str.contains(_UNUSUAL_ASCII) | text.str.contains("  ", literal=True)
    unusual = (is_unusual | text.str.contains_any(_UNUSUAL_ELSE)).arg_true()
    if not len(unusual):
        return text
    return text.scatter(unusual, text[unusual].str.replace_all(_UNUSUAL_SPACE, " ").str.strip_chars(" "))


def lines_of(tokens: Tokens) -> pl.DataFrame:
    """Gather the text between tags into lines; those without text are left out.

    Args:
        tokens: tags whose rows have `block`, a number that grows with each block.

    Returns:
        `post`, `block`, `text`, `is_apart` (it is in no paragraph), `is_quoted`.
    """
    breaks = tokens.meant("breaks")
    begins = breaks >= LINE_BREAK
    texts = tokens.rows["text"]
    if (blanks := (breaks == BLANK).arg_true()).len():
        texts = texts.scatter(blanks, " " + texts[blanks])
    text = joined(texts, begins)
    has_text = text.str.strip_chars() != ""
    places = begins.arg_true().filter(has_text)
    text = text.filter(has_text)
    line = one_line(text)
    depths = {name: (tokens.meant(name).cum_sum() > 0)[places] for name in ("apart", "quoted", "code")}
    if (code := depths["code"].arg_true()).len():
        line = line.scatter(code, _code_lines(text[code]))
    lines = tokens.rows.select("post", "block")[places].hstack(
        [line.alias("text"), depths["apart"].alias("is_apart"), depths["quoted"].alias("is_quoted")]
    )
    return lines.filter(line != "")


def _code_lines(text: pl.Series) -> pl.Series:
    """Cut white space off the ends of lines of code, and take out those that are empty then."""
    return text.str.replace_all(f"[{_SPACE}]*\n", "\n").str.strip_prefix("\n").str.replace(f"[{_SPACE}]+$", "")


def texts_of_blocks(lines: pl.DataFrame, blocks: pl.Series, between: str = " ") -> pl.Series:
    """The text of each of some blocks, on one line or with something else between its lines."""
    start = lines["block"].search_sorted(blocks, "left")
    return joined_runs(lines["text"], start, lines["block"].search_sorted(blocks, "right") - start, between)


def texts_of_posts(lines: pl.DataFrame, posts: pl.Series) -> pl.Series:
    """The plain text of each of some posts."""
    if lines.is_empty():
        return pl.repeat("", len(posts), dtype=pl.String, eager=True)
    is_new_block = lines["block"].ne_missing(lines["block"].shift(1))
    blocks = joined(lines["text"], is_new_block, "\n")
    post = lines["post"].filter(is_new_block)
    start = post.search_sorted(posts, "left")
    bounds = pl.DataFrame([start.alias("start"), (post.search_sorted(posts, "right") - start).alias("length")])
    return bounds.select(pl.lit(blocks.implode()).list.slice("start", "length").list.join("\n\n")).to_series()


def first_paragraphs(lines: pl.DataFrame, posts: pl.Series) -> pl.Series:
    """The first paragraph of each of some posts, on one line: one that is quoted if there is no other, or none."""
    blocks = lines.filter(~pl.col("is_apart")).select("post", "block", "is_quoted").unique("block", maintain_order=True)
    first = blocks.filter(~pl.col("is_quoted")).unique("post", keep="first", maintain_order=True)
    found = pl.DataFrame({"post": posts}).join(first, on="post", how="left", maintain_order="left")
    text = pl.Series("text", [""]).new_from_index(0, len(posts))
    there = found["block"].is_not_null().arg_true()
    text = text.scatter(there, texts_of_blocks(lines, found["block"].drop_nulls()))
    is_sure = text.str.contains(_SURELY_A_WORD) & (text.str.len_bytes() > _LONGEST_CONTENTS_BYTES)
    unsure = (~is_sure).arg_true().to_list()
    if unsure:
        asked = blocks.filter(pl.col("post").is_in(posts[unsure].implode()))
        paragraphs: dict[int, str] = {}
        quoted: dict[int, str] = {}
        for post, is_quoted, block_text in zip(
            asked["post"], asked["is_quoted"], texts_of_blocks(lines, asked["block"], "\n"), strict=True
        ):
            chosen = quoted if is_quoted else paragraphs
            if post not in chosen and is_paragraph(block_text):
                chosen[post] = block_text.replace("\n", " ")
        answers = [paragraphs.get(post) or quoted.get(post, "") for post in posts[unsure]]
        text = text.scatter(unsure, answers)
    return text
