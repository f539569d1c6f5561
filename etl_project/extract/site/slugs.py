"""Names in, the parts of an address that each generator makes of them out."""

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
_HEXO_SPECIAL = re.compile(r"[\s~`!@#$%^&*()\-_+=\[\]{}|\\;:\"'<>,.?/\x00-\x1f]+")
_PELICAN_REMOVED = re.compile(r"[^\w\s-]", re.ASCII)
_PELICAN_JOINED = re.compile(r"[-\s]+")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def jekyll_slug(text: str, *, pretty: bool) -> str:
    """Jekyll's `slugify`: what is no letter, mark or digit becomes a hyphen.

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
            # A hyphen of the text is no letter either, so runs of hyphens are runs of what was replaced.
            "-",
            "".join([c if c in marks or unicodedata.category(c)[0] in "LMN" else "-" for c in text]),
        )
    slug = slug.removeprefix("-").removesuffix("-")
    return slug if pretty else slug.lower()


def escape_path(text: str) -> str:
    """Percent-escape what RFC 3986 does not allow in a path (Jekyll's `escape_path`)."""
    if _URL_PLAIN.fullmatch(text):
        return text
    return quote(text, safe="-._~!$&'()*+,;=:@/", errors="replace")


def hugo_path(text: str, *, lower: bool) -> str:
    """Hugo's `MakePathSanitized`: letters, marks, digits, some signs stay, white space becomes a hyphen."""
    if not _HUGO_PLAIN.fullmatch(text):
        kept: list[str] = []
        hyphen_waits = was_hyphen = False
        for i, c in enumerate(text):
            escaped = c == "%" and len(text) > i + 2 and text[i + 1] in _HEXADECIMAL and text[i + 2] in _HEXADECIMAL
            if c in _HUGO_MARKS or escaped or _is_word(c):
                was_hyphen = c == "-"
                if hyphen_waits and not was_hyphen:
                    kept.append("-")
                hyphen_waits = False
                kept.append(c)
            elif kept and c.isspace() and not was_hyphen:
                hyphen_waits = True
        text = "".join(kept)
    return text.lower() if lower else text


def hugo_escape(path: str) -> str:
    """Percent-escape a path as Go's `url.URL` writes it; escapes already there stay."""
    return path if path.isascii() and " " not in path else quote(path, safe="-._~$&+,/:;=@%#", errors="replace")


def _is_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"


def hexo_slug(text: str) -> str:
    """Hexo's `slugize`: accents off, white space and punctuation of ASCII to one hyphen, none at the ends."""
    return _HYPHENS.sub("-", _HEXO_SPECIAL.sub("-", without_accents(text))).strip("-")


def ascii_slug(text: str) -> str | None:
    """Zola's default slug: lower-case letters and digits of ASCII joined by hyphens.

    Returns:
        Nothing for a text that is not ASCII once its accents are off: Zola transliterates it by a table.
    """
    plain = without_accents(text)
    return _NOT_ASCII_WORD.sub("-", plain.lower()).strip("-") if plain.isascii() else None


def pelican_slug(text: str) -> str | None:
    """Pelican's default slug: punctuation removed, white space to hyphens, lower case.

    Returns:
        Nothing for a text that is not ASCII once its accents are off: Pelican transliterates it by a table.
    """
    plain = without_accents(text)
    if not plain.isascii():
        return None
    return _PELICAN_JOINED.sub("-", _PELICAN_REMOVED.sub("", plain).strip()).lower()


def without_accents(text: str) -> str:
    """Letters without their combining marks: `é` gives `e`."""
    if text.isascii():
        return text
    return "".join([c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)])
