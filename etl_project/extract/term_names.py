"""Values of front matter in, names of terms out: trimmed, once each, in the order written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from etl_project.dialects import Split

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

NESTING = "\x1f"
"""Joins the parts of a nested category: the unit separator, which no name can hold."""

_SLASHES = r"len(regexp_extract_all(name_as_written, '[/／℀℁℅℆]'))"
_PARTS = "string_split(category_id, '/')"

PARENT_ID_SQL = f"CASE WHEN len({_PARTS}) > {_SLASHES} + 1 THEN array_to_string({_PARTS}[:-{_SLASHES} - 2], '/') END"
"""`parent_id` of a category in SQL, from `category_id` and `name_as_written` of `article_categories`.

The id of a nested category is longer than its own name by the parts above it, so it has more slashes than the
name has characters that NFKC turns into one. An article in a nested category is in those above it too, so the
parent is a category as well. Where articles disagree, `max()` takes the nested reading.
"""

_NO_WORDS = re.compile(r"""["'`;<>(){}\[\]|$]""")
# Ruby splits at white space of ASCII only: an ideographic space is part of a name.
_RUBY_SPACE = re.compile(r"[ \t\n\v\f\r\0]+")
_COMMA = re.compile("[,，]")
_COMMA_OR_WHITE_SPACE = re.compile(r"[,，\s]+")
_BODY_TAG = re.compile(r"(?<!\S)#([\w/-]+)")
_INLINE_CODE = re.compile(r"`[^`\n]*`")


def unique(names: Iterable[str]) -> list[str]:
    """Names with white space at their ends removed, each once (the first counts), empty ones left out."""
    return list(dict.fromkeys([stripped for name in names if (stripped := name.strip())]))


def listed_names(value: Value) -> list[str]:
    """Names in a value as it stands: a text is one name, lists are read through, nulls left out.

    Of a table its `name` counts, else its keys if none has a value (a YAML set); other tables hold no names.
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
    """Names in a value, a text split as the dialect does; items of a list are whole."""
    if not isinstance(value, str) or split == "whole":
        return listed_names(value)
    if split == "white_space" or (split == "words" and not _NO_WORDS.search(value)):
        return _RUBY_SPACE.split(value)
    if split == "words":
        return [value]
    if split == "comma_or_white_space":
        return _COMMA_OR_WHITE_SPACE.split(value)
    if split == "comma_or_semicolon" and ";" in value:
        return value.split(";")
    return _COMMA.split(value)


def nested_names(value: Value) -> list[str]:
    """Read categories of Hexo: a list is a path from the widest to the narrowest, a list of lists several.

    An article in A > B is in A too, so each part of a path is followed by those below it.
    """
    if not isinstance(value, list):
        return listed_names(value)
    paths = value if any(isinstance(item, list) for item in value) else [value]
    names: list[str] = []
    for path in paths:
        above = ""
        for part in unique(flat_names(listed_names(path))):
            above = f"{above}{NESTING}{part}" if above else part
            names.append(above)
    return names


def flat_names(names: list[str]) -> list[str]:
    """Turn the character that joins nested names, which only an escape can bring in, to a space."""
    return [name.replace(NESTING, " ") if NESTING in name else name for name in names]


def body_tags(body: str) -> list[str]:
    """Find the tags in an Obsidian note: `#name` after white space, not all digits, outside code."""
    if "#" not in body:
        return []
    for opening, closing in (("%%", "%%"), ("<!--", "-->"), ("```", "```"), ("~~~", "~~~")):
        body = _without(body, opening, closing)
    return [tag for tag in _BODY_TAG.findall(_INLINE_CODE.sub(" ", body)) if not tag.isdecimal()]


def _without(text: str, opening: str, closing: str) -> str:
    # By hand and not by a pattern, which would search to the end of the text from every unclosed opening.
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
