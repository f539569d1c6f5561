"""Get the value of a field from front matter, under the first of several keys that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})
FLAGS = TRUE_WORDS | FALSE_WORDS


def first_value(front_matter: dict[str, Value], keys: tuple[str, ...], *, empty_list_counts: bool) -> Value:
    """Get the value of the first key that has one."""
    for key in keys:
        value = front_matter.get(key)
        if value is None and "." in key:
            outer, _, inner = key.partition(".")
            table = front_matter.get(outer)
            value = table.get(inner) if isinstance(table, dict) else None
        if value is not None and value != "" and (value != [] or empty_list_counts):
            return value
    return None


def text_as_written(front_matter: dict[str, Value], keys: tuple[str, ...]) -> str | None:
    """Get the text of the first key whose text is not blank, exactly as written."""
    for key in keys:
        value = front_matter.get(key)
        if isinstance(value, str) and value and not value.isspace():
            return value
    return None


def stripped_text(front_matter: dict[str, Value], keys: tuple[str, ...]) -> str | None:
    """Get the text of the first key whose text is not blank, without white space at its ends."""
    for key in keys:
        value = front_matter.get(key)
        if isinstance(value, str) and (stripped := value.strip()):
            return stripped
    return None


def lower_text(front_matter: dict[str, Value], key: str) -> str:
    """Get a text in lower case, without white space at its ends; empty where the value is none."""
    value = front_matter.get(key)
    return value.strip().lower() if isinstance(value, str) else ""


def is_flag(value: Value) -> bool:
    """Whether a value is a word for true or false."""
    return isinstance(value, str) and value.strip().lower() in FLAGS
