"""What is done to a body's markup before it becomes a tree, so that it reads right and cannot do harm."""

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

_VAULT_MARK = re.compile(r"^ {0,3}(`{3,}|~{3,})|`[^`\n]*+`|%%|\n[ \t]*+(?=\n)", re.MULTILINE)

_ENOUGH_TAGS = 4_000
"""Tags of a post up to which no arrangement of them is slow."""
_ENOUGH_TEXT = 100_000
"""Characters up to which no tag can be long enough to be slow."""
_DEEPEST = {"block": 256, "inline": 32}
"""Elements open at once in a post with more tags than that; further ones are left out, their content stays.
The parser repeats open inline elements in every paragraph that follows, so fewer of those are safe."""
_INLINE = frozenset(("b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))
_ENOUGH_NODES = 100_000
"""Tags of a post up to which its tree is small enough."""
_PIECE = 1024 * 1024
"""Characters of HTML that are read at once in larger posts."""
_BLOCK_START = re.compile(r"<(?:p|li|tr|h[1-6]|ul|ol|dl|table|blockquote|pre|div|section|article)[\s>]", re.IGNORECASE)
_ROW_START = re.compile(r"<tr[\s>]", re.IGNORECASE)
# Elements that never pile up: they have no content, or the next of their kind ends them.
_NEVER_DEEP = (
    "a|area|base|br|col|colgroup|dd|dt|embed|hr|img|input|li|link|meta|optgroup|option|p|rp|rt|source|tbody|td|tfoot"
    "|th|thead|tr|track|wbr"
)
_TAG = re.compile(
    rf"""<!--.*?(?:-->|\Z)|<(/?)(?!(?:{_NEVER_DEEP})[\s/>])([a-z][^\s/>]*)"""
    r"""[^"'>]*+(?:(?:"[^"]*"|'[^']*')[^"'>]*+)*(?:>|.*\Z)""",
    re.DOTALL | re.IGNORECASE,
)
_LONG_TAG = re.compile(r"(<[a-zA-Z][a-zA-Z0-9]{0,20})[^<>]{20000,}")
_QUOTED = re.compile(r'"[^"]*"|' r"'[^']*'")


def as_markdown(body: str) -> str:
    """Make of template markup what Markdown can read.

    Comments of Liquid go. A highlight tag on a line of its own (Jekyll, Hexo, Hugo) becomes a fence. An
    address that holds an expression (`[text]({{ site.url }}/x)`) is put in pointy brackets, since
    Markdown allows no white space in an address otherwise (CommonMark 0.31, section 6.3). NUL becomes
    U+FFFD (section 2.3).

    Args:
        body: Markdown or HTML.

    Returns:
        The same without that markup; the same object where there is none.
    """
    if "\0" in body:
        body = body.replace("\0", "\ufffd")
    if "{" not in body or ("{%" not in body and "{{" not in body):
        return body
    if "comment" in body:
        body = _without_comments(body)
    body = _TEMPLATE_FENCE.sub("~~~~~~", body)
    return _TEMPLATE_ADDRESS.sub(_pointy, body)


def _without_comments(body: str) -> str:
    kept = []
    begin = 0
    commented = False
    for match in _TEMPLATE_COMMENT.finditer(body):
        is_end = match[1] is not None
        if is_end == commented:
            if not commented:
                kept.append(body[begin : match.start()])
            commented = not commented
            begin = match.end() if is_end else match.start()
    kept.append(body[begin:])  # an unclosed comment stays: losing the rest of the post would be worse
    return "".join(kept)


def without_vault_comments(body: str) -> str:
    """Take out Obsidian's `%%` comments, code apart.

    One that begins a line may span paragraphs, any other ends with its own. One that is not closed stays: losing the
    rest of the post would be worse.

    Args:
        body: Markdown of a note.

    Returns:
        The same without its comments.
    """
    kept = []
    begin = 0
    start: int | None = None
    fence = ""
    for match in _VAULT_MARK.finditer(body):
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
            start = None
    kept.append(body[begin:])
    return "".join(kept)


def _pointy(match: re.Match[str]) -> str:
    address = match[1].replace("<", r"\<").replace(">", r"\>")
    return f"](<{address}>"


def tame(html: str) -> str:
    """Take out of HTML what would make the parser slow or hungry.

    The parser needs time in the square of the depth of nesting, of the inline elements left open, and of the
    attributes of one tag: 15,000 tags in 80 KB can cost it 5 seconds and 1.6 GB.

    Args:
        html: HTML of a whole post.

    Returns:
        HTML with the same text; the same object for nearly every post.
    """
    if len(html) > _ENOUGH_TEXT:
        html = _LONG_TAG.sub(_without_attributes, html)
    if html.count("<") <= _ENOUGH_TAGS:
        return html
    kept = []
    begin = 0
    opened: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    depth = {"block": 0, "inline": 0}
    for match in _TAG.finditer(html):
        if match[2] is None:
            continue
        name = match[2].lower()
        kind = "inline" if name in _INLINE else "block"
        if match[1]:
            if not dropped[name]:
                if opened[name]:
                    opened[name] -= 1
                    depth[kind] -= 1
                continue
            dropped[name] -= 1
        else:
            if depth[kind] < _DEEPEST[kind]:
                opened[name] += 1
                depth[kind] += 1
                continue
            dropped[name] += 1
        kept.append(html[begin : match.start()])
        begin = match.end()
    kept.append(html[begin:])
    return "".join(kept)


def pieces(html: str) -> Iterator[str]:
    """Cut HTML that would make a tree of hundreds of megabytes into pieces to be read one after another.

    Args:
        html: HTML of a whole post.

    Yields:
        The HTML itself for nearly every post; otherwise pieces of about a mebibyte, each from the start
        of a block, list item or table row. An element open across a cut is closed there.
    """
    if len(html) <= _PIECE or html.count("<") <= _ENOUGH_NODES:
        yield html
        return
    begin = 0
    while begin < len(html):
        cut = _BLOCK_START.search(html, begin + _PIECE)
        end = cut.start() if cut else len(html)
        piece = html[begin:end]
        yield "<table>" + piece if _ROW_START.match(piece) else piece
        begin = end


def _without_attributes(match: re.Match[str]) -> str:
    return match[1] if len(_QUOTED.sub("", match[0])) > 20_000 else match[0]
