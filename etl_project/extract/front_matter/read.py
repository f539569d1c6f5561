"""Split the text of a post into front matter and body, or reject it with a reason.

python-frontmatter's handlers are the extension point: every format is a `BaseHandler` with `detect`, `split` and
`load`. The library's `parse` is not used, because it strips bodies, turns `000725` into a number and hides what it
cannot read.

What counts as front matter:

- YAML between a line of `---` and the next line of `---` or `...`. White space after the dashes and blank
  lines before them do not matter. A longer line of dashes is an opening line too; a line of the same length
  closes it. `---json` and `---toml` name another format.
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

An opening line without a closing one is rejected as `unterminated_front_matter`. Where front matter is not
required, a `---` that is not followed by a `key:` line is a horizontal rule, and a block between two of them that
holds no mapping is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from frontmatter.default_handlers import BaseHandler

from etl_project.extract.front_matter.other_headers import read_json, read_lctt, read_pelican, read_toml
from etl_project.extract.front_matter.yaml_events import POST_KEYS, Budget, Doubt, Value, read_events
from etl_project.extract.front_matter.yaml_flat import read_flat
from etl_project.extract.front_matter.yaml_repair import TIGHT_KEY, repair
from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection

__all__ = ["DEFAULT_FORMATS", "FORMATS", "FrontMatter", "Value", "front_matter_json", "read_front_matter"]

_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_quote_json = json.encoder.encode_basestring
_BLANK = r"(?:[ \t]*+\n)*+"
_OPEN = re.compile(rf"{_BLANK}(-{{3,}})(?:[ \t]*(json|toml|yaml))?[ \t]*(?:\n|\Z)")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_LONG_CLOSE = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)
_TOML_OPEN = re.compile(rf"{_BLANK}\+\+\+[ \t]*(?:\n|\Z)")
_TOML_CLOSE = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
_JSON_OPEN = re.compile(rf'{_BLANK}[ \t]*(?=\{{\s*(?:"|\}}))')
_JSON_COMMENT = re.compile(rf'{_BLANK}<!--\s*(?=\{{\s*(?:"|\}}))')
_JSON_COMMENT_END = re.compile(r"\s*-->[ \t]*\n?")
_JSON_FENCE = re.compile(rf'{_BLANK}(;;;[ \t]*\n)?\s*(?=["{{])')
_JSON_FENCE_CLOSE = re.compile(r"^;;;[ \t]*(?:\n|\Z)", re.MULTILINE)
_REST_OF_LINE = re.compile(r"[ \t]*\n?")
_LCTT_OPEN = re.compile(r"\[#\]:[ \t]*[\w-]+[ \t]*:")
_KEY_LINE = re.compile(r"\s*[\"']?[^\W\d][\w -]{0,60}[\"']?:(?=\s|$)")
_POST_KEY = re.compile(rf"{POST_KEYS}:(?=\s|$)")
_QUOTED_LINE = re.compile(r"""[\w-]+:[ \t]+(?:"[^"]+"|'[^']+')[ \t]*$""")
_REST_CHARACTERS = 4096
"""Characters at the start of a body that are searched for the rest of its front matter."""
_UNFENCED_LINE = re.compile(r"([A-Za-z_][\w-]*):(?:[ \t]|$)|[ \t]*-[ \t]|[ \t]+\S|[ \t]*$|#")


@dataclass(slots=True)
class FrontMatter:
    """The front matter of a post, and its body."""

    format: str | None
    """`yaml`, `toml`, `json`, `lctt`, `pelican`, or None when the post has no front matter."""
    fields: dict[str, Value]
    """The fields in the order written."""
    body: str
    """Everything after the front matter, as written."""
    body_line: int
    """Line of the file, from 1, where the body begins."""
    warnings: list[PostWarning] = field(default_factory=list)


@dataclass(slots=True)
class _HeaderSpan:
    """The position of a header in a text, and its fields if finding its end required parsing it."""

    start: int
    end: int
    body: int
    format: str
    fields: dict[str, Value] | None = None
    warnings: Sequence[PostWarning] = ()
    """Warnings about `fields`, if these are set."""


class Header(BaseHandler):
    """A format of front matter: a python-frontmatter handler that also knows limits and line numbers."""

    name: ClassVar[str]

    def find(self, text: str, limits: Limits, required: bool) -> _HeaderSpan | None:
        """Find the header at the start of a text; raises Rejection for a header that is not closed."""
        raise NotImplementedError

    def read(self, header: str, budget: Budget, *, fast_path: bool = True) -> dict[str, Value]:
        """Read the fields of a header; warnings go to the budget; raises Rejection."""
        raise NotImplementedError

    def detect(self, text: str) -> bool:
        """Whether the text begins with a header of this format."""
        return self.find(text, Limits(), required=False) is not None

    def split(self, text: str) -> tuple[str, str]:
        """Split a text into header and body."""
        span = self.find(text, Limits(), required=True)
        return ("", text) if span is None else (text[span.start : span.end], text[span.body :])

    def load(self, fm: str) -> dict[str, Any]:
        """Read the fields of a header, every scalar as text."""
        return self.read(fm, Budget(Limits()))


class YAMLHeader(Header):
    """YAML between lines of dashes; Hexo's form has no first line of dashes."""

    name = "yaml"
    FM_BOUNDARY = _OPEN
    START_DELIMITER = END_DELIMITER = "---"

    def find(self, text: str, limits: Limits, required: bool) -> _HeaderSpan | None:
        """Find the block between the fences."""
        opening = _OPEN.match(text)
        if opening is None:
            return self._find_without_opening(text)
        start = opening.end()
        length = len(opening[1])
        closing = _CLOSE.search(text, start) if length == 3 else None
        if closing is None:
            for closing in _LONG_CLOSE.finditer(text, start):
                if length == 3 or len(closing[0].rstrip()) == length:
                    break
            else:
                if required or _KEY_LINE.match(text, start):
                    line = text.count("\n", 0, opening.start(1)) + 1
                    raise Rejection("unterminated_front_matter", "The front matter has no closing line.", line)
                return None
        body = min(closing.end() + 1, len(text))
        if _is_cut_by_dashes(text, body):
            line = text.count("\n", 0, body)
            raise Rejection("syntax", "A line of --- or ... stands in the middle of the front matter.", line)
        return _HeaderSpan(start, closing.start(), body, opening[2] or "yaml")

    @staticmethod
    def _find_without_opening(text: str) -> _HeaderSpan | None:
        """Find Hexo's header without an opening line."""
        first = _UNFENCED_LINE.match(text)
        if first is None or first[1] is None:
            return None
        closing = _CLOSE.search(text)
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
        return _HeaderSpan(0, closing.start(), min(closing.end() + 1, len(text)), "yaml")

    def read(self, header: str, budget: Budget, *, fast_path: bool = True) -> dict[str, Value]:
        """Read the block with the fast path, else with the YAML parser, else line by line."""
        if fast_path:
            flat = read_flat(header, budget.limits)
            if flat is not None:
                return flat
        try:
            value = read_events(header, budget, line=budget.line)
            if isinstance(value, str) and TIGHT_KEY.match(header):
                raise Doubt("the colons have no space after them", budget.line)
        except Doubt as doubt:
            budget.warnings.clear()
            budget.anchors.clear()
            budget.events = 0
            return repair(header, budget, doubt, line=budget.line)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Rejection("front_matter_not_mapping", "The front matter holds no `key: value`.", budget.line)
        return value


def _is_cut_by_dashes(text: str, body: int) -> bool:
    """Whether the body begins with the rest of the front matter, because a line of dashes inside a title ended it.

    The signs are a line that ends with the title's closing quote, at least two keys of a post, and another fence.
    """
    if text.find("\n---", body, body + _REST_CHARACTERS) < 0:
        return False
    return any(map(_is_rest_of_header, _CLOSE.split(text[body : body + _REST_CHARACTERS])[:-1]))


def _is_rest_of_header(part: str) -> bool:
    """Whether text before a fence has the other signs of `_is_cut_by_dashes`."""
    lines = [line.rstrip() for line in part.split("\n")]
    return (
        sum(_POST_KEY.match(line) is not None for line in lines) > 1
        and any(line.endswith(('"', "'")) and not _QUOTED_LINE.match(line) for line in lines)
        and not any(line.startswith(("```", "~~~")) for line in lines)
    )


class TOMLHeader(Header):
    """TOML between lines of `+++`."""

    name = "toml"
    FM_BOUNDARY = _TOML_OPEN
    START_DELIMITER = END_DELIMITER = "+++"

    def find(self, text: str, limits: Limits, required: bool) -> _HeaderSpan | None:
        """Find the block between the fences."""
        opening = _TOML_OPEN.match(text)
        if opening is None:
            return None
        closing = _TOML_CLOSE.search(text, opening.end())
        if closing is None:
            line = text.count("\n", 0, opening.end() - 1) + 1
            raise Rejection("unterminated_front_matter", "The front matter has no closing line.", line)
        return _HeaderSpan(opening.end(), closing.start(), min(closing.end() + 1, len(text)), "toml")

    def read(self, header: str, budget: Budget, *, fast_path: bool = True) -> dict[str, Value]:
        """Read TOML."""
        fields, warnings = read_toml(header, budget.limits, budget.line)
        budget.warnings += warnings
        return fields


class JSONHeader(Header):
    """A JSON object, bare, fenced, or in an HTML comment."""

    name = "json"
    FM_BOUNDARY = _JSON_OPEN
    START_DELIMITER, END_DELIMITER = "", ""

    def find(self, text: str, limits: Limits, required: bool) -> _HeaderSpan | None:
        """Find the object; its end is known only after parsing it."""
        comment = _JSON_COMMENT.match(text)
        if comment is not None:
            return self._find_object(text, comment.end(), limits, _JSON_COMMENT_END)
        fence = _JSON_FENCE.match(text)
        if fence is not None:
            closing = _JSON_FENCE_CLOSE.search(text, fence.end())
            if closing is not None and (fence[1] or text[fence.end()] == '"'):
                return _HeaderSpan(fence.end(), closing.start(), closing.end(), "json")
            if fence[1]:
                raise Rejection("unterminated_front_matter", "The front matter has no closing line.", 1)
        opening = _JSON_OPEN.match(text)
        return None if opening is None else self._find_object(text, opening.end(), limits, _REST_OF_LINE)

    @staticmethod
    def _find_object(text: str, start: int, limits: Limits, after: re.Pattern[str]) -> _HeaderSpan:
        line = text.count("\n", 0, start) + 1
        fields, end, warnings = read_json(text, start, limits, line)
        rest = after.match(text, end)
        if rest is None:
            raise Rejection("unterminated_front_matter", "The comment around the JSON is not closed.", line)
        return _HeaderSpan(start, end, rest.end(), "json", fields, warnings)

    def read(self, header: str, budget: Budget, *, fast_path: bool = True) -> dict[str, Value]:
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

    def find(self, text: str, limits: Limits, required: bool) -> _HeaderSpan | None:
        """Find the lines at the start of the text."""
        if not _LCTT_OPEN.match(text):
            return None
        fields, end, warnings = read_lctt(text)
        return _HeaderSpan(0, end, end, "lctt", fields, warnings)

    def read(self, header: str, budget: Budget, *, fast_path: bool = True) -> dict[str, Value]:
        """Read the lines."""
        return read_lctt(header)[0]


class PelicanHeader(Header):
    """Lines of `Key: value` up to an empty line, without fences."""

    name = "pelican"
    FM_BOUNDARY = _KEY_LINE
    START_DELIMITER, END_DELIMITER = "", "\n"

    def find(self, text: str, limits: Limits, required: bool) -> _HeaderSpan | None:
        """Find the lines at the start of the text."""
        read = read_pelican(text)
        return None if read is None else _HeaderSpan(0, read[1], read[1], "pelican", read[0], read[2])

    def read(self, header: str, budget: Budget, *, fast_path: bool = True) -> dict[str, Value]:
        """Read the lines."""
        read = read_pelican(header)
        return {} if read is None else read[0]


FORMATS: dict[str, Header] = {
    header.name: header for header in (YAMLHeader(), TOMLHeader(), JSONHeader(), LCTTHeader(), PelicanHeader())
}
"""Name of a format -> its handler. A new format is one more `Header`."""

DEFAULT_FORMATS = ("yaml", "toml", "json", "lctt")
"""Formats that cannot be mistaken for text."""

_LFS_POINTER = "version https://git-lfs.github.com/spec/"
"""https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the first line of every pointer."""


def read_front_matter(
    text: str,
    limits: Limits,
    *,
    required: bool,
    formats: Sequence[str] = DEFAULT_FORMATS,
    fast_path: bool = True,
) -> FrontMatter:
    r"""Split a post into front matter and body and read the fields.

    Args:
        text: the decoded file, line ends as `\n`.
        limits: what one front matter may hold.
        required: whether a file without front matter is rejected.
        formats: names of `FORMATS`, tried in order.
        fast_path: read flat YAML without the YAML parser. Turning it off gives the same result, only slower.

    Raises:
        Rejection: `no_front_matter` (only when required), `lfs_pointer` (else), `unterminated_front_matter`,
            `front_matter_not_mapping`, `front_matter_size_limit`, `syntax`, `unsafe_tag`, `alias_limit`,
            `depth_limit`, `value_limit`, `encoding`.
    """
    if text.startswith(_LFS_POINTER):
        reason = "no_front_matter" if required else "lfs_pointer"
        raise Rejection(reason, "The file is a pointer of Git LFS, which stands for a post that is not here.", 1)
    for name in formats:
        span = FORMATS[name].find(text, limits, required)
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
                fields = FORMATS[span.format].read(header, budget, fast_path=fast_path)
            except Rejection as rejection:
                if not required and rejection.reason == "front_matter_not_mapping":
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
