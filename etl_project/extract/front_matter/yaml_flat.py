"""The fast path for the YAML of most posts: one regular expression.

It accepts only lines of `key: value`, where the value is empty, plain text with no special meaning in YAML, quoted
text without escapes, or a list of plain words in brackets. A block with anything else is left to `yaml_events`; a
property test compares the results of the two.
"""

from __future__ import annotations

import re

from etl_project.extract.front_matter.yaml_events import NULLS, TITLES, Value
from etl_project.limits import Limits

# Characters that are special in every position: controls, YAML's other line breaks, byte order marks, noncharacters.
_NOT_TEXT = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_LIST_WORDS = r"[^\W_][\w ./+]*"
VALUES = (
    rf"([^\s{_NOT_TEXT}\-?:,\[\]{{}}#&*!|>'\"%@`=<~]"  # first character of a plain value
    rf"[^\n\t:#{_NOT_TEXT}]*(?::[^\s:#{_NOT_TEXT}][^\n\t:#{_NOT_TEXT}]*)*)",
    rf"\[({_LIST_WORDS}(?:, ?{_LIST_WORDS})*)\]",
    rf"\"([^\"\\\n\t{_NOT_TEXT}]*)\"",
    rf"'([^'\n\t{_NOT_TEXT}]*)'",
)
"""Patterns of the kinds of values, with one group each: plain text, a list, text in double quotes, in single ones."""
PLAIN, LIST, DOUBLE, SINGLE = range(len(VALUES))
LINE = re.compile(rf"^([A-Za-z_][A-Za-z0-9_-]*):(?:[ ]+(?:{'|'.join(VALUES)}))?[ ]*\n", re.MULTILINE)
"""A line: its key, and a group for each of `VALUES`."""


def read_flat(block: str, limits: Limits) -> dict[str, Value] | None:
    """Read a block whose every line ends with a line feed.

    Args:
        block: the text.
        limits: a block that may exceed one of them is left to `yaml_events`, which checks them exactly.

    Returns:
        The result that `yaml_events.read_events` would give, or None when that is not certain.
    """
    rows = LINE.findall(block)
    if len(rows) != block.count("\n") or 6 * len(rows) + block.count(",") + 6 > limits.events or limits.depth < 2:
        return None
    number_digits = limits.number_digits
    fields: dict[str, Value] = {}
    for key, plain, words, double, single in rows:
        if plain:
            value = plain.rstrip(" ")
            if len(value) > number_digits:
                return None
            fields[key] = None if value in NULLS else value
        elif words and key not in TITLES:
            items: list[Value] = [word.strip(" ") for word in words.split(",")]
            if any(item in NULLS or len(str(item)) > number_digits for item in items):
                return None
            fields[key] = items
        elif double or single:
            fields[key] = double or single
        else:
            return None
    return fields if len(fields) == len(rows) else None
