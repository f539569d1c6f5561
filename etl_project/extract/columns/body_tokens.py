"""The tags of many posts and the text after each, as rows, and the test that they stand as the grammar wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html.entities import html5

import polars as pl

from etl_project.extract.columns.body_grammar import BLANK_ONLY, MAX_DEPTH
from etl_project.extract.columns.body_tags import START, TagReader

_OFTEN = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": "\xa0", "&#39;": "'"}
_REFERENCES = {
    **{f"&{name}": text for name, text in html5.items() if name.endswith(";")},
    **{f"&#{code};": chr(code) for code in range(32, 127)},
}
_SAID = {"url": pl.String, "kind": pl.String, "label": pl.String, "entity": pl.UInt32}
"""Columns of `Tag` besides its shape."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tags of posts, and what they mean."""

    rows: pl.DataFrame
    """A row for each tag, in order: `post`; `text`, what is shown between this tag and the next; `length`, how many
    rows further down its end tag is, if it opens an element; `tag` and `shape`, its rows in the frames below."""
    tags: pl.DataFrame
    """What each tag says: `url`, `kind`, `label` and `entity` of `Tag`."""
    shapes: pl.DataFrame
    """What tags mean: the columns of `Shape`."""

    def meant(self, name: str) -> pl.Series:
        """A column of `shapes`, for each row."""
        return self.shapes[name][self.rows["shape"]]

    def replaced_by(self, rows: pl.DataFrame) -> Tokens:
        """The same tags with other rows."""
        return Tokens(rows, self.tags, self.shapes)


def all_alike(value: str | int | bool, length: int) -> pl.Series:
    """A series of one value."""
    return pl.Series([value]).new_from_index(0, length)


def tokens_of(html: Sequence[str], reader: TagReader) -> tuple[Tokens, pl.Series]:
    """Split HTML into tags, and test that they are those of plain posts.

    Args:
        html: HTML of at least one post, without NUL or lone surrogates.
        reader: reads the tags.

    Returns:
        The tags of the posts that match the grammar, `post` being their place in `html`; and for each post, whether it
        matches.
    """
    split = pl.Series(html, dtype=pl.String).str.split("<")
    ends = split.list.len().cum_sum()
    first = ends.shift(1, fill_value=0)
    pieces = split.explode()
    parts = pieces.str.splitn(">", 2).struct.unnest()
    # What stands before the first tag of a post follows none.
    tag, text = parts["field_0"].scatter(first, START), parts["field_1"].scatter(first, pieces[first])
    post = all_alike(0, len(tag)).scatter(first, 1).cum_sum() - 1
    distinct = tag.unique()
    shape, *said = zip(*reader.read(distinct.to_list()), strict=True)
    number = tag.cast(pl.Enum(distinct)).to_physical()
    rows = pl.DataFrame({"post": post, "tag": number, "shape": pl.Series(shape, dtype=pl.UInt32)[number]})
    tags = pl.DataFrame(dict(zip(_SAID, said, strict=True)), schema=_SAID)
    tokens = Tokens(rows, tags, reader.shapes())
    length, around, wrong = _places(tokens)
    text, is_plain = _shown(text)
    wrong |= ~is_plain
    if (places := ((around & BLANK_ONLY) != 0).arg_true()).len():
        wrong = wrong.scatter(places, wrong[places] | (text[places].str.strip_chars(" \t\n\f\r") != ""))
    rows = rows.hstack([length, text.alias("text")])
    matches = all_alike(True, len(html))
    if wrong.any():
        matches = matches.scatter(rows["post"].filter(wrong).unique(), False)
        rows = rows.filter(matches[rows["post"]])
    return tokens.replaced_by(rows), matches


def _places(tokens: Tokens) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Find for each tag the rows to its end tag, the container around the text after it, and whether it is wrong."""
    post, turn, inside = pl.col("post"), pl.col("turn"), pl.col("inside")
    opens = turn == 1
    is_first = post.ne_missing(post.shift(1))
    begins_content = (turn.shift(1) == 1) & (turn != -1)
    shapes = tokens.shapes.select("turn", "name", "fits", "inside", "link")[tokens.rows["shape"]]
    rows = shapes.hstack([tokens.rows["post"]]).select(
        "post",
        "turn",
        "name",
        "fits",
        "inside",
        is_first=is_first,
        is_last=post.ne_missing(post.shift(-1)),
        # Elements that are open around a tag: an end tag stands beside the tag that it ends.
        depth=turn.cum_sum() - opens.cast(pl.Int32),
        links=pl.col("link").cum_sum(),
        container=pl.when(is_first).then(inside).when(begins_content).then(inside.shift(1)),
    )
    first = rows["is_first"].arg_true()
    depth = rows["depth"] - rows["depth"][first][rows["post"]]
    links = rows["links"] - rows["links"][first][rows["post"]]
    # Tags in one container, one after the other: each end tag comes right after the tag that it ends.
    place = (rows["post"] * (MAX_DEPTH + 2) + depth.clip(-1, MAX_DEPTH) + 1) * len(rows) + pl.int_range(
        len(rows), eager=True
    )
    order = place.arg_sort()
    ends = (turn.shift(-1) == -1) & (pl.col("name").shift(-1) == pl.col("name"))
    ordered = rows.select("turn", "name", "container")[order].select(
        pl.col("container").forward_fill(), is_ended=(~opens | ends).fill_null(False)
    )
    back = order.arg_sort()
    container = ordered["container"][back]
    length = (order.shift(-1, fill_value=0).cast(pl.Int64) - order.cast(pl.Int64))[back]
    is_open = rows["turn"] == 1
    wrong = (
        ~ordered["is_ended"][back]
        | ((rows["fits"] & container) == 0)
        | (depth < 0)
        | (depth >= MAX_DEPTH)
        | (links > 1)
        | (rows["is_last"] & (is_open | (depth != 0)))
    )
    return length.alias("length"), rows["inside"].zip_with(is_open, container), wrong


def _shown(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Replace the references in text, and tell which texts are there and have none but those that ";" ends."""
    is_plain = text.is_not_null()
    refers = text.str.contains("&", literal=True)
    if not refers.any():
        return text, is_plain
    rare = refers.arg_true()
    written = text[rare]
    shown = text.scatter(rare, written.str.replace_many(_OFTEN))
    is_rare = written.str.replace_many([*_OFTEN], [""]).str.contains("&", literal=True)
    rare, written = rare.filter(is_rare), written.filter(is_rare)
    if len(rare):
        shown = shown.scatter(rare, written.str.replace_many(_REFERENCES))
        unknown = written.str.replace_many([*_REFERENCES], [""]).str.contains("&[0-9A-Za-z#]")
        is_plain = is_plain.scatter(rare.filter(unknown), False)
    return shown, is_plain
