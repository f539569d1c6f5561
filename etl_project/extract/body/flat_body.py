r"""Reads bodies whose HTML is flat by patterns, in place of a tree and a walk over it.

Flat HTML is a row of blocks that hold no other block, with white space between them:

    body     block or comment, any number
    block    <p>content</p>, and the same with center, div, h1 to h6
    content  text, comment, <br>, <img>, <a>inner</a>, <b>inner with links</b>, any number; other inline tags as <b>
    inner    text, comment, <br>, <img>, <b>text</b>, any number

Each element is closed by its own end tag, each value of an attribute is quoted, names are in lower case, and there are
few entities. So the tree that a browser would build is the one that is written, and all that is asked of it is found
in its text. News is nearly always flat, and so is Markdown of paragraphs, headings, links and emphasis, whatever its
flavour. All else is left to `walk.py`, which stays the definition of what is right: tests compare the two. For lists,
tables and code, patterns and a stack were no faster than the tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.entities import html5
from typing import NamedTuple, TypeVar

from etl_project.extract.body.addresses import restore_address, written_escapes
from etl_project.extract.body.content import Body
from etl_project.extract.body.plain_text import LINE, is_paragraph, one_line, plain_text
from etl_project.extract.body.rules import Furniture, RuleBook
from etl_project.extract.body.walk import HEADING_LEVELS, IMAGE, LINK, kind_of_image, may_hide, says_hidden

_BLOCKS = ("p", "center", "div", *HEADING_LEVELS)
_INLINE = "abbr|b|big|cite|code|del|em|font|i|ins|kbd|mark|s|small|span|strike|strong|sub|sup|tt|u"
_ENTITIES = {
    entity: html5[entity[1:]]
    for entity in re.findall(
        "&[a-z]+;",
        "&amp; &apos; &bull; &copy; &deg; &emsp; &ensp; &gt; &hellip; &laquo; &ldquo; &lsquo; &lt; &mdash; &middot;"
        " &nbsp; &ndash; &quot; &raquo; &rdquo; &reg; &rsquo; &times; &trade; &yen;",
    )
} | {"&#34;": '"', "&#39;": "'", "&#x27;": "'", "&#160;": "\xa0"}
_ENTITY = "|".join(_ENTITIES)

_SPACE = r"[ \t\n\f]"  # what HTML takes for space in a tag
_ATTRIBUTES = rf'(?:{_SPACE}++[a-z_:][-a-z0-9_:.]*+(?:="[^"<>]*+")?+)*+{_SPACE}*+'
_COMMENT = r"<!--[^<>]*+(?<=--)>"
_TEXT = rf"[^<&]++|{_ENTITY}|{_COMMENT}"
_VOID = rf"<(?:img|br){_ATTRIBUTES}/?+>"


def _inline(content: str, group: str) -> str:
    return rf"<(?P<{group}>{_INLINE}){_ATTRIBUTES}>(?:{content})*</(?P={group})>"


def _link(group: str) -> str:
    return rf"<a{_ATTRIBUTES}>(?:{_TEXT}|{_VOID}|{_inline(_TEXT, group)})*</a>"


_IN_INLINE = "|".join((_TEXT, _VOID, _link("in_inner_link"), _inline(_TEXT, "inner")))
_CONTENT = "|".join((_TEXT, _VOID, _link("in_link"), _inline(_IN_INLINE, "inline")))
_FLAT = re.compile(
    rf"\s*+(?:(?:{_COMMENT}|<(?P<block>{'|'.join(_BLOCKS)}){_ATTRIBUTES}>(?:{_CONTENT})*</(?P=block)>)\s*+)*"
)
_ANY_COMMENT = re.compile(_COMMENT)
_ANY_ENTITY = re.compile(_ENTITY)
_BLOCK_END = re.compile(rf"</(?:{'|'.join(_BLOCKS)})>")
_ANY_TAG = re.compile("<[^>]*>")
_ELEMENT = re.compile(r"<a(?=[\s>])([^<>]*+)>([^<]*+(?:<(?!/a>)[^<]*+)*+)|<([a-z][a-z0-9]*+\s[^<>]*+)>([^<]*+)(</)?+")
"""Attributes and content of a link; or a tag of another kind that has attributes, the text after it, and the start of
its end tag if that comes next."""
_ATTRIBUTE = re.compile(r'\s([a-z_:][-a-z0-9_:.]*+)(?:="([^"]*+)")?+')
_ONLY_AN_ADDRESS = re.compile(r'a href="([^"\s&]++)"')
_ODD_IN_VALUE = re.compile(rf"(?!{_ENTITY}|&[A-Za-z0-9]++=)&")
"""An entity that is not known, or that ends without a semicolon; `?a=1&b=2` holds none."""
_MOST_CHARACTERS = 256 * 1024
"""To match more takes more memory than a tree."""
_KEPT_TAGS = 4_096
_KEPT_CHARACTERS = 256
"""What is read of tags is kept, as posts of one source repeat them; not of those with more characters."""


class _NotFlat(Exception):
    """Something only a tree can tell."""


class _Block(NamedTuple):
    """What the tag of a block says."""

    level: int
    """As a heading; 0 for other blocks."""
    furniture: Sequence[Furniture]
    is_hidden: bool


class _Element(NamedTuple):
    """What the tag of an element in a block says."""

    kind: str | None
    """`link` or `image`."""
    url: str
    """Its address; empty where there is none."""
    alternative: str
    """Alternative text of an image."""
    entities: Sequence[tuple[str, str]]
    """Kind and key of each entity that it mentions."""


_NO_ELEMENT = _Element(None, "", "", ())
_Read = TypeVar("_Read", _Block, _Element)


class FlatBodies:
    """Reads the flat bodies of one source.

    Args:
        book: the rules of the source; `can_read` says whether they can be asked so.
    """

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._mentions = re.compile("|".join([re.escape(f"{name}=") for name in book.mention_attributes]) or "(?!)")
        self._blocks: dict[str, _Block] = {}
        self._elements: dict[str, _Element] = {}
        self._markdown, self._escapes = "", set[str]()

    @staticmethod
    def can_read(book: RuleBook) -> bool:
        """Whether rules depend on their own element alone, and furniture is asked of blocks."""
        return not book.depends_on_context and book.furniture_tags.issubset(_BLOCKS)

    def read(self, markdown: str, html: str) -> Body | None:
        """Read a body; None where it is not flat.

        Args:
            markdown: the body as written.
            html: the body as HTML.
        """
        if len(html) > _MOST_CHARACTERS or "\0" in html or "\r" in html or not _FLAT.fullmatch(html):
            return None
        try:
            return self._read(markdown, _ANY_COMMENT.sub("", html) if "<!" in html else html)
        except _NotFlat:
            return None

    def _read(self, markdown: str, html: str) -> Body:
        hides = may_hide(html)
        body = Body()
        blocks: list[str] = []
        marked: list[str] = []
        values: dict[str, str | None] = {}
        for written in _BLOCK_END.split(html)[:-1]:
            tag, _, content = written.lstrip()[1:].partition(">")
            level, furniture, is_hidden = self._blocks.get(tag) or self._read_block(tag)
            if is_hidden:
                continue
            has_elements = "<" in content
            if has_elements and hides and may_hide(content):
                raise _NotFlat
            text = _text_of(content)
            line = one_line(text)
            is_furniture = False
            for rule in furniture:
                if match := rule.pattern.fullmatch(line):
                    is_furniture = True
                    rule.store_value(match, values)
            if is_furniture:
                continue
            if has_elements:
                marked.append(content)
            if not line:
                continue
            block = plain_text(text)[0] if "\0" in text else line
            blocks.append(block)
            if level:
                body.heading_levels.append(level)
                body.heading_texts.append(line)
            elif not body.first_paragraph and is_paragraph(block):
                body.first_paragraph = block.replace("\n", " ")
        body.text = "\n\n".join(blocks)
        if values:
            body.add_values(values)
        if marked:
            spellings: dict[tuple[str, str], dict[str, int]] = {}
            self._read_elements(markdown, "".join(marked), body, spellings, ())
            body.add_mentions(spellings)
        return body

    def _read_elements(
        self,
        markdown: str,
        html: str,
        body: Body,
        spellings: dict[tuple[str, str], dict[str, int]],
        outer: Sequence[tuple[str, str]],
    ) -> None:
        """Add the links and images in the content of blocks, or of a link, to a body, and count its mentions.

        Args:
            markdown: the body as written.
            html: the content.
            body: what the links and images are added to.
            spellings: the spellings of each entity, which are counted here.
            outer: the entities that the link around it mentions: a picture in it that shows one is the same mention.
        """
        for attributes, content, tag, text, is_closed in _ELEMENT.findall(html):
            name = tag or f"a{attributes}"
            kind, url, alternative, entities = self._elements.get(name) or self._read_element(name)
            if entities:
                if kind is None and not is_closed:
                    raise _NotFlat
                entities = [entity for entity in entities if entity not in outer]
            if url or entities:
                text = "" if kind is IMAGE else one_line(_text_of(text if tag else content))
            if url and kind:
                body.link_urls.append(self._restore(url, markdown) if "%" in url else url)
                body.link_texts.append(text if kind is LINK else alternative)
                body.link_kinds.append(kind)
            for entity in entities:
                counts = spellings.setdefault(entity, {})
                counts[text] = counts.get(text, 0) + 1
            if "<" in content:
                self._read_elements(markdown, content, body, spellings, entities)

    def _restore(self, url: str, markdown: str) -> str:
        if self._markdown is not markdown:
            self._markdown, self._escapes = markdown, written_escapes(markdown)
        return restore_address(url, self._escapes)

    def _read_block(self, tag: str) -> _Block:
        name, attributes = _read_tag(tag)
        rules = self._book.find_rules(name, attributes)
        if rules.entities:
            raise _NotFlat
        block = _Block(HEADING_LEVELS.get(name, 0), rules.furniture, says_hidden(attributes))
        _keep(self._blocks, tag, block)
        return block

    def _read_element(self, tag: str) -> _Element:
        # Most tags are seen once; these two forms of them are told at one look.
        mentions = self._mentions.search(tag) is not None
        if not mentions and (link := _ONLY_AN_ADDRESS.fullmatch(tag)):
            return _Element(LINK, link[1], "", ())
        if not mentions and not tag.startswith(("a", "img")):
            return _NO_ELEMENT
        name, attributes = _read_tag(tag)
        if name == "img" and kind_of_image(attributes) is not IMAGE:
            raise _NotFlat
        kind = LINK if name == "a" else IMAGE if name == "img" else None
        url = attributes.get("href" if kind is LINK else "src") if kind else None
        alternative = " ".join((attributes.get("alt") or "").split())
        element = _Element(kind, (url or "").strip(), alternative, self._book.find_rules(name, attributes).entities)
        _keep(self._elements, tag, element)
        return element


def _read_tag(tag: str) -> tuple[str, dict[str, str | None]]:
    """Read the inside of a tag: its name and attributes, of which the first counts where two have one name."""
    name = tag.split(maxsplit=1)[0]
    attributes: dict[str, str | None] = {}
    for match in _ATTRIBUTE.finditer(tag, len(name)):
        attribute, value = match.groups()
        if value and "&" in value:
            if _ODD_IN_VALUE.search(value):
                raise _NotFlat
            value = _ANY_ENTITY.sub(_character, value)
        attributes.setdefault(attribute, value)
    return name, attributes


def _text_of(content: str) -> str:
    """Take the tags out of content, and write its entities as characters; `<br>` ends a line."""
    if "<" in content:
        if "<br" in content:
            content = content.replace("<br", f"{LINE}<br")
        content = _ANY_TAG.sub("", content)
    return _ANY_ENTITY.sub(_character, content) if "&" in content else content


def _character(entity: re.Match[str]) -> str:
    return _ENTITIES[entity[0]]


def _keep(kept: dict[str, _Read], tag: str, read: _Read) -> None:
    """Keep what was read of a tag, where it is short."""
    if len(tag) <= _KEPT_CHARACTERS:
        if len(kept) >= _KEPT_TAGS:
            kept.clear()
        kept[tag] = read
