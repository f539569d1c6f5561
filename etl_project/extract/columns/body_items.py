"""Links, headings and mentions of many posts, a row each, in reading order."""

from __future__ import annotations

import polars as pl

from etl_project.extract.columns.body_tags import BLANK, NO_BREAK, TagReader
from etl_project.extract.columns.body_text import BREAK, joined, one_line, texts_of_blocks


def links_of(tokens: pl.DataFrame) -> pl.DataFrame:
    """Links and images.

    Args:
        tokens: as of `tokens_of`, without what is not shown.

    Returns:
        `post`, `url` as the HTML has it, `text`, `kind`.
    """
    links = tokens["url"].is_not_null().arg_true()
    texts = _texts_of_elements(tokens, links)
    return tokens.select("post", "url", "label", "kind")[links].select(
        "post", "url", text=pl.coalesce("label", texts), kind="kind"
    )


def headings_of(tokens: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Headings that have a text: `post`, `level`, `text`."""
    headings = tokens.select("post", "level", "block").filter(pl.col("level") > 0)
    return headings.with_columns(texts_of_blocks(lines, headings["block"]).alias("text")).filter(pl.col("text") != "")


def mentions_of(tokens: pl.DataFrame, reader: TagReader) -> pl.DataFrame:
    """Entities that posts mention, each once, in the order of their first mention.

    Returns:
        `post`, `kind`, `key`, `label` (the most frequent spelling, else the key) and `count`.
    """
    places = tokens["entity"].is_not_null().arg_true()
    mentions = tokens.select("post", "entity", "turn", "length")[places].with_columns(
        text=_texts_of_elements(tokens, places),
        start=places,
        end=places + pl.when(pl.col("turn") == 1).then("length").otherwise(0),
    )
    mentions = mentions.filter(_are_outermost(mentions)).select("post", "entity", "text")
    spellings = mentions.filter(pl.col("text") != "").group_by("post", "entity", "text").agg(count=pl.len())
    labels = spellings.sort("count", "text", descending=[True, False]).unique(["post", "entity"], keep="first")
    kinds, keys = zip(*reader.entities, strict=True) if reader.entities else ((), ())
    return (
        mentions.group_by("post", "entity", maintain_order=True)
        .agg(count=pl.len())
        .join(labels.select("post", "entity", "text"), on=["post", "entity"], how="left", maintain_order="left")
        .with_columns(
            kind=pl.lit(pl.Series(kinds, dtype=pl.String)).gather(pl.col("entity")),
            key=pl.lit(pl.Series(keys, dtype=pl.String)).gather(pl.col("entity")),
        )
        .select("post", "kind", "key", label=pl.coalesce("text", "key"), count=pl.col("count").cast(pl.Int32))
    )


def _are_outermost(mentions: pl.DataFrame) -> pl.Series:
    """Tell which mentions are in no other of the same entity: a picture in a link to it is the same mention."""
    is_nested = mentions.select(pl.col("start") < pl.col("end").cum_max().shift(1, fill_value=0)).to_series()
    if not is_nested.any():
        return ~is_nested
    outermost = []
    around: list[tuple[int, int]] = []
    for start, end, entity in mentions.select("start", "end", "entity").iter_rows():
        around = [(other_end, other) for other_end, other in around if other_end > start]
        outermost.append(all(other != entity for _, other in around))
        if outermost[-1]:
            around.append((end, entity))
    return pl.Series(outermost, dtype=pl.Boolean)


def _texts_of_elements(tokens: pl.DataFrame, places: pl.Series) -> pl.Series:
    """The text of the elements that some tags open, each on one line; empty for an element without content."""
    elements = tokens.select("turn", "text", length=pl.when(pl.col("turn") == 1).then("length").otherwise(0))[places]
    text = elements["text"]
    others = (elements["length"] != 1).arg_true()
    if len(others):
        breaks = pl.when(pl.col("breaks") == BLANK).then(pl.lit(" ")).otherwise(pl.lit(BREAK))
        pieces = tokens.select(
            pl.when(pl.col("breaks") == NO_BREAK).then("text").otherwise(breaks + pl.col("text"))
        ).to_series()
        text = text.scatter(others, joined(pieces, places.gather(others), elements["length"].gather(others)))
    return one_line(text)
