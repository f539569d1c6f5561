"""Read front matter that is not YAML: TOML, JSON, and headers without fences. Every scalar stays text as written."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from etl_project.extract.front_matter.yaml_events import Value
from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection

_TOML_TOKEN = re.compile(
    r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*"{3,5}'
    r"|'''[^']*+(?:'(?!'')[^']*+)*'{3,5}"
    r'|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"'
    r"|'[^'\n]*+'"
    r"|#[^\n]*"
    r"|[\[\]{}=,\n]"
    r"|[^\s\[\]{}=,\"'#]+(?:[ ][0-9]{2}:[^\s\[\]{}=,\"'#]+)?",
    re.DOTALL,
)
_TOML_BARE = re.compile(
    r"true|false|[+-]?(?:inf|nan)|0x[0-9A-Fa-f_]+|0o[0-7_]+|0b[01_]+"
    r"|[+-]?(?:0|[1-9][0-9_]*)(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9_]+)?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
    r"|[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
)
_TOML_STRING_LINE = re.compile(r'([ \t]*(?:[\w.-]+|"[^"\n]*")[ \t]*=[ \t]*)"(?!"")(.*)')
_LCTT_LINE = re.compile(r"\[#\]:[ \t]*([\w-]+)[ \t]*:[ \t]*(.*)")
_ERROR_LINE = re.compile(r"at line ([0-9]+)")


def read_toml(text: str, limits: Limits, line: int) -> tuple[dict[str, Value], list[PostWarning]]:
    """Read TOML 1.0, with numbers, dates and truth values as written.

    A string on one line whose quotes are not closed or not escaped is read as the text from its first to its last
    quote, with the warning `repaired_quotes`, as in YAML.

    Args:
        text: the header without its fences.
        limits: what one front matter may hold.
        line: file line of the first line of the header.

    Returns:
        The fields and the warnings.

    Raises:
        Rejection: `syntax`, `depth_limit`, `value_limit`.

    """
    try:
        return _check_limits(tomllib.loads(_quote_toml_values(text, limits, line)), limits, line), []
    except tomllib.TOMLDecodeError as error:
        repaired, warnings = _repair_toml(text, line)
        if warnings:
            try:
                return _check_limits(tomllib.loads(_quote_toml_values(repaired, limits, line)), limits, line), warnings
            except tomllib.TOMLDecodeError:
                pass
        line_match = _ERROR_LINE.search(str(error))
        error_line = line + int(line_match[1]) - 1 if line_match else line
        raise Rejection("syntax", f"The TOML cannot be read: {error}.", error_line) from error


def _quote_toml_values(text: str, limits: Limits, line: int) -> str:
    """Put quotes around every bare value, so that the parser returns it as it was written."""
    parts: list[str] = []
    stack: list[str] = []
    position = dots = 0
    is_value = is_header = False
    for match in _TOML_TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == "\n":
            if not stack:
                is_value = is_header = False
                dots = 0
        elif first == "#" or is_header:
            dots += token.count(".")
        elif first == "=":
            is_value, dots = True, 0
        elif first == ",":
            is_value = bool(stack) and stack[-1] == "["
        elif first in "[{":
            if is_value:
                stack.append(first)
                is_value = first == "["
            else:
                is_header = True
        elif first in "]}":
            if stack:
                stack.pop()
            is_value = False
        elif is_value:
            is_value = False
            if first not in "\"'" and _TOML_BARE.fullmatch(token):
                if len(token) > limits.number_digits:
                    raise Rejection("value_limit", "A number is longer than the limit.", line)
                parts += (text[position : match.start()], "'", token, "'")
                position = match.end()
        else:
            dots += token.count(".")
        if first != "#" and (dots > limits.depth or len(stack) >= limits.depth):
            raise Rejection("depth_limit", f"Nested deeper than {limits.depth} levels.", line)
    parts.append(text[position:])
    return "".join(parts)


def _repair_toml(text: str, line: int) -> tuple[str, list[PostWarning]]:
    """Requote the one-line strings that TOML refuses; returns the text and a warning for each of them."""
    lines = text.split("\n")
    warnings: list[PostWarning] = []
    for number, written in enumerate(lines):
        match = _TOML_STRING_LINE.fullmatch(written)
        if match is None:
            continue
        value = match[2].rstrip()
        try:
            tomllib.loads(f'v = "{value}')
        except tomllib.TOMLDecodeError:
            value = value.removesuffix('"')
            # A JSON string is a TOML basic string.
            lines[number] = match[1] + json.dumps(value, ensure_ascii=False)
            warnings.append(PostWarning("repaired_quotes", value[:200], line + number))
    return "\n".join(lines), warnings


def read_json(text: str, start: int, limits: Limits, line: int) -> tuple[dict[str, Value], int, list[PostWarning]]:
    """Read a JSON object that begins at `start`, with numbers as written. Of a repeated name the last value counts.

    Returns:
        Its fields, the position after its closing brace, and a warning for each repeated name.

    Raises:
        Rejection: `syntax`, `depth_limit`, `value_limit`, or `encoding` for half of a surrogate pair.

    """

    def number(written: str) -> str:
        if len(written) > limits.number_digits:
            raise Rejection("value_limit", "A number is longer than the limit.", line)
        return written

    warnings: list[PostWarning] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            names = dict.fromkeys(name for name, value in pairs if fields[name] != value)
            warnings.extend(PostWarning("duplicate_key", name) for name in names)
        return fields

    decoder = json.JSONDecoder(parse_int=number, parse_float=number, parse_constant=number, object_pairs_hook=members)
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        error_line = line + text.count("\n", start, error.pos)
        raise Rejection("syntax", f"The JSON cannot be read: {error.msg}.", error_line) from error
    except RecursionError as error:
        raise Rejection("depth_limit", f"Nested deeper than {limits.depth} levels.", line) from error
    if not isinstance(value, dict):
        raise Rejection("front_matter_not_mapping", "The front matter is no object.", line)
    fields = _check_limits(value, limits, line)
    if "\\ud" in text[start:end].lower():
        try:
            json.dumps(fields, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise Rejection("encoding", "An escape stands for half of a surrogate pair.", line) from error
    return fields, end, warnings


def _check_limits(root: dict[str, Any], limits: Limits, line: int) -> dict[str, Value]:
    """Check the limits and convert truth values to text, in place and without recursion."""
    parts = 0
    level: list[Any] = [root]
    depth = 0
    while level:
        depth += 1
        if depth > limits.depth:
            raise Rejection("depth_limit", f"Nested deeper than {limits.depth} levels.", line)
        next_level: list[Any] = []
        for container in level:
            parts += len(container) + 2
            if parts > limits.events:
                raise Rejection("value_limit", f"The front matter has more than {limits.events} parts.", line)
            for key, value in list(container.items() if type(container) is dict else enumerate(container)):
                if type(value) is dict or type(value) is list:
                    next_level.append(value)
                elif type(value) is bool:
                    container[key] = "true" if value else "false"
        level = next_level
    return root


def read_lctt(text: str) -> tuple[dict[str, Value], int, list[PostWarning]]:
    """Read lines of `[#]: key: (value)` or `[#]: key: "value"`.

    Returns:
        The fields, the position after the last such line, and a warning for each repeated key.
    """
    fields: dict[str, Value] = {}
    warnings: list[PostWarning] = []
    position = line = 0
    while match := _LCTT_LINE.match(text, position):
        value = match[2].strip()
        if value[:1] + value[-1:] in ("()", '""') and len(value) > 1:
            value = value[1:-1]
        line += 1
        _set_field(fields, match[1], value.strip() or None, warnings, line)
        position = min(match.end() + 1, len(text))
    return fields, position, warnings


def _set_field(fields: dict[str, Value], key: str, value: Value, warnings: list[PostWarning], line: int) -> None:
    """Set a field; warn if it replaces another value."""
    if key in fields and fields[key] != value:
        warnings.append(PostWarning("duplicate_key", key, line))
    fields[key] = value
