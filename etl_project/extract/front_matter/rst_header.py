"""Read the header of a reStructuredText post: its title and the list of fields below it, or Nikola's comments.

https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html#document-title and #bibliographic-fields;
https://getnikola.com/handbook.html#metadata-fields for `.. title: ...`.
"""

from __future__ import annotations

import re
import unicodedata

from etl_project.dialect import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.header import Header, HeaderSpan
from etl_project.extract.front_matter.yaml_events import Budget, Value
from etl_project.limits import Limits

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*$")
_FIELD = re.compile(r":(?![: ])((?:[^:\\]|\\.|:(?![ `]|$))+):(?:[ \t]+(.*))?$")
_NIKOLA_FIELD = re.compile(r"\.\.[ \t]+([A-Za-z_][\w-]*):(?:[ \t]+(.*))?$", re.ASCII)
_COMMENT = re.compile(r"\.\.(?:[ \t]|$)")
_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:[\w.+:-]+::|_|\[|\|)")
_NIKOLA_OPEN = re.compile(r"\s*+<!--[ \t]*\n?(?=\s*+\.\.[ \t]+[A-Za-z_])")
_ITEM = re.compile(r"[-*+][ \t]+(.*)")
_INLINE = re.compile(
    r"``([^`]+)``|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|(?::[\w.+-]+:)?`([^`<]+?)(?:[ ]*<[^>]*>)?`(?::[\w.+-]+:)?_{0,2}"
)
_ESCAPE = re.compile(r"\\(.)")
_LONGEST_LINE_CHARACTERS = 2000
"""Beyond it a line is taken as it is, without a look for markup."""


class RstHeader(Header):
    """The title and the fields of a reStructuredText document."""

    name = "rst"
    FM_BOUNDARY = _FIELD
    START_DELIMITER, END_DELIMITER = "", "\n"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find title and fields at the start of the text."""
        fields, end = read_rst_header(text, limits.front_matter_bytes)
        return HeaderSpan(0, end, end, "rst", fields) if fields else None

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read title and fields."""
        return read_rst_header(header, len(header))[0]


class NikolaComment(Header):
    """Lines of `.. key: value`, in Markdown within one HTML comment."""

    name = "nikola"
    FM_BOUNDARY = _NIKOLA_OPEN
    START_DELIMITER, END_DELIMITER = "<!--", "-->"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the comment at the start of the text."""
        opening = _NIKOLA_OPEN.match(text)
        if opening is None:
            return None
        end = text.find("-->", opening.end(), opening.end() + limits.front_matter_bytes)
        if end < 0:
            return None
        body = end + 3
        return HeaderSpan(opening.end(), end, body + (text[body : body + 1] == "\n"), "nikola")

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the lines."""
        fields: dict[str, Value] = {}
        for line in header.split("\n"):
            if match := _NIKOLA_FIELD.match(line.strip()):
                fields[match[1].lower()] = (match[2] or "").strip() or None
        return fields


def read_rst_header(text: str, longest: int) -> tuple[dict[str, Value], int]:
    """Read the title, the fields below it, and comments of the form `.. key: value` around them.

    Args:
        text: the document.
        longest: characters from its start that are searched.

    Returns:
        The fields, names in small letters, and the position after them; no fields where there are none.
    """
    cut = text[:longest]
    if len(text) > longest:
        cut = cut[: cut.rfind("\n") + 1]
    lines = cut.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    fields: dict[str, Value] = {}
    at = _skip_comments(lines, 0, fields)
    title, last = _read_title(lines, at)
    if title is not None:
        count = len(fields)
        at = _skip_comments(lines, last, fields)
        last = at if len(fields) > count else last
        fields.setdefault("title", title)
    listed, end = _read_fields(lines, at)
    if not listed and not fields:
        return {}, 0
    last = end if listed else last
    return fields | listed, min(starts[last], len(text))


def _skip_comments(lines: list[str], at: int, fields: dict[str, Value]) -> int:
    """Pass blank lines and comments, and collect those that name a field; returns the line after them."""
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif _COMMENT.match(line) and not _DIRECTIVE.match(line):
            if match := _NIKOLA_FIELD.match(line):
                fields[match[1].lower()] = (match[2] or "").strip() or None
            at += 1
            while at < len(lines) and lines[at][:1] in (" ", "\t"):
                at += 1
        else:
            break
    return at


def _read_title(lines: list[str], at: int) -> tuple[str | None, int]:
    """Read a title with its line of punctuation below, or above and below; returns it and the line after it."""
    part = [line.rstrip() for line in lines[at : at + 3]]
    if len(part) == 3 and _is_adornment(part[0]) and part[2] == part[0] and part[1].strip():
        return _plain(part[1].strip()), at + 3
    if len(part) > 1 and part[0][:1].strip() and not _is_adornment(part[0]) and _ADORNMENT.match(part[1]):
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in part[0])
        if len(part[1]) >= min(width, 4):  # as docutils does: a short line below is a warning only, from 4 on
            return _plain(part[0]), at + 2
    return None, at


def _is_adornment(line: str) -> bool:
    return len(line) > 1 and _ADORNMENT.match(line) is not None


def _read_fields(lines: list[str], at: int) -> tuple[dict[str, Value], int]:
    """Read a list of fields; returns them and the line after it."""
    fields: dict[str, Value] = {}
    key, end = "", at
    while at < len(lines):
        line = lines[at]
        match = _FIELD.match(line) if line[:1] == ":" else None
        if match is not None:
            key = _plain(match[1]).lower()
            item = _ITEM.match(match[2] or "")
            fields[key] = [_plain(item[1])] if item else _plain(match[2] or "") or None
        elif key and line[:1] in (" ", "\t") and line.strip():
            before, item = fields[key], _ITEM.match(line.strip())
            if item is not None and (before is None or isinstance(before, list)):
                fields[key] = [*(before or []), _plain(item[1])]
            elif isinstance(before, list):
                before[-1] = f"{before[-1]} {_plain(line.strip())}"
            else:
                fields[key] = f"{before or ''} {_plain(line.strip())}".strip()
        elif line.strip():
            break
        at += 1
        if line.strip():
            end = at
    return fields, end


def _plain(text: str) -> str:
    """Take the markup out of a line."""
    text = text.strip()
    if len(text) > _LONGEST_LINE_CHARACTERS:
        return text
    if "`" in text or "*" in text:
        text = _INLINE.sub(lambda match: next((part for part in match.groups() if part), ""), text)
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text
