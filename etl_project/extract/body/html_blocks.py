"""Keep blocks of HTML whole: they end with their end tag in kramdown and Python-Markdown, not at a blank line."""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_TAGS = (
    "address|article|aside|blockquote|center|details|div|dl|fieldset|figure|footer|form|header|main|nav|ol|section"
    "|table|ul"
)
_START = compile_outside_code(rf"^[ ]{{0,3}}<(?P<name>{_TAGS})\b[^<>]*>")
_STARTS = re.compile(rf"[ ]{{0,3}}<(?:{_TAGS})\b")
_STARTS_LINE = re.compile(rf"\n[ ]{{0,3}}<(?:{_TAGS})\b")
_BLANK_LINE = re.compile(r"\n[ \t]*(?=\n)")
_EMPTY_COMMENT = "\n<!---->"


def keep_html_blocks(body: str) -> str:
    """Make blank lines within a block of HTML no end of it, and its end one.

    A block that holds `markdown="1"` stays as it is, and so does one without an end tag.

    Args:
        body: Markdown.

    Returns:
        The body changed; the same object if no block holds a blank line or is followed by text.
    """
    if _STARTS_LINE.search(body) is None and _STARTS.match(body) is None:
        return body
    unclosed: set[str] = set()
    block_end = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal block_end
        name, start = match["name"], match.start()
        if start < block_end or name in unclosed:
            return match[0]
        end = _find_end(body, name, start)
        if end < 0:
            unclosed.add(name)
            return match[0]
        block_end = end
        blocks.append((start, end))
        return match[0]

    blocks: list[tuple[int, int]] = []
    substitute_outside_code(_START, keep, body)
    kept: list[str] = []
    begin = 0
    for start, end in blocks:
        block = body[start:end]
        if "markdown=" not in block:
            following = "" if body.startswith("\n\n", end) or end == len(body) else "\n\n"
            kept += (body[begin:start], _BLANK_LINE.sub(_EMPTY_COMMENT, block), following)
            begin = end
    kept.append(body[begin:])
    return "".join(kept)


def _find_end(body: str, name: str, start: int) -> int:
    """Find the end of the element that begins at `start`, -1 if it has no end tag."""
    depth = 0
    for match in re.compile(rf"<(/?){name}\b[^<>]*>").finditer(body, start):
        depth += -1 if match[1] else 1
        if depth == 0:
            return match.end()
    return -1
