"""Read the names of terms (tags, categories, authors) from values of the front matter, in the order written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from etl_project.dialects import Split

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

NESTING = "\x1f"
"""The separator between the parts of a nested category: the unit separator, which no name can contain."""

_ONE_NAME_SIGNS = re.compile(r"""["'`;<>(){}\[\]|$]""")
# Ruby splits at white space of ASCII only: an ideographic space is part of a name.
_RUBY_WHITE_SPACE = re.compile(r"[ \t\n\v\f\r\0]+")
_COMMA = re.compile("[,，]")
_COMMA_OR_WHITE_SPACE = re.compile(r"[,，\s]+")
_BODY_TAG = re.compile(r"(?<!\S)#([\w/-]+)")
_INLINE_CODE = re.compile(r"`[^`\n]*`")


def unique_names(names: Iterable[str]) -> list[str]:
    """Trim the names, drop empty ones and repetitions, and keep the order of first occurrence."""
    return list(dict.fromkeys([stripped for name in names if (stripped := name.strip())]))


def listed_names(value: Value) -> list[str]:
    """Collect the names in a value without splitting any text: a text is one name, nulls are skipped.

    Lists are searched at every depth. A table gives the text of its `name`; without one it gives its keys if none
    of them has a value (a YAML set), else no names.
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    names: list[str] = []
    # A stack instead of recursion: depth follows the input.
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            names.append(item)
        elif isinstance(item, list):
            pending.extend(reversed(item))
        elif isinstance(item, dict):
            name = item.get("name")
            if isinstance(name, str):
                names.append(name)
            elif not any(item.values()):
                names.extend(item)
    return names


def split_names(value: Value, split: Split) -> list[str]:
    """Collect the names in a value. A text is split by the rule of the dialect; items of a list are never split."""
    if not isinstance(value, str) or split == "whole":
        return listed_names(value)
    if split == "white_space" or (split == "words" and not _ONE_NAME_SIGNS.search(value)):
        return _RUBY_WHITE_SPACE.split(value)
    if split == "words":
        return [value]
    if split == "comma_or_white_space":
        return _COMMA_OR_WHITE_SPACE.split(value)
    if split == "comma_or_semicolon" and ";" in value:
        return value.split(";")
    return _COMMA.split(value)


def nested_names(value: Value) -> list[str]:
    """Read the categories of Hexo: a list is one path from the widest to the narrowest, a list of lists is several.

    An article in A > B is in A too, so the result holds A, then A > B, and so on to the end of each path.
    """
    if not isinstance(value, list):
        return listed_names(value)
    paths = value if any(isinstance(item, list) for item in value) else [value]
    names: list[str] = []
    for path in paths:
        above = ""
        for part in unique_names(flat_names(listed_names(path))):
            above = f"{above}{NESTING}{part}" if above else part
            names.append(above)
    return names


def flat_names(names: list[str]) -> list[str]:
    """Replace the separator of nested names, which only an escape can put into a name, by a space."""
    return [name.replace(NESTING, " ") if NESTING in name else name for name in names]


def body_tags(body: str) -> list[str]:
    """Find the tags in an Obsidian note: `#name` after white space, not all digits, outside code."""
    if "#" not in body:
        return []
    for opening, closing in (("%%", "%%"), ("<!--", "-->"), ("```", "```"), ("~~~", "~~~")):
        body = _remove_between(body, opening, closing)
    return [tag for tag in _BODY_TAG.findall(_INLINE_CODE.sub(" ", body)) if not tag.isdecimal()]


def _remove_between(text: str, opening: str, closing: str) -> str:
    """Replace each part between the delimiters, and the delimiters, by a line end; an unclosed part stays."""
    # Not with a regular expression: it would search to the end of the text from every unclosed opening.
    start = text.find(opening)
    if start < 0:
        return text
    kept: list[str] = []
    position = 0
    while start >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        kept += (text[position:start], "\n")
        position = end + len(closing)
        start = text.find(opening, position)
    return "".join((*kept, text[position:]))
