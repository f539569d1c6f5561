"""Read the bodies of many posts by columns, as far as their HTML is plain.

`body_grammar.py` says which HTML that is. The bodies are rendered one by one, as `BodyReader` renders them; then all of
them are split into tags (`body_tokens.py`), whose meaning is looked up once for tags that are written alike
(`body_tags.py`), and text (`body_text.py`) and items (`body_items.py`) are expressions over their rows. `BodyReader` is
the definition of what is right, and reads every post that is not plain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from etl_project.extract.body.read import BodyReader, Form
from etl_project.extract.body.walk import as_written, escapes_of
from etl_project.extract.columns.body_grammar import MAX_CHARACTERS
from etl_project.extract.columns.body_items import headings_of, links_of, mentions_of
from etl_project.extract.columns.body_rules import Values, furniture_of, without_hidden
from etl_project.extract.columns.body_tags import BLOCK_BREAK, TagReader
from etl_project.extract.columns.body_text import first_paragraphs, texts_of, texts_of_blocks, texts_of_posts
from etl_project.extract.columns.body_tokens import Tokens, tokens_of
from etl_project.extract.frames import BODIES, frame

FEWEST_CHARACTERS = 512 * 1024
"""Bodies of fewer characters, all together, are read one by one: an expression costs something whatever its rows. Short
posts that fill a batch have four times as many."""
_TRIED_BODIES = 200
"""After so many bodies of one form it is known whether to go on trying."""
_FEWEST_IN_HUNDRED = 60
"""Of a form with fewer plain bodies in a hundred, the others are no longer tried: to find out which are plain costs a
third of reading them."""

_LISTS = {
    "links": {"url": "link_urls", "text": "link_texts", "kind": "link_kinds"},
    "headings": {"level": "heading_levels", "text": "heading_texts"},
    "mentions": {"kind": "mention_kinds", "key": "mention_keys", "label": "mention_labels", "count": "mention_counts"},
}


class BodyColumns:
    """Reads the bodies of one source by columns; built once per worker.

    Args:
        reader: the reader of single bodies, whose answers these are.
    """

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader
        self._tags = TagReader(reader.book)
        self._tried: dict[Form, tuple[int, int]] = {}

    def read(self, bodies: Sequence[str], form: Form) -> tuple[pl.DataFrame, dict[int, str | None]]:
        """Read those of some bodies that are plain.

        Args:
            bodies: texts as for `BodyReader.read`.
            form: what all of them are written in.

        Returns:
            A frame of the schema `BODIES`, by ascending `row`; and, for each other body by its place in the list, its
            HTML for `BodyReader.read_html`, or None where `BodyReader.read` has to be asked.
        """
        if sum(map(len, bodies)) < FEWEST_CHARACTERS or not self._is_worth_it(form):
            return BODIES.to_frame(), dict.fromkeys(range(len(bodies)))
        others: dict[int, str | None] = {}
        rows: list[int] = []
        rendered: list[str] = []
        for row, body in enumerate(bodies):
            try:
                html = self._reader.to_html(body, form)
            except Exception:
                others[row] = None  # The reader of single bodies says what is wrong.
                continue
            if len(html) > MAX_CHARACTERS or "\0" in html:
                others[row] = html
            else:
                rows.append(row)
                rendered.append(html)
        if not rendered:
            return BODIES.to_frame(), others
        try:
            tokens, matches = tokens_of(rendered, self._tags)
        except UnicodeEncodeError:  # lone surrogates, which no file holds: to look for them first would cost each post
            return BODIES.to_frame(), others | dict(zip(rows, rendered, strict=True))
        others |= {rows[place]: rendered[place] for place in (~matches).arg_true().to_list()}
        tried, plain = self._tried.get(form, (0, 0))
        self._tried[form] = tried + len(bodies), plain + len(bodies) - len(others)
        places = matches.arg_true()
        if not len(places):
            return BODIES.to_frame(), others
        read = self._frame(tokens, places, [bodies[row] for row in rows])
        return read.with_columns(pl.Series(rows, dtype=pl.UInt32)[places].alias("row")).select(*BODIES), others

    def _is_worth_it(self, form: Form) -> bool:
        tried, plain = self._tried.get(form, (0, 0))
        return self._reader.book.is_of_single_elements and (
            tried < _TRIED_BODIES or plain * 100 >= tried * _FEWEST_IN_HUNDRED
        )

    def _frame(self, tokens: Tokens, posts: pl.Series, bodies: Sequence[str]) -> pl.DataFrame:
        """Read the plain bodies, whose tags are given."""
        tokens = without_hidden(tokens)
        block = (tokens.meant("breaks") == BLOCK_BREAK).cum_sum().alias("block")
        tokens = tokens.replaced_by(tokens.rows.hstack([block]))
        blocks, elements = texts_of(tokens)
        texts = texts_of_blocks(blocks, block[-1] + 1)
        is_kept, values = furniture_of(tokens, texts, self._tags)
        if is_kept is not None:
            blocks, elements = (each.filter(is_kept[each["block"]]) for each in (blocks, elements))
            tokens = tokens.replaced_by(tokens.rows.filter(is_kept[block]))
        links = links_of(tokens, elements)
        items = {
            "links": links.with_columns(self._addresses(links, bodies)),
            "headings": headings_of(tokens, texts),
            "mentions": mentions_of(tokens, elements, self._tags.entities),
        }
        bounds = {kind: each["post"] for kind, each in items.items()}
        bounds["code"] = tokens.rows["post"].filter(tokens.meant("is_code"))
        return pl.DataFrame(
            [
                texts_of_posts(blocks, posts).alias("text"),
                first_paragraphs(blocks, posts).alias("first_paragraph"),
                *_lists(items, bounds, posts),
                *_values(values, posts),
            ]
        )

    def _addresses(self, links: pl.DataFrame, bodies: Sequence[str]) -> pl.Series:
        """The addresses of links as the posts write them."""
        urls = links["url"]
        escaped = urls.str.contains("%", literal=True).arg_true()
        if len(escaped):
            escapes = {post: escapes_of(bodies[post]) for post in links["post"][escaped].unique().to_list()}
            written = [
                as_written(url, escapes[post]) for post, url in zip(links["post"][escaped], urls[escaped], strict=True)
            ]
            urls = urls.scatter(escaped, pl.Series(written, dtype=pl.String))
        return urls.str.strip_suffix("\\") if self._reader.wikilinks else urls


def _lists(items: Mapping[str, pl.DataFrame], posts_of: Mapping[str, pl.Series], posts: pl.Series) -> pl.DataFrame:
    """Gather the items of each post in lists, and count its blocks of code; `posts_of` has the post of each item."""
    sides: tuple[Literal["left", "right"], ...] = ("left", "right")
    bounds = pl.select(
        [
            pl.lit(each).search_sorted(posts, side).alias(f"{kind} {side}")
            for kind, each in posts_of.items()
            for side in sides
        ]
    )
    length = {kind: pl.col(f"{kind} right") - pl.col(f"{kind} left") for kind in posts_of}
    return bounds.select(
        *[
            pl.lit(items[kind][name].implode())
            .list.slice(f"{kind} left", length[kind])
            .cast(BODIES[column])
            .alias(column)
            for kind, names in _LISTS.items()
            for name, column in names.items()
        ],
        code_blocks=length["code"].cast(pl.Int64),
    )


def _values(values: Mapping[int, Values], posts: pl.Series) -> pl.DataFrame:
    """The columns that rules fill, and the warning that an original has no web address."""
    rows: list[tuple[str | None, str | None, str, list[str]]] = []
    for post in posts.to_list():
        filled = values.get(post)
        if filled is None:
            rows.append((None, None, "{}", []))
            continue
        warnings = ["link_empty"] if filled.get("original_url", "") is None else []
        original_url, medium = filled.pop("original_url", None), filled.pop("medium", None)
        extra = json.dumps(filled, ensure_ascii=False, separators=(",", ":")) if filled else "{}"
        rows.append((original_url, medium, extra, warnings))
    return frame(rows, pl.Schema({name: BODIES[name] for name in ("original_url", "medium", "extra", "warnings")}))
