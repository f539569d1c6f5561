"""One walk over the tree of a body, without recursion: collects text, links, headings and mentions in reading order.

Nearly all the time that a post takes is spent here. So everything that depends on the tag alone is prepared once
(`TagAction`), and an element is tracked until it ends only if its text is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from selectolax.lexbor import LexborNode

from etl_project.extract.body.addresses import restore_address, written_escapes
from etl_project.extract.body.plain_text import CODE, MARKS, SEPARATORS, one_line
from etl_project.extract.body.rules import Entity, Furniture, RuleBook

LINK, IMAGE, HEADING, CODE_BLOCK, MENTION = "link", "image", "heading", "code", "mention"
"""Kinds of items that a walk collects; see `Walk.items`."""

_HIDDEN_TAGS = frozenset(
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
HEADING_LEVELS = {f"h{level}": level for level in range(1, 7)}
_SPECIAL_TAGS = frozenset(("a", "img", "pre", *HEADING_LEVELS))

_NO_DISPLAY = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)

_OpenElement = tuple[int, int, list[Any] | None, int, tuple[Furniture, ...], list[list[Any]] | None]
"""An open element that must be processed when it ends: the numbers of parts and of items before it, its link item, its
level as a heading or 0, the furniture that it may be, and its mention items."""


class TagAction(NamedTuple):
    """What to do at the elements of one tag."""

    is_hidden: bool
    opening: str
    """Written before its content: a separator, and a mark where the content is no paragraph."""
    closing: str
    """Written after its content."""
    is_inspected: bool
    """Whether each element of the tag must be inspected, whatever its attributes."""
    furniture: tuple[Furniture, ...]
    """Furniture that an element without attributes may be; filled only where nothing else about it matters."""


def make_tag_actions(book: RuleBook) -> dict[str, TagAction]:
    """Prepare the action for each tag; a tag that is not in the result needs none.

    Args:
        book: the rules of the source.
    """
    tags = _HIDDEN_TAGS | SEPARATORS.keys() | _SPECIAL_TAGS | book.tags
    no_marks = ("", "")
    return {
        tag: TagAction(
            tag in _HIDDEN_TAGS,
            SEPARATORS.get(tag, "") + MARKS.get(tag, no_marks)[0],
            MARKS.get(tag, no_marks)[1] + SEPARATORS.get(tag, ""),
            tag in _SPECIAL_TAGS or tag in book.tags,
            () if tag in _SPECIAL_TAGS else book.find_rules(tag, {}).furniture,
        )
        for tag in tags
    }


_NO_ACTION = TagAction(False, "", "", False, ())


class Walk:
    """One walk over one document, in reading order.

    Args:
        book: the rules of the source.
        tag_actions: the result of `make_tag_actions` for these rules.
        markdown: the body as written.
        html: the body as HTML.
        wikilinks: whether `[[page]]` is a link.
    """

    __slots__ = (
        "_book",
        "_context_matches",
        "_markdown",
        "_markdown_escapes",
        "_may_hide",
        "_open_mentions",
        "_tag_actions",
        "_wikilinks",
        "items",
        "parts",
        "values",
    )

    def __init__(
        self, book: RuleBook, tag_actions: Mapping[str, TagAction], markdown: str, html: str, wikilinks: bool
    ) -> None:
        self._book = book
        self._tag_actions = tag_actions
        self._context_matches: dict[int, list[Furniture | Entity]] = {}
        self._markdown = markdown
        self._wikilinks = wikilinks
        self._markdown_escapes: set[str] | None = None
        self._may_hide = may_hide(html)
        self._open_mentions: list[tuple[str, str]] = []
        self.parts: list[str] = []
        """Pieces of text, and breaks between them."""
        self.items: list[list[Any]] = []
        """`[LINK, address, text]`, `[IMAGE, address, alternative text]`, `[HEADING, level, text]`,
        `[CODE_BLOCK, None, ""]` and `[MENTION, (kind, key), spelling]`, in reading order."""
        self.values: dict[str, str | None] = {}
        """Rule column -> value of the last element that matched."""

    def run(self, node: LexborNode | None, context_matches: dict[int, list[Furniture | Entity]]) -> None:
        """Walk over a node, its descendants, and the siblings after it.

        Args:
            node: the first node.
            context_matches: the result of `RuleBook.match_in_context` for this tree.
        """
        self._context_matches = context_matches
        parts, items, action_of = self.parts, self.items, self._tag_actions.get
        inspect_all, rule_attributes = self._book.any_tag or bool(context_matches), self._book.attributes
        hides = self._may_hide
        ancestors: list[tuple[LexborNode, str, _OpenElement | None]] = []
        opened: _OpenElement | None
        while True:
            if node is None:
                if not ancestors:
                    return
                node, closing, ended = ancestors.pop()
                if ended is not None:
                    self._close(ended)
                if closing:
                    parts.append(closing)
                node = node.next
                continue
            tag = node.tag or ""
            if tag == "-text":
                parts.append(node.text_content or "")
                node = node.next
                continue
            is_hidden, opening, closing, is_inspected, furniture = action_of(tag, _NO_ACTION)
            if is_hidden or (hides and says_hidden(node.attributes)):
                node = node.next
                continue
            if opening:
                parts.append(opening)
            if is_inspected or inspect_all:
                attributes = node.attributes
                if furniture and not attributes and not context_matches:
                    # Most often a paragraph.
                    opened = (len(parts), len(items), None, 0, furniture, None)
                else:
                    opened = self._open(tag, node, attributes)
            elif rule_attributes and not rule_attributes.isdisjoint(attributes := node.attributes):
                opened = self._open(tag, node, attributes)
            else:
                opened = None
            child = node.first_child
            if child is None:
                if opened is not None:
                    self._close(opened)
                if closing:
                    parts.append(closing)
                node = node.next
            else:
                ancestors.append((node, closing, opened))
                node = child

    def _open(self, tag: str, node: LexborNode, attributes: Mapping[str, str | None]) -> _OpenElement | None:
        """Collect what is known at the start of an element; returns None if nothing is left to do at its end."""
        items, parts = self.items, self.parts
        first_part, first_item = len(parts), len(items)
        link: list[Any] | None = None
        level = 0
        if tag == "a":
            link = self._add_link(LINK, attributes.get("href"), "")
        elif tag in _SPECIAL_TAGS:
            if tag == "img":
                self._add_link(kind_of_image(attributes), attributes.get("src"), attributes.get("alt") or "")
            elif tag in HEADING_LEVELS:
                level = HEADING_LEVELS[tag]
            else:
                items.append([CODE_BLOCK, None, ""])
                parts.append(CODE)
                first_part += 1
        rules = self._book.find_rules(tag, attributes)
        if self._context_matches and (context_targets := self._context_matches.get(node.mem_id)):
            rules = self._book.add_context_rules(rules, context_targets, attributes)
        mentions = self._add_mentions(rules.entities) if rules.entities else None
        if link is None and not (rules.furniture or level or mentions):
            return None
        return first_part, first_item, link, level, rules.furniture, mentions

    def _close(self, ended: _OpenElement) -> None:
        """Complete the items of an element with its text, and drop the element if it is furniture."""
        first_part, first_item, link, level, furniture, mentions = ended
        parts = self.parts
        text = one_line(parts[first_part] if len(parts) == first_part + 1 else "".join(parts[first_part:]))
        if link is not None:
            link[2] = text
        elif level and text:
            self.items.append([HEADING, level, text])
        if mentions:
            for mention in mentions:
                mention[2] = text
                self._open_mentions.pop()
        is_furniture = False
        for rule in furniture:
            if match := rule.pattern.fullmatch(text):
                is_furniture = True
                rule.store_value(match, self.values)
        if is_furniture:
            del parts[first_part:], self.items[first_item:]

    def _add_link(self, kind: str, url: str | None, text: str) -> list[Any] | None:
        """Add the item of a link or image; None if it has no address."""
        url = (url or "").strip()
        if not url:
            return None
        if "%" in url:
            if self._markdown_escapes is None:
                self._markdown_escapes = written_escapes(self._markdown)
            url = restore_address(url, self._markdown_escapes)
        if self._wikilinks:
            url = url.removesuffix("\\")  # In a table the bar of `[[page\|label]]` is escaped.
        link = [kind, url, " ".join(text.split()) if text else ""]
        self.items.append(link)
        return link

    def _add_mentions(self, entities: tuple[tuple[str, str], ...]) -> list[list[Any]]:
        """Add an item for each entity that no open element mentions; return these items."""
        mentions: list[list[Any]] = []
        for entity in entities:
            # A picture inside a link to the same entity is the same mention.
            if entity not in self._open_mentions:
                self._open_mentions.append(entity)
                mentions.append([MENTION, entity, ""])
        self.items += mentions
        return mentions


def kind_of_image(attributes: Mapping[str, str | None]) -> str:
    """Whether an `<img>` is an image, or the link that Obsidian makes of a note it embeds."""
    return LINK if attributes.get("class") == "internal-embed" else IMAGE


def may_hide(html: str) -> bool:
    """Whether anything in HTML may be hidden: tell in one look for most posts that nothing is."""
    return "isplay" in html or "idden" in html or ("I" in html and ("ISPLAY" in html or "IDDEN" in html))


def says_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Whether the attributes of an element hide it."""
    return "hidden" in attributes or _NO_DISPLAY.search(attributes.get("style") or "") is not None
