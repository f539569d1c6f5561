"""What the rules of a source take out of many posts: furniture, and the values of the columns that it fills."""

from __future__ import annotations

import polars as pl

from etl_project.extract.body.rules import Furniture
from etl_project.extract.body.walk import value_of
from etl_project.extract.columns.body_tags import NOTHING, TagReader
from etl_project.extract.columns.body_text import texts_of_blocks
from etl_project.extract.columns.body_tokens import Tokens

Values = dict[str, str | None]
"""Rule column -> value of the last element that matched, as `Body.values`."""
_Answer = tuple[tuple[str, str | None], ...] | None
"""What rules say of a text: None if none matches, else the columns that they fill."""
_NOT_ASKED: _Answer = (("", None),)


def without_hidden(tokens: Tokens) -> Tokens:
    """Take elements out that are not shown; the rows of their tags stay, and mean nothing."""
    hidden = tokens.meant("hides").arg_true()
    if not len(hidden):
        return tokens
    rows = tokens.rows
    ends = hidden + rows["length"][hidden]
    steps = pl.repeat(0, len(rows), dtype=pl.Int32, eager=True).scatter(hidden, 1).scatter(ends, -1)
    is_hidden = steps.cum_sum() > 0
    # After the end tag comes text that is shown.
    nothing = (is_hidden | (steps == -1)).arg_true()
    shape, text = rows["shape"].scatter(nothing, NOTHING), rows["text"].scatter(is_hidden.arg_true(), "")
    return tokens.replaced_by(rows.with_columns(shape, text))


def without_furniture(
    tokens: Tokens, lines: pl.DataFrame, reader: TagReader
) -> tuple[Tokens, pl.DataFrame, dict[int, Values]]:
    """Take the blocks out that are furniture of the site.

    Args:
        tokens: tags whose rows have `block`.
        lines: their lines, of `lines_of`.
        reader: who read the tags.

    Returns:
        Tags and lines without them, and the values of posts that have any, by `post`.
    """
    furniture = tokens.meant("furniture")
    may_be_furniture = furniture > 0
    if not may_be_furniture.any():
        return tokens, lines, {}
    asked = tokens.rows.select("post", "block").filter(may_be_furniture)
    asked = asked.hstack([furniture.filter(may_be_furniture)])
    asked = asked.hstack([texts_of_blocks(lines, asked["block"]).alias("text")])
    asked = asked.filter(_may_match(asked, reader))
    values: dict[int, Values] = {}
    blocks: list[int] = []
    known: dict[tuple[int, str], _Answer] = {}
    for post, block, number, text in asked.iter_rows():
        answer = known.get((number, text), _NOT_ASKED)
        if answer is _NOT_ASKED:
            answer = known[number, text] = _ask(reader.furniture[number].rules, text)
        if answer is not None:
            blocks.append(block)
            if answer:
                values.setdefault(post, {}).update(answer)
    if not blocks:
        return tokens, lines, {}
    is_kept = pl.repeat(True, tokens.rows["block"][-1] + 1, eager=True).scatter(blocks, False)
    rows = tokens.rows.filter(is_kept[tokens.rows["block"]])
    return tokens.replaced_by(rows), lines.filter(is_kept[lines["block"]]), values


def _may_match(asked: pl.DataFrame, reader: TagReader) -> pl.Series:
    """Tell which texts may match their rules at all, by their first characters."""
    first = asked["text"].str.slice(0, 1)
    may_match = pl.repeat(False, len(asked), eager=True)
    for furniture in asked["furniture"].unique():
        is_asked = asked["furniture"] == furniture
        may_begin = reader.furniture[furniture].first
        may_match |= is_asked if may_begin is None else is_asked & first.is_in(list(may_begin))
    return may_match


def _ask(rules: tuple[Furniture, ...], text: str) -> _Answer:
    matched = [(rule, match) for rule in rules if (match := rule.pattern.fullmatch(text))]
    if not matched:
        return None
    return tuple([(rule.column, value_of(rule, match)) for rule, match in matched if rule.column is not None])
