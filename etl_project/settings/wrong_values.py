"""What is wrong with a value of a setting, and how it is written, in words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import InitErrorDetails

from etl_project.sources.secrets import without_secrets_in_value

_KINDS = {
    "string": "a text in quotes",
    "path": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false, without quotes",
    "date": "a day, such as 2024-01-31",
}
"""Beginning of a type of error of pydantic -> what is to be written."""

_NUMBERS = {"bool": bool, "int": int, "float": float, "date": dt.date}
"""Kinds of values, as pydantic begins its errors, that it makes of numbers; `True` is an `int`, too."""

_TABLES_IN_A_LIST = ("source", "source.rules", "source.mentions")


def describe_wrong_value(name: str, problem: Mapping[str, Any]) -> str:
    """Say what is wrong with a value, without a full stop.

    Args:
        name: the setting, with the tables it is in: `source.encodings`.
        problem: an error of pydantic: its `type`, `input` and `msg`.
    """
    value, key = without_secrets_in_value(problem["input"]), name.rpartition(".")[2]
    if name in _TABLES_IN_A_LIST and not isinstance(value, dict):
        return f"{name} = {_toml(value)} cannot be used; write [[{name}]] and its settings below it, once for each"
    if problem["type"] in ("tuple_type", "list_type"):
        if isinstance(value, dict):
            return f"{name} is written as a single table; write [[{name}]] with two brackets, once for each"
        written = json.dumps([value], ensure_ascii=False, default=str)
        return f"{name} = {_toml(value)} is not a list; write {key} = {written}"
    if problem["type"] in ("model_type", "dataclass_type", "dict_type"):
        return f"{name} = {_toml(value)} cannot be used; write the table [{name}] and its settings below it"
    if problem["type"] == "literal_error":
        choices = problem["msg"].removeprefix("Input should be ").replace("'", '"')
        return f"{name} = {_toml(value)} cannot be used; write {choices}"
    kind = next((words for begin, words in _KINDS.items() if problem["type"].startswith(f"{begin}_")), None)
    if kind:
        return f"{name} = {_toml(value)} cannot be used; write {kind}"
    rule = problem["msg"].replace("Input should be ", "it must be ", 1)
    return f"{name} = {_toml(value)} cannot be used; {rule}"


def values_of_another_kind(raw: Any, made: Any, place: tuple[str | int, ...] = ()) -> Iterator[InitErrorDetails]:
    """Find values that pydantic takes for those of another kind: `true` for 1, 1 for `true`, a number for a day.

    Args:
        raw: what TOML says: a table, a list or a value.
        made: the settings that were made of it.
        place: keys and numbers that lead to it.

    Yields:
        Errors as pydantic describes them.
    """
    if isinstance(raw, dict):
        for key, value in raw.items():
            inner = getattr(made, "sources" if key == "source" and not place else key, None)
            yield from values_of_another_kind(value, inner, (*place, key))
    elif isinstance(raw, list) and isinstance(made, tuple):
        for number, (value, inner) in enumerate(zip(raw, made, strict=False)):
            yield from values_of_another_kind(value, inner, (*place, number))
    elif isinstance(raw, int | float):
        kind = next((kind for kind, types in _NUMBERS.items() if isinstance(made, types)), None)
        if kind == "date" or (kind and isinstance(raw, bool) != (kind == "bool")):
            yield InitErrorDetails(type=f"{kind}_type", loc=place, input=raw)


def _toml(value: object) -> str:
    """A value as people write it in TOML, as far as JSON writes it so."""
    return json.dumps(value, ensure_ascii=False, default=str)
