"""Read headers without fences, as Pelican does, whose Markdown has the extension `meta`.

https://github.com/Python-Markdown/markdown/blob/master/markdown/extensions/meta.py says which lines belong to the
header, https://github.com/getpelican/pelican/blob/main/pelican/readers.py (`DUPLICATES_DEFINITIONS_ALLOWED`) of which
keys only the first value counts.
"""

from __future__ import annotations

import re

from etl_project.dialect import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.header import Header, HeaderSpan
from etl_project.extract.front_matter.yaml_events import Budget, Value
from etl_project.limits import Limits
from etl_project.reasons import PostWarning

_KEY_LINE = re.compile(r" {0,3}([A-Za-z0-9_-]+):(.*)")
_FENCES = ("---", "...")
_FIRST_COUNTS = frozenset(
    {"tags", "date", "modified", "status", "category", "author", "save_as", "url", "authors", "slug"}
)


class PelicanHeader(Header):
    """Lines of `Key: value` up to the first other line."""

    name = "pelican"
    FM_BOUNDARY = _KEY_LINE
    START_DELIMITER, END_DELIMITER = "", "\n"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the lines at the start of the text."""
        read = read_pelican(text, limits.front_matter_bytes)
        return None if read is None else HeaderSpan(0, read[1], read[1], "pelican", read[0], read[2])

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the lines."""
        read = read_pelican(header, len(header))
        return {} if read is None else read[0]


def read_pelican(text: str, longest: int) -> tuple[dict[str, Value], int, list[PostWarning]] | None:
    """Read the lines of `Key: value` at the start of a text.

    A line of four blanks or a TAB continues the value above it. A blank line, a line of `---` or `...`, or any other
    line ends the header. Where a key may have one value only, the first counts.

    Args:
        text: the decoded file.
        longest: characters after which reading ends: the header is too long.

    Returns:
        The fields, the position of the body and a warning for each repeated key, or None when the text does not begin
        with such lines, or begins with a block of YAML between fences.
    """
    fields: dict[str, Value] = {}
    spellings: dict[str, str] = {}
    warnings: list[PostWarning] = []
    position, line, key = 0, 0, ""
    if text.startswith("---"):
        if _is_fenced_block(text):
            return None
        position, line = text.find("\n") + 1 or len(text), 1
    while position < len(text) and position <= longest:
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        written = text[position:end]
        if "\t" in written:
            written = written.expandtabs(4)
        line += 1
        match = _KEY_LINE.match(written)
        if match is not None:
            value = match[2].strip() or None
            key = spellings.setdefault(match[1].lower(), match[1])
            if key not in fields:
                fields[key] = value
            elif fields[key] != value:
                warnings.append(PostWarning("duplicate_key", key, line))
                if key.lower() not in _FIRST_COUNTS:
                    fields[key] = value
        elif not written.strip() or written.startswith(_FENCES):
            position = end + 1
            break
        elif key and written.startswith("    "):
            if key.lower() in _FIRST_COUNTS:
                warnings.append(PostWarning("duplicate_key", key, line))
            else:
                fields[key] = f"{fields[key] or ''} {written.strip()}".strip()
        else:
            break
        position = end + 1
    return (fields, min(position, len(text)), warnings) if fields else None


def _is_fenced_block(text: str) -> bool:
    """Whether a text that begins with a line of dashes has a closing one before any blank line, as YAML has it."""
    position = text.find("\n") + 1
    while 0 < position < len(text):
        end = text.find("\n", position)
        written = text[position : end if end >= 0 else len(text)]
        if not written.strip():
            return False
        if written.startswith(_FENCES):
            return True
        position = end + 1
    return False
