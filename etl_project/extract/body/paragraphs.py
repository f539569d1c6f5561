r"""End paragraphs where the generators end them, and keep those whole that CommonMark would end.

In kramdown a list ends a paragraph whatever its first number is. In Python-Markdown no list begins within a paragraph,
so a line of `- x` below a line of text is text; in both no table does. Headings, quotes, rules and fences end a
paragraph everywhere. A table needs no `|` at the margin to end one; in goldmark and marked it ends one of a list or
quote, too. Hexo takes fences out before marked sees the HTML around them.

Sources: `OListProcessor` and `TableProcessor` of Python-Markdown, which look at the first line of a block alone;
`PARAGRAPH_END` in kramdown-parser-gfm `lib/kramdown/parser/gfm.rb`.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code
from etl_project.extract.body.fences import text_spans

_ITEM = r"[ ]{0,3}(?:[-*+]|[0-9]{1,9}\.)[ \t]"
_RULE = r"[ ]{0,3}(?:(?:\*[ ]{0,2}){3,}|(?:-[ ]{0,2}){3,}|(?:_[ ]{0,2}){3,}|=+)[ \t]*(?:\n|\Z)"
_BEGINS = rf"(?!{_ITEM}|{_RULE}|[ ]{{0,3}}(?:[#<>|:]|```|~~~|\[[^\]\n]+\]:)|[ ]{{4}}|[ ]{{0,3}}\t)[^\n]+"
"""The first line of a paragraph."""
_GOES_ON = rf"\n(?!{_RULE}|[ ]{{0,3}}(?:[#<>]|```|~~~))"
_DASHES = r"(?=[^\n]*\|)[ \t|:]*-[-| \t:]*(?:\n|\Z)"
_MARK = re.compile(rf"(?<=\n)([ ]{{0,3}})(?:([-*+])(?=[ \t])|([0-9]{{1,9}})(?=\.[ \t]))|(?<=\n)(?={_DASHES})")
_DASHES_LINE = re.compile(_DASHES)
_START = r"(?:(?<=\n\n)|(?<![\s\S]))"
_WITH_LISTS = rf"{_START}(?P<paragraph>{_BEGINS}(?:{_GOES_ON}[^\n]+)+)"
_LISTED = re.compile(rf"\n\n{_BEGINS}(?:{_GOES_ON}[^\n]+)*?\n(?:{_ITEM}|{_DASHES})")
_MAY_BE_NUMBERED = re.compile(r"\n[ ]{0,3}[0-9]{1,9}\.[ \t]")
_NUMBERED = rf"{_BEGINS}(?:{_GOES_ON}(?![ ]{{0,3}}[0-9]{{1,9}}\.[ \t])[^\n]+)*\n(?=[ ]{{0,3}}[0-9]{{1,9}}\.[ \t])"
_HAS_NUMBERED = re.compile(rf"\n\n{_NUMBERED}")
_NUMBERED_PARAGRAPH = compile_outside_code(rf"{_START}(?P<paragraph>{_NUMBERED})", r"\n(?=[^\n]+\n[^\n])")
_PARAGRAPH_WITH_LISTS = compile_outside_code(_WITH_LISTS, r"\n(?=[^\n]+\n[^\n])")
_TABLE = compile_outside_code(
    r"(?P<head>^[ ]?(?![\s#>]|[-*+][ \t]|[0-9]{1,9}[.)][ \t])[^\n|]*\|[^\n]*)\n(?P<dashes>[ ]?[|:-][|: \t-]*)$",
    r"\n(?=[^\n|]*\|[^\n]*\n[ ]?[|:-])",
)
_ANY_TABLE = compile_outside_code(
    r"(?P<head>^[ \t]*(?![\s>])[^\n|]*\|[^\n]*)\n(?P<dashes>[ \t]*[|:-][|: \t-]*)$",
    r"\n(?=[^\n|]*\|[^\n]*\n[ \t]*[|:-])",
)
_DASHES_ROW = re.compile(r"\n[ \t]*[|:-][|: \t-]*(?=\n|\Z)")
_FENCE_BELOW_HTML = re.compile(r"\n\n[ ]{0,3}</?[A-Za-z][^\n]*\n(?:[^\n]+\n)*?(?:```|~~~)")
_HTML_LINE = re.compile(r"[ ]{0,3}</?[A-Za-z]")
_BORDER = re.compile(r"(?<!\\)\|")
_NESTED = re.compile(r"[ \t]*(?:[-*+][ \t]|[0-9]{1,9}[.)][ \t]|>)")
_LINES_BELOW = 200
_LINES_ABOVE = 50
"""Lines above a table among which the list or quote that it ends may begin."""


def begin_tables(markdown: str) -> str:
    """Put a blank line before a table that ends a paragraph, also one of a list or quote.

    Args:
        markdown: a body of goldmark or marked.

    Returns:
        The body changed; the same object if it has no such table.
    """
    return _begin_each_table(markdown, ends_all=True)


def begin_tables_of_text(markdown: str) -> str:
    """Put a blank line before a table that ends a paragraph which is in no list and no quote.

    Args:
        markdown: a body of GitHub's Markdown.

    Returns:
        The body changed; the same object if it has no such table.
    """
    return _begin_each_table(markdown, ends_all=False)


def _begin_each_table(markdown: str, *, ends_all: bool) -> str:
    if "|" not in markdown or not _may_begin_table(markdown):
        return markdown
    return substitute_outside_code(_TABLE, lambda match: _begin_table(match, ends_all), markdown)


def _may_begin_table(markdown: str) -> bool:
    """Tell cheaply whether a line stands straight above what may be a table."""
    for dashes in _DASHES_ROW.finditer(markdown):
        head = markdown.rfind("\n", 0, dashes.start())
        if head > 0 and markdown[head - 1] != "\n" and "|" in dashes[0]:
            return True
    return False


def _begin_table(match: re.Match[str], ends_all: bool) -> str:
    above = lines_above(match)
    if (
        not above
        or _count_cells(match["head"]) != _count_cells(match["dashes"])
        or any(_DASHES_LINE.match(line) for line in above)  # it is a row of another table
        or (not ends_all and any(_NESTED.match(line) for line in above))
        or _HTML_LINE.match(above[-1])
    ):
        return match[0]
    return f"\n{match[0]}"


def _count_cells(row: str) -> int:
    return len(_BORDER.split(row.strip().removeprefix("|").removesuffix("|")))


def begin_fences(markdown: str) -> str:
    """Put a blank line before a fence below a line of HTML, which it would else be a part of.

    Args:
        markdown: a body of Hexo.

    Returns:
        The body changed; the same object if it has no such fence.
    """
    if "```" not in markdown and "~~~" not in markdown:
        return markdown
    if _FENCE_BELOW_HTML.search(markdown) is None and _FENCE_BELOW_HTML.match(f"\n\n{markdown}") is None:
        return markdown
    kept: list[str] = []
    begin = 0
    for start, end in text_spans(markdown):
        blank_line = markdown.rfind("\n\n", start, end)
        block = blank_line + 2 if blank_line >= 0 else start + (start > 0)
        if block < end < len(markdown) and _HTML_LINE.match(markdown, block, end):
            kept += (markdown[begin:end], "\n")
            begin = end
    return "".join((*kept, markdown[begin:]))


def begin_numbered_lists(markdown: str) -> str:
    """Put a blank line before a list that ends a paragraph, whatever its first number is, as in kramdown.

    Args:
        markdown: a body of kramdown.

    Returns:
        The body changed; the same object if it has no such list.
    """
    if _MAY_BE_NUMBERED.search(markdown) is None or (
        _HAS_NUMBERED.search(markdown) is None and _HAS_NUMBERED.match(f"\n\n{markdown}") is None
    ):
        return markdown
    return substitute_outside_code(_NUMBERED_PARAGRAPH, lambda match: f"{match[0]}\n", markdown)


def keep_lists_in_paragraphs(markdown: str) -> str:
    """Escape what would begin a list or a table within a paragraph of Python-Markdown.

    Args:
        markdown: a body.

    Returns:
        The body changed; the same object if it has no such paragraph.
    """
    if _LISTED.search(markdown) is None and _LISTED.match(f"\n\n{markdown}") is None:
        return markdown
    return substitute_outside_code(_PARAGRAPH_WITH_LISTS, _keep_lists, markdown)


def keep_tables_in_paragraphs(markdown: str) -> str:
    """Escape what would begin a table without a blank line above and below it, as kramdown demands them.

    Args:
        markdown: a body of kramdown.

    Returns:
        The body changed; the same object if it has no such table.
    """
    if not (_may_begin_table(markdown) or any(map(_has_text_below, _DASHES_ROW.finditer(markdown)))):
        return markdown
    return substitute_outside_code(_ANY_TABLE, _keep_table, markdown)


def _keep_lists(match: re.Match[str]) -> str:
    first, _, rest = match[0].partition("\n")
    return match[0] if "|" in first and _DASHES_LINE.match(rest) else _MARK.sub(_escape, match[0])


def _keep_table(match: re.Match[str]) -> str:
    above = lines_above(match)
    may_begin = not above or all("|" in line for line in above) or _HTML_LINE.match(above[-1])
    if may_begin and not _has_text_below(match):
        return match[0]
    return f"{match['head']}\n\\{match['dashes'].lstrip()}"


def _has_text_below(match: re.Match[str]) -> bool:
    """Tell whether a line without a border stands straight below the rows of a table, and not further to the left."""
    body, end = match.string, match.end()
    dashes = match[0].rpartition("\n")[2]
    if "|" not in dashes:
        return False
    margin = len(dashes) - len(dashes.lstrip())
    for _ in range(_LINES_BELOW):
        start, end = end + 1, body.find("\n", end + 1)
        line = body[start:] if end < 0 else body[start:end]
        text = line.lstrip()
        if not text or text == "^" or text.startswith("{:") or len(line) - len(text) < margin:
            return False
        if "|" not in text:
            return True
        if end < 0:
            return False
    return False


def lines_above(match: re.Match[str]) -> list[str]:
    """Give the lines above a match up to a blank one, the nearest first.

    Args:
        match: it begins where a line does.
    """
    body, end = match.string, match.start() - 1
    lines: list[str] = []
    while end > 0 and len(lines) < _LINES_ABOVE:
        start = body.rfind("\n", 0, end) + 1
        line = body[start:end]
        if not line.strip():
            break
        lines.append(line)
        end = start - 1
    return lines


def _escape(match: re.Match[str]) -> str:
    if match[3]:
        return f"{match[1]}{match[3]}\\"
    return f"{match[1] or ''}\\{match[2] or ''}"
