"""Patterns that a site's settings contain, used only where their work is bounded: Python's `re` knows no time limit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_MOST_STEPS = 200_000_000
"""Ways to match that a text may offer a pattern at the worst; Python tries some ten million a second."""

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:P[<=]\w+>?|[:=!>]|<[=!]|[aiLmsux-]+[:)]|\#[^)]*\))?|[()|]"
    r"|[*+?](?P<lazy>[?+])?|\{(?P<least>\d*),?(?P<most>\d*)\}|.",
    re.DOTALL,
)


@dataclass(slots=True)
class _Group:
    """What a group of a pattern contains, so far."""

    varies: bool = False
    """Something in it may match in more than one way."""


@dataclass(frozen=True, slots=True)
class SafePattern:
    """A pattern, and how its work grows with the text."""

    compiled: re.Pattern[str]
    unbounded: int
    """Repeats without an upper limit."""
    choices: int
    """Optional parts and alternatives."""

    def is_affordable(self, text: str, *, everywhere: bool = False) -> bool:
        """Whether matching a text, at its start or everywhere, is sure to end soon."""
        size = len(text) + 1
        steps = math.comb(size + self.unbounded, self.unbounded) << min(self.choices, 60)
        return steps * (size if everywhere else 1) <= _MOST_STEPS

    def match(self, text: str) -> re.Match[str] | None:
        """Match a text from its start, as `re.match` does.

        Raises:
            OverflowError: it might take too long.
        """
        if not self.is_affordable(text):
            raise OverflowError("the pattern may take too long")
        return self.compiled.match(text)


def safe_pattern(written: str, flags: int = 0) -> SafePattern | None:
    """Compile a pattern; None for one that is none, or that repeats a part which may match in several ways."""
    try:
        compiled = re.compile(written, flags)
    except (re.error, OverflowError, RecursionError, ValueError):
        return None
    stack = [_Group()]
    last = _Group()
    unbounded = choices = 0
    for token in _TOKEN.finditer(written):
        text = token[0]
        if text[0] == "(" and not text.endswith(")") and not text.startswith(("(?P=", "(?#")):
            stack.append(_Group())
        elif text == ")":
            last = stack.pop() if len(stack) > 1 else _Group()
            stack[-1].varies = stack[-1].varies or last.varies
        elif text == "|":
            choices += 1
            stack[-1].varies = True
        elif text[0] in "*+?" or (text[0] == "{" and token["least"] is not None):
            is_optional = text[0] == "?"
            if last.varies and not is_optional:
                return None
            is_exact = text[0] == "{" and "," not in text
            if not is_exact:
                stack[-1].varies = True
            if text[0] in "*+" or (text[0] == "{" and "," in text and not token["most"]):
                unbounded += 1
            elif not is_exact:
                choices += 1 if is_optional else int(token["most"] or 0).bit_length()
            last = _Group()
        else:
            last = _Group()
    return SafePattern(compiled, unbounded, choices)
