"""What the rules of a source take out of many posts: furniture, and the values of the columns that it fills."""

from __future__ import annotations

import polars as pl

from etl_project.extract.body.rules import Furniture
from etl_project.extract.body.walk import value_of
from etl_project.extract.columns.body_tags import NOTHING, TagReader
from etl_project.extract.columns.body_text import without_lines
from etl_project.extract.columns.body_tokens import Tokens, all_alike

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
    steps = all_alike(0, len(rows)).scatter(hidden, 1).scatter(ends, -1)
    is_hidden = steps.cum_sum() > 0
    # After the end tag comes text that is shown.
    nothing = (is_hidden | (steps == -1)).arg_true()
    shape, text = rows["shape"].scatter(nothing, NOTHING), rows["text"].scatter(is_hidden.arg_true(), "")
    return tokens.replaced_by(rows.with_columns(shape, text))


def furniture_of(tokens: Tokens, texts: pl.Series, reader: TagReader) -> tuple[pl.Series | None, dict[int, Values]]:
    """Find the blocks that are furniture of the site.

    Args:
        tokens: tags whose rows have `block`.
        texts: the texts of their blocks by their number.
        reader: who read the tags.

    Returns:
        Whether each block is kept, by its number, None if all are; and the values of posts that have any, by `post`.
    """
    number = tokens.meant("furniture")
    places = (number > 0).arg_true()
    if not len(places):
        return None, {}
    asked = tokens.rows.select("post", "block")[places]
    asked = asked.hstack([number[places], texts[asked["block"]].alias("text")])
    asked = asked.filter(_may_match(asked, reader))
    asked = asked.with_columns(without_lines(asked["text"]))
    values: dict[int, Values] = {}
    blocks: list[int] = []
    known: dict[tuple[int, str], _Answer] = {}
    for post, block, furniture, text in asked.iter_rows():
        answer = known.get((furniture, text), _NOT_ASKED)
        if answer is _NOT_ASKED:
            answer = known[furniture, text] = _ask(reader.furniture[furniture].rules, text)
        if answer is not None:
            blocks.append(block)
            if answer:
                values.setdefault(post, {}).update(answer)
    return (all_alike(True, len(texts)).scatter(blocks, False) if blocks else None), values


def _may_match(asked: pl.DataFrame, reader: TagReader) -> pl.Series:
    """Tell which texts may match their rules at all, by their first characters."""
    first = asked["text"].str.slice(0, 1)
    may_match = all_alike(False, len(asked))
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
