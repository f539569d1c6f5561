"""Cuts the piece of a text that shows best what was searched for, and marks it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SNIPPET_CHARACTERS = 120
_BEFORE_CHARACTERS = 24
"""What is shown before the first mark."""
_MOST_PLACES = 2_000
"""Places in a text that are compared; those after them are not shown."""

MARKS = ("«", "»")
"""Signs around what was found: seen in a file and in JSON, too."""

# The scripts that `search_form` sets apart, by their blocks.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
_UNSPACED += "\uff66-\uffdc\U00020000-\U0003ffff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_FOLDED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {ord("ς"): "σ"}


def make_snippet(text: str, needles: Iterable[str]) -> str:
    """Cut the piece of a text in which most of the needles occur, with a sign before and after each place.

    Args:
        text: a plain text.
        needles: what the macro `search_needles` makes of a query.

    Returns:
        One line of about `SNIPPET_CHARACTERS`; the beginning of the text where no needle occurs in it.
    """
    shown = unicodedata.normalize("NFC", text)
    # Character by character, so that places in both are the same.
    folded = "".join([char.lower()[:1] for char in shown.translate(_FOLDED)])
    needles = list(needles)
    places: list[tuple[int, int, int]] = []
    for number, needle in enumerate(needles):
        for found in re.finditer(_pattern(needle), folded):
            places.append((found.start(), found.end(), number))
            if len(places) >= _MOST_PLACES * (number + 1) // len(needles):
                break
    places.sort()
    first = _find_best_start(places)
    start = max(0, places[first][0] - _BEFORE_CHARACTERS) if places else 0
    end = max(start + SNIPPET_CHARACTERS, places[first][1] if places else 0)
    pieces, at = ["… " if start else ""], start
    for begin, stop, _ in places:
        if begin >= at and stop <= end:
            pieces += [shown[at:begin], MARKS[0], shown[begin:stop], MARKS[1]]
            at = stop
    pieces += [shown[at:end], " …" if end < len(shown) else ""]
    return " ".join("".join(pieces).split())


def _pattern(needle: str) -> str:
    parts = [re.escape(part) for part in needle.split()]
    before = rf"(?<!{_LETTER})" if needle.startswith(" ") else ""
    after = rf"(?!{_LETTER})" if needle.endswith(" ") else rf"{_LETTER}*" if needle.startswith(" ") else ""
    return before + r"[\W_]*".join(parts) + after


def _find_best_start(places: list[tuple[int, int, int]]) -> int:
    """Find the first of the places from which most different needles are within one snippet."""
    best, most, last = 0, 0, 0
    counts: dict[int, int] = {}
    for first, (begin, _, number) in enumerate(places):
        while last < len(places) and places[last][1] <= begin + SNIPPET_CHARACTERS - _BEFORE_CHARACTERS:
            counts[places[last][2]] = counts.get(places[last][2], 0) + 1
            last += 1
        if len(counts) > most:
            best, most = first, len(counts)
        if last <= first:
            last = first + 1
        elif counts[number] > 1:
            counts[number] -= 1
        else:
            del counts[number]
    return best
