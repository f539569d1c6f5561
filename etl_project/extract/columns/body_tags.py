"""Read what one tag says, once for all tags that are written alike.

Most posts of a batch share their tags. So tags are told apart first, and each is read once, by Python: its place in the
grammar, its address, the rules of the source that its element may match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.entities import html5
from typing import NamedTuple

import polars as pl

from etl_project.extract.body.plain_text import APART, BLOCK, LINE, MARKS, QUOTED, SEPARATORS
from etl_project.extract.body.rules import ElementRules, Furniture, RuleBook
from etl_project.extract.body.walk import HEADING_LEVELS, HIDDEN_TAGS, IMAGE, LINK, NO_DISPLAY
from etl_project.extract.columns.body_grammar import ANYWHERE, ELEMENTS, FLOW, PHRASING, RAW, VOID
from etl_project.extract.columns.first_characters import first_characters

START = "\0"
"""Stands for the tag before the text that a post begins with; no text holds it."""
NO_BREAK, BLANK, LINE_BREAK, BLOCK_BREAK = range(4)
"""What a tag writes into the text."""
_BREAKS = {"": NO_BREAK, " ": BLANK, LINE: LINE_BREAK, BLOCK: BLOCK_BREAK}

_SPACE = r"[ \t\n\f]"
_ATTRIBUTE = rf"""{_SPACE}+([a-z][a-z0-9_:.-]*)(?:="([^"]*)"|='([^']*)')?"""
_OPENING = re.compile(rf"([a-z][a-z0-9]*)((?:{re.sub('[(](?![?])', '(?:', _ATTRIBUTE)})*){_SPACE}*(/?)")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_CLOSING = re.compile(rf"/([a-z][a-z0-9]*){_SPACE}*")
_REFERENCE = re.compile("&(#?)([A-Za-z0-9]*)(;?)")
_LONGEST_NAME = max(map(len, html5))
_MEMO_TAGS = 8_192


class Shape(NamedTuple):
    """What counts of a tag besides its address, its label and its entity."""

    turn: int
    """1 where it opens an element, -1 where it closes one, else 0."""
    name: int = 0
    """Number of the element's name."""
    fits: int = ANYWHERE | RAW
    """Containers that may hold it, see `body_grammar`; 0 where the tag is left to the tree."""
    inside: int = 0
    """The container that it opens."""
    breaks: int = NO_BREAK
    apart: int = 0
    """1 where text that is no paragraph begins, -1 where it ends."""
    quoted: int = 0
    """The same of quotes."""
    link: int = 0
    """The same of `<a>`."""
    level: int = 0
    """Of a heading that it opens."""
    is_code: bool = False
    """Whether it opens preformatted text."""
    code: int = 0
    """1 and -1 where preformatted text begins and ends."""
    hides: bool = False
    """Whether it opens an element that is not shown."""
    furniture: int = 0
    """Number of the rules that the text of its element may match; 0 for none."""
    links_to: bool = False
    """Whether it is a link or image with an address."""
    mentions: bool = False
    """Whether it mentions an entity."""


class Tag(NamedTuple):
    """One tag, as it was read."""

    shape: int
    """Number of its `Shape`."""
    url: str | None = None
    """Address of a link or image."""
    kind: str | None = None
    """`link` or `image`, where there is an address."""
    label: str | None = None
    """Alternative text of an image with an address."""
    entity: int | None = None
    """Number of the entity that it mentions."""


class AskedFor(NamedTuple):
    """The rules that the text of an element may match."""

    rules: tuple[Furniture, ...]
    first: frozenset[str] | None
    """The first characters of all texts that match; None if any text may."""


_UNKNOWN = Shape(0, fits=0)
_START = Shape(0, inside=FLOW, breaks=BLOCK_BREAK)
NOTHING = 2
"""Number of the shape of a tag that means nothing, such as a comment."""


class TagReader:
    """Reads tags of one source; built once per worker.

    Args:
        book: the rules of the source, none of which applies to any element or depends on more than its element.
    """

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._shapes: dict[Shape, int] = {_UNKNOWN: 0, _START: 1, Shape(0): NOTHING}
        self._table = pl.DataFrame()
        self._memo: dict[str, Tag] = {}
        self._names = {name: number for number, name in enumerate((*ELEMENTS, *VOID))}
        self.furniture: list[AskedFor] = [AskedFor((), frozenset())]
        """Rules by their number in `Shape.furniture`."""
        self._furniture_numbers: dict[tuple[Furniture, ...], int] = {(): 0}
        self.entities: list[tuple[str, str]] = []
        """Kind and key of entities by their number in `Tag.entity`."""
        self._entity_numbers: dict[tuple[str, str], int] = {}

    def read(self, tags: Sequence[str]) -> list[Tag]:
        """Read tags.

        Args:
            tags: what stands between `<` and `>`, or `START`.
        """
        if len(self._memo) > _MEMO_TAGS:
            self._memo.clear()
            self.entities, self._entity_numbers = [], {}
        return [self._memo.get(tag) or self._remember(tag) for tag in tags]

    def _remember(self, tag: str) -> Tag:
        read = self._memo[tag] = self._read(tag)
        return read

    def shapes(self) -> pl.DataFrame:
        """All shapes that were read so far, a row for each number."""
        if len(self._table) != len(self._shapes):
            flags = ("is_code", "hides", "links_to", "mentions")
            schema = {name: pl.Boolean if name in flags else pl.Int32 for name in Shape._fields}
            self._table = pl.DataFrame(list(self._shapes), schema=schema, orient="row")
        return self._table

    def _number(self, shape: Shape) -> int:
        return self._shapes.setdefault(shape, len(self._shapes))

    def _read(self, tag: str) -> Tag:
        if tag == START:
            return Tag(1)
        if match := _CLOSING.fullmatch(tag):
            return Tag(self._number(self._closing(match[1])))
        if tag.startswith("!--") and tag.endswith("--"):
            return Tag(self._number(Shape(0, fits=ANYWHERE)))
        if (match := _OPENING.fullmatch(tag)) and (attributes := _attributes(match[2])) is not None:
            return self._opening(match[1], attributes, tag, is_closed=bool(match[3]))
        return Tag(0)

    def _closing(self, name: str) -> Shape:
        if name not in ELEMENTS:
            return _UNKNOWN
        mark, _ = MARKS.get(name, ("", ""))
        return Shape(
            -1,
            self._names[name],
            breaks=_BREAKS[SEPARATORS.get(name, "")],
            apart=-(mark == APART),
            quoted=-(mark == QUOTED),
            link=-(name == "a"),
            code=-(name == "pre"),
        )

    def _opening(self, name: str, attributes: dict[str, str], tag: str, *, is_closed: bool) -> Tag:
        rules = self._book.find_rules(name, attributes)
        breaks = _BREAKS[SEPARATORS.get(name, "")]
        if name in ELEMENTS:
            fits, inside = ELEMENTS[name]
            may_be_furniture = breaks == BLOCK_BREAK and inside == PHRASING and name != "pre"
        elif name in VOID:
            fits, inside, may_be_furniture = VOID[name], 0, False
        else:
            return Tag(0)
        is_hidden = name in HIDDEN_TAGS
        if not is_hidden and ("hidden" in attributes or NO_DISPLAY.search(attributes.get("style", ""))):
            if "isplay" not in tag and "idden" not in tag:
                return Tag(0)
            is_hidden = True
        if (
            (is_closed and inside)
            or len(rules.entities) > 1
            or (rules.entities and inside not in (0, PHRASING))
            or (rules.furniture and not (may_be_furniture or is_hidden))
        ):
            return Tag(0)
        turn = 1 if inside else 0
        number = self._names[name]
        if is_hidden:
            # It writes nothing, but stands where it may.
            shape = Shape(turn, number, fits, inside, link=int(name == "a"), hides=bool(turn))
            return Tag(self._number(shape))
        mark, _ = MARKS.get(name, ("", ""))
        url = kind = label = None
        if name == "a":
            url, kind = attributes.get("href"), LINK
        elif name == "img":
            url, kind = attributes.get("src"), LINK if attributes.get("class") == "internal-embed" else IMAGE
            label = " ".join(attributes.get("alt", "").split())
        url = (url or "").strip() or None
        shape = Shape(
            turn,
            number,
            fits,
            inside,
            breaks,
            int(mark == APART),
            int(mark == QUOTED),
            int(name == "a"),
            HEADING_LEVELS.get(name, 0),
            name == "pre",
            int(name == "pre"),
            furniture=self._furniture_number(rules),
            links_to=url is not None,
            mentions=bool(rules.entities),
        )
        entity = self._entity_number(rules.entities[0]) if rules.entities else None
        return Tag(self._number(shape), url, kind if url else None, label if url else None, entity)

    def _furniture_number(self, rules: ElementRules) -> int:
        number = self._furniture_numbers.setdefault(rules.furniture, len(self.furniture))
        if number == len(self.furniture):
            found = [first_characters(rule.pattern) for rule in rules.furniture]
            known = [characters for characters in found if characters is not None]
            first = frozenset[str]().union(*known) if len(known) == len(found) else None
            self.furniture.append(AskedFor(rules.furniture, first))
        return number

    def _entity_number(self, entity: tuple[str, str]) -> int:
        number = self._entity_numbers.setdefault(entity, len(self.entities))
        if number == len(self.entities):
            self.entities.append(entity)
        return number


def _attributes(written: str) -> dict[str, str] | None:
    """Read the attributes of a tag; None where one is there twice, or a reference in them is not plain."""
    attributes: dict[str, str] = {}
    for name, double, single in _ATTRIBUTES.findall(written):
        value: str | None = double or single
        if "&" in double or "&" in single:
            value = _resolved(double or single)
        if value is None or name in attributes:
            return None
        attributes[name] = value
    return attributes


def _resolved(value: str) -> str | None:
    """Replace the references in the value of an attribute; None where they are not plain."""
    parts = []
    end = 0
    for match in _REFERENCE.finditer(value):
        parts.append(value[end : match.start()])
        end = match.end()
        sharp, name, semicolon = match.groups()
        if sharp:
            if not (semicolon and name.isdecimal() and 32 <= int(name) < 127):
                return None
            parts.append(chr(int(name)))
        elif semicolon and name + ";" in html5:
            parts.append(html5[name + ";"])
        elif any(name[:length] in html5 for length in range(2, min(len(name), _LONGEST_NAME) + 1)):
            return None
        else:
            parts.append(match[0])
    return "".join((*parts, value[end:]))
