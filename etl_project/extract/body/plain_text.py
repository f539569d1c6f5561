"""Build the plain text of a post from the pieces of text, and the breaks between them, that a walk over it collects.

Blocks (paragraphs, headings, lists, tables, quotes, code) are separated by a blank line; `<br>`, list items and table
rows end a line. White space within a line is collapsed to one space, as a browser does. Code keeps its lines and
indentation but loses its empty lines, which would look like the end of a block. A line break in the source between
two Han, kana or full-width characters is removed and gives no space (CSS Text 3, section 4.1.3, segment break
transformation).
"""

from __future__ import annotations

import re

# A break is written between the pieces as NUL and a letter: the HTML parser lets no NUL through, so no text contains
# one.
LINE = "\0l"
"""End of a line."""
BLOCK = "\0b"
"""End of a block."""
CODE = "\0c"
"""Written at the start of a block: it is code."""
APART = "\0s"
"""Written at the start of a block: what follows, to `APART_END`, is no paragraph of the running text."""
APART_END = "\0e"
QUOTED = "\0q"
"""Written at the start of a block: what follows, to `QUOTED_END`, is quoted."""
QUOTED_END = "\0r"
SEPARATORS = (
    dict.fromkeys(
        (
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "center",
            "details",
            "dl",
            "dialog",
            "div",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hr",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "ul",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
        ),
        BLOCK,
    )
    | dict.fromkeys(("br", "li", "tr", "dt", "dd", "caption"), LINE)
    | dict.fromkeys(("td", "th"), " ")
)
"""Tag -> the separator before and after its content."""
MARKS = dict.fromkeys(
    (
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "ul",
        "ol",
        "dl",
        "table",
        "figure",
        "figcaption",
        "nav",
        "aside",
        "details",
    ),
    (APART, APART_END),
) | {"blockquote": (QUOTED, QUOTED_END)}
"""Tag -> the marks at the start and at the end of its content, inside its separators."""

_MARK = re.compile("\0[seqr]")
_BREAK_MARK = re.compile("\0[lbcseqr]")
# Han, kana and full-width characters, for a character class. Hangul is not included: Korean is written with spaces.
_WIDE = "\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffee\U0001b000-\U0001b16f\U00020000-\U0003ffff"
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*\n[ \t]*(?=[{_WIDE}])")

_WORD = re.compile(r"[^\W_]")
_CONTENTS = re.compile(r"@?\[\[?_?toc_?\]\]?|(?:toc|(?:table of )?contents|目录|目錄)[:：]?", re.IGNORECASE)
"""The title of a table of contents, or its place in a site whose generator does not fill it."""


def one_line(joined: str) -> str:
    """Turn joined pieces and breaks into one line, such as the text of a link or heading."""
    if "\n" in joined:
        joined = _WIDE_BREAK.sub("", joined)
    if "\0" in joined:
        joined = _BREAK_MARK.sub(" ", joined)
    return " ".join(joined.split())


def plain_text(joined: str) -> tuple[str, str]:
    """Turn joined pieces and breaks into plain text.

    Returns:
        The text, blocks separated by a blank line, and its first paragraph on one line; both may be empty. Headings,
        code, lists, tables, figures and asides are no paragraphs. One that is quoted counts if there is no other.
    """
    parts = joined.split(BLOCK)
    if joined.count("\0") == len(parts) - 1:
        # Nothing but paragraphs, as in most posts.
        lines = [_WIDE_BREAK.sub("", part) if "\n" in part and not part.isspace() else part for part in parts]
        blocks = [text for line in lines if (text := " ".join(line.split()))]
        return "\n\n".join(blocks), next(filter(is_paragraph, blocks), "")
    blocks = []
    paragraph = quoted_paragraph = ""
    apart_depth = quote_depth = 0
    for block in parts:
        if not block or block.isspace():
            continue
        if "\n" in block and CODE not in block:
            block = _WIDE_BREAK.sub("", block)
        apart_ends = quote_ends = 0
        if "\0" not in block:
            text = " ".join(block.split())
        else:
            apart_depth += block.count(APART)
            quote_depth += block.count(QUOTED)
            apart_ends = block.count(APART_END)
            quote_ends = block.count(QUOTED_END)
            block = _MARK.sub("", block)
            if block.startswith(CODE):
                lines = [line.rstrip() for line in _BREAK_MARK.sub("\n", block).split("\n")]
            else:
                lines = [" ".join(line.split()) for line in block.split(LINE)]
            text = "\n".join(filter(None, lines))
        if text:
            blocks.append(text)
            if not paragraph and not apart_depth and is_paragraph(text):
                if not quote_depth:
                    paragraph = text
                elif not quoted_paragraph:
                    quoted_paragraph = text
        if apart_ends or quote_ends:
            apart_depth -= apart_ends
            quote_depth -= quote_ends
    return "\n\n".join(blocks), (paragraph or quoted_paragraph).replace("\n", " ")


def is_paragraph(text: str) -> bool:
    """Whether the text of a block may begin a post: it has a word, and is no table of contents."""
    return _WORD.search(text) is not None and not _CONTENTS.fullmatch(text)
