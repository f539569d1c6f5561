"""Words made by rule and drawn by Zipf's law: text of the entropy of Chinese news without a word of anyone's.

Characters are the 3,755 of the first level of GB 2312, in an order shuffled by the seed of the vocabulary; words of one
to four of them; the r-th most frequent is drawn with a chance proportional to r to the power of -1.05. Phrases are
words that stand together more often than chance, as they do in news. The figures are chosen so that zstd -3 packs a
sample of generated posts about as tightly as one of real posts of the same size.
"""

from __future__ import annotations

import functools
import random
import sys
from array import array
from dataclasses import dataclass

_SLOTS = 1 << 16
"""Draws are 16 bits each: a table of the words, each as often as its chance says."""

_WORDS = 30_000
_EXPONENT = 1.05
_PHRASES = 60_000
_PHRASE_SHARE = 0.72
"""Share of the draws that are phrases of two to five words instead of single words."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What sentences are drawn from."""

    text: tuple[str, ...]
    """2^16 words and phrases, each as often as its chance says."""
    words: tuple[str, ...]
    """Single words, most frequent first."""
    names: tuple[str, ...]
    """Names of companies."""

    def draw(self, rng: random.Random, count: int) -> list[str]:
        """Draw words and phrases."""
        drawn = array("H", rng.randbytes(2 * count))
        if sys.byteorder == "big":
            drawn.byteswap()
        table = self.text
        return [table[slot] for slot in drawn]


def characters() -> list[str]:
    """List the characters of the first level of GB 2312, in the order of the standard."""
    found = []
    for row in range(16 + 0xA0, 56 + 0xA0):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(bytes([row, cell]).decode("gb2312"))
            except UnicodeDecodeError:
                continue  # the last row ends early
    return found


@functools.cache
def vocabulary() -> Vocabulary:
    """Make the vocabulary; it takes a third of a second and is the same everywhere."""
    rng = random.Random("vocabulary")
    letters = characters()
    rng.shuffle(letters)
    letter_table = by_zipf(letters, 1.0)
    lengths = (1, 2, 2, 2, 2, 2, 2, 3, 3, 4)
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        words["".join(rng.choice(letter_table) for _ in range(rng.choice(lengths)))] = None
    ranked = sorted(words, key=len)[:_WORDS]
    rng.shuffle(ranked)
    ranked.sort(key=lambda word: len(word) + rng.random() * 3)  # short words are the frequent ones, by and large
    word_table = by_zipf(ranked, _EXPONENT)
    phrases = ["".join(rng.choice(word_table) for _ in range(rng.randint(2, 5))) for _ in range(_PHRASES)]
    phrase_slots = round(_SLOTS * _PHRASE_SHARE)
    text = by_zipf(ranked, _EXPONENT, _SLOTS - phrase_slots) + by_zipf(phrases, _EXPONENT, phrase_slots)
    names = tuple(first + last for first, last in zip(ranked[2_000:6_000], ranked[7_000:11_000], strict=True))
    return Vocabulary(tuple(text), tuple(ranked), names)


def by_zipf(items: list[str], exponent: float, slots: int = _SLOTS) -> list[str]:
    """Repeat items by Zipf's law until they fill the slots; the tail, thinner than a slot, is taken at even steps."""
    weights = [rank**-exponent for rank in range(1, len(items) + 1)]
    per_slot = sum(weights) / slots
    table: list[str] = []
    reached = 0.0
    for item, weight in zip(items, weights, strict=True):
        reached += weight
        table.extend([item] * (min(slots, round(reached / per_slot)) - len(table)))
    table.extend(items[: slots - len(table)])
    return table
