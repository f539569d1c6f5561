"""Translate the patterns of files that the settings of sites use into regular expressions.

The expressions use no look-around, so that they can be tried by an engine whose time is linear in the path, whatever
somebody else's settings hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAX_PATTERN_CHARACTERS = 500
_MAX_ALTERNATIVES = 64
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_CLASS = re.compile(r"\[([!^]?)(\]?[^\]/]*)\]")
_CLOSING_SIGNS = {"@": "", "?": "?", "*": "*", "+": "+"}


def translate_glob(pattern: str) -> str | None:
    """Translate a pattern of folders and files: `*` stays within a folder, `**` crosses folders.

    Also `?`, `[a-z]`, `{a,b}`, and the groups `@(a|b)`, `?(a)`, `*(a)`, `+(a)` of bash, as micromatch (Hexo) and Ruby's
    `Dir.glob` (Jekyll) have them.

    Returns:
        An expression of a whole path, without anchors; None for a pattern that is none of these: `!` at its start or
        before a group, or one that is too long.
    """
    if len(pattern) > _MAX_PATTERN_CHARACTERS or pattern.startswith("!") or "!(" in pattern:
        return None
    alternatives = list(_expand_braces(pattern))
    return f"(?:{'|'.join(map(_translate_path, alternatives))})" if len(alternatives) <= _MAX_ALTERNATIVES else None


def translate_fnmatch(pattern: str) -> str | None:
    """Translate a pattern of Ruby's `File.fnmatch` without flags: `*` crosses folders, braces are only letters."""
    if len(pattern) > _MAX_PATTERN_CHARACTERS:
        return None
    return "".join(_translate_signs(pattern, any_text=".*", any_character="."))


def translate_globset(pattern: str) -> str | None:
    """Translate a pattern of Rust's globset (Zola): `*` crosses folders, `{a,b}` are alternatives.

    Returns:
        An expression of a whole path, without anchors; None for a pattern that is too long.
    """
    if len(pattern) > _MAX_PATTERN_CHARACTERS:
        return None
    alternatives = list(_expand_braces(pattern))
    if len(alternatives) > _MAX_ALTERNATIVES:
        return None
    return f"(?:{'|'.join([translate_fnmatch(text) or '' for text in alternatives])})"


def _expand_braces(pattern: str) -> Iterator[str]:
    """Give the alternatives of `{a,b}`, innermost first; they end once there are too many."""
    pending, found = [pattern], 0
    while pending and found <= _MAX_ALTERNATIVES and len(pending) <= _MAX_ALTERNATIVES:
        text = pending.pop()
        if match := _BRACES.search(text):
            before, after = text[: match.start()], text[match.end() :]
            pending += [f"{before}{part}{after}" for part in reversed(match[1].split(","))]
        else:
            found += 1
            yield text
    if pending:
        # More than are allowed: the caller counts them.
        yield from [""] * (_MAX_ALTERNATIVES + 1)


def _translate_path(pattern: str) -> str:
    """Translate a pattern without braces, folder by folder."""
    *folders, last = pattern.split("/")
    pieces: list[str] = []
    for folder in folders:
        pieces.append("(?:.*/)?" if folder == "**" else f"{_translate_name(folder)}/")
    if last != "**":
        return "".join((*pieces, _translate_name(last)))
    above = "".join(pieces)
    # `a/**` is the folder itself, too.
    return f"{above[:-1]}(?:/.*)?" if above.endswith("/") else f"{above}.*"


def _translate_name(pattern: str) -> str:
    return "".join(_translate_signs(pattern, any_text="[^/]*", any_character="[^/]"))


def _translate_signs(pattern: str, *, any_text: str, any_character: str) -> Iterator[str]:
    position = 0
    groups: list[str] = []
    has_groups = any_text != ".*"
    while position < len(pattern):
        sign = pattern[position]
        position += 1
        if has_groups and sign in _CLOSING_SIGNS and pattern[position : position + 1] == "(" and ")" in pattern:
            groups.append(_CLOSING_SIGNS[sign])
            position += 1
            yield "(?:"
        elif groups and sign == ")":
            yield f"){groups.pop()}"
        elif groups and sign == "|":
            yield "|"
        elif sign == "*":
            while pattern[position : position + 1] == "*":
                position += 1
            yield any_text
        elif sign == "?":
            yield any_character
        elif sign == "[" and (match := _CLASS.match(pattern, position - 1)) and match[2]:
            position = match.end()
            yield f"[{'^' if match[1] else ''}{re.sub(r'([^A-Za-z0-9-])', _escape_sign, match[2])}]"
        elif sign == "\\" and position < len(pattern):
            yield re.escape(pattern[position])
            position += 1
        else:
            yield re.escape(sign)
    yield from (f"){closing}" for closing in reversed(groups))


def _escape_sign(match: re.Match[str]) -> str:
    return f"\\{match[1]}" if match[1].isascii() and not match[1].isspace() else match[1]
