"""Read the keywords at the start of an Org file: `#+title: ...`.

Lists and dates are read as Hugo reads them (parser/metadecoders/decoder.go, `unmarshalORG`).
"""

from __future__ import annotations

import re

from etl_project.dialect import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.header import Header, HeaderSpan
from etl_project.extract.front_matter.yaml_events import Budget, Value
from etl_project.limits import Limits

_KEYWORD = re.compile(r"[ \t]*#\+([\w-]+(?:\[\])?):[ \t]*(.*)", re.ASCII)
_NO_CONTENT = re.compile(r"[ \t]*(?:#(?:[ \t].*)?)?$")
_START = re.compile(r"\s*+[#:]")
_DRAWER = re.compile(r"[ \t]*:[\w-]+:(?:[ \t].*)?$")
_TIMESTAMP = re.compile(r"[<\[]([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ ][^\]>]*)?[>\]]")
_DATES = frozenset({"date", "lastmod", "publishdate", "expirydate"})


class OrgHeader(Header):
    """Lines of `#+key: value`."""

    name = "org"
    FM_BOUNDARY = _KEYWORD
    START_DELIMITER, END_DELIMITER = "#+", "\n"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the keywords at the start of the text; comments, drawers and blank lines may stand between them."""
        if not _START.match(text):
            return None
        end, position = 0, 0
        while position < len(text) and position <= limits.front_matter_bytes:
            line_end = text.find("\n", position)
            line_end = len(text) if line_end < 0 else line_end
            line = text[position:line_end]
            position = min(line_end + 1, len(text))
            keyword = _KEYWORD.match(line)
            if keyword:
                end = position
            elif not (_NO_CONTENT.match(line) or _DRAWER.match(line)):
                break
        return HeaderSpan(0, end, end, "org") if end else None

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the keywords, their names in small letters; `filetags` are tags where there are no others."""
        fields: dict[str, Value] = {}
        for line in header.split("\n"):
            keyword = _KEYWORD.match(line)
            if keyword is None:
                continue
            key, written = keyword[1].lower(), keyword[2].strip()
            value: Value = written or None
            if key.endswith("[]"):
                key, value = key[:-2], [*written.split()]
            elif key == "filetags":
                value = [tag for part in written.split(":") for tag in part.split()]
            elif key in _DATES and (stamp := _TIMESTAMP.match(written)):
                value = stamp[1]
            before = fields.get(key)
            if isinstance(before, list) and isinstance(value, list):
                value = [*before, *value]
            elif isinstance(before, str) and isinstance(value, str):
                value = f"{before} {value}"
            fields[key] = value
        if "filetags" in fields:
            fields.setdefault("tags", fields["filetags"])
        return fields
