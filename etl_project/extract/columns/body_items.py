"""Links, headings and mentions of many posts, a row each, in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from etl_project.extract.columns.body_text import without_lines
from etl_project.extract.columns.body_tokens import Tokens

_MENTIONS = pl.Schema(
    {"post": pl.Int64(), "kind": pl.String(), "key": pl.String(), "label": pl.String(), "count": pl.Int32()}
)


def links_of(tokens: Tokens, elements: pl.DataFrame) -> pl.DataFrame:
    """Links and images among elements: `post`, `url` as the HTML has it, `text`, `kind`."""
    links = elements.filter(elements["links_to"])
    said = tokens.tags.select("url", "label", "kind")[links["tag"]]
    text = links["text"].zip_with(said["label"].is_null(), said["label"])
    return pl.DataFrame([links["post"], said["url"], text, said["kind"]])


def headings_of(tokens: Tokens, texts: pl.Series) -> pl.DataFrame:
    """Headings that have a text: `post`, `level`, `text`; `texts` has those of blocks by their number."""
    level = tokens.meant("level")
    places = (level > 0).arg_true()
    headings = tokens.rows.select("post", "block")[places]
    text = without_lines(texts[headings["block"]])
    return pl.DataFrame([headings["post"], level[places], text.alias("text")]).filter(text != "")


def mentions_of(tokens: Tokens, elements: pl.DataFrame, entities: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Entities that elements mention, each once for a post, in the order of their first mention.

    Args:
        tokens: tags of posts.
        elements: some of their elements, of `texts_of`.
        entities: kind and key of each entity, by its number.

    Returns:
        `post`, `kind`, `key`, `label` (the most frequent spelling, else the key) and `count`.
    """
    mentions = elements.filter(elements["mentions"])
    if mentions.is_empty():
        return _MENTIONS.to_frame()
    mentions = mentions.hstack([tokens.tags["entity"][mentions["tag"]]])
    mentions = mentions.filter(_are_outermost(mentions))
    spellings = mentions.filter(mentions["text"] != "").group_by("post", "entity", "text").agg(count=pl.len())
    labels = spellings.sort("count", "text", descending=[True, False]).unique(["post", "entity"], keep="first")
    counted = (
        mentions.group_by("post", "entity", maintain_order=True)
        .agg(count=pl.len())
        .join(labels.select("post", "entity", "text"), on=["post", "entity"], how="left", maintain_order="left")
    )
    kinds, keys = zip(*entities, strict=True)
    kind, key = (pl.Series(each, dtype=pl.String)[counted["entity"]] for each in (kinds, keys))
    return counted.select("post", kind=kind, key=key, label=pl.coalesce("text", key), count="count").cast(_MENTIONS)


def _are_outermost(mentions: pl.DataFrame) -> pl.Series:
    """Tell which mentions are in no other of the same entity: a picture in a link to it is the same mention."""
    is_nested = mentions.select(pl.col("start") < pl.col("end").cum_max().shift(1, fill_value=0)).to_series()
    is_outermost = ~is_nested
    if not is_nested.any():
        return is_outermost
    posts = mentions["post"].filter(is_nested).unique()
    asked = mentions.select(pl.col("post").is_in(posts.implode()).arg_true()).to_series()
    around: list[tuple[int, int]] = []
    answers = []
    for start, end, entity in mentions.select("start", "end", "entity")[asked].iter_rows():
        around = [(other_end, other) for other_end, other in around if other_end > start]
        answers.append(all(other != entity for _, other in around))
        if answers[-1]:
            around.append((end, entity))
    return is_outermost.scatter(asked, pl.Series(answers))
