"""Links, headings and mentions of many posts, a row each, in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from etl_project.extract.columns.body_tags import BLANK, NO_BREAK
from etl_project.extract.columns.body_text import BREAK, joined, one_line, texts_of_blocks
from etl_project.extract.columns.body_tokens import Tokens

_MENTIONS = pl.Schema(
    {"post": pl.Int64(), "kind": pl.String(), "key": pl.String(), "label": pl.String(), "count": pl.Int32()}
)


def links_of(tokens: Tokens) -> pl.DataFrame:
    """Links and images: `post`, `url` as the HTML has it, `text`, `kind`."""
    places = tokens.meant("links_to").arg_true()
    links = tokens.rows.select("post", "tag")[places]
    said = tokens.tags.select("url", "label", "kind")[links["tag"]]
    text = said["label"].zip_with(said["label"].is_not_null(), _texts_of_elements(tokens, places))
    return pl.DataFrame([links["post"], said["url"], text.alias("text"), said["kind"]])


def headings_of(tokens: Tokens, lines: pl.DataFrame) -> pl.DataFrame:
    """Headings that have a text: `post`, `level`, `text`; `lines` are those of the tags."""
    level = tokens.meant("level")
    places = (level > 0).arg_true()
    headings = tokens.rows.select("post", "block")[places]
    text = texts_of_blocks(lines, headings["block"])
    return pl.DataFrame([headings["post"], level[places], text.alias("text")]).filter(text != "")


def mentions_of(tokens: Tokens, entities: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Entities that posts mention, each once, in the order of their first mention.

    Args:
        tokens: tags of posts.
        entities: kind and key of each entity, by its number.

    Returns:
        `post`, `kind`, `key`, `label` (the most frequent spelling, else the key) and `count`.
    """
    places = tokens.meant("mentions").arg_true()
    if not len(places):
        return _MENTIONS.to_frame()
    rows = tokens.rows.select("post", "tag", "length")[places]
    mentions = pl.DataFrame(
        {
            "post": rows["post"],
            "entity": tokens.tags["entity"][rows["tag"]],
            "text": _texts_of_elements(tokens, places),
            "start": places,
            "end": places + rows["length"] * (tokens.meant("turn")[places] == 1).cast(pl.Int64),
        }
    )
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


def _texts_of_elements(tokens: Tokens, places: pl.Series) -> pl.Series:
    """The text of the elements that some tags open, each on one line; empty for an element without content."""
    elements = tokens.rows.select("text", "length")[places]
    is_void = tokens.meant("turn")[places] == 0
    text = elements["text"]
    if (void := is_void.arg_true()).len():
        text = text.scatter(void, "")
    if (several := (~is_void & (elements["length"] > 1)).arg_true()).len():
        runs = pl.DataFrame([places[several].alias("start"), elements["length"][several]])
        within = runs.select("start", place=pl.int_ranges("start", pl.col("start") + pl.col("length"))).explode("place")
        breaks = tokens.meant("breaks")[within["place"]]
        pieces = tokens.rows["text"][within["place"]]
        if (broken := (breaks != NO_BREAK).arg_true()).len():
            sign = pl.when(breaks[broken] == BLANK).then(pl.lit(" ")).otherwise(pl.lit(BREAK))
            pieces = pieces.scatter(broken, pl.select(sign + pieces[broken]).to_series())
        text = text.scatter(several, joined(pieces, within["place"] == within["start"]))
    return one_line(text)
