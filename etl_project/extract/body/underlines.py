"""Read headings that are underlined as kramdown and Python-Markdown do: one line of text with a line of `-` or `=`.

In CommonMark the whole paragraph above the line is the heading. Here the line is text below a longer paragraph, but a
line of dashes is a rule in Python-Markdown.

Sources: `SETEXT_HEADER_START` and `after_block_boundary?` of kramdown 2.4; `SetextHeaderProcessor` of Python-Markdown.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code
from etl_project.extract.body.paragraphs import lines_above

_LINE = re.compile(r"\n[ ]{0,3}(?:-+|=+)[ \t]*(?=\n|\Z)")
_UNDERLINED = compile_outside_code(
    r"(?P<text>^[ ]{0,3}(?![\s#>|]|[-*+][ \t]|[0-9]{1,9}[.)][ \t])[^\n]+)\n(?P<line>[ ]{0,3}(?:-+|=+)[ \t]*)$",
    r"\n(?=[^\n]+\n[ ]{0,3}[-=])",
)
_HEADING = re.compile(r"#{1,6}")


def keep_underlines(markdown: str) -> str:
    """Escape the underline of a paragraph of more than one line, which makes no heading in kramdown.

    Args:
        markdown: a body of kramdown.

    Returns:
        The body changed; the same object if it has no such line.
    """
    return substitute_outside_code(_UNDERLINED, _keep, markdown) if _may_be_long(markdown) else markdown


def rule_underlines(markdown: str) -> str:
    """Make a rule of a line of dashes below a paragraph of more than one line, and text of one of equals signs.

    Args:
        markdown: a body of Python-Markdown.

    Returns:
        The body changed; the same object if it has no such line.
    """
    return substitute_outside_code(_UNDERLINED, _rule, markdown) if _may_be_long(markdown) else markdown


def _may_be_long(markdown: str) -> bool:
    """Tell cheaply whether a line of dashes may stand below more than one line."""
    for line in _LINE.finditer(markdown):
        text = markdown.rfind("\n", 0, line.start())
        if text > 0 and markdown[text - 1] != "\n":
            return True
    return False


def _text_above(match: re.Match[str]) -> list[str]:
    """Give the lines above the last line of text; none where they are HTML."""
    above = lines_above(match)
    return [] if above and above[-1].lstrip().startswith("<") else above


def _keep(match: re.Match[str]) -> str:
    return f"{match['text']}\n\\{match['line'].lstrip()}" if _text_above(match) else match[0]


def _rule(match: re.Match[str]) -> str:
    above = _text_above(match)
    if not above or _HEADING.match(above[0]):
        return match[0]
    between = "\n\n" if "-" in match["line"] else "\n\\"
    return f"{match['text']}{between}{match['line'].lstrip()}"
