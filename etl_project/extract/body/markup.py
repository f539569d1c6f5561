"""Prepare the markup of a body before it is parsed: convert template syntax, and limit what is costly to parse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_TEMPLATE_COMMENT = re.compile(r"\{%-?[ \t]*(end)?comment\b[^{}]*%\}")
_TEMPLATE_FENCE = re.compile(
    r"^[ \t]*(?:\{%-?[ \t]*(?:end)?(?:highlight|codeblock)\b[^{}\n]*%\}"
    r"|\{\{[<%][ \t]*/?[ \t]*highlight\b[^{}\n]*\}\})[ \t]*$",
    re.MULTILINE,
)
_TEMPLATE_ADDRESS = re.compile(r"\]\(([^\s(){}<>]*\{[{%][^(){}\n]+\}+[^\s(){}<>]*)(?=[ \t)])")

_OBSIDIAN_TOKEN = re.compile(r"^ {0,3}(`{3,}|~{3,})|`[^`\n]*+`|%%|\n[ \t]*+(?=\n)", re.MULTILINE)

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


def convert_template_markup(body: str) -> str:
    """Convert template markup to Markdown.

    Comments of Liquid are removed. A highlight tag on a line of its own (Jekyll, Hexo, Hugo) becomes a code fence. An
    address that holds an expression (`[text]({{ site.url }}/x)`) is put in angle brackets, since Markdown allows
    white space in an address only there (CommonMark 0.31, section 6.3). NUL becomes U+FFFD (section 2.3).

    Args:
        body: Markdown or HTML.

    Returns:
        The body without template markup; the same object if it has none.
    """
    if "\0" in body:
        body = body.replace("\0", "\ufffd")
    if "{" not in body or ("{%" not in body and "{{" not in body):
        return body
    if "comment" in body:
        body = _strip_liquid_comments(body)
    body = _TEMPLATE_FENCE.sub("~~~~~~", body)
    return _TEMPLATE_ADDRESS.sub(_bracket_address, body)


def _strip_liquid_comments(body: str) -> str:
    """Remove what is between `{% comment %}` and `{% endcomment %}`, and these tags."""
    kept = []
    begin = 0
    in_comment = False
    for match in _TEMPLATE_COMMENT.finditer(body):
        is_end = match[1] is not None
        if is_end == in_comment:
            if not in_comment:
                kept.append(body[begin : match.start()])
            in_comment = not in_comment
            begin = match.end() if is_end else match.start()
    kept.append(body[begin:])  # An unclosed comment stays: losing the rest of the post would be worse.
    return "".join(kept)


def strip_obsidian_comments(body: str) -> str:
    """Remove Obsidian's `%%` comments, except in code.

    A comment at the start of a line may span paragraphs; any other must end in its own paragraph. An unclosed comment
    stays: losing the rest of the post would be worse.

    Args:
        body: Markdown of a note.

    Returns:
        The note without its comments.
    """
    kept = []
    begin = 0  # end of the last comment that was removed
    start: int | None = None  # where the open comment starts
    fence = ""  # the fence of the open code block
    for match in _OBSIDIAN_TOKEN.finditer(body):
        token = match[0]
        if match[1]:
            if fence:
                fence = "" if match[1].startswith(fence) else fence
            elif start is None:
                fence = match[1]
        elif token == "%%" and not fence:
            if start is None:
                start = match.start()
                continue
            kept.append(body[begin:start])
            begin, start = match.end(), None
        elif token[0] == "\n" and start and body[start - 1] != "\n":
            start = None  # a blank line: the paragraph ends before the comment does
    kept.append(body[begin:])
    return "".join(kept)


def _bracket_address(match: re.Match[str]) -> str:
    address = match[1].replace("<", r"\<").replace(">", r"\>")
    return f"](<{address}>"


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
    if html.count("<") <= _HARMLESS_TAGS:
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
