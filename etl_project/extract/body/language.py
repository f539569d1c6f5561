"""Detect the language of a text: by its script where that is enough, else with the model of py3langid.

Han alone is Chinese, and Han with kana is Japanese, so most posts need no model. The model (pure Python on numpy,
its data inside the package) takes 0.7 s and 120 MB to load; the first text that needs it loads it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

_SAMPLE_CHARACTERS = 500
"""Characters at the start of a text that decide its language."""
_MODEL_CHARACTERS = 200
"""Characters that are passed to the model: more would cost time and change little."""
_MIN_MODEL_LETTERS = 20
"""With fewer letters the answer of the model is only a guess."""
_MIN_PROBABILITY = 0.5
"""An answer of the model with a lower probability is not used."""
_CHINESE_CODES = frozenset(("yue", "wuu", "lzh", "hak", "cdo"))
"""Codes of languages written in Han that no author states; they count as Chinese, as the script alone does."""

_WEB_ADDRESS = re.compile(r"https?://\S+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_HAN_UNITS = bytes(range(0x4E, 0xA0))
"""First bytes of nearly all Han in UTF-16: of U+4E00 to U+9FFF."""
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa\uff66-\uff9d]+")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]+")
_OTHER_LETTER = re.compile(r"[^\W\d_\u1100-\u11ff\u3041-\u318e\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d]+")


def detect_language(text: str) -> str | None:
    """Detect the language of a text.

    Args:
        text: plain text; only its first 500 characters are examined.

    Returns:
        ISO 639-1 code (`zh`, `ja`, `ko`, `en` ...), or None when the text is too short or too mixed to tell.
    """
    start = text[:_SAMPLE_CHARACTERS]
    if start.isascii():
        return _guess_with_model(start)
    # Where most characters are Han and none is kana, the rest of the rules below cannot say anything else.
    units = start.encode("utf-16-be", "surrogatepass")[::2]
    if 2 * len(units.translate(None, _HAN_UNITS)) <= len(units) and not _KANA.search(start):
        return "zh"
    han, kana, hangul = (
        _count_characters(_HAN, start),
        _count_characters(_KANA, start),
        _count_characters(_HANGUL, start),
    )
    # One character of Chinese, Japanese or Korean carries as much as two or three Latin letters, so letters count half.
    if 2 * (han + kana + hangul) < _count_characters(_OTHER_LETTER, start):
        return _guess_with_model(start)
    if hangul > han + kana:
        return "ko"
    # Japanese prose is about half kana; a Chinese text with a quoted name or a の has far fewer.
    if kana > han // 5:
        return "ja"
    return "zh" if han else None


def _count_characters(characters: re.Pattern[str], text: str) -> int:
    return len("".join(characters.findall(text)))


def _guess_with_model(text: str) -> str | None:
    """Ask the model for the language of a text; None where there are too few letters or it is not sure."""
    words = _WEB_ADDRESS.sub(" ", text)[:_MODEL_CHARACTERS]
    if sum(map(str.isalpha, words)) < _MIN_MODEL_LETTERS:
        return None
    code, probability = _load_model().classify(words)
    if probability < _MIN_PROBABILITY or code == "zxx":  # no linguistic content
        return None
    return "zh" if code in _CHINESE_CODES else code


@cache
def _load_model() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
