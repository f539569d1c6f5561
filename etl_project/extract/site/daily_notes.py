"""Days in the names of daily notes, by the format that the settings of a vault state.

Obsidian writes the names by moment.js: https://momentjs.com/docs/#/displaying/format/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl_project.extract.site.site_config import SiteConfig

_USUAL = "YYYY-MM-DD"
"""The format of a vault that states none, which names of notes are read by anyway."""

_MOST_CHARACTERS = 100
_MOST_WORDS = 2
"""Most parts of a format that are words of any length: with more, there were many ways to part a name among them."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_WORD = r"[^\W\d_]+\.?"
_PARTS = {
    "YYYY": "[0-9]{4}", "YY": "[0-9]{2}", "MMMM": _MONTH, "MMM": _MONTH, "MM": "[0-9]{2}", "Mo": "[0-9]{1,2}[a-z]{2}",
    "M": "[0-9]{1,2}", "Do": "[0-9]{1,2}[a-z]{2}", "DD": "[0-9]{2}", "D": "[0-9]{1,2}", "dddd": _WORD, "ddd": _WORD,
    "dd": _WORD, "gggg": "[0-9]{4}", "GGGG": "[0-9]{4}", "ww": "[0-9]{2}", "WW": "[0-9]{2}", "w": "[0-9]{1,2}",
    "W": "[0-9]{1,2}", "d": "[0-9]", "e": "[0-9]", "E": "[0-9]", "Q": "[0-9]", "HH": "[0-9]{2}", "H": "[0-9]{1,2}",
    "hh": "[0-9]{2}", "h": "[0-9]{1,2}", "mm": "[0-9]{2}", "m": "[0-9]{1,2}", "ss": "[0-9]{2}", "s": "[0-9]{1,2}",
    "A": "[AP]M", "a": "[ap]m",
}  # fmt: skip
"""Part of a format -> what it writes; names of months in English."""

_DAY_PARTS = {"Y": "year", "M": "month", "D": "day"}
_TOKEN = re.compile(rf"\[([^\[\]]*)\]|DDDD?|{'|'.join(sorted(_PARTS, key=len, reverse=True))}|.", re.DOTALL)


class DailyNotes:
    """Reads the names of the daily notes of one vault.

    Args:
        config: `.obsidian/daily-notes.json`.
    """

    def __init__(self, config: SiteConfig) -> None:
        written = (config.text("format") or _USUAL).strip()
        folder = (config.text("folder") or "").strip("/")
        self._folder = f"{folder}/" if folder else ""
        self._pattern = None if written == _USUAL else _compile_format(written)

    def read(self, path: str) -> str | None:
        """Read the path of a note, without its ending.

        Returns:
            Its day as year-month-day; None for a note that is none of these, or by the usual format.
        """
        if self._pattern is None or not path.startswith(self._folder):
            return None
        match = self._pattern.fullmatch(path, len(self._folder))
        if match is None:
            return None
        year, month, day = match["year"], match["month"], match["day"].rstrip("stndrh")
        number = _MONTHS.index(month[:3].lower()) + 1 if month[:1].isalpha() else int(month.rstrip("stndrh"))
        return f"{year if len(year) == 4 else f'20{year}'}-{number:02}-{day:0>2}"


def _compile_format(written: str) -> re.Pattern[str] | None:
    """Compile a format; None for one that does not name a day, or is unusual."""
    expression = ""
    named: set[str] = set()
    words = 0
    for token in _TOKEN.finditer(written):
        text = token[0]
        if token[1] is not None or text not in _PARTS:
            if text.startswith("DDD"):
                return None  # the day of the year
            expression += re.escape(text if token[1] is None else token[1])
            continue
        part = _DAY_PARTS.get(text[0])
        words += _PARTS[text] == _WORD
        if part is None or part in named:
            expression += f"(?:{_PARTS[text]})"
        else:
            named.add(part)
            expression += f"(?P<{part}>{_PARTS[text]})"
    is_usable = len(named) == len(_DAY_PARTS) and words <= _MOST_WORDS and len(written) <= _MOST_CHARACTERS
    return re.compile(expression, re.IGNORECASE) if is_usable else None
