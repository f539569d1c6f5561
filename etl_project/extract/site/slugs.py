"""Turn names into parts of an address, as each generator does."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_JEKYLL_PLAIN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_JEKYLL_DEFAULT = re.compile(r"[^A-Za-z0-9]+")
_JEKYLL_PRETTY = re.compile(r"[^A-Za-z0-9._~!$&'()+,;=@]+")
_PRETTY_MARKS = frozenset("._~!$&'()+,;=@")
_URL_PLAIN = re.compile(r"[A-Za-z0-9._/-]*")
_HYPHENS = re.compile("-+")
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")
_HUGO_MARKS = frozenset("./\\_#+~-@")
_HUGO_PLAIN = re.compile(r"[A-Za-z0-9./_~-]*")
_IN_ASCII = str.maketrans(
    dict.fromkeys("‘’“”‚„–—―‐‑•·", "-")
    | {"…": "...", "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
)
"""What the table of the crate deunicode gives for the letters and signs of European texts that are no accented letter;
a sign gives something that separates words."""

_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def jekyll_slug(text: str, *, pretty: bool) -> str:
    """Jekyll's `slugify`: each run of other characters than letters, marks and digits becomes a hyphen.

    Args:
        text: a slug or name.
        pretty: keep `._~!$&'()+,;=@` and the case (`:title`); else lower case (`:slug`, `:name`).
    """
    if _JEKYLL_PLAIN.fullmatch(text):
        return text if pretty else text.lower()
    if text.isascii():
        slug = (_JEKYLL_PRETTY if pretty else _JEKYLL_DEFAULT).sub("-", text)
    else:
        marks = _PRETTY_MARKS if pretty else frozenset()
        slug = _HYPHENS.sub(
            # A hyphen in the text is no letter either, so runs of hyphens are exactly the runs that were replaced.
            "-",
            "".join([c if c in marks or unicodedata.category(c)[0] in "LMN" else "-" for c in text]),
        )
    slug = slug.removeprefix("-").removesuffix("-")
    return slug if pretty else slug.lower()


def escape_path(text: str) -> str:
    """Percent-escape the characters that RFC 3986 does not allow in a path (Jekyll's `escape_path`).

    A question mark stays: Jekyll takes it for the start of a query.
    """
    if _URL_PLAIN.fullmatch(text):
        return text
    return quote(text, safe="-._~!$&'()*+,;=:@/?", errors="replace")


def hugo_path(text: str, *, lower: bool) -> str:
    """Hugo's `MakePathSanitized`: letters, marks, digits and some signs stay, white space becomes a hyphen."""
    if not _HUGO_PLAIN.fullmatch(text):
        result: list[str] = []
        hyphen_pending = was_hyphen = False
        for i, c in enumerate(text):
            escaped = c == "%" and len(text) > i + 2 and text[i + 1] in _HEXADECIMAL and text[i + 2] in _HEXADECIMAL
            if c in _HUGO_MARKS or escaped or _is_word_character(c):
                was_hyphen = c == "-"
                if hyphen_pending and not was_hyphen:
                    result.append("-")
                hyphen_pending = False
                result.append(c)
            elif result and c.isspace() and not was_hyphen:
                hyphen_pending = True
        text = "".join(result)
    return _lower_as_go(text) if lower else text


def _lower_as_go(text: str) -> str:
    """Write a text in lower case letter by letter, as Go does: no letter becomes two, and a last sigma is like any."""
    return text.lower() if text.isascii() else "".join([c.lower()[0] for c in text])


def remove_marks(text: str) -> str:
    """Remove the marks of letters, as Hugo's `removePathAccents`: `é` gives `e`."""
    if text.isascii():
        return text
    return unicodedata.normalize(
        "NFC", "".join([c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn"])
    )


def hugo_escape(path: str) -> str:
    """Percent-escape a path as Go's `url.URL` writes it; escapes already there stay."""
    return path if path.isascii() and " " not in path else quote(path, safe="-._~$&+,/:;=@%#", errors="replace")


def _is_word_character(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"


def ascii_slug(text: str) -> str | None:
    """Zola's default slug: lower-case letters and digits of ASCII joined by hyphens.

    Returns:
        None for a text that is not ASCII even without accents: Zola transliterates it by a table.
    """
    plain = text if text.isascii() else strip_accents(text.translate(_IN_ASCII))
    return _NOT_ASCII_WORD.sub("-", plain.lower()).strip("-") if plain.isascii() else None


def strip_accents(text: str) -> str:
    """Remove combining marks from letters: `é` gives `e`."""
    if text.isascii():
        return text
    return "".join([c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)])
