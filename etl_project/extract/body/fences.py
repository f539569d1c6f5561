"""Find the fenced code of a body, which no pass over its Markdown may change (CommonMark 0.31, section 4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?(`{3,}(?=[^`\n]*$)|~{3,})([^\n]*)$", re.MULTILINE)

_MAX_OPEN_FENCES = 5
_MARGINS = tuple(" " * blanks + sign for blanks in range(4) for sign in "`~")
"""How a line with a fence begins that is neither indented code nor in a quote."""


def text_spans(markdown: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each part of a body outside fenced code.

    A fence ends with one of the same sign that is at least as long and has nothing after it; an open one ends with the
    body.
    """
    start = 0
    fence = ""
    for match in _FENCE.finditer(markdown):
        if not fence:
            fence = match[1]
            yield start, match.start()
        elif match[1].startswith(fence) and not match[2].strip():
            fence = ""
            start = match.end()
    if not fence:
        yield start, len(markdown)


def substitute_outside_fences(pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], markdown: str) -> str:
    """Replace what matches a pattern, except in fenced code.

    Args:
        pattern: it must not match fences.
        replace: makes the replacement of a match.
        markdown: a body in Markdown.
    """
    if "```" not in markdown and "~~~" not in markdown:
        return pattern.sub(replace, markdown)
    kept: list[str] = []
    begin = 0
    for start, end in text_spans(markdown):
        kept += (markdown[begin:start], pattern.sub(replace, markdown[start:end]))
        begin = end
    kept.append(markdown[begin:])
    return "".join(kept)


def show_open_fences(markdown: str) -> str:
    """Write fences that nothing closes as text: kramdown reads what follows them as Markdown.

    Args:
        markdown: a body in Markdown of kramdown.

    Returns:
        The body changed; the same object if it has no such fence.
    """
    if markdown.count("```") % 2 == 0 and ("~" not in markdown or markdown.count("~~~") % 2 == 0):
        return markdown
    for _ in range(_MAX_OPEN_FENCES):
        opening: re.Match[str] | None = None
        for match in _FENCE.finditer(markdown):
            if opening is None:
                opening = match
            elif match[1].startswith(opening[1]) and not match[2].strip():
                opening = None
        if opening is None or not opening[0].startswith(_MARGINS):
            break
        text = f"&#{ord(opening[1][0])};" * len(opening[1])
        markdown = markdown[: opening.start(1)] + text + markdown[opening.end(1) :]
    return markdown
