"""Limit what is costly to parse in the HTML of a body."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_HARMLESS_TAGS = 4_000
"""A post with at most this many tags parses fast, however they are nested."""
_HARMLESS_CHARACTERS = 100_000
"""In a post of at most this many characters no tag can be long enough to be slow."""
_MAX_OPEN_ELEMENTS = {"block": 256, "inline": 32}
"""Elements that may be open at once in a post of more than `_HARMLESS_TAGS` tags. The tags of further ones are dropped,
their content stays. The parser repeats open inline elements in every later paragraph, so fewer of those are safe."""
_INLINE_TAGS = frozenset(("b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))
_MAX_TAGS_PER_TREE = 100_000
"""A post with at most this many tags is parsed into one tree."""
_PIECE_CHARACTERS = 1024 * 1024
"""Characters of HTML that a post of more tags has per tree."""
_BLOCK_START = re.compile(r"<(?:p|li|tr|h[1-6]|ul|ol|dl|table|blockquote|pre|div|section|article)[\s>]", re.IGNORECASE)
_ROW_START = re.compile(r"<tr[\s>]", re.IGNORECASE)
# Elements that never nest deeply: they have no content, or the next one of their kind ends them.
_NEVER_NESTED_TAGS = (
    "a|area|base|br|col|colgroup|dd|dt|embed|hr|img|input|li|link|meta|optgroup|option|p|rp|rt|source|tbody|td|tfoot"
    "|th|thead|tr|track|wbr"
)
_TAG = re.compile(
    rf"""<!--.*?(?:-->|\Z)|<(/?)(?!(?:{_NEVER_NESTED_TAGS})[\s/>])([a-z][^\s/>]*)"""
    r"""[^"'>]*+(?:(?:"[^"]*"|'[^']*')[^"'>]*+)*(?:>|.*\Z)""",
    re.DOTALL | re.IGNORECASE,
)
_LONG_TAG = re.compile(r"(<[a-zA-Z][a-zA-Z0-9]{0,20})[^<>]{20000,}")
_QUOTED_VALUE = re.compile(r'"[^"]*"|' r"'[^']*'")


def drop_costly_tags(html: str) -> str:
    """Drop the tags and attributes that would make the parser slow or use much memory.

    The parser's time grows with the square of the nesting depth, of the number of unclosed inline elements and of the
    number of attributes of one tag: 15,000 tags in 80 KB can cost 5 seconds and 1.6 GB.

    Args:
        html: HTML of a whole post.

    Returns:
        HTML with the same text; for nearly every post the same object.
    """
    if len(html) > _HARMLESS_CHARACTERS:
        html = _LONG_TAG.sub(_strip_long_attributes, html)
    if len(html) <= _HARMLESS_TAGS or html.count("<") <= _HARMLESS_TAGS:
        return html
    kept = []
    begin = 0
    open_count: Counter[str] = Counter()
    dropped_count: Counter[str] = Counter()
    depth = {"block": 0, "inline": 0}
    for match in _TAG.finditer(html):
        if match[2] is None:
            continue
        name = match[2].lower()
        kind = "inline" if name in _INLINE_TAGS else "block"
        if match[1]:
            if not dropped_count[name]:
                if open_count[name]:
                    open_count[name] -= 1
                    depth[kind] -= 1
                continue
            dropped_count[name] -= 1
        else:
            if depth[kind] < _MAX_OPEN_ELEMENTS[kind]:
                open_count[name] += 1
                depth[kind] += 1
                continue
            dropped_count[name] += 1
        kept.append(html[begin : match.start()])
        begin = match.end()
    kept.append(html[begin:])
    return "".join(kept)


def pieces(html: str) -> Iterator[str]:
    """Split HTML whose tree would take hundreds of megabytes into pieces that are parsed one after another.

    Args:
        html: HTML of a whole post.

    Yields:
        For nearly every post the whole HTML; otherwise pieces of about a mebibyte, each beginning at a block, list item
        or table row. An element that is open where a piece ends is closed there.
    """
    if len(html) <= _PIECE_CHARACTERS or html.count("<") <= _MAX_TAGS_PER_TREE:
        yield html
        return
    begin = 0
    while begin < len(html):
        cut = _BLOCK_START.search(html, begin + _PIECE_CHARACTERS)
        end = cut.start() if cut else len(html)
        piece = html[begin:end]
        yield "<table>" + piece if _ROW_START.match(piece) else piece
        begin = end


def _strip_long_attributes(match: re.Match[str]) -> str:
    """Drop the attributes of a tag that is too long even without its quoted values, which are harmless."""
    return match[1] if len(_QUOTED_VALUE.sub("", match[0])) > 20_000 else match[0]
