"""The tags of many posts and the text after each, as rows, and the test that they stand as the grammar wants them."""

from __future__ import annotations

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


def tokens_of(html: pl.Series, reader: TagReader) -> tuple[pl.DataFrame, pl.Series]:
    """Split HTML into tags, and test that they are those of plain posts.

    Args:
        html: HTML of at least one post, without NUL.
        reader: reads the tags.

    Returns:
        One row for each tag of the posts that match the grammar, in order: `post`, its row in `html`; the columns of
        `Shape` and `Tag`; `text`, what is shown between this tag and the next; `length`, how many rows further down its
        end tag is. And for each row of `html`, whether it matches.
    """
    split = pl.select(token=(pl.lit(START + ">") + html).str.split("<")).with_row_index("post")
    tokens = split.explode("token").select("post", pl.col("token").str.splitn(">", 2)).unnest("token")
    tag, text = tokens["field_0"], tokens["field_1"]
    distinct = tag.unique()
    read = reader.read(distinct.to_list())
    number = tag.cast(pl.Enum(distinct)).to_physical()
    shape = pl.Series([each.shape for each in read], dtype=pl.UInt32).gather(number)
    tokens = tokens.select("post", number=number).hstack(reader.shapes()[shape])
    tokens = _with_places(tokens)
    text, is_plain = _shown(text)
    wrong = tokens["is_wrong"] | ~is_plain | text.is_null()
    blank_only = (tokens["around"] & BLANK_ONLY) != 0
    if blank_only.any():
        wrong |= blank_only & (text.str.strip_chars(" \t\n\f\r") != "")
    tokens = tokens.select(pl.exclude("is_wrong", "around"), text.alias("text"))
    matches = pl.repeat(True, len(html), eager=True)
    if wrong.any():
        matches = matches.scatter(tokens["post"].filter(wrong).unique(), False)
        tokens = tokens.filter(matches.gather(tokens["post"]))
    said = [
        pl.Series(name, [getattr(each, name) for each in read], dtype=dtype).gather(tokens["number"])
        for name, dtype in _SAID.items()
    ]
    return tokens.drop("number").hstack(said), matches


def _with_places(tokens: pl.DataFrame) -> pl.DataFrame:
    """Add to tags the `length` of elements, the container `around` the text after each, and whether it `is_wrong`."""
    is_first = pl.col("post").ne_missing(pl.col("post").shift(1))
    opens = pl.col("turn") == 1
    begins_content = (pl.col("turn").shift(1) == 1) & (pl.col("turn") != -1)
    tokens = tokens.with_columns(
        position=pl.int_range(pl.len(), dtype=pl.Int64),
        # Elements that are open around a tag: an end tag stands beside the tag that it ends.
        depth=pl.col("turn").cum_sum() - opens.cast(pl.Int32),
        links=pl.col("link").cum_sum(),
        container=pl.when(is_first).then("inside").when(begins_content).then(pl.col("inside").shift(1)),
    )
    starts = tokens.filter(is_first).select(pl.col("depth", "links").name.suffix("_before"))
    tokens = tokens.hstack(starts[tokens["post"]]).with_columns(
        depth=pl.col("depth") - pl.col("depth_before"), links=pl.col("links") - pl.col("links_before")
    )
    # Tags in one container, one after the other: each end tag comes right after the tag that it ends.
    place = pl.col("post").cast(pl.Int64) * (MAX_DEPTH + 2) + pl.col("depth").clip(-1, MAX_DEPTH) + 1
    order = tokens.select((place * pl.len() + pl.col("position")).arg_sort()).to_series()
    ends = (pl.col("turn").shift(-1) == -1) & (pl.col("name").shift(-1) == pl.col("name"))
    ordered = tokens.select("turn", "name", "position", "container")[order].select(
        "position",
        pl.col("container").forward_fill(),
        length=pl.col("position").shift(-1) - pl.col("position"),
        is_ended=~opens | ends.fill_null(False),
    )
    tokens = tokens.drop("position", "container").hstack(ordered[ordered["position"].arg_sort()])
    is_last = pl.col("post").ne_missing(pl.col("post").shift(-1))
    is_wrong = (
        ~pl.col("is_ended")
        | ((pl.col("fits") & pl.col("container")) == 0)
        | ~pl.col("depth").is_between(0, MAX_DEPTH - 1)
        | (pl.col("links") > 1)
        | (is_last & (opens | (pl.col("depth") != 0)))
    )
    around = pl.when(opens).then("inside").otherwise("container")
    return tokens.with_columns(around=around, is_wrong=is_wrong).drop(
        "depth", "links", "depth_before", "links_before", "position", "container", "is_ended", "fits", "inside", "name"
    )


def _shown(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Replace the references in text, and tell which texts have none but those that every parser reads alike."""
    is_plain = pl.repeat(True, len(text), eager=True)
    refers = text.str.contains("&", literal=True)
    if not refers.any():
        return text, is_plain
    shown = text.str.replace_many(_OFTEN)
    rare = refers.arg_true()
    rare = rare.filter(text.gather(rare).str.replace_many([*_OFTEN], [""]).str.contains("&", literal=True))
    if len(rare):
        written = text.gather(rare)
        shown = shown.scatter(rare, written.str.replace_many(_REFERENCES))
        unknown = written.str.replace_many([*_REFERENCES], [""]).str.contains("&[0-9A-Za-z#]")
        is_plain = is_plain.scatter(rare.filter(unknown), False)
    return shown, is_plain
