"""Read the body of a post: its plain text, links, headings, mentions and the values of its source's rules.

Markdown and HTML are processed in the same way: Markdown is rendered to HTML (HTML inside it passes through), the HTML
is parsed into a tree, and one walk without recursion visits the tree. The text is what a reader sees, code included.
Comments, scripts, styles, templates, hidden elements and the tags of template languages are not text.

Inline markup adds nothing to the text: `证<a>券</a>报` is one word. `flavours.py` lists what is done for each Markdown,
`templates.py` what is done with template tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pyromark import Markdown as Renderer
from selectolax.lexbor import LexborHTMLParser, LexborNode

from etl_project.dialects import Markdown, Templates
from etl_project.extract.body.addresses import protect_escapes, restore_addresses
from etl_project.extract.body.content import Body
from etl_project.extract.body.flat_body import FlatBodies
from etl_project.extract.body.flavours import FLAVOURS, MDX_BEFORE, Pass
from etl_project.extract.body.markup import drop_costly_tags, pieces
from etl_project.extract.body.org import org_to_html
from etl_project.extract.body.plain_text import plain_text
from etl_project.extract.body.rst import rst_to_html
from etl_project.extract.body.rules import RuleBook
from etl_project.extract.body.templates import TemplateTags
from etl_project.extract.body.walk import CODE_BLOCK, HEADING, MENTION, Walk, make_tag_actions
from etl_project.sources.source import MentionRule, Rule

Form = Literal["markdown", "mdx", "html", "rst", "org"]
"""What a body is written in, which the ending of its file says."""

_ROOT_HTML = "<etl-body></etl-body>"
_CHARACTERS_PER_DOCUMENT = 1024 * 1024
"""Characters of HTML that are parsed into one document before it is replaced."""


class BodyReader:
    """Reads the bodies of one source; built once per worker.

    Args:
        rules: furniture of the site and the columns its values fill.
        mentions: markup that names entities.
        markdown: the Markdown of the bodies.
        templates: the template tags in them.

    Raises:
        ValueError: a selector is not CSS, or a pattern is not a regular expression.
    """

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        mentions: Sequence[MentionRule] = (),
        markdown: Markdown = "gfm",
        templates: Templates = "none",
    ) -> None:
        flavour = FLAVOURS[markdown]
        self._wikilinks = flavour.wikilinks
        render: Pass = Renderer(options=flavour.options).html
        tags: tuple[Pass, ...] = ()
        tags_of_html: tuple[Pass, ...] = ()
        if templates != "none":
            tags = (TemplateTags(templates, is_markdown=True).take_out,)
            tags_of_html = (TemplateTags(templates, is_markdown=False).take_out,)
        to_html = (*flavour.before, protect_escapes, render, restore_addresses, *flavour.after)
        self._passes: dict[Form, tuple[Pass, ...]] = {
            "markdown": (*tags, *to_html, drop_costly_tags),
            "mdx": (*tags, *MDX_BEFORE, *to_html, drop_costly_tags),
            "html": (*tags_of_html, drop_costly_tags),
            "rst": (rst_to_html, drop_costly_tags),
            "org": (*tags_of_html, org_to_html, drop_costly_tags),
        }
        self._book = RuleBook(rules, mentions)
        self.flat_bodies = FlatBodies(self._book) if not self._wikilinks and FlatBodies.can_read(self._book) else None
        self._tag_actions = make_tag_actions(self._book)
        self._document = LexborHTMLParser(_ROOT_HTML, is_fragment=True)
        self._parsed_characters = 0

    def read(self, body: str, form: Form = "markdown") -> Body:
        r"""Read one body.

        Args:
            body: text in one of these forms, lines ended by `\n`; without NUL, which `decode` lets not through.
            form: which of them.

        Returns:
            Its content; no text raises another error.

        Raises:
            Rejection: docutils_missing, for reStructuredText where docutils is not installed.
        """
        try:
            html = self.to_html(body, form)
        except UnicodeEncodeError:  # lone surrogates
            return self.read(body.encode("utf-8", "replace").decode(), form)
        read = self.flat_bodies.read(body, html) if self.flat_bodies else None
        return read or self.read_tree(body, html)

    def to_html(self, body: str, form: Form = "markdown") -> str:
        """Render a body as the HTML that is read.

        Raises:
            UnicodeEncodeError: it has lone surrogates.
            Rejection: docutils_missing.
        """
        for convert in self._passes[form]:
            body = convert(body)
        return body

    def read_tree(self, body: str, html: str) -> Body:
        """Read a body by a walk over the tree of its HTML, whatever that is.

        Args:
            body: the body as written.
            html: the body as HTML.
        """
        walk = Walk(self._book, self._tag_actions, body, html, self._wikilinks)
        for piece in pieces(html):
            root = self._parse(piece)
            walk.run(root.first_child, self._book.match_in_context(root))
        return _collect_body(walk)

    def _parse(self, html: str) -> LexborNode:
        """Parse HTML into the current document, which the next call overwrites, and return its root."""
        # Creating and freeing a document costs 20 µs, more than parsing most posts into one. A document frees its
        # memory only as a whole, so it is replaced after a mebibyte.
        self._parsed_characters += len(html)
        if self._parsed_characters > _CHARACTERS_PER_DOCUMENT:
            self._parsed_characters = len(html)
            self._document = LexborHTMLParser(_ROOT_HTML, is_fragment=True)
        root = self._document.root
        assert root is not None
        root.inner_html = html
        return root


def _collect_body(walk: Walk) -> Body:
    """Sort the items of a walk by kind."""
    urls: list[str] = []
    link_texts: list[str] = []
    link_kinds: list[str] = []
    levels: list[int] = []
    heading_texts: list[str] = []
    labels: dict[tuple[str, str], dict[str, int]] = {}
    code_blocks = 0
    for kind, value, text in walk.items:
        if kind is MENTION:
            spellings = labels.get(value)
            if spellings is None:
                labels[value] = {text: 1}
            else:
                spellings[text] = spellings.get(text, 0) + 1
        elif kind is HEADING:
            levels.append(value)
            heading_texts.append(text)
        elif kind is CODE_BLOCK:
            code_blocks += 1
        else:
            urls.append(value)
            link_texts.append(text)
            link_kinds.append(kind)
    text, first_paragraph = plain_text("".join(walk.parts))
    body = Body(
        text,
        urls,
        link_texts,
        link_kinds,
        levels,
        heading_texts,
        code_blocks=code_blocks,
        first_paragraph=first_paragraph,
    )
    body.add_values(walk.values)
    body.add_mentions(labels)
    return body
