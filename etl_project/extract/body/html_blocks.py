"""Keep blocks of HTML whole: they end with their end tag in kramdown and Python-Markdown, not at a blank line.

What `markdown="1"` encloses is Markdown again, at any depth; everything else in a block stays as it is written.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import FENCE, CodeRegions, compile_outside_code, substitute_outside_code

_TAGS = (
    "address|article|aside|blockquote|center|details|dialog|div|dl|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|iframe"
    "|main|nav|ol|p|section|summary|table|ul"
)
_START = compile_outside_code(rf"^(?P<indent>[ ]{{0,3}})<(?P<name>{_TAGS})\b[^<>]*>", r"\n(?=[ ]{0,3}<)")
_STARTS = re.compile(rf"[ ]{{0,3}}<(?:{_TAGS})\b")
_STARTS_LINE = re.compile(rf"\n[ ]{{0,3}}<(?:{_TAGS})\b")
_MARKDOWN_INSIDE = re.compile(
    r"<(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<before>(?:(?!\smarkdown=)[^<>])*)"
    r"""\smarkdown=(?:"(?:1|block|span)"|'(?:1|block|span)'|1)(?P<rest>[^<>]*)>"""
)
_OPENING = compile_outside_code(rf"<(?P<name>(?!hr\b)(?:{_TAGS}))\b(?![^<>]*\smarkdown=)", "<(?=[a-z])")
_TAG = re.compile(rf"<(?P<end>/?)(?:{_TAGS})\b[^<>]*>")
_TEXT_AFTER_END = re.compile(rf"</(?:{_TAGS})\b[^<>]*>(?![ \t]*(?:\n[ \t]*)?(?:<(?:/|!--|(?:{_TAGS})\b)|\Z))")
_COMMENT = compile_outside_code(
    r"^(?P<before>[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?)<!--(?!-->)(?:[^-]|-(?!->)){0,1000}-->[ \t]*(?=[^\s])",
    r"\n(?=[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?<!--)",
)
_COMMENT_STARTS = re.compile(r"\n[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?<!--")
_TEXT_AFTER_COMMENT = re.compile(r"-->[ \t]*[^\s]")
_CHARACTERS_ABOVE = 2_000
"""Characters within which a block of HTML begins that is looked for."""
_BLANK_LINE = re.compile(r"\n[ \t]*(?=\n)")
_SPACED_BLANK_LINE = re.compile(r"\n[ \t]+\n")
_EMPTY_COMMENT = "<!---->"
_NOTHING_FOLLOWS = re.compile(r"\n\n|\s*\Z|[ \t]*</")
_MAX_DEPTH = 6
"""Elements with `markdown="1"` within each other that are followed."""


def keep_html_blocks(body: str, depth: int = 0) -> str:
    """Make blank lines within a block of HTML no end of it, and its end one.

    A block without an end tag stays as it is.

    Args:
        body: Markdown.
        depth: how many elements with `markdown="1"` are around it.

    Returns:
        The body changed; the same object if no block had to be.
    """
    if _STARTS_LINE.search(body) is None and _STARTS.match(body) is None:
        return body
    has_markdown = "markdown=" in body
    if not has_markdown and _is_parted_by_blank_lines(body):
        return body
    unclosed: set[str] = set()
    blocks: list[tuple[int, int, str]] = []
    block_end = 0

    def note_block(match: re.Match[str]) -> str:
        nonlocal block_end
        name, start = match["name"], match.start()
        if start < block_end or name in unclosed:
            return match[0]
        end = match.end() if name == "hr" else _find_end(body, name, start, is_markdown=has_markdown)
        if end < 0:
            unclosed.add(name)
            return match[0]
        block_end = end
        blocks.append((start, end, match["indent"]))
        return match[0]

    substitute_outside_code(_START, note_block, body)
    kept: list[str] = []
    begin = 0
    for start, end, indent in blocks:
        written = body[start:end]
        block = _keep_blank_lines(written, indent, depth)
        following = "" if _NOTHING_FOLLOWS.match(body, end) else "\n\n"
        if block != written or following:
            kept += (body[begin:start], block, following)
            begin = end
    if not kept:
        return body
    kept.append(body[begin:])
    return "".join(kept)


def is_in_html_block(body: str, position: int) -> bool:
    """Tell whether a position is in a block of HTML, whose text is no Markdown.

    Args:
        body: Markdown, in which no block of HTML holds a blank line.
        position: in the body.
    """
    blank_line = body.rfind("\n\n", max(position - _CHARACTERS_ABOVE, 0), position)
    if blank_line < 0 and position > _CHARACTERS_ABOVE:
        return False
    return _STARTS.match(body, blank_line + 2 if blank_line >= 0 else 0) is not None


def remove_comments_before_text(body: str) -> str:
    """Remove comments that begin a line and have text after them: they would make HTML of that line.

    Args:
        body: Markdown.

    Returns:
        The body changed; the same object if it has no such comment.
    """
    if _TEXT_AFTER_COMMENT.search(body) is None or _COMMENT_STARTS.search(f"\n{body}") is None:
        return body
    return substitute_outside_code(_COMMENT, lambda match: match["before"], body)


def open_html_blocks(body: str, start: int = 0) -> str:
    """Write `markdown="1"` into each block of HTML, as the option `parse_block_html` of kramdown means.

    Args:
        body: Markdown.
        start: where the option begins to count.

    Returns:
        The body changed; the same object if it has no block of HTML.
    """
    if "<" not in body:
        return body
    return substitute_outside_code(
        _OPENING, lambda match: f'<{match["name"]} markdown="1"' if match.start() >= start else match[0], body
    )


def _is_parted_by_blank_lines(body: str) -> bool:
    """Tell whether blank lines part the blocks of HTML from the text, and none is within a block: most HTML is so."""
    if _SPACED_BLANK_LINE.search(body):
        return False
    return all(
        "<" not in part or (_STARTS_LINE.search(part) is None and _STARTS.match(part) is None) or _is_only_html(part)
        for part in body.split("\n\n")
    )


def _is_only_html(part: str) -> bool:
    """Tell whether a part without blank lines is whole elements, with no text beside them."""
    if _STARTS.match(part.lstrip("\n")) is None:
        return False
    if _TEXT_AFTER_END.search(part) is not None:
        return False
    depth = 0
    for end in _TAG.findall(part):
        depth += -1 if end else 1
        if depth < 0:
            return False
    return depth == 0


def _keep_blank_lines(block: str, indent: str, depth: int) -> str:
    """Fill the blank lines of a block of HTML, but for what in it is Markdown.

    Args:
        block: from its start tag to its end tag.
        indent: what stands before the start tag.
        depth: how many elements with `markdown="1"` are around it.
    """
    filled = f"\n{indent}{_EMPTY_COMMENT}"
    if "markdown=" not in block or depth >= _MAX_DEPTH:
        return block if "markdown=" in block else _BLANK_LINE.sub(filled, block)
    kept: list[str] = []
    begin = 0
    unclosed: set[str] = set()
    while opened := _MARKDOWN_INSIDE.search(block, begin):
        name = opened["name"]
        end = -1 if name in unclosed else _find_end(block, name, opened.start(), is_markdown=True)
        raw = block[begin : opened.start()]
        kept.append(f"{_BLANK_LINE.sub(filled, raw)}<{name}{opened['before']}{opened['rest']}>")
        begin = opened.end()
        if end < 0:
            unclosed.add(name)
            continue
        end_tag = block.rindex("<", begin, end)
        kept.append(f"\n\n{keep_html_blocks(block[begin:end_tag], depth + 1)}\n\n")
        begin = end_tag
    kept.append(_BLANK_LINE.sub(filled, block[begin:]))
    return "".join(kept)


def _find_end(body: str, name: str, start: int, *, is_markdown: bool) -> int:
    """Find the end of the element that begins at `start`, -1 if it has no end tag.

    Args:
        body: the text around it.
        name: of its tag.
        start: where its start tag begins.
        is_markdown: whether its content may hold fenced code, whose tags do not count.
    """
    fence = rf"(?P<fence>{FENCE})|" if is_markdown else ""
    code = CodeRegions(body)
    tag = re.compile(rf"{fence}<(?P<end>/?){name}\b[^<>]*>", re.MULTILINE)
    depth = 0
    position = start
    while match := tag.search(body, position):
        position = match.end()
        if is_markdown and match["fence"]:
            position = code.end_of_fence(*match.span())
            continue
        depth += -1 if match["end"] else 1
        if depth == 0:
            return position
    return -1
