"""Read the front matter of an HTML post from its `<head>`, as Pelican does.

https://github.com/getpelican/pelican/blob/main/pelican/readers.py (`HTMLReader`): the title is that of `<title>`, each
`<meta name="...">` is a key, and `keywords` are tags.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from etl_project.dialect import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.header import Header, HeaderSpan
from etl_project.extract.front_matter.yaml_events import Budget, Value
from etl_project.limits import Limits

_HEAD = re.compile(r"<head[\s>]", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s{0,9}>|<body[\s>]", re.IGNORECASE)
_BODY = re.compile(r"\s*+(?:<body(?:\s[^<>]*+)?>)?", re.IGNORECASE)


class HTMLHead(Header):
    """What the head of an HTML document states."""

    name = "html"
    FM_BOUNDARY = _HEAD
    START_DELIMITER, END_DELIMITER = "<head>", "</head>"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the head; the body is what follows the opening tag of the body."""
        opening = _HEAD.search(text, 0, limits.front_matter_bytes)
        if opening is None:
            return None
        closing = _HEAD_END.search(text, opening.end(), opening.end() + limits.front_matter_bytes)
        if closing is None:
            return None
        after = closing.end() if closing[0][1] == "/" else closing.start()
        body = _BODY.match(text, after)
        return HeaderSpan(opening.start(), closing.start(), body.end() if body else after, "html")

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the title and the named metadata; of a name that is there twice, all values are a list."""
        tree = LexborHTMLParser(header.encode("utf-8", "replace").decode())
        fields: dict[str, Value] = {}
        for title in tree.css("head > title"):
            fields["title"] = " ".join(title.text().split()) or None
        for meta in tree.css("head > meta"):
            name = (meta.attributes.get("name") or "").lower()
            value = (meta.attributes.get("content") or meta.attributes.get("contents") or "").strip() or None
            if not name or (name == "title" and "title" in fields):
                continue
            name = "tags" if name == "keywords" else name
            before = fields.get(name)
            if isinstance(before, list):
                before.append(value)
            else:
                fields[name] = value if before is None else [before, value]
        return fields
