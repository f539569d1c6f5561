"""Find the fenced code of a body, which no pass over its Markdown may change (CommonMark 0.31, section 4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?(`{3,}(?=[^`\n]*$)|~{3,})([^\n]*)$", re.MULTILINE)


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
