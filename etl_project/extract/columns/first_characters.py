"""Tell with which characters a text may begin that a pattern matches: most texts need not be asked at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

_MOST_CHARACTERS = 256


def first_characters(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Find the first characters of all texts that a pattern may match as a whole.

    Args:
        pattern: the pattern.

    Returns:
        The characters, and the empty text if it may match that; None if they are too many or not known.
    """
    if pattern.flags & re.IGNORECASE:
        return None
    try:
        # Python's own parser is no public part of `re`: where it is another one, every text is asked.
        parsed = import_module("re._parser").parse(pattern.pattern, pattern.flags)
        first, may_be_empty = _first(parsed)
    except (ImportError, AttributeError, TypeError, ValueError, LookupError):
        return None
    return frozenset(first | {""} if may_be_empty else first)


def _first(items: Iterable[tuple[Any, Any]]) -> tuple[set[str], bool]:
    """First characters of items in a row, and whether all of them may match nothing; LookupError if unknown."""
    found: set[str] = set()
    for name, value in items:
        characters, may_be_empty = _first_of(str(name), value)
        found |= characters
        if len(found) > _MOST_CHARACTERS:
            raise LookupError
        if not may_be_empty:
            return found, False
    return found, True


def _first_of(name: str, value: Any) -> tuple[set[str], bool]:
    if name == "LITERAL":
        return {chr(value)}, False
    if name == "IN":
        return set().union(*[_characters(str(kind), each) for kind, each in value]), False
    if name == "SUBPATTERN" and not value[1] and not value[2]:
        return _first(value[3])
    if name == "BRANCH":
        answers = [_first(each) for each in value[1]]
        return set().union(*[characters for characters, _ in answers]), any(is_empty for _, is_empty in answers)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        characters, may_be_empty = _first(value[2])
        return characters, may_be_empty or value[0] == 0
    if name == "AT":
        return set(), True
    raise LookupError(name)


def _characters(kind: str, value: Any) -> set[str]:
    if kind == "LITERAL":
        return {chr(value)}
    if kind == "RANGE" and value[1] - value[0] < _MOST_CHARACTERS:
        return {chr(code) for code in range(value[0], value[1] + 1)}
    raise LookupError(kind)
