"""The YAML that most posts write, read by one regular expression.

Accepted are lines of `key: value` only, where the value is nothing, plain text that cannot mean anything
else, text in quotes without escapes, or a list of plain words in brackets. Whatever is not certain to be
the same for YAML is left to the events; a property test compares the two.
"""

from __future__ import annotations

import re

from etl_project.extract.front_matter.yaml_events import NULLS, TITLES, Value
from etl_project.limits import Limits

# Characters that are special anywhere: controls, YAML's other line breaks, byte order marks, noncharacters.
_NOT_TEXT = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_PLAIN = (
    rf"[^\s{_NOT_TEXT}\-?:,\[\]{{}}#&*!|>'\"%@`=<~]"  # what a plain value may begin with
    rf"[^\n\t:#{_NOT_TEXT}]*(?::[^\s:#{_NOT_TEXT}][^\n\t:#{_NOT_TEXT}]*)*"
)
_WORDS = r"[^\W_][\w ./+]*"
_LINE = re.compile(
    rf"^([A-Za-z_][A-Za-z0-9_-]*):(?:[ ]+(?:({_PLAIN})|\"([^\"\\\n\t{_NOT_TEXT}]*)\"|'([^'\n\t{_NOT_TEXT}]*)'"
    rf"|\[({_WORDS}(?:, ?{_WORDS})*)\]))?[ ]*\n",
    re.MULTILINE,
)


def read_flat(block: str, limits: Limits) -> dict[str, Value] | None:
    """Read a block whose every line ends with a line feed.

    Args:
        block: the text.
        limits: what comes near one of them is left to the events, which judge it.

    Returns:
        What `yaml_events.read_events` would return, or None when that is not certain.

    """
    rows = _LINE.findall(block)
    if len(rows) != block.count("\n") or 6 * len(rows) + block.count(",") + 6 > limits.events or limits.depth < 2:
        return None
    number_digits = limits.number_digits
    fields: dict[str, Value] = {}
    for key, plain, double, single, words in rows:
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
