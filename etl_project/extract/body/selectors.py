"""CSS selectors of the rules, matched inside one walk over a document.

Asking a document for a selector walks it once per question. Nearly all selectors people write for posts are
one compound (`p`, `.share`, `p.em_media`, `span[data-code]`), or a list of them, and a compound needs
nothing but the element itself: those are matched where the walk stands. Only a selector that looks
around itself (`div > p`, `p:last-child`) is put to the parser, once per document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

# What is not ASCII may stand in a name; said by what may not, since large ranges take long to compile.
_NAME = r"-?[^\x00-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]*"
_PART = rf"[.#]{_NAME}|\[\s*{_NAME}\s*(?:[~^$*|]?=\s*(?:\"[^\"\\]*\"|'[^'\\]*'|{_NAME})\s*)?\]"
_COMPOUND = re.compile(rf"(?P<tag>\*|{_NAME})?(?P<parts>(?:{_PART})*)")
_SPLIT = re.compile(
    rf"(?P<sign>[.#])(?P<name>{_NAME})"
    rf"|\[\s*(?P<key>{_NAME})\s*(?:(?P<how>[~^$*|]?=)\s*(?:\"(?P<double>[^\"\\]*)\"|'(?P<single>[^'\\]*)'|(?P<bare>{_NAME}))\s*)?\]"
)


class SelectorError(ValueError):
    """A selector that is not CSS, or not CSS the parser knows."""


@dataclass(frozen=True, slots=True)
class Compound:
    """One compound selector: a tag name and conditions on attributes, all of which must hold."""

    tag: str | None
    """Tag in lower case; None for any."""
    conditions: tuple[tuple[str, str | None, str], ...]
    """(attribute in lower case, operator or None for mere presence, value)."""

    def matches(self, attributes: Mapping[str, str | None]) -> bool:
        """Say whether an element with this compound's tag and these attributes is meant."""
        for name, how, value in self.conditions:
            if name not in attributes or not _holds(attributes[name] or "", how, value):
                return False
        return True


def _holds(actual: str, how: str | None, value: str) -> bool:
    if how is None:
        return True
    if how == "=":
        return actual == value
    if how == "~=":
        return value in actual.split()
    if how == "|=":
        return actual == value or actual.startswith(value + "-")
    if not value:
        return False
    if how == "^=":
        return actual.startswith(value)
    if how == "$=":
        return actual.endswith(value)
    return value in actual


def compounds(selector: str) -> tuple[Compound, ...] | None:
    """Read a selector that is a list of compounds.

    Args:
        selector: a CSS selector.

    Returns:
        Its compounds, or None when it takes more than looking at one element.

    Raises:
        SelectorError: the parser does not understand it.
    """
    try:
        LexborHTMLParser("<p></p>", is_fragment=True).css(selector)
    except (SelectolaxError, ValueError, UnicodeError) as error:
        raise SelectorError(f"{selector!r} is not a CSS selector") from error
    found = []
    for part in selector.split(","):
        match = _COMPOUND.fullmatch(part.strip())
        if match is None or not match[0]:
            return None
        tag = None if match["tag"] in (None, "*") else match["tag"].lower()
        found.append(Compound(tag, tuple(_conditions(match["parts"]))))
    return tuple(found)


def _conditions(parts: str) -> Iterable[tuple[str, str | None, str]]:
    for match in _SPLIT.finditer(parts):
        if match["sign"] == ".":
            yield "class", "~=", match["name"]
        elif match["sign"] == "#":
            yield "id", "=", match["name"]
        else:
            yield (
                match["key"].lower(),
                match["how"],
                match["double"] or match["single"] or match["bare"] or "",
            )
