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
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyromark import Markdown, Options
from selectolax.lexbor import LexborHTMLParser, LexborNode

from etl_project.extract.body.markup import as_markdown, pieces, tame, without_vault_comments
from etl_project.extract.body.plain_text import plain_text
from etl_project.extract.body.rules import RuleBook
from etl_project.extract.body.walk import CODE_BLOCK, HEADING, MENTION, Walk, plan_of
from etl_project.reasons import PostWarning
from etl_project.sources.source import MentionRule, Rule

_OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_HEADING_ATTRIBUTES
)

_ROOT = "<etl-body></etl-body>"
_PAGE = re.compile(r"\[\[([^\[\]|\n]++)")
_NO_PAGES = frozenset[str]()
_DOCUMENT = 1024 * 1024
"""Characters of HTML after which a new document is begun."""


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
        self._plan = plan_of(self._book)
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
        pages = frozenset(_PAGE.findall(body)) if self._wikilinks else _NO_PAGES
        walk = Walk(self._book, self._plan, body, html, pages)
        for piece in pieces(html):
            root = self._tree(piece)
            walk.run(root.first_child, self._book.marked(root))
        return _body(walk)

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


def _body(walk: Walk) -> Body:
    """Sort what a walk has found by kind."""
    urls: list[str] = []
    link_texts: list[str] = []
    link_kinds: list[str] = []
    levels: list[int] = []
    heading_texts: list[str] = []
    labels: dict[tuple[str, str], dict[str, int]] = {}
    code_blocks = 0
    for what, value, text in walk.found:
        if what is MENTION:
            spellings = labels.get(value)
            if spellings is None:
                labels[value] = {text: 1}
            else:
                spellings[text] = spellings.get(text, 0) + 1
        elif what is HEADING:
            levels.append(value)
            heading_texts.append(text)
        elif what is CODE_BLOCK:
            code_blocks += 1
        else:
            urls.append(value)
            link_texts.append(text)
            link_kinds.append(what)
    return Body(
        plain_text("".join(walk.parts)),
        urls,
        link_texts,
        link_kinds,
        levels,
        heading_texts,
        [kind for kind, _ in labels],
        [key for _, key in labels],
        [_label(key, spellings) for (_, key), spellings in labels.items()],
        [sum(spellings.values()) for spellings in labels.values()],
        code_blocks,
        walk.values,
        [_LINK_EMPTY] if walk.values.get("original_url", "") is None else [],
    )


_LINK_EMPTY = PostWarning("link_empty", "the link to the original is empty or no web address")


def _label(key: str, spellings: dict[str, int]) -> str:
    if len(spellings) == 1:
        (label,) = spellings
        return label or key
    # Pictures have no spelling.
    return min(filter(None, spellings), key=lambda label: (-spellings[label], label), default=key)
