"""Which HTML is read by columns: HTML that every parser reads as it is written.

A parser of HTML repairs what is wrong. Where nothing is wrong, the tree is what the tags say, and it can be read by
columns. A post is read so if all of this holds; `body_tags.py` and `body_tree.py` test it, and whatever does not match
is left to the tree:

    post        = content of a flow element
    element     = "<" name attributes ">" content "</" name ">"      the names of `ELEMENTS`, in lower case
                | "<" void attributes ["/"] ">"                      the names of `VOID`
                | "<!--" anything without "<" or ">" "-->"
    attributes  = (" " name ["=" quoted])*                           names in lower case, values without "<" or ">"
    text        = anything without "<"; "&" begins no reference but a known one that ";" ends

    an element stands only in a container that `fits` names: no block in a paragraph, `li` only in a list, cells only in
    rows; no link in a link; nothing but white space between the parts of a table; nothing but text in a script
"""

from __future__ import annotations

from typing import NamedTuple

FLOW, PHRASING, LIST, PAIRS, TABLE, ROWS, CELLS, RAW = (1 << number for number in range(8))
"""What an element may hold: blocks and text, text with its markup, `li`, `dt` and `dd`, the parts of a table, its rows,
its cells, or text that is no HTML. One bit each."""
ANYWHERE = FLOW | PHRASING | LIST | PAIRS | TABLE | ROWS | CELLS
BLANK_ONLY = TABLE | ROWS | CELLS
"""Containers whose text would be moved before the table."""
_TEXT = FLOW | PHRASING


class Element(NamedTuple):
    """One kind of element: where it may stand, and what it may hold."""

    fits: int
    """The containers that may hold it."""
    inside: int
    """The container that it is."""


_BLOCKS = (
    "address", "article", "aside", "blockquote", "center", "details", "div", "figcaption", "figure", "footer",
    "header", "main", "nav", "section",
)  # fmt: skip
_PARAGRAPHS = ("p", "pre", "summary", "h1", "h2", "h3", "h4", "h5", "h6")
_INLINE = (
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
)  # fmt: skip
ELEMENTS: dict[str, Element] = {
    **dict.fromkeys(_BLOCKS, Element(FLOW, FLOW)),
    **dict.fromkeys(_PARAGRAPHS, Element(FLOW, PHRASING)),
    **dict.fromkeys(_INLINE, Element(_TEXT, PHRASING)),
    **dict.fromkeys(("ul", "ol"), Element(FLOW, LIST)),
    "li": Element(LIST, FLOW),
    "dl": Element(FLOW, PAIRS),
    **dict.fromkeys(("dt", "dd"), Element(PAIRS, FLOW)),
    "table": Element(FLOW, TABLE),
    "caption": Element(TABLE, FLOW),
    **dict.fromkeys(("thead", "tbody", "tfoot"), Element(TABLE, ROWS)),
    "tr": Element(TABLE | ROWS, CELLS),
    **dict.fromkeys(("td", "th"), Element(CELLS, FLOW)),
    **dict.fromkeys(("script", "style", "iframe"), Element(_TEXT, RAW)),
}
"""Name -> what is known of elements that an end tag must close."""
VOID: dict[str, int] = {"hr": FLOW, **dict.fromkeys(("br", "img", "input", "wbr"), _TEXT)}
"""Name -> the containers that may hold an element without content."""
MAX_DEPTH = 40
"""Elements that may be open at once."""
MAX_CHARACTERS = 100_000
"""A longer post of HTML is left to the tree."""
