"""What the rules of a source take out of many posts: furniture, and the values of the columns that it fills."""

from __future__ import annotations

import polars as pl

from etl_project.extract.body.rules import Furniture
from etl_project.extract.body.walk import value_of
from etl_project.extract.columns.body_tags import NO_BREAK, TagReader
from etl_project.extract.columns.body_text import texts_of_blocks

Values = dict[str, str | None]
"""Rule column -> value of the last element that matched, as `Body.values`."""
_Answer = tuple[tuple[str, str | None], ...] | None
"""What rules say of a text: None if none matches, else the columns that they fill."""


def without_hidden(tokens: pl.DataFrame) -> pl.DataFrame:
    """Take the text, the breaks and the items of elements out that are not shown; tags stay where they are."""
    hidden = tokens.select((pl.col("is_hidden") & (pl.col("turn") == 1)).arg_true()).to_series()
    if not len(hidden):
        return tokens
    ends = hidden + tokens["length"].gather(hidden)
    steps = pl.repeat(0, len(tokens), dtype=pl.Int32, eager=True).scatter(hidden, 1).scatter(ends, -1)
    is_hidden = steps.cum_sum() > 0
    is_end = steps == -1
    nothing = {"apart": 0, "quoted": 0, "code": 0, "breaks": NO_BREAK, "level": 0, "furniture": 0, "is_code": False}
    return tokens.with_columns(
        pl.when(is_hidden).then(pl.lit("")).otherwise("text").alias("text"),
        *[pl.when(is_hidden).then(None).otherwise(name).alias(name) for name in ("url", "entity")],
        *[
            pl.when(is_hidden | is_end).then(pl.lit(value, dtype=tokens.schema[name])).otherwise(name).alias(name)
            for name, value in nothing.items()
        ],
    )


def without_furniture(
    tokens: pl.DataFrame, lines: pl.DataFrame, reader: TagReader
) -> tuple[pl.DataFrame, pl.DataFrame, dict[int, Values]]:
    """Take the blocks out that are furniture of the site.

    Args:
        tokens: as of `tokens_of`, with `block`.
        lines: as of `lines_of`.
        reader: who read the tags.

    Returns:
        Tags and lines without them, and the values of posts that have any, by `post`.
    """
    asked = tokens.select("post", "block", "furniture").filter(pl.col("furniture") > 0)
    if asked.is_empty():
        return tokens, lines, {}
    values: dict[int, Values] = {}
    blocks: list[int] = []
    known: dict[tuple[int, str], _Answer] = {}
    texts = texts_of_blocks(lines, asked["block"])
    for post, block, furniture, text in zip(*(asked[name].to_list() for name in asked.columns), texts, strict=True):
        if (furniture, text) in known:
            answer = known[furniture, text]
        else:
            answer = known[furniture, text] = _ask(reader.furniture[furniture], text)
        if answer is not None:
            blocks.append(block)
            if answer:
                values.setdefault(post, {}).update(answer)
    if not blocks:
        return tokens, lines, {}
    is_kept = pl.repeat(True, tokens["block"][-1] + 1, eager=True).scatter(blocks, False)
    return (
        tokens.filter(is_kept.gather(tokens["block"])),
        lines.filter(is_kept.gather(lines["block"])),
        values,
    )


def _ask(rules: tuple[Furniture, ...], text: str) -> _Answer:
    matched = [(rule, match) for rule in rules if (match := rule.pattern.fullmatch(text))]
    if not matched:
        return None
    return tuple([(rule.column, value_of(rule, match)) for rule, match in matched if rule.column is not None])
