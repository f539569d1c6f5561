"""The rule by which two articles tell the same story. docs/stories.md says what was measured of it.

Similarity alone cannot tell: releases of one program have 0.98 of their text in common and are two stories, while two
media tell one story with 0.8 in common. So numbers and titles judge whatever is similar.
"""

from __future__ import annotations

import re
from operator import add

SAME_TITLE_SIMILARITY = 0.55
"""Least similarity of articles of one title."""

LIKE_TITLES_SIMILARITY = 0.7
"""Least similarity of articles whose titles are alike."""

OTHER_TITLES_SIMILARITY = 0.8
"""Least similarity of articles under different titles: a copy with a headline of its own."""

NEARLY_THE_SAME = 0.9
"""Similarity of texts that tell one story under any titles, where no number in them differs."""

TELLING_TITLE = 6
"""Letters of a title that tells a story; a shorter one may be that of a rubric."""

WITHIN_THE_OTHER = 0.97
"""Least share of the shorter of two texts that is in the other, where a crowd of texts has their title. Such a title is
that of a rubric: its texts are like each other without being copies. A copy has something added or left out, and posts
of one form have something else in the same places, so that neither holds the other."""

SHARED_MARKS = 3
"""Numbers or words of titles that two such texts must have in the same places."""

SHORT_LENGTH = 60
"""Texts of fewer letters of Latin and digits, or half as many of other scripts, are compared only whole, and only under
equal titles."""

_NUMBER = re.compile(r"[0-9]+(?:[.,:/-][0-9]+)*")
_LETTERS = re.compile(r"[^\W_]+")


class Telling:
    """What the rule knows of an article.

    Args:
        title: of its sketch.
        marks: of its sketch.
    """

    __slots__ = ("_pairs", "letters", "marks", "numbers")

    def __init__(self, title: str, marks: str) -> None:
        self.letters = "".join(_LETTERS.findall(title))
        """Letters and digits of the title."""
        self.numbers = frozenset(_NUMBER.findall(title))
        """Numbers of the title."""
        self.marks = frozenset(marks.split("\n") if marks else ())
        """Numbers of the text and words of the title, each after the letters before it and a bar."""
        self._pairs: frozenset[str] | None = None

    @property
    def pairs(self) -> frozenset[str]:
        """Pairs of letters of the title that follow each other; most articles are never asked for them."""
        if self._pairs is None:
            self._pairs = frozenset(map(add, self.letters, self.letters[1:]))
        return self._pairs


def tell_the_same(one: Telling, other: Telling, similarity: float) -> bool:
    """Whether two articles of different texts tell the same story.

    Args:
        one: the one.
        other: the other.
        similarity: share of the shingles of both that each of them has, estimated.
    """
    if similarity < SAME_TITLE_SIMILARITY or not (one.numbers <= other.numbers or other.numbers <= one.numbers):
        return False
    has_same_title = one.letters == other.letters != ""
    if has_same_title and len(one.letters) >= TELLING_TITLE:
        return not _differ(one, other)
    if similarity < LIKE_TITLES_SIMILARITY:
        return False
    return (
        has_same_title
        or similarity >= NEARLY_THE_SAME
        or (similarity >= OTHER_TITLES_SIMILARITY and len(one.marks & other.marks) >= SHARED_MARKS)
        or _are_alike(one, other)
    ) and not _differ(one, other)


def _are_alike(one: Telling, other: Telling) -> bool:
    """Whether titles have half of the pairs of letters of the shorter in common, and at least four."""
    shared = len(one.pairs & other.pairs)
    return shared >= 4 and 2 * shared >= min(len(one.pairs), len(other.pairs))


def _differ(one: Telling, other: Telling) -> bool:
    """Whether the texts have other numbers, or other words of their titles, in the same place.

    In a place that a text has several times, more may stand in one of them: a copy may add a date, or lack its end. So
    only places count where each text has something that the other lacks.
    """
    mine, theirs = one.marks - other.marks, other.marks - one.marks
    if not (mine and theirs):  # as of most copies
        return False
    places = {*map(_place, mine)} & {*map(_place, theirs)}
    return bool(places) and any(
        is_number or not _begin_alike(_values(one, letters), _values(other, letters)) for letters, is_number in places
    )


def _place(mark: str) -> tuple[str, bool]:
    """The letters before what a mark tells of, and whether that is a number."""
    letters, _, value = mark.rpartition("|")
    return letters, value[0].isdecimal()


def _values(article: Telling, letters: str) -> list[str]:
    """Words of the title that stand after some letters in the text of an article."""
    start = len(letters) + 1
    return [mark[start:] for mark in article.marks if mark.startswith(f"{letters}|") and not mark[start].isdecimal()]


def _begin_alike(mine: list[str], theirs: list[str]) -> bool:
    """Whether a word of one begins with one of the other: forms of a word, or one that is cut off."""
    return any(
        value.isalpha() and (value.startswith(known) or known.startswith(value)) for value in mine for known in theirs
    )
