"""Language of a text: by its script where the script tells, by py3langid among the languages that share one.

Han alone is Chinese and Han with kana Japanese, so the posts this is mostly for need no model. The
model (pure Python on numpy, its data inside the package) takes 0.7 s and 120 MB to load and is loaded
by the first text that needs it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

_LOOKED_AT = 500
"""Characters of a text that are looked at, from its start."""
_GUESSED_FROM = 200
"""Characters the model is given: more costs time and changes little."""
_FEWEST_LETTERS = 20
"""Letters below which the model only guesses."""
_CONFIDENCE = 0.5
"""Probability from which the model is believed."""
_CHINESE = frozenset(("yue", "wuu", "lzh", "hak", "cdo"))
"""Languages written in Han that no author of a post states: Chinese, as decided by script."""

_ADDRESS = re.compile(r"https?://\S+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa\uff66-\uff9d]+")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]+")
_OTHER_LETTER = re.compile(r"[^\W\d_\u1100-\u11ff\u3041-\u318e\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d]+")


def detect_language(text: str) -> str | None:
    """Tell the language of a text.

    Args:
        text: plain text; its first 500 characters are looked at.

    Returns:
        ISO 639-1 code (`zh`, `ja`, `ko`, `en` ...), or None when the text is too short or too mixed to tell.
    """
    start = text[:_LOOKED_AT]
    if start.isascii():
        return _guess(start)
    han, kana, hangul = _count(_HAN, start), _count(_KANA, start), _count(_HANGUL, start)
    # A Chinese word says what takes English two or three letters each, so letters count half against it.
    if 2 * (han + kana + hangul) < _count(_OTHER_LETTER, start):
        return _guess(start)
    if hangul > han + kana:
        return "ko"
    # Japanese prose is about half kana; a quoted name or a の in a Chinese text is not.
    if kana > han // 5:
        return "ja"
    return "zh" if han else None


def _count(characters: re.Pattern[str], text: str) -> int:
    return len("".join(characters.findall(text)))


def _guess(text: str) -> str | None:
    words = _ADDRESS.sub(" ", text)[:_GUESSED_FROM]
    if sum(map(str.isalpha, words)) < _FEWEST_LETTERS:
        return None
    code, probability = _model().classify(words)
    if probability < _CONFIDENCE or code == "zxx":  # no linguistic content
        return None
    return "zh" if code in _CHINESE else code


@cache
def _model() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
