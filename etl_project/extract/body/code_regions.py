"""Find the code of a body before its Markdown is read, so that what looks like a template tag in it stays."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

FENCE = r"^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?(?:`{3,}(?=[^`\n]*$)|~{3,})"
"""Pattern of the start of a fence, also in a quote or list item; needs `re.MULTILINE`."""
ELEMENT = r"<(?:pre|code|script|style)\b"
"""Pattern of the start of an element whose content is code."""
ELEMENT_STARTS = r"<(?=pre|code|script|style)"
"""Where an element whose content is code may start, for `Tokens`."""
CODE_STARTS = rf"\n(?=[ \t>]*(?:(?:[-*+]|[0-9]{{1,9}}[.)])[ \t]+)?(?:```|~~~))|`|{ELEMENT_STARTS}"
"""Where code may start, for `Tokens`."""

_TICKS = re.compile("`+")
_LIST_ITEM = re.compile(r"[ ]{0,3}(?:[-*+]|[0-9]{1,9}[.)])[ \t]")


class CodeRegions:
    """The code of one body. Every search that fails is remembered, so that the time grows with the length alone.

    Args:
        body: Markdown or HTML.
    """

    def __init__(self, body: str) -> None:
        self._body = body
        self._missing: set[str] = set()
        self._ticks: dict[int, list[int]] | None = None
        self._blank_line = -1
        self._line = self._line_seen = 0
        self._chunk_line = -1
        self._chunk_is_code = False

    def find(self, text: str, start: int) -> int:
        """Find a text from `start` on, -1 if it does not occur; calls for the same text must go forward."""
        if text in self._missing:
            return -1
        found = self._body.find(text, start)
        if found < 0:
            self._missing.add(text)
        return found

    def end_of_fence(self, start: int, end: int) -> int:
        """Find where the code that is opened by the fence in `start:end` ends; an open one ends with the body."""
        fence = self._body[start:end].lstrip(" \t>-*+.)0123456789")
        line_end = self._body.find("\n", end)
        if line_end < 0 or fence in self._missing:
            return len(self._body)
        closing = re.compile(rf"^[ \t>]*{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE).search(self._body, line_end)
        if closing is None:
            self._missing.add(fence)
            return len(self._body)
        return closing.end()

    def end_of_closed_fence(self, start: int, end: int) -> int:
        """Find where the code of a fence ends; `end` if nothing closes it, as in kramdown."""
        code_end = self.end_of_fence(start, end)
        return end if self._body[start:end].lstrip(" \t>-*+.)0123456789") in self._missing else code_end

    def end_of_ticks(self, start: int, end: int) -> int:
        """Find the end of the code that the backticks in `start:end` open; `end` if they open none."""
        if self._ticks is None:
            self._ticks = {}
            for match in _TICKS.finditer(self._body, start):
                self._ticks.setdefault(match.end() - match.start(), []).append(match.start())
        starts = self._ticks.get(end - start, [])
        position = bisect_right(starts, start)
        if position == len(starts):
            return end
        closing = starts[position]
        if self._blank_line < end:
            blank = self._body.find("\n\n", end)
            self._blank_line = blank if blank >= 0 else len(self._body)
        return closing + end - start if closing < self._blank_line else end

    def end_of_element(self, start: int, end: int) -> int:
        """Find the end of the element whose opening tag begins in `start:end`; `end` if it is not closed."""
        closing = self.find(f"</{self._body[start + 1 : end]}", end)
        return closing if closing >= 0 else end

    def line_start(self, position: int) -> int:
        """Find the start of the line of a position; calls must go forward."""
        newline = self._body.rfind("\n", self._line_seen, position)
        if newline >= 0:
            self._line = newline + 1
        self._line_seen = position
        return self._line

    def is_indented_code(self, position: int) -> bool:
        """Tell whether the line of a position is indented code: a blank line is above it, and no list item."""
        body = self._body
        line = self.line_start(position)
        if body[line] not in " \t" or not (
            body.startswith("    ", line) or body[line:position].lstrip(" ")[:1] == "\t"
        ):
            return False
        seen_blank = line == 0
        above = line
        while above > 0 and above != self._chunk_line:
            below, above = above, body.rfind("\n", 0, above - 1) + 1
            text = body[above : below - 1]
            if not text.strip():
                seen_blank = True
            elif not text.startswith(("    ", "\t")):
                is_code = seen_blank and not _LIST_ITEM.match(text) and not text.startswith(" ")
                break
            if above == self._chunk_line:
                is_code = self._chunk_is_code
                break
        else:
            is_code = self._chunk_is_code if above == self._chunk_line else seen_blank
        self._chunk_line, self._chunk_is_code = line, is_code
        return is_code


class Tokens:
    """A pattern of many alternatives, which is tried only where one of them may match.

    A search tries every alternative at every character: ten to thirty times the time of a search for single signs.

    Args:
        pattern: its alternatives; compiled with `re.MULTILINE`.
        starts: alternatives that begin with a sign each: a line feed, for matches that begin with the line after it, or
            the sign that a match begins with. Look-ahead may follow the sign. Without them every character is tried.
    """

    def __init__(self, pattern: str, starts: str = "") -> None:
        self._pattern = re.compile(pattern, re.MULTILINE)
        self._starts = re.compile(starts) if starts else None

    def search(self, body: str, position: int) -> re.Match[str] | None:
        """Find the first match that begins at a position or after it."""
        if self._starts is None:
            return self._pattern.search(body, position)
        if position == 0 and (found := self._pattern.match(body)):
            return found
        for sign in self._starts.finditer(body, max(position - 1, 0)):
            start = sign.end() if sign[0] == "\n" else sign.start()
            if start >= position and (found := self._pattern.match(body, start)):
                return found
        return None


def compile_outside_code(pattern: str, starts: str = "") -> Tokens:
    """Compile a pattern for `substitute_outside_code`.

    Args:
        pattern: no group of it may be named `fence`, `ticks` or `element`.
        starts: where it may match, as in `Tokens`.
    """
    code = rf"(?P<fence>{FENCE})|(?P<ticks>`+)|(?P<element>{ELEMENT})"
    return Tokens(f"{code}|{pattern}", f"{CODE_STARTS}|{starts}" if starts else "")


def substitute_outside_code(tokens: Tokens, replace: Callable[[re.Match[str]], str], body: str) -> str:
    """Replace what matches a pattern, except in code.

    Args:
        tokens: the result of `compile_outside_code`.
        replace: makes the replacement of a match.
        body: Markdown.

    Returns:
        The body changed; the same object if nothing was replaced.
    """
    code = CodeRegions(body)
    kept: list[str] = []
    begin = position = 0
    while match := tokens.search(body, position):
        start, end = match.span()
        if match["fence"]:
            position = code.end_of_fence(start, end)
        elif match["ticks"]:
            position = code.end_of_ticks(start, end)
        elif match["element"]:
            position = code.end_of_element(start, end)
        else:
            position = max(end, start + 1)
            if not code.is_indented_code(start):
                text = replace(match)
                if text != match[0]:
                    kept += (body[begin:start], text)
                    begin = position
    if not kept:
        return body
    kept.append(body[begin:])
    return "".join(kept)
