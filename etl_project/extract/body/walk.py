"""One walk over the tree of a body, without recursion: the pieces of its text, and what they hold in reading order.

Nearly all the time a post takes is spent here, so what can be known of a tag is looked up once (`Plan`), and an
element is remembered until it ends only if something asks for its text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from etl_project.extract.body.plain_text import CODE, SEPARATORS, one_line
from etl_project.extract.body.rules import Entity, Furniture, RuleBook

LINK, IMAGE, HEADING, CODE_BLOCK, MENTION = "link", "image", "heading", "code", "mention"
"""What a walk finds; see `Walk.found`."""

_HIDDEN = frozenset(
    (
        "-comment",
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "title",
        "svg",
        "math",
        "iframe",
        "object",
        "audio",
        "video",
        "canvas",
        "select",
        "textarea",
        "datalist",
    )
)
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_TOLD = frozenset(("a", "img", "pre", "code", *_LEVELS))

_TEMPLATE_TAG = re.compile(r"\{%[^{}%]*+(?:%(?!\})[^{}%]*+)*%\}|\{\{(?:<[^{}]*>|%[^{}]*%)\}\}")
_NO_DISPLAY = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)

_Open = tuple[int, int, list[Any] | None, int, bool, tuple[Furniture, ...], list[list[Any]] | None]
"""An element the walk is inside of that has to be looked at once it ends: pieces and things found before it, its link,
its level as a heading or 0, whether it is code, the furniture it may be, the entities it mentions."""


class Plan(NamedTuple):
    """What to do at the elements of one tag."""

    is_hidden: bool
    separator: str
    """What stands before and after its content."""
    is_asked: bool
    """Whether each of its elements has to be looked at, whatever its attributes."""
    furniture: tuple[Furniture, ...]
    """What one without attributes may be, where that is all there is to know of it."""


def plan_of(book: RuleBook) -> dict[str, Plan]:
    """Say what to do at the elements of each tag; at those of a tag that is not in it, there is nothing to do.

    Args:
        book: the rules of the source.
    """
    tags = _HIDDEN | SEPARATORS.keys() | _TOLD | book.tags
    return {
        tag: Plan(
            tag in _HIDDEN,
            SEPARATORS.get(tag, ""),
            tag in _TOLD or tag in book.tags,
            () if tag in _TOLD else book.asked(tag, {}).furniture,
        )
        for tag in tags
    }


_INLINE = Plan(False, "", False, ())


class Walk:
    """One walk over one document, in reading order.

    Args:
        book: the rules of the source.
        plan: what `plan_of` says of them.
        written: the body as written.
        html: the body as HTML.
        pages: pages that links in double brackets name.
    """

    __slots__ = (
        "_book",
        "_code_depth",
        "_has_templates",
        "_marked",
        "_may_hide",
        "_open_mentions",
        "_pages",
        "_plan",
        "_written",
        "_written_escapes",
        "found",
        "parts",
        "values",
    )

    def __init__(
        self, book: RuleBook, plan: Mapping[str, Plan], written: str, html: str, pages: frozenset[str]
    ) -> None:
        self._book = book
        self._plan = plan
        self._marked: dict[int, list[Furniture | Entity]] = {}
        self._written = written
        self._pages = pages
        self._written_escapes: set[str] | None = None
        self._may_hide = "isplay" in html or "idden" in html or "ISPLAY" in html or "IDDEN" in html
        self._has_templates = "{" in html and ("{%" in html or "{{" in html)
        self._open_mentions: list[tuple[str, str]] = []
        self._code_depth = 0
        self.parts: list[str] = []
        """Pieces of text, and breaks between them."""
        self.found: list[list[Any]] = []
        """`[LINK, address, text]`, `[IMAGE, address, alternative text]`, `[HEADING, level, text]`,
        `[CODE_BLOCK, None, ""]` and `[MENTION, (kind, key), spelling]`, in reading order."""
        self.values: dict[str, str | None] = {}
        """Rule column -> value of the last element that matched."""

    def run(self, node: LexborNode | None, marked: dict[int, list[Furniture | Entity]]) -> None:
        """Walk over a node, what it holds, and its siblings after it.

        Args:
            node: where to begin.
            marked: elements that rules have found in this tree by looking around.
        """
        self._marked = marked
        parts, found, plan_for = self.parts, self.found, self._plan.get
        ask_all, asking = self._book.any_tag or bool(marked), self._book.attributes
        may_hide, has_templates = self._may_hide, self._has_templates
        inside: list[tuple[LexborNode, str, _Open | None]] = []
        opened: _Open | None
        while True:
            if node is None:
                if not inside:
                    return
                node, separator, ended = inside.pop()
                if ended is not None:
                    self._close(ended)
                if separator:
                    parts.append(separator)
                node = node.next
                continue
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content or ""
                if has_templates and "{" in text and not self._code_depth:
                    text = _TEMPLATE_TAG.sub("", text)
                parts.append(text)
                node = node.next
                continue
            is_hidden, separator, is_asked, furniture = plan_for(tag, _INLINE)
            if is_hidden or (may_hide and _is_hidden(node)):
                node = node.next
                continue
            if separator:
                parts.append(separator)
            if is_asked or ask_all:
                attributes = node.attributes
                if furniture and not attributes and not marked:
                    # Most often a paragraph.
                    opened = (len(parts), len(found), None, 0, False, furniture, None)
                else:
                    opened = self._open(tag, node, attributes)
            elif asking and not asking.isdisjoint(attributes := node.attributes):
                opened = self._open(tag, node, attributes)
            else:
                opened = None
            child = node.first_child
            if child is None:
                if opened is not None:
                    self._close(opened)
                if separator:
                    parts.append(separator)
                node = node.next
            else:
                inside.append((node, separator, opened))
                node = child

    def _open(self, tag: str, node: LexborNode, attributes: Mapping[str, str | None]) -> _Open | None:
        found, parts = self.found, self.parts
        start, mark = len(parts), len(found)
        link: list[Any] | None = None
        level = 0
        is_code = False
        if tag == "a":
            link = self._link(LINK, attributes.get("href"), "")
        elif tag in _TOLD:
            if tag == "img":
                self._link(IMAGE, attributes.get("src"), attributes.get("alt") or "")
            elif tag in _LEVELS:
                level = _LEVELS[tag]
            else:
                is_code = True
                self._code_depth += 1
                if tag == "pre":
                    found.append([CODE_BLOCK, None, ""])
                    parts.append(CODE)
                    start += 1
        asked = self._book.asked(tag, attributes)
        if self._marked and (looking_around := self._marked.get(node.mem_id)):
            asked = self._book.asked_by_place(asked, looking_around, attributes)
        mentions = self._mention(asked.entities) if asked.entities else None
        if link is None and not (asked.furniture or level or mentions or is_code):
            return None
        return start, mark, link, level, is_code, asked.furniture, mentions

    def _close(self, ended: _Open) -> None:
        start, mark, link, level, is_code, furniture, mentions = ended
        parts = self.parts
        text = one_line(parts[start] if len(parts) == start + 1 else "".join(parts[start:]))
        if link is not None:
            link[2] = text
        elif is_code:
            self._code_depth -= 1
        elif level and text:
            self.found.append([HEADING, level, text])
        if mentions:
            for mention in mentions:
                mention[2] = text
                self._open_mentions.pop()
        is_furniture = False
        for rule in furniture:
            if match := rule.pattern.fullmatch(text):
                is_furniture = True
                self._keep(rule, match)
        if is_furniture:
            del parts[start:], self.found[mark:]

    def _keep(self, rule: Furniture, match: re.Match[str]) -> None:
        if rule.column is None:
            return
        value = match[1 if rule.pattern.groups else 0]
        if rule.column == "original_url" and not (value and _WEB_ADDRESS.fullmatch(value)):
            value = None
        self.values[rule.column] = value

    def _link(self, kind: str, url: str | None, text: str) -> list[Any] | None:
        url = (url or "").strip()
        if not url:
            return None
        link = [kind, self._as_written(url) if "%" in url else url, " ".join(text.split()) if text else ""]
        self.found.append(link)
        return link

    def _as_written(self, url: str) -> str:
        # Rendering Markdown escapes what may not stand in an address; escapes the post does not hold
        # are of its doing. In a table the bar of `[[page\|label]]` is escaped.
        if self._pages and (page := unquote(url)) in self._pages:
            return page.removesuffix("\\")
        if self._written_escapes is None:
            self._written_escapes = set(_ESCAPE.findall(self._written))
        if self._written_escapes.isdisjoint(_ESCAPE.findall(url)):
            return unquote(url)
        return url

    def _mention(self, entities: tuple[tuple[str, str], ...]) -> list[list[Any]]:
        mentions: list[list[Any]] = []
        for entity in entities:
            # A picture in a link to the same entity is one mention.
            if entity not in self._open_mentions:
                self._open_mentions.append(entity)
                mentions.append([MENTION, entity, ""])
        self.found += mentions
        return mentions


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or _NO_DISPLAY.search(attributes.get("style") or "") is not None
