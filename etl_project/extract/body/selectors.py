"""CSS selectors of the rules, matched inside one walk over a document.

Querying a document for a selector walks the whole document once per query. Nearly all selectors that people write for
posts are one compound (`p`, `.share`, `p.em_media`, `span[data-code]`), or a list of them, and matching a compound
needs nothing but the element itself, so our own walk matches them as it goes. Only a selector that depends on other
elements (`div > p`, `p:last-child`) is passed to the parser, once per document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

# A name may hold any character outside ASCII. The pattern lists the characters that it may not hold, since large
# ranges take long to compile.
_NAME = r"-?[^\x00-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]*"
_CONDITION_PATTERN = rf"[.#]{_NAME}|\[\s*{_NAME}\s*(?:[~^$*|]?=\s*(?:\"[^\"\\]*\"|'[^'\\]*'|{_NAME})\s*)?\]"
_COMPOUND = re.compile(rf"(?P<tag>\*|{_NAME})?(?P<parts>(?:{_CONDITION_PATTERN})*)")
_CONDITION = re.compile(
    rf"(?P<sign>[.#])(?P<name>{_NAME})"
    rf"|\[\s*(?P<key>{_NAME})\s*(?:(?P<how>[~^$*|]?=)\s*(?:\"(?P<double>[^\"\\]*)\"|'(?P<single>[^'\\]*)'|(?P<bare>{_NAME}))\s*)?\]"
)


class SelectorError(ValueError):
    """A selector that is not CSS, or uses CSS that the parser does not support."""


@dataclass(frozen=True, slots=True)
class Compound:
    """One compound selector: a tag name and conditions on attributes, all of which must be true."""

    tag: str | None
    """Tag in lower case; None for any."""
    conditions: tuple[tuple[str, str | None, str], ...]
    """(attribute in lower case, operator or None for mere presence, value)."""

    def matches(self, attributes: Mapping[str, str | None]) -> bool:
        """Tell whether an element with this compound's tag and these attributes matches."""
        for name, operator, value in self.conditions:
            if name not in attributes or not _condition_matches(attributes[name] or "", operator, value):
                return False
        return True


def _condition_matches(actual: str, operator: str | None, value: str) -> bool:
    """Compare the value of an attribute by an operator of CSS (Selectors Level 4, section 6)."""
    if operator is None:
        return True
    if operator == "=":
        return actual == value
    if operator == "~=":
        return value in actual.split()
    if operator == "|=":
        return actual == value or actual.startswith(value + "-")
    if not value:
        return False
    if operator == "^=":
        return actual.startswith(value)
    if operator == "$=":
        return actual.endswith(value)
    return value in actual


def compounds(selector: str) -> tuple[Compound, ...] | None:
    """Parse a selector that is a list of compounds.

    Args:
        selector: a CSS selector.

    Returns:
        Its compounds, or None when the selector depends on more than one element.

    Raises:
        SelectorError: the parser does not understand the selector.
    """
    try:
        LexborHTMLParser("<p></p>", is_fragment=True).css(selector)
    except (SelectolaxError, ValueError, UnicodeError) as error:
        raise SelectorError(f"{selector!r} is not a CSS selector") from error
    result = []
    for part in selector.split(","):
        match = _COMPOUND.fullmatch(part.strip())
        if match is None or not match[0]:
            return None
        tag = None if match["tag"] in (None, "*") else match["tag"].lower()
        result.append(Compound(tag, tuple(_parse_conditions(match["parts"]))))
    return tuple(result)


def _parse_conditions(parts: str) -> Iterable[tuple[str, str | None, str]]:
    """Yield the conditions of a compound, in the form of `Compound.conditions`."""
    for match in _CONDITION.finditer(parts):
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
