"""Read YAML from the events of libyaml, so that every scalar stays the text that was written.

Nothing recurses with the depth of the input, and every limit is checked while reading.

The result can be *in doubt*: YAML refuses the text, or reads it in a way that nobody intended (the rest of a title as
a comment, the next lines as part of a quoted title). Then `Doubt` is raised, and `yaml_repair` reads the text line by
line.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Union

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection

Value = Union[str, None, list["Value"], dict[str, "Value"]]  # noqa: UP007  (it names itself)
"""A value of the front matter: a scalar is its text as written, a plain null or an empty value is None."""

NULLS = frozenset(("", "~", "null", "Null", "NULL"))
"""Plain scalars that YAML reads as null."""

_CORE_PREFIX = "tag:yaml.org,2002:"
_CORE_TAGS = frozenset(
    _CORE_PREFIX + name
    for name in (
        "str",
        "int",
        "float",
        "bool",
        "null",
        "timestamp",
        "binary",
        "seq",
        "map",
        "set",
        "omap",
        "pairs",
        "merge",
        "value",
    )
)
_NUMBER = re.compile(r"[-+]?[0-9][0-9A-Fa-fxob_.:+-]*")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
POST_KEYS = (
    "(?:title|date|layout|tags?|categor(?:y|ies)|authors?|translator|slug|permalink|description|excerpt|summary"
    "|draft|published|updated|lang)"
)
"""Pattern of the keys that nearly every kind of site uses: such a key ends the value before it."""

_SWALLOWED_KEY = re.compile(rf"\n{POST_KEYS}:(?=[ \t\n]|$)")
_COMMENT = re.compile(r"[ \t]*#(\S)?")
_BINARY_TAGS = frozenset((_CORE_PREFIX + "binary", "!binary"))
"""Psych of Ruby 1.9 wrote text outside ASCII so; Ruby reads both."""
TITLES = frozenset(("title", "Title", "TITLE"))
"""Keys whose value is a title, which is always text, even if YAML would read it as something else."""
_UNFINISHED: Any = object()
_NO_KEY: Any = object()


class Doubt(Exception):
    """YAML refuses the text, or would change its meaning."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(slots=True)
class Budget:
    """The state of reading one front matter, shared by the parts that are read separately."""

    limits: Limits
    line: int = 1
    """File line of the first line of the block."""
    events: int = 0
    anchors: dict[str, tuple[Value, int, int]] = field(default_factory=dict)
    """Anchor -> its value, the number of events of that value, and its depth."""
    warnings: list[PostWarning] = field(default_factory=list)


class _Node:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "depth", "is_set", "key", "line", "merged", "start", "value")

    def __init__(self, value: Any, anchor: str | None, start: int, line: int, is_set: bool) -> None:
        self.value = value
        self.anchor = anchor
        self.start = start
        self.line = line
        self.is_set = is_set
        self.key: Any = _NO_KEY
        self.merged: list[dict[str, Value]] | None = None
        self.depth = 1


def read_events(block: str, budget: Budget, *, line: int, depth: int = 0) -> Value:
    """Read one YAML document.

    Args:
        block: its text.
        budget: shared with other parts of the same front matter; events, anchors and warnings are added to it.
        line: file line of the first line of `block`.
        depth: nesting around the block, for the limit.

    Returns:
        The value; aliases are expanded (as shared objects) and merge keys applied, own keys winning.

    Raises:
        Doubt: when the text should be read line by line instead.
        Rejection: `unsafe_tag`, `alias_limit`, `depth_limit`, `value_limit`, or `syntax` for errors that no repair
            can mend: keys that are no scalars, surrogate escapes, characters outside YAML.
    """
    try:
        parser = CParser(block)
        return _Reader(block, budget, line, depth).read(parser)
    except ReaderError as error:
        raise Rejection("syntax", "The front matter holds a character that YAML does not allow.") from error
    except UnicodeEncodeError as error:
        raise Rejection("encoding", "The front matter holds half of a surrogate pair.") from error
    except MarkedYAMLError as error:
        problem = error.problem or "not YAML"
        error_line = line + error.problem_mark.line if error.problem_mark else None
        if "Unicode character escape" in problem:
            raise Rejection("syntax", "An escape stands for half of a surrogate pair.", error_line) from error
        raise Doubt(problem, error_line) from error
    except YAMLError as error:
        raise Doubt(str(error)) from error


def _decode_base64(value: str) -> str:
    """Decode the text of a binary scalar; what is not base64 of UTF-8 text stays as it is."""
    try:
        text = base64.b64decode("".join(value.split()), validate=True).decode()
    except ValueError:
        return value
    return value if _CONTROLS.search(text) else text


class _Reader:
    """Builds the value of one document from its events."""

    def __init__(self, block: str, budget: Budget, line: int, depth: int) -> None:
        self.block = block
        self.budget = budget
        self.limits = budget.limits
        self.line = line
        self.depth = depth
        self.has_hash = "#" in block
        self.stack: list[_Node] = []
        self.used: set[str] = set()
        self.title_anchor: str | None = None

    def read(self, parser: Any) -> Value:
        """Read all events of the parser and build the value of the document."""
        get_event = parser.get_event
        root: Value = None
        value: Value
        documents = 0
        while True:
            event = get_event()
            kind = type(event)
            self.budget.events += 1
            if kind is ScalarEvent:
                value = self.read_scalar(event)
            elif kind is SequenceStartEvent or kind is MappingStartEvent:
                self.start_container(event, kind is MappingStartEvent)
                continue
            elif kind is SequenceEndEvent or kind is MappingEndEvent:
                value = self.end_container()
            elif kind is AliasEvent:
                value = self.resolve_alias(event)
            elif kind is StreamEndEvent:
                break
            else:
                if kind is DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        raise Doubt("there are several documents", self.line + event.start_mark.line)
                continue
            if self.stack:
                self.add_value(value, event)
            else:
                root = value
        if self.title_anchor is not None and self.title_anchor not in self.used:
            raise Doubt("the title begins with &")
        return root

    def file_line(self, event: Any) -> int:
        """File line of an event, counting line feeds only: libyaml counts other line separators too."""
        return self.line + self.block.count("\n", 0, int(event.start_mark.index))

    def read_scalar(self, event: Any) -> str | None:
        """Get the text of a scalar; raises Doubt where YAML may read it differently from its author."""
        value: str = event.value
        style = event.style
        plain = style == "" or style is None
        if self.budget.events > self.limits.events:
            raise Rejection("value_limit", f"The front matter has more than {self.limits.events} parts.")
        node = self.stack[-1] if self.stack else None
        is_key = node is not None and node.key is _NO_KEY and type(node.value) is dict
        at_top = not self.depth and len(self.stack) == 1
        is_title = at_top and not is_key and node is not None and node.key in TITLES
        tag = event.tag
        if tag is not None:
            self.check_tag(tag, event)
            if is_title and tag == "!" and plain:
                raise Doubt("the title begins with !")
            if tag in _BINARY_TAGS:
                value = _decode_base64(value)
        if plain:
            if value in ("=", "<<") and not is_key and tag is None:
                raise Doubt(f"{value} has a meaning of its own in YAML")
            if len(value) > self.limits.number_digits and _NUMBER.fullmatch(value):
                raise Rejection("value_limit", "A number is longer than the limit.", self.file_line(event))
        elif "\\" in self.block and _CONTROLS.search(value):
            raise Doubt("an escape stands for a control character")
        if self.has_hash and node is not None and not is_key and (is_title or not value):
            self.check_comment(value, event, plain, is_title)
        start, end = event.start_mark, event.end_mark
        if style == "|" or style == ">":
            if is_title and not value:
                raise Doubt("the title is a mere | or >")
        elif not plain and start.line != end.line and self.swallows_lines(style, start.index, end.index):
            raise Doubt("a quoted value runs on into the next key", self.file_line(event))
        if event.anchor is not None:
            if is_title and plain:
                self.title_anchor = event.anchor
            self.budget.anchors[event.anchor] = (value, 1, 0)
        return None if plain and tag is None and value in NULLS and not is_key else value

    def swallows_lines(self, quote: str, start: int, end: int) -> bool:
        """Whether a quoted value swallowed lines: its first line ends with an escaped quote, or it contains a key."""
        stop = self.block.find("\n", start, end)
        if stop < 0:
            return False
        head = self.block[start + 1 : stop].rstrip(" \t")
        if head.endswith(quote):
            return True
        return _SWALLOWED_KEY.search(self.block, start, end) is not None

    def check_comment(self, value: str, event: Any, plain: bool, is_title: bool) -> None:
        """Raise Doubt if the comment after a title, or in place of a list item, was meant as text.

        Every generator reads `layout: post #required` as `post`. But `#word` in a title is a hashtag or a number, and
        an item that is nothing but `#word` is a tag.
        """
        match = _COMMENT.match(self.block, event.end_mark.index)
        if match is None:
            return
        if plain:
            is_word = match[1] is not None
            if (is_title and (is_word or not value)) or (is_word and type(self.stack[-1].value) is list):
                raise Doubt("YAML reads the rest of the line as a comment", self.file_line(event))
        elif is_title and event.style in "\"'":
            end = self.block.find("\n", match.start())
            rest = self.block[match.start() : end if end >= 0 else None]
            if rest.rstrip().endswith(event.style):
                raise Doubt("YAML reads part of the title as a comment", self.file_line(event))

    def check_tag(self, tag: str, event: Any) -> None:
        if tag != "!" and tag not in _CORE_TAGS and tag not in _BINARY_TAGS:
            raise Rejection(
                "unsafe_tag", f"The tag {tag.replace(_CORE_PREFIX, '!!')[:80]} is not read.", self.file_line(event)
            )

    def start_container(self, event: Any, is_mapping: bool) -> None:
        """Open a list or mapping."""
        if self.stack:
            node = self.stack[-1]
            if type(node.value) is dict and node.key is _NO_KEY:
                if self.is_in_title(self.stack):
                    raise Doubt("the title is no text")
                if self.block.startswith("{{", int(event.start_mark.index) - 1):
                    raise Doubt("{{ begins a template", self.file_line(event))
                raise Rejection("syntax", "A key is a list or a mapping.", self.file_line(event))
            if (
                event.flow_style
                and not self.depth
                and len(self.stack) == 1
                and node.key in TITLES
                and type(node.value) is dict
            ):
                raise Doubt("the title begins with a bracket")
        if self.depth + len(self.stack) >= self.limits.depth:
            raise Rejection("depth_limit", f"Nested deeper than {self.limits.depth} levels.", self.file_line(event))
        tag = event.tag
        if tag is not None:
            self.check_tag(tag, event)
        node = _Node(
            {} if is_mapping else [],
            event.anchor,
            self.budget.events,
            self.line + event.start_mark.line,
            tag == _CORE_PREFIX + "set",
        )
        if event.anchor is not None:
            self.budget.anchors[event.anchor] = (_UNFINISHED, 0, 0)
        self.stack.append(node)

    @staticmethod
    def is_in_title(stack: list[_Node]) -> bool:
        return type(stack[0].value) is dict and stack[0].key in TITLES

    def end_container(self) -> Value:
        """Close the innermost list or mapping: apply its merge keys, and store it under its anchor."""
        node = self.stack.pop()
        value: Value = node.value
        if node.merged:
            own = node.value
            for mapping in node.merged:
                for key, item in mapping.items():
                    own.setdefault(key, item)
        if node.is_set and isinstance(value, dict):
            value = list(value)
        if node.anchor is not None:
            self.budget.anchors[node.anchor] = (value, self.budget.events - node.start + 1, node.depth)
        if self.stack and node.depth >= self.stack[-1].depth:
            self.stack[-1].depth = node.depth + 1
        return value

    def resolve_alias(self, event: Any) -> Value:
        """Get the value of an alias, which counts against the limits as if it were written out."""
        known = self.budget.anchors.get(event.anchor)
        if known is None:
            raise Doubt(f"*{event.anchor} stands for nothing", self.file_line(event))
        value, events, depth = known
        if value is _UNFINISHED:
            raise Rejection("alias_limit", f"*{event.anchor} contains itself.", self.file_line(event))
        self.used.add(event.anchor)
        self.budget.events += events - 1
        if self.budget.events > self.limits.events:
            raise Rejection(
                "alias_limit", f"Aliases expand to more than {self.limits.events} parts.", self.file_line(event)
            )
        if self.depth + len(self.stack) + depth > self.limits.depth:
            raise Rejection("depth_limit", f"Nested deeper than {self.limits.depth} levels.", self.file_line(event))
        if self.stack and depth >= self.stack[-1].depth:
            self.stack[-1].depth = depth + 1
        return value

    def add_value(self, value: Value, event: Any) -> None:
        """Add a value to the innermost list or mapping, as an item, a key or the value of a key."""
        node = self.stack[-1]
        container = node.value
        if type(container) is list:
            container.append(value)
        elif node.key is _NO_KEY:
            if not isinstance(value, str):
                raise Rejection("syntax", "A key is no text.", self.file_line(event))
            node.key = value
        else:
            key, node.key = node.key, _NO_KEY
            if key == "<<":
                self.add_merged(node, value, event)
                return
            if key in container and container[key] != value:
                self.budget.warnings.append(PostWarning("duplicate_key", key, self.file_line(event)))
            container[key] = value

    def add_merged(self, node: _Node, value: Value, event: Any) -> None:
        mappings = value if isinstance(value, list) else [value]
        merged = [mapping for mapping in mappings if isinstance(mapping, dict)]
        if len(merged) != len(mappings):
            raise Rejection("syntax", "<< merges mappings only.", self.file_line(event))
        node.merged = [*(node.merged or ()), *merged]
