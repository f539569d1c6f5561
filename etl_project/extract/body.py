"""Body of a post in; plain text, links, headings, mentions and the values of its source's rules out.

Markdown and HTML take one path: Markdown to HTML (which lets HTML through), HTML to a tree, and one
walk over the tree, without recursion. What a reader does not see is not text: comments, scripts,
styles, templates, hidden elements, and the tags of template languages. What a reader sees is text, code
included.

Inline markup adds nothing: `证<a>券</a>报` is one word. Tags of Liquid, Nunjucks and Hugo outside code
(`{% ... %}`, `{{< ... >}}`, `{{% ... %}}`) are left out and what they enclose is kept. An expression
`{{ ... }}` stays: what it stands for cannot be known, and in other dialects it is text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from pyromark import Markdown, Options
from selectolax.lexbor import LexborHTMLParser, LexborNode

from etl_project.extract.markup import as_markdown, pieces, tame, without_vault_comments
from etl_project.extract.plain_text import CODE, SEPARATORS, one_line, plain_text
from etl_project.extract.reasons import PostWarning
from etl_project.extract.rules import Entity, Furniture, RuleBook
from etl_project.sources.source import MentionRule, Rule

_OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_HEADING_ATTRIBUTES
)

_ROOT = "<etl-body></etl-body>"
_DOCUMENT = 1024 * 1024
"""Characters of HTML after which a new document is begun."""

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

_TEMPLATE_TAG = re.compile(r"\{%(?:[^{}%]|%(?!\}))*+%\}|\{\{(?:<[^{}]*>|%[^{}]*%)\}\}")
_NO_DISPLAY = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_PAGE = re.compile(r"\[\[([^\[\]|\n]++)")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """What a body holds. Lists of one prefix are parallel."""

    text: str = ""
    """Plain text, blocks separated by a blank line."""
    link_urls: list[str] = field(default_factory=list)
    """Addresses as written, in reading order."""
    link_texts: list[str] = field(default_factory=list)
    """Text of each link, alternative text of each image; may be empty."""
    link_kinds: list[str] = field(default_factory=list)
    """`link` or `image`."""
    heading_levels: list[int] = field(default_factory=list)
    """1 to 6, in reading order."""
    heading_texts: list[str] = field(default_factory=list)
    """Text of each heading."""
    mention_kinds: list[str] = field(default_factory=list)
    """Kind of each entity, in the order of first mention."""
    mention_keys: list[str] = field(default_factory=list)
    """Key of each entity."""
    mention_labels: list[str] = field(default_factory=list)
    """Spelling used most, ties by code points; the key where only pictures mention it."""
    mention_counts: list[int] = field(default_factory=list)
    """How often each is mentioned."""
    code_blocks: int = 0
    """Preformatted blocks."""
    values: dict[str, str | None] = field(default_factory=dict)
    """Rule column -> value of the last element that matched; None where `original_url` is no web address."""
    warnings: list[PostWarning] = field(default_factory=list)
    """`link_empty`, where the source's link is there and leads nowhere."""


class BodyReader:
    """Reads the bodies of one source; made once per worker.

    Args:
        rules: furniture of the site and the columns its values fill.
        mentions: markup that names entities.
        wikilinks: read `[[page]]` and `[[page|label]]` as links and leave out `%%` comments, as Obsidian does.

    Raises:
        ValueError: a selector is not CSS, or a pattern is not a regular expression.
    """

    def __init__(
        self, rules: Sequence[Rule] = (), mentions: Sequence[MentionRule] = (), wikilinks: bool = False
    ) -> None:
        options = _OPTIONS | Options.ENABLE_WIKILINKS if wikilinks else _OPTIONS
        self._wikilinks = wikilinks
        self._html = Markdown(options=options).html
        self._book = RuleBook(rules, mentions)
        self._told = self._book.tags | _TOLD
        self._document = LexborHTMLParser(_ROOT, is_fragment=True)
        self._parsed = 0

    def read(self, body: str) -> Body:
        r"""Read one body.

        Args:
            body: Markdown or HTML, lines ended by `\n`.

        Returns:
            What it holds; no text raises.
        """
        try:
            shown = without_vault_comments(body) if self._wikilinks and "%%" in body else body
            html = tame(self._html(as_markdown(shown)))
        except UnicodeEncodeError:  # lone surrogates
            return self.read(body.encode("utf-8", "replace").decode())
        pages = frozenset(_PAGE.findall(body)) if self._wikilinks else frozenset()
        walk = _Walk(self._book, self._told, body, html, pages)
        for piece in pieces(html):
            root = self._tree(piece)
            walk.run(root.first_child, self._book.marked(root))
        return walk.body()

    def _tree(self, html: str) -> LexborNode:
        # Making and freeing a document costs 20 µs, more than parsing most posts into one. What a
        # document has taken it gives back only as a whole, so it is replaced after a mebibyte.
        self._parsed += len(html)
        if self._parsed > _DOCUMENT:
            self._parsed = len(html)
            self._document = LexborHTMLParser(_ROOT, is_fragment=True)
        root = self._document.root
        assert root is not None
        root.inner_html = html
        return root


@dataclass(slots=True)
class _Open:
    """An element the walk is inside of that has to be looked at once it ends."""

    separator: str
    parts: int
    marks: tuple[int, int, int, int]
    """Links, headings, mentions and code blocks found before it."""
    link: int | None
    level: int | None
    is_code: bool
    furniture: list[Furniture]
    mentions: list[int]


@dataclass(slots=True)
class _Mention:
    kind: str
    key: str
    label: str = ""


class _Walk:
    """One walk over one document, in reading order."""

    __slots__ = (
        "_body",
        "_book",
        "_code_depth",
        "_has_templates",
        "_marked",
        "_may_hide",
        "_mentions",
        "_open_mentions",
        "_pages",
        "_parts",
        "_told",
        "_written",
        "_written_escapes",
    )

    def __init__(self, book: RuleBook, told: frozenset[str], written: str, html: str, pages: frozenset[str]) -> None:
        self._book = book
        self._told = told
        self._marked: dict[int, list[Furniture | Entity]] = {}
        self._written = written
        self._pages = pages
        self._written_escapes: set[str] | None = None
        self._may_hide = "isplay" in html or "idden" in html or "ISPLAY" in html or "IDDEN" in html
        self._has_templates = "{" in html and ("{%" in html or "{{" in html)
        self._parts: list[str] = []
        self._mentions: list[_Mention] = []
        self._open_mentions: list[tuple[str, str]] = []
        self._code_depth = 0
        self._body = Body()

    def run(self, node: LexborNode | None, marked: dict[int, list[Furniture | Entity]]) -> None:
        """Walk over a node, what it holds, and its siblings after it.

        Args:
            node: where to begin.
            marked: elements that rules have found in this tree by looking around.
        """
        self._marked = marked
        parts = self._parts
        told, tell_all = self._told, self._book.any_tag or bool(self._marked)
        telling = self._book.attributes
        may_hide, has_templates = self._may_hide, self._has_templates
        inside: list[tuple[LexborNode, str | _Open]] = []
        while True:
            if node is None:
                if not inside:
                    return
                node, ending = inside.pop()
                if isinstance(ending, str):
                    parts.append(ending)
                else:
                    self._close(ending)
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
            if tag in _HIDDEN or (may_hide and _is_hidden(node)):
                node = node.next
                continue
            separator = SEPARATORS.get(tag, "")
            parts.append(separator)
            if tell_all or tag in told or (telling and not telling.isdisjoint(node.attributes)):
                ending = self._open(tag, node, separator)
            else:
                ending = separator
            child = node.first_child
            if child is None:
                if isinstance(ending, str):
                    parts.append(ending)
                else:
                    self._close(ending)
                node = node.next
            else:
                inside.append((node, ending))
                node = child

    def _open(self, tag: str, node: LexborNode, separator: str) -> str | _Open:
        body = self._body
        marks = (len(body.link_urls), len(body.heading_levels), len(self._mentions), body.code_blocks)
        attributes = node.attributes
        link: int | None = None
        is_code = False
        if tag == "a":
            link = self._link("link", attributes.get("href"), "")
        elif tag == "img":
            self._link("image", attributes.get("src"), attributes.get("alt") or "")
        elif tag == "code":
            is_code = True
        elif tag == "pre":
            is_code = True
            body.code_blocks += 1
            self._parts.append(CODE)
        self._code_depth += is_code
        level = _LEVELS.get(tag)
        furniture: list[Furniture] = []
        mentions: list[int] = []
        asked = self._book.matches(tag, attributes)
        if self._marked:
            asked = asked + self._marked.get(node.mem_id, [])
        for looked_for in asked:
            if isinstance(looked_for, Furniture):
                furniture.append(looked_for)
            else:
                self._mention(looked_for, attributes, mentions)
        if link is None and level is None and not is_code and not furniture and not mentions:
            return separator
        return _Open(separator, len(self._parts), marks, link, level, is_code, furniture, mentions)

    def _close(self, ended: _Open) -> None:
        body, parts = self._body, self._parts
        text = one_line("".join(parts[ended.parts :]))
        if ended.is_code:
            self._code_depth -= 1
        if ended.link is not None:
            body.link_texts[ended.link] = text
        if ended.level is not None and text:
            body.heading_levels.append(ended.level)
            body.heading_texts.append(text)
        for index in ended.mentions:
            self._mentions[index].label = text
            self._open_mentions.pop()
        if ended.furniture:
            self._remove(ended, text)
        parts.append(ended.separator)

    def _remove(self, ended: _Open, text: str) -> None:
        found = [(rule, match) for rule in ended.furniture if (match := rule.pattern.fullmatch(text))]
        if not found:
            return
        body = self._body
        links, headings, mentions, code_blocks = ended.marks
        del self._parts[ended.parts :]
        del body.link_urls[links:], body.link_texts[links:], body.link_kinds[links:]
        del body.heading_levels[headings:], body.heading_texts[headings:]
        del self._mentions[mentions:]
        body.code_blocks = code_blocks
        for rule, match in found:
            if rule.column is not None:
                value = match[1 if rule.pattern.groups else 0]
                if rule.column == "original_url" and not (value and _WEB_ADDRESS.fullmatch(value)):
                    value = None
                body.values[rule.column] = value

    def _link(self, kind: str, url: str | None, text: str) -> int | None:
        url = (url or "").strip()
        if not url:
            return None
        body = self._body
        body.link_urls.append(self._as_written(url) if "%" in url else url)
        body.link_texts.append(" ".join(text.split()))
        body.link_kinds.append(kind)
        return len(body.link_urls) - 1

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

    def _mention(self, found: Entity, attributes: Mapping[str, str | None], mentions: list[int]) -> None:
        key = found.key(attributes)
        # A picture in a link to the same entity is one mention, and so is an element that two rules name.
        if key is not None and (found.kind, key) not in self._open_mentions:
            self._open_mentions.append((found.kind, key))
            mentions.append(len(self._mentions))
            self._mentions.append(_Mention(found.kind, key))

    def body(self) -> Body:
        """Give what the walk has found."""
        body = self._body
        body.text = plain_text("".join(self._parts))
        spellings: dict[tuple[str, str], Counter[str]] = {}
        for mention in self._mentions:
            spellings.setdefault((mention.kind, mention.key), Counter())[mention.label] += 1
        for (kind, key), labels in spellings.items():
            body.mention_kinds.append(kind)
            body.mention_keys.append(key)
            body.mention_counts.append(labels.total())
            del labels[""]  # pictures have no spelling
            body.mention_labels.append(min(labels, key=lambda label: (-labels[label], label), default=key))
        if body.values.get("original_url", "") is None:
            body.warnings.append(PostWarning("link_empty", "the link to the original is empty or no web address"))
        return body


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or _NO_DISPLAY.search(attributes.get("style") or "") is not None
