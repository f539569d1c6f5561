"""Make slugs as Hexo does: hexo-util, slugize.ts and escape_diacritic.ts."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

# JavaScript's white space: U+FEFF is one, U+001C to U+001F and U+0085 are none.
_SPACES = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_SPECIAL = re.compile(rf"[{_SPACES}~`!@#$%^&*()\-_+=\[\]{{}}|\\;:\"'<>,.?/]+")
_CONTROL = re.compile(r"[\x00-\x1f]")
_BEYOND_ASCII = re.compile("[^\x00-\x7e]")

_BASES = {
    "A": "ȺⱯ", "AA": "Ꜳ", "AE": "ÆǢǼ", "AO": "Ꜵ", "AU": "Ꜷ", "AV": "ꜸꜺ", "AY": "Ꜽ", "B": "ƁƂɃ", "C": "ƇȻꜾ",
    "D": "ĐƉƊƋꝹ", "DZ": "ǄǱ", "Dz": "ǅǲ", "E": "ƎƐ", "F": "ƑꝻ", "G": "ƓǤꝽꝾꞠ", "H": "ĦⱧⱵꞍ", "I": "Ɨ", "J": "Ɉ",
    "K": "ƘⱩꝀꝂꝄꞢ", "L": "ĿŁȽⱠⱢꝆꝈꞀ", "LJ": "Ǉ", "Lj": "ǈ", "M": "ƜⱮ", "N": "ƝȠꞐꞤ", "NJ": "Ǌ", "Nj": "ǋ",
    "O": "ØƆƟǾꝊꝌ", "OE": "\x8cŒ", "OI": "Ƣ", "OO": "Ꝏ", "OU": "Ȣ", "P": "ƤⱣꝐꝒꝔ", "Q": "ɊꝖꝘ", "R": "ɌⱤꝚꞂꞦ",
    "S": "ẞⱾꞄꞨ", "T": "ŦƬƮȾꞆ", "TZ": "Ꜩ", "U": "Ʉ", "V": "ƲɅꝞ", "VY": "Ꝡ", "W": "Ⱳ", "Y": "ƳɎỾ", "Z": "ƵȤⱫⱿꝢ",
    "a": "ɐẚⱥ", "aa": "ꜳ", "ae": "æǣǽ", "ao": "ꜵ", "au": "ꜷ", "av": "ꜹꜻ", "ay": "ꜽ", "b": "ƀƃɓ", "c": "ƈȼↄꜿ",
    "d": "đƌɖɗꝺ", "dz": "ǆǳ", "e": "ǝɇɛ", "f": "ƒꝼ", "g": "ǥɠᵹꝿꞡ", "h": "ħɥⱨⱶ", "hv": "ƕ", "i": "ıɨ", "j": "ɉ",
    "k": "ƙⱪꝁꝃꝅꞣ", "l": "ŀłſƚɫⱡꝇꝉꞁ", "lj": "ǉ", "m": "ɯɱ", "n": "ŉƞɲꞑꞥ", "nj": "ǌ", "o": "øǿɔɵꝋꝍ",
    "oe": "\x9cœ", "oi": "ƣ", "oo": "ꝏ", "ou": "ȣ", "p": "ƥᵽꝑꝓꝕ", "q": "ɋꝗꝙ", "r": "ɍɽꝛꞃꞧ", "s": "ßȿẛꞅꞩ",
    "t": "ŧƭʈⱦꞇ", "tz": "ꜩ", "u": "ʉ", "v": "ʋʌꝟ", "vy": "ꝡ", "w": "ⱳ", "y": "ƴɏỿ", "z": "ƶȥɀⱬꝣ",
}  # fmt: skip
"""Letters that Unicode does not take apart into a letter of ASCII and marks, as hexo-util maps them."""

_BASE_OF_LETTER = {letter: base for base, letters in _BASES.items() for letter in letters}


def hexo_slug(text: str, case: Literal["lower", "upper"] | None = None) -> str:
    """Hexo's `slugize`: accents are removed; white space and ASCII punctuation become one hyphen, none at the ends.

    Args:
        text: a name, title or path.
        case: the case that `filename_case` of the site asks for: 1 for lower, 2 for upper.
    """
    plain = text if text.isascii() else _BEYOND_ASCII.sub(_remove_accents, text)
    slug = _SPECIAL.sub("-", _CONTROL.sub("", plain)).strip("-")
    if case is None:
        return slug
    return slug.lower() if case == "lower" else slug.upper()


def _remove_accents(match: re.Match[str]) -> str:
    """Replace a letter of the Latin script by its base; those of other scripts stay whole."""
    letter = match[0]
    if base := _BASE_OF_LETTER.get(letter):
        return base
    # Letters in circles and of full width are other forms of the same letters.
    form: Literal["NFKC", "NFD"] = "NFKC" if "\u24b6" <= letter <= "\u24e9" or "\uff21" <= letter <= "\uff5a" else "NFD"
    base = unicodedata.normalize(form, letter)[0]
    return base if base.isascii() and base.isalpha() else letter
