"""Split the text of a post into front matter and body, or reject it with a reason.

What counts as front matter:

- YAML between a line of `---` and the next line of `---` or `...`. White space after the dashes and blank
  lines before them do not matter. A longer line of dashes is an opening line too; a line of the same length
  closes it. `---json` and `---toml` name another format. `yaml_header` has the rules of each generator.
- Hexo's YAML without an opening line, if every line up to the first `---` is `key: value`, a list item or
  indented, and one of the keys is `title` or `date`; a Markdown heading underlined with dashes never has this
  form.
- TOML between lines of `+++`.
- JSON: an object at the start of the file, on one line or many, between lines of `---` or `;;;`, its
  members without braces before a line of `;;;` (Hexo), or in an HTML comment `<!--{ }-->`. `{{` and `{%`
  begin a template, not JSON.
- `[#]: key: (value)` lines.
- Headers without fences (`Title: x`), only where `formats` names `pelican`, because any text may begin with
  such a line.
- The `<head>` of an HTML document, title and fields of reStructuredText, keywords of Org, and Nikola's comments,
  only where `formats` names them.

An opening line without a closing one is rejected as `unterminated_front_matter`. Where front matter is not
required, a `---` that is not followed by a `key:` line is a horizontal rule, and a block between two of them that
holds no mapping is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from etl_project.dialects import COMMON_RULES, HeaderRules
from etl_project.extract.front_matter.header import BLANK_LINES, LINE_REST, Header, HeaderSpan
from etl_project.extract.front_matter.html_head import HTMLHead
from etl_project.extract.front_matter.org_header import OrgHeader
from etl_project.extract.front_matter.other_headers import read_json, read_lctt, read_toml
from etl_project.extract.front_matter.pelican_header import PelicanHeader
from etl_project.extract.front_matter.rst_header import NikolaComment, RstHeader
from etl_project.extract.front_matter.yaml_events import Budget, Value
from etl_project.extract.front_matter.yaml_header import YAMLHeader, begins_with_key, body_after
from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection

__all__ = ["DEFAULT_FORMATS", "FORMATS", "FrontMatter", "Value", "front_matter_json", "read_front_matter"]

_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_quote_json = json.encoder.encode_basestring
_TOML_OPEN = re.compile(rf"{BLANK_LINES}\+\+\+{LINE_REST}(?:\n|\Z)")
_INDENTED_TOML_OPEN = re.compile(rf"[ \t\n]*+\+\+\+{LINE_REST}(?:\n|\Z)")
_TOML_CLOSE = re.compile(rf"^\+\+\+{LINE_REST}$", re.MULTILINE)
_LONG_TOML_CLOSE = re.compile(rf"^\+{{3,}}{LINE_REST}$|^\+\+\+(?P<tight>)", re.MULTILINE)
_JSON_OPEN = re.compile(rf'{BLANK_LINES}[ \t]*(?=\{{\s*(?:"|\}}))')
_JSON_COMMENT = re.compile(rf'{BLANK_LINES}<!--\s*(?=\{{\s*(?:"|\}}))')
_JSON_COMMENT_END = re.compile(r"\s*-->[ \t]*\n?")
_JSON_FENCE = re.compile(rf'{BLANK_LINES}(;;;[ \t]*\n)?\s*(?=["{{])')
_JSON_FENCE_CLOSE = re.compile(r"^;;;[ \t]*(?:\n|\Z)", re.MULTILINE)
_REST_OF_LINE = re.compile(r"[ \t]*\n?")
_LCTT_OPEN = re.compile(r"\[#\]:[ \t]*[\w-]+[ \t]*:")


@dataclass(slots=True)
class FrontMatter:
    """The front matter of a post, and its body."""

    format: str | None
    """A name of `FORMATS`, or None when the post has no front matter."""
    fields: dict[str, Value]
    """The fields in the order written."""
    body: str
    """Everything after the front matter, as written."""
    body_line: int
    """Line of the file, from 1, where the body begins."""
    warnings: list[PostWarning] = field(default_factory=list)


class TOMLHeader(Header):
    """TOML between lines of `+++`."""

    name = "toml"
    FM_BOUNDARY = _TOML_OPEN
    START_DELIMITER = END_DELIMITER = "+++"

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the block between the fences."""
        opening = (_INDENTED_TOML_OPEN if rules.opening_indented else _TOML_OPEN).match(text)
        if opening is None:
            return None
        closing = (_LONG_TOML_CLOSE if rules.long_line_closes else _TOML_CLOSE).search(text, opening.end())
        if closing is None:
            line = text.count("\n", 0, opening.end() - 1) + 1
            raise Rejection("unterminated_front_matter", "The front matter has no closing line.", line)
        return HeaderSpan(opening.end(), closing.start(), body_after(text, closing), "toml")

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read TOML."""
        fields, warnings = read_toml(header, budget.limits, budget.line)
        budget.warnings += warnings
        return fields


class JSONHeader(Header):
    """A JSON object, bare, fenced, or in an HTML comment."""

    name = "json"
    FM_BOUNDARY = _JSON_OPEN
    START_DELIMITER, END_DELIMITER = "", ""

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the object; its end is known only after parsing it."""
        comment = _JSON_COMMENT.match(text)
        if comment is not None:
            return self._find_object(text, comment.end(), limits, _JSON_COMMENT_END)
        fence = _JSON_FENCE.match(text)
        if fence is not None:
            closing = _JSON_FENCE_CLOSE.search(text, fence.end())
            if closing is not None and (fence[1] or text[fence.end()] == '"'):
                return HeaderSpan(fence.end(), closing.start(), closing.end(), "json")
            if fence[1]:
                raise Rejection("unterminated_front_matter", "The front matter has no closing line.", 1)
        opening = _JSON_OPEN.match(text)
        return None if opening is None else self._find_object(text, opening.end(), limits, _REST_OF_LINE)

    @staticmethod
    def _find_object(text: str, start: int, limits: Limits, after: re.Pattern[str]) -> HeaderSpan:
        line = text.count("\n", 0, start) + 1
        fields, end, warnings = read_json(text, start, limits, line)
        rest = after.match(text, end)
        if rest is None:
            raise Rejection("unterminated_front_matter", "The comment around the JSON is not closed.", line)
        return HeaderSpan(start, end, rest.end(), "json", fields, warnings)

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read an object, or members of one without the braces."""
        text = header.strip()
        if not text.startswith("{"):
            text = f"{{{text}}}"
        fields, end, warnings = read_json(text, 0, budget.limits, budget.line)
        if text[end:].strip():
            raise Rejection("syntax", "Something follows the JSON object.", budget.line)
        budget.warnings += warnings
        return fields


class LCTTHeader(Header):
    """Lines of `[#]: key: (value)`."""

    name = "lctt"
    FM_BOUNDARY = _LCTT_OPEN
    START_DELIMITER, END_DELIMITER = "[#]:", ""

    def find(self, text: str, limits: Limits, required: bool, rules: HeaderRules = COMMON_RULES) -> HeaderSpan | None:
        """Find the lines at the start of the text."""
        if not _LCTT_OPEN.match(text):
            return None
        fields, end, warnings = read_lctt(text)
        return HeaderSpan(0, end, end, "lctt", fields, warnings)

    def read(
        self, header: str, budget: Budget, *, fast_path: bool = True, rules: HeaderRules = COMMON_RULES
    ) -> dict[str, Value]:
        """Read the lines."""
        return read_lctt(header)[0]


FORMATS: dict[str, Header] = {
    header.name: header
    for header in (
        *(YAMLHeader(), TOMLHeader(), JSONHeader(), LCTTHeader(), PelicanHeader()),
        *(HTMLHead(), RstHeader(), NikolaComment(), OrgHeader()),
    )
}
"""Name of a format -> its handler. A new format is one more `Header`."""

DEFAULT_FORMATS = ("yaml", "toml", "json", "lctt")
"""Formats that cannot be mistaken for text."""

_POINTERS = {
    "of Git LFS": r"version (?:https://(?:git-lfs|hawser)\.github\.com/spec/|http://git-media\.io/v/)",
    "of git-annex": r"(?:(?:\.\./)*\.git)?/annex/objects/\S++\s*+\Z",
    "of a network drive": r"XSym\n[0-9]{4}\n[0-9a-f]{32}\n",
}
"""What stands in the place of a post -> how it begins: a pointer under any of the three names that Git LFS has had (its
docs/spec.md); one of git-annex, or a link of it written as text; a symbolic link as SMB writes it."""

_POINTER = re.compile("|".join(f"({begin})" for begin in _POINTERS.values()))


def read_front_matter(
    text: str,
    limits: Limits,
    *,
    required: bool,
    formats: Sequence[str] = DEFAULT_FORMATS,
    rules: HeaderRules = COMMON_RULES,
    fast_path: bool = True,
) -> FrontMatter:
    r"""Split a post into front matter and body and read the fields.

    Args:
        text: the decoded file, line ends as `\n`.
        limits: what one front matter may hold.
        required: whether a file without front matter is rejected.
        formats: names of `FORMATS`, tried in order.
        rules: what the generator forgives in the lines around front matter.
        fast_path: read flat YAML without the YAML parser. Turning it off gives the same result, only slower.

    Raises:
        Rejection: `no_front_matter` (only when required), `lfs_pointer` (else), `unterminated_front_matter`,
            `front_matter_not_mapping`, `front_matter_size_limit`, `syntax`, `unsafe_tag`, `alias_limit`,
            `depth_limit`, `value_limit`, `encoding`.
    """
    if (pointer := _POINTER.match(text)) and pointer.lastindex:
        reason, whose = "no_front_matter" if required else "lfs_pointer", [*_POINTERS][pointer.lastindex - 1]
        raise Rejection(reason, f"The file is a pointer {whose}, which stands for a post that is not here.", 1)
    for name in formats:
        span = FORMATS[name].find(text, limits, required, rules)
        if span is None:
            continue
        size = span.end - span.start
        header = text[span.start : span.end]
        if size > limits.front_matter_bytes or (
            size * 4 > limits.front_matter_bytes
            and len(header.encode(errors="surrogatepass")) > limits.front_matter_bytes
        ):
            raise Rejection(
                "front_matter_size_limit",
                f"The front matter is larger than {limits.front_matter_bytes} bytes.",
                1,
            )
        budget = Budget(limits, text.count("\n", 0, span.start) + 1)
        if span.fields is None:
            try:
                fields = FORMATS[span.format].read(header, budget, fast_path=fast_path, rules=rules)
            except Rejection as rejection:
                if not required and (
                    rejection.reason == "front_matter_not_mapping"
                    or (rejection.reason == "syntax" and span.format == "yaml" and not begins_with_key(header))
                ):
                    break
                raise
        else:
            fields = span.fields
            budget.warnings += span.warnings
        line = text.count("\n", 0, span.body) + 1
        return FrontMatter(span.format, fields, text[span.body :], line, budget.warnings)
    if required:
        raise Rejection("no_front_matter", "The file does not begin with front matter.", 1)
    return FrontMatter(None, {}, text, 1)


def front_matter_json(fields: dict[str, Value]) -> str:
    """Write the fields as compact JSON, with characters and the order of keys as written.

    Fields from `read_front_matter` are nested at most `Limits.depth` deep and hold no half of a surrogate pair.
    """
    try:
        return "{" + ",".join([f"{_quote_json(key)}:{_quote_json(value)}" for key, value in fields.items()]) + "}"  # type: ignore[arg-type]
    except TypeError:  # some value is no text
        return _encode_json(fields)
