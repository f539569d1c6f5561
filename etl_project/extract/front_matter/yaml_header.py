"""YAML between lines of dashes, as each generator finds its end.

A generator stops at the first closing line, so that a later `---` belongs to the body: posts that teach front matter
show some. `HeaderRules` says what differs:

- Hugo (`parser/pageparser/pagelexer_intro.go`) and Zola (`content/front_matter/split.rs`) pass over white space before
  the opening line, also in that line;
- Hugo, Hexo (`hexo-front-matter/lib/front_matter.ts`) and gray-matter look at the first dashes of a line only, so a
  longer line closes, and in `---text` the body begins; Jekyll (`Document::YAML_FRONT_MATTER_REGEXP`) and Obsidian want
  exactly three with nothing behind them;
- Hexo turns each TAB at the start of a line into two spaces before it reads the YAML.
"""

from __future__ import annotations

import re

from etl_project.dialects import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.header import BLANK_LINES, LINE_REST, Header, HeaderSpan
from etl_project.extract.front_matter.yaml_events import POST_KEYS, Budget, Doubt, Value, read_events
from etl_project.extract.front_matter.yaml_flat import read_flat
from etl_project.extract.front_matter.yaml_repair import TIGHT_KEY, narrow_spaces, repair
from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection

_DASHES = rf"(-{{3,}})(?:[ \t]*(json|toml|yaml))?{LINE_REST}(?:\n|\Z)"
_OPEN = re.compile(BLANK_LINES + _DASHES)
_INDENTED_OPEN = re.compile(r"[ \t\n]*+" + _DASHES)
_CLOSE = re.compile(rf"^(?:---|\.\.\.){LINE_REST}$", re.MULTILINE)
_LONG_CLOSE = re.compile(rf"^-{{3,}}{LINE_REST}$", re.MULTILINE)
_ANY_CLOSE = re.compile(rf"^(?:-{{3,}}|\.\.\.){LINE_REST}$|^---(?P<tight>)(?![-:]*\|)", re.MULTILINE)
"""Text straight behind the dashes is the body, but for the line of dashes of a table."""
KEY_LINE = re.compile(r"\s*[\"']?[^\W\d][\w -]{0,60}[\"']?:(?=\s|$)")
"""A line of front matter, as told from text."""
_FIRST_KEY = re.compile(r"(?:[^\S\n]*+(?:#[^\n]*+)?+\n)*+\s*[\"'<\[{&*!?]?[\w-][^\n:：,.]{0,60}[:：]")
_POST_KEY = re.compile(rf"{POST_KEYS}:(?=\s|$)")
_QUOTED_LINE = re.compile(r"""[\w-]+:[ \t]+(?:"[^"]+"|'[^']+')[ \t]*$""")
_OPEN_QUOTE = re.compile(r"""[\w-]+:[ \t]+(["'])""")
REST_CHARACTERS = 4096
"""Characters at the start of a body that are searched for the rest of its front matter."""
_UNFENCED_LINE = re.compile(r"([A-Za-z_][\w-]*):(?:[ \t]|$)|[ \t]*-[ \t]|[ \t]+\S|[ \t]*$|#")
_TIGHT = re.compile(rf"""^([A-Za-z_][\w-]*(?=:["'])|{POST_KEYS}(?=:[^\s:/])):""", re.MULTILINE)
"""A key without a blank behind its colon, of which YAML would take the text up to the next colon for the key."""
_TAB_INDENT = re.compile(r"^[ \t]*\t[ \t]*", re.MULTILINE)


class YAMLHeader(Header):
    """YAML between lines of dashes; Hexo's form has no first line of dashes."""

    name = "yaml"
    FM_BOUNDARY = _OPEN
    START_DELIMITER = END_DELIMITER = "---"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the block between the fences."""
        opening = (_INDENTED_OPEN if rules.opening_indented else _OPEN).match(text)
        if opening is None:
            return _find_without_opening(text, rules)
        start = opening.end()
        closing = _find_closing(text, start, len(opening[1]), rules)
        if closing is None:
            if required or KEY_LINE.match(text, start):
                line = text.count("\n", 0, opening.start(1)) + 1
                raise Rejection("unterminated_front_matter", "The front matter has no closing line.", line)
            return None
        body = body_after(text, closing)
        if is_cut_by_dashes(text, start, closing.start(), body):
            line = text.count("\n", 0, body)
            raise Rejection("syntax", "A line of --- or ... stands in the middle of the front matter.", line)
        return HeaderSpan(start, closing.start(), body, opening[2] or "yaml")

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the block with the fast path, else with the YAML parser, else line by line."""
        if fast_path:
            flat = read_flat(header, budget.limits)
            if flat is not None:
                return flat
        if rules.tabs_indent and "\t" in header:
            header = _TAB_INDENT.sub(lambda indent: indent[0].replace("\t", "  "), header)
        header, warning = narrow_spaces(header, budget.line)
        if tight := _TIGHT.search(header):
            line = budget.line + header.count("\n", 0, tight.start())
            warning = warning or PostWarning("repaired_plain_scalar", tight[1], line)
            header = _TIGHT.sub(r"\1: ", header)
        try:
            value = read_events(header, budget, line=budget.line)
            if isinstance(value, str) and TIGHT_KEY.match(header):
                raise Doubt("the colons have no space after them", budget.line)
        except Doubt as doubt:
            budget.warnings.clear()
            budget.anchors.clear()
            budget.events = 0
            value = repair(header, budget, doubt, line=budget.line)
        if warning is not None:
            budget.warnings.append(warning)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Rejection("front_matter_not_mapping", "The front matter holds no `key: value`.", budget.line)
        return value


def begins_with_key(header: str) -> bool:
    """Whether the first line of a block that is neither blank nor a comment may be a key of YAML."""
    return _FIRST_KEY.match(header) is not None


def _find_closing(text: str, start: int, length: int, rules: HeaderRules) -> re.Match[str] | None:
    """Find the closing line of a header that begins at `start`, opened by a line of `length` dashes."""
    if length == 3:
        exact = (_ANY_CLOSE if rules.long_line_closes else _CLOSE).search(text, start)
        return exact or _LONG_CLOSE.search(text, start)
    for closing in _LONG_CLOSE.finditer(text, start):
        dashes = len(closing[0].rstrip())
        if dashes == length or (rules.long_line_closes and dashes > length):
            return closing
    return None


def body_after(text: str, closing: re.Match[str]) -> int:
    """Tell where the body begins: below the closing line, or in it, behind dashes or pluses with text after them.

    Args:
        text: the decoded file.
        closing: the line, or its dashes alone.
    """
    is_tight = "tight" in closing.re.groupindex and closing["tight"] is not None
    return closing.end() if is_tight else min(closing.end() + 1, len(text))


def _find_without_opening(text: str, rules: HeaderRules) -> HeaderSpan | None:
    """Find Hexo's header without an opening line."""
    first = _UNFENCED_LINE.match(text)
    if first is None or first[1] is None:
        return None
    closing = (_ANY_CLOSE if rules.tabs_indent else _CLOSE).search(text)
    if closing is None or closing[0][0] != "-":
        return None
    keys = set()
    for line in text[: closing.start()].split("\n"):
        match = _UNFENCED_LINE.match(line)
        if match is None:
            return None
        keys.add(match[1])
    if not keys & {"title", "date"}:
        return None
    return HeaderSpan(0, closing.start(), body_after(text, closing), "yaml")


def is_cut_by_dashes(text: str, start: int, end: int, body: int) -> bool:
    """Whether the body begins with the rest of the front matter, because a line of dashes inside a title ended it.

    Then the header ends in a quote that is not closed, or the body begins with the end of a quoted title; at least two
    keys of a post follow, and another fence. A body that shows front matter has none of these signs.
    """
    if text.find("\n---", body, body + REST_CHARACTERS) < 0:
        return False
    parts = _CLOSE.split(text[body : body + REST_CHARACTERS])[:-1]
    last_line = text[start:end].rstrip().rpartition("\n")[2]
    opened = _OPEN_QUOTE.match(last_line)
    if opened is not None and last_line.count(opened[1]) % 2:
        return any(map(_is_rest_of_header, parts))
    return next((_begins_with_end_of_title(part) for part in parts if part.strip()), False)


def _is_rest_of_header(part: str) -> bool:
    """Whether text before a fence may be the rest of a header: two keys of a post, and a line that ends in a quote."""
    lines = [line.rstrip() for line in part.split("\n")]
    return (
        sum(_POST_KEY.match(line) is not None for line in lines) > 1
        and any(line.endswith(('"', "'")) and not _QUOTED_LINE.match(line) for line in lines)
        and not any(line.startswith(("```", "~~~")) for line in lines)
    )


def _begins_with_end_of_title(part: str) -> bool:
    """Whether the line before the first key in a text ends a quoted value, and another key follows."""
    lines = [line.rstrip() for line in part.split("\n")]
    keys = [number for number, line in enumerate(lines) if _POST_KEY.match(line)]
    if len(keys) < 2 or not keys[0]:
        return False
    before = lines[keys[0] - 1]
    return before.endswith(('"', "'")) and not _QUOTED_LINE.match(before)
