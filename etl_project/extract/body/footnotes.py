"""Move the notes of footnotes to the end of a body, and drop their marks.

A mark is a raised number that the renderer counts: as text it would become a digit of the number before it (`2021` and
mark 1 is not `20211`). Notes stand at the end, in the order of their first marks, as every generator shows them.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_MAY_JOIN = re.compile(r"\[\^[^\[\]\n]+\](?:\(|\[(?!\^))")
_JOINED = compile_outside_code(r"(?<![\\!])(?P<mark>\[\^(?P<name>[^\[\]\n]{1,200})\])(?=\(|\[(?!\^))", r"\[(?=\^)")
_NAME = re.compile(r"^[ \t>]*\[\^([^\[\]\n]+)\]:", re.MULTILINE)
_MARK = re.compile(r'<sup class="footnote-reference"><a href="#([^"]*)">[0-9]+</a></sup>')
_LABEL = re.compile(r'<sup class="footnote-definition-label">[0-9]+</sup>')
_DIVISION = re.compile(
    r'(<div class="footnote-definition" id="([^"]*)"><sup class="footnote-definition-label">[0-9]+</sup>)'
    r"|<div\b|</div>\n?"
)

_TAG_OR_INLINE_NOTE = re.compile(r"<[^<>]*>|\^\[([^\[\]\n]+)\]")


def part_marks(markdown: str) -> str:
    """Part marks from brackets behind them, which would make a link of the mark: `word[^1](aside)`, `word[^1][a](/a)`.

    Args:
        markdown: a body in Markdown.

    Returns:
        The body changed; the same object if it has no such mark of a note.
    """
    if "^" not in markdown or "[^" not in markdown or _MAY_JOIN.search(markdown) is None:
        return markdown
    names = set(_NAME.findall(markdown))
    return substitute_outside_code(
        _JOINED, lambda match: f"{match[0]}<b></b>" if match["name"] in names else match[0], markdown
    )


def gather_inline_notes(html: str) -> str:
    """Move the notes that stand in the text itself, `^[note]`, to the end, as Obsidian shows them.

    Args:
        html: HTML as the renderer writes it.
    """
    if "^[" not in html:
        return html
    kept: list[str] = []
    notes: list[str] = []
    begin = code_depth = 0
    for match in _TAG_OR_INLINE_NOTE.finditer(html):
        if match[1] is None:
            code_depth += match[0].startswith(("<code", "<pre"))
            code_depth -= code_depth > 0 and match[0].startswith(("</code", "</pre"))
        elif not code_depth:
            kept.append(html[begin : match.start()])
            notes.append(f"<aside><p>{match[1]}</p></aside>\n")
            begin = match.end()
    return "".join([*kept, html[begin:], *notes])


def gather_footnotes(html: str) -> str:
    """Move the notes to the end and drop the marks; a note without a mark stays out of the text.

    GitHub, goldmark and kramdown do not show a note that nothing refers to.

    Args:
        html: HTML as the renderer writes it.

    Returns:
        HTML in which each note is an `aside` at the end.
    """
    return _gather(html, shows_all=False)


def gather_all_footnotes(html: str) -> str:
    """Do the same as `gather_footnotes`, but keep the notes without a mark, at the end."""
    return _gather(html, shows_all=True)


def _gather(html: str, *, shows_all: bool) -> str:
    if 'class="footnote-' not in html:
        return html
    order = {name: number for number, name in enumerate(dict.fromkeys(_MARK.findall(html)))}
    html = _MARK.sub("", html)
    kept: list[str] = []
    notes: list[tuple[int, str]] = []
    begin = depth = note_begin = 0
    name: str | None = None  # of the open note
    for match in _DIVISION.finditer(html):
        if match[1] and name is None:
            kept.append(html[begin : match.start()])
            begin, note_begin, name, depth = match.start(), match.end(), match[2], 1
        elif name is not None:
            depth += -1 if match[0].startswith("</") else 1
            if depth == 0:
                if shows_all or name in order:
                    notes.append((order.get(name, len(order)), html[note_begin : match.start()]))
                begin, name = match.end(), None
    kept.append(_LABEL.sub("", html[begin:]))  # with a note whose own HTML does not close what it opens
    notes.sort(key=lambda note: note[0])
    return "".join([*kept, *[f"<aside>{note}</aside>\n" for _, note in notes]])
