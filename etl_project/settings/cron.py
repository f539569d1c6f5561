"""Whether a text is a cron expression that Dagster runs, asked of Dagster itself where it is not plain."""

from __future__ import annotations

import re
import time

_FIELDS = ((0, 59, ""), (0, 23, ""), (1, 28, ""), (1, 12, "jan"), (0, 6, "sun"))
"""Lowest and highest number of each field, and the name that the lowest has. Days after the 28th are left to Dagster:
not every month has them, and some expressions with them never come."""

_NAMES = {
    "jan": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "sun": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    "": [],
}

_NICKNAMES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")

_ITEM = re.compile(r"(?:\*|(?P<first>[0-9]{1,2}|[a-z]{3})(?:-(?P<last>[0-9]{1,2}|[a-z]{3}))?)(?P<step>/[0-9]{1,2})?")


def is_cron(text: str) -> bool:
    """Whether Dagster takes a text for a cron expression, and it ever comes.

    Args:
        text: the expression, its fields with one space between them.
    """
    return is_plain(text) or _is_taken_by_dagster(text)


def is_plain(text: str) -> bool:
    """Whether a text is an expression that Dagster takes beyond doubt, told without the time to import Dagster.

    Numbers, three-letter names, rising ranges, steps of `*` or a range, and lists of them; False means nothing.
    """
    fields = text.lower().split(" ")
    return text in _NICKNAMES or (
        len(fields) == len(_FIELDS) and all(_is_plain_field(*field) for field in zip(fields, _FIELDS, strict=True))
    )


def _is_plain_field(text: str, bounds: tuple[int, int, str]) -> bool:
    lowest, highest, first_name = bounds
    names = {name: lowest + number for number, name in enumerate(_NAMES[first_name])}
    for item in text.split(","):
        found = _ITEM.fullmatch(item)
        if not found or (found["step"] and not 1 <= int(found["step"][1:]) <= highest):
            return False
        if found["first"] is None:
            continue
        first = names.get(found["first"], _number(found["first"]))
        last = names.get(found["last"], _number(found["last"])) if found["last"] else first
        if not lowest <= first <= last <= highest or (found["step"] and not found["last"]):
            return False
    return True


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1


def _is_taken_by_dagster(text: str) -> bool:
    # Dagster has its own copy of croniter and rules of its own: only it can say what its daemon will run.
    from dagster._utils.schedules import cron_string_iterator, is_valid_cron_string

    try:
        return is_valid_cron_string(text) and bool(next(cron_string_iterator(time.time(), text, "UTC")))
    except Exception:  # of an expression that never comes, such as April 31st, among others
        return False
