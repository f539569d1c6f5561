"""Globs of Hugo, as its library gobwas/glob reads them with `/` as separator: `*`, `**`, `?`, `[a-z]`, `{a,b}`."""

from __future__ import annotations

import re
from functools import lru_cache

_PIECE = re.compile(r"\*\*|[*?{},]|\[!?[^\]]+\]|\\.|.", re.DOTALL)
_SIMPLE = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}
_MAX_PIECES = 1000
_MAX_WILDCARDS = 8
"""Most `*` of a glob: each may multiply the time that a text without a match takes."""


@lru_cache(maxsize=1024)
def compile_glob(glob: str) -> re.Pattern[str] | None:
    """Compile a glob; letters match in either case. None for one that Hugo would refuse, or that is unusually long."""
    pieces = _PIECE.findall(glob)
    if len(pieces) > _MAX_PIECES or sum(piece in ("*", "**") for piece in pieces) > _MAX_WILDCARDS:
        return None
    parts: list[str] = []
    depth = 0
    for piece in pieces:
        depth += (piece == "{") - (piece == "}")
        if piece == "," and depth > 0:
            parts.append("|")
        elif piece in _SIMPLE:
            parts.append(_SIMPLE[piece])
        elif piece[0] == "[" and len(piece) > 1:
            parts.append("[" + ("^" if piece[1] == "!" else "") + _escape_class(piece[1:-1].removeprefix("!")) + "]")
        else:
            parts.append(re.escape(piece[1:] if piece[0] == "\\" and len(piece) > 1 else piece))
    try:
        return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    except re.error:
        return None


def matches_glob(glob: str, text: str) -> bool:
    """Tell whether a whole text matches a glob; a glob that cannot be read matches nothing."""
    pattern = compile_glob(glob)
    return pattern is not None and pattern.fullmatch(text) is not None


def _escape_class(characters: str) -> str:
    return re.sub(r"([\\\[\]^&~|]|-(?=-))", r"\\\1", characters)
