"""Slugs as Pelican makes them: https://github.com/getpelican/pelican/blob/main/pelican/utils.py (slugify).

Pelican writes letters outside ASCII by the tables of Unidecode. Those of Latin, Greek and Cyrillic letters are here,
and dashes, quotes and pictures; a slug with any other character, such as a Han one, is not known.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from etl_project.extract.site.pelican.patterns import SafePattern, safe_pattern

_PUNCTUATION = re.compile(r"[^\w\s-]")
_SPACES = re.compile(r"[-\s]+")
_ACCENTS = re.compile("[\u0300-\u0362]")

_LATIN_SIGNS = {
    **dict.fromkeys("‐‑‒–−→←↔", "-"), "—": "--", "―": "--", **dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‘’‚‛", "'"),
    "«": "<<", "»": ">>", "‹": "<", "›": ">", "•": "*", "·": "*", "×": "x", "÷": "/", "⁄": "/", "\u200b": " ",
    "\u2028": "\n", "\u2029": "\n\n", "©": "(c)", "®": "(r)", "°": "deg", "±": "+-", "¶": "P", "§": "SS", "¡": "!",
    "¿": "?", "¢": "C/", "£": "PS", "¥": "Y=", "¦": "|", "€": "EUR", "₽": "R", "₹": "Rs", "₿": "BTC", "₴": "UAH",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ĸ": "k", "ŋ": "ng",
    "Ŋ": "NG", "ŧ": "t", "Ŧ": "T", "ə": "@", "Ə": "@",
}  # fmt: skip

_GREEK = """
α=a β=b γ=g δ=d ε=e ζ=z η=e θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r ς=s σ=s τ=t υ=u φ=ph χ=kh ψ=ps ω=o
"""
_CYRILLIC = """
а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh
щ=shch ъ=" ы=y ь=' э=e ю=iu я=ia ѐ=ie ё=io ђ=dj ѓ=gj є=ie ѕ=dz і=i ї=yi ј=j љ=lj њ=nj ћ=tsh ќ=kj ѝ=i ў=u џ=dzh
ґ=g
"""
_LETTERS = {pair[0]: pair[2:] for pair in f"{_GREEK} {_CYRILLIC}".split()}
_PLAIN = {
    **_LATIN_SIGNS,
    **_LETTERS,
    **{letter.upper(): plain.capitalize() for letter, plain in _LETTERS.items() if letter != "ς"},
    "Ξ": "Ks",
    "Ӗ": "Ie",
    "ӗ": "ie",
}
"""Character -> what Unidecode writes for it."""

_PICTURES = ((0x2020, 0x2027), (0x2200, 0x23FF), (0x2600, 0x2653), (0x2668, 0x27BF), (0x2B00, 0x2BFF), (0xFE00, 0xFE0F),
             (0x1F000, 0x1F0FF), (0x1F1E6, 0x1F64F), (0x1F680, 0x1FAFF))  # fmt: skip
"""Ranges of signs and pictures for which Unidecode writes nothing, or nothing that stays in a slug."""


@dataclass(frozen=True, slots=True)
class SlugRules:
    """How a site makes slugs of titles, file names or names of terms."""

    substitutions: tuple[tuple[SafePattern, str], ...] | None = None
    """Patterns and what replaces them, in their order; None for those of Pelican itself."""
    keeps_unicode: bool = False
    keeps_case: bool = False


def pelican_slug(text: str, rules: SlugRules = SlugRules()) -> str | None:
    """Make the slug of a text.

    Returns:
        None where it cannot be known: a character that no table here has, or a pattern that might take too long.
    """
    text = unicodedata.normalize("NFKC", _strip_tags(text)) if not text.isascii() else _strip_tags(text)
    if not rules.keeps_unicode and not text.isascii():
        plain = _to_ascii(text, is_exact=rules.substitutions is not None)
        if plain is None:
            return None
        text = plain
    if rules.substitutions is None:
        text = _SPACES.sub("-", _PUNCTUATION.sub("", text).strip())
    else:
        for pattern, replacement in rules.substitutions:
            if not pattern.is_affordable(text, everywhere=True):
                return None
            try:
                text = pattern.compiled.sub(replacement, text)
            except (re.error, IndexError):
                return None
    return (text if rules.keeps_case else text.lower()).strip()


def compile_substitutions(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[SafePattern, str], ...] | None:
    """Compile pairs of pattern and replacement; None if one cannot be used."""
    compiled: list[tuple[SafePattern, str]] = []
    for source, target in pairs:
        pattern = safe_pattern(unicodedata.normalize("NFKC", source), re.IGNORECASE)
        if pattern is None:
            return None
        compiled.append((pattern, target))
    return tuple(compiled)


def _to_ascii(text: str, *, is_exact: bool) -> str | None:
    """Write a text in ASCII as Unidecode does; None if it has a character that is not known here.

    Args:
        text: the text, in the form NFKC.
        is_exact: pictures are not known either, as their signs may matter.
    """
    parts: list[str] = []
    for character in text:
        if character.isascii():
            parts.append(character)
        elif (plain := _PLAIN.get(character)) is not None:
            parts.append(plain)
        else:
            letters = _ACCENTS.sub("", unicodedata.normalize("NFD", character))
            plain = "".join([c if c.isascii() else _PLAIN.get(c, "\0") for c in letters])
            if "\0" in plain:
                code = ord(character)
                if is_exact or not any(first <= code <= last for first, last in _PICTURES):
                    return None
                continue
            parts.append(plain)
    return "".join(parts)


def _strip_tags(text: str) -> str:
    """Remove tags, resolve references and join white space, as Markupsafe's `striptags` does."""
    if "<" in text:
        for opening, closing in (("<!--", "-->"), ("<", ">")):
            parts: list[str] = []
            position = 0
            while (start := text.find(opening, position)) >= 0 and (end := text.find(closing, start)) >= 0:
                parts.append(text[position:start])
                position = end + len(closing)
            text = "".join(parts) + text[position:]
    return html.unescape(" ".join(text.split())) if "&" in text else " ".join(text.split())
