r"""Keep paragraphs whole that CommonMark would end where kramdown and Python-Markdown do not.

In Python-Markdown no list begins within a paragraph, so a line of `- x` below a line of text is text; in both no table
does. Headings, quotes, rules and fences end a paragraph everywhere.

Sources: `OListProcessor` and `TableProcessor` of Python-Markdown, which look at the first line of a block alone;
`PARAGRAPH_END` in kramdown-parser-gfm `lib/kramdown/parser/gfm.rb`.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_ITEM = r"[ ]{0,3}(?:[-*+]|[0-9]{1,9}\.)[ \t]"
_RULE = r"[ ]{0,3}(?:(?:\*[ ]{0,2}){3,}|(?:-[ ]{0,2}){3,}|(?:_[ ]{0,2}){3,}|=+)[ \t]*(?:\n|\Z)"
_BEGINS = rf"(?!{_ITEM}|{_RULE}|[ ]{{0,3}}(?:[#<>|:]|```|~~~|\[[^\]\n]+\]:)|[ ]{{4}}|[ ]{{0,3}}\t)[^\n]+"
"""The first line of a paragraph."""
_GOES_ON = rf"\n(?!{_RULE}|[ ]{{0,3}}(?:[#<>]|```|~~~))"
_DASHES = r"(?=[^\n]*\|)[ \t|:]*-[-| \t:]*(?:\n|\Z)"
_MARK = re.compile(rf"(?<=\n)([ ]{{0,3}})(?:([-*+])(?=[ \t])|([0-9]{{1,9}})(?=\.[ \t]))|(?<=\n)(?={_DASHES})")
_DASHES_LINE = re.compile(_DASHES)
_DASHES_MARK = re.compile(rf"(?<=\n)()()()(?={_DASHES})")
_START = r"(?:(?<=\n\n)|(?<![\s\S]))"
_WITH_LISTS = rf"{_START}(?P<paragraph>{_BEGINS}(?:{_GOES_ON}[^\n]+)+)"
_TO_LISTS = rf"{_START}(?P<paragraph>{_BEGINS}(?:{_GOES_ON}(?!{_ITEM})[^\n]+)+)"
_LISTED = re.compile(rf"(?:\n\n|\A){_BEGINS}(?:{_GOES_ON}[^\n]+)*?\n(?:{_ITEM}|{_DASHES})")
_TABLED = re.compile(rf"(?:\n\n|\A){_BEGINS}(?:{_GOES_ON}[^\n]+)+?\n{_DASHES}")
_PARAGRAPH_WITH_LISTS = compile_outside_code(_WITH_LISTS, r"\n(?=[^\n]+\n[^\n])")
_PARAGRAPH = compile_outside_code(_TO_LISTS, r"\n(?=[^\n]+\n[^\n])")


def keep_lists_in_paragraphs(markdown: str) -> str:
    """Escape what would begin a list or a table within a paragraph of Python-Markdown.

    Args:
        markdown: a body.

    Returns:
        The body changed; the same object if it has no such paragraph.
    """
    if _LISTED.search(markdown) is None:
        return markdown
    return substitute_outside_code(_PARAGRAPH_WITH_LISTS, _keep_lists, markdown)


def keep_tables_in_paragraphs(markdown: str) -> str:
    """Escape what would begin a table within a paragraph of kramdown.

    Args:
        markdown: a body.

    Returns:
        The body changed; the same object if it has no such paragraph.
    """
    if _TABLED.search(markdown) is None:
        return markdown
    return substitute_outside_code(_PARAGRAPH, _keep_table, markdown)


def _keep_lists(match: re.Match[str]) -> str:
    first, _, rest = match[0].partition("\n")
    return match[0] if "|" in first and _DASHES_LINE.match(rest) else _MARK.sub(_escape, match[0])


def _keep_table(match: re.Match[str]) -> str:
    paragraph = match[0]
    return paragraph if "|" in paragraph.partition("\n")[0] else _DASHES_MARK.sub(_escape, paragraph)


def _escape(match: re.Match[str]) -> str:
    if match[3]:
        return f"{match[1]}{match[3]}\\"
    return f"{match[1] or ''}\\{match[2] or ''}"
