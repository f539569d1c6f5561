"""Prepare the notes of Obsidian: what it does not show is removed before the Markdown is read."""

from __future__ import annotations

import re
from urllib.parse import unquote

_OBSIDIAN_TOKEN = re.compile(r"^ {0,3}(`{3,}|~{3,})|`[^`\n]*+`|%%|\n[ \t]*+(?=\n)", re.MULTILINE)


def strip_obsidian_comments(body: str) -> str:
    """Remove Obsidian's `%%` comments, except in code.

    A comment at the start of a line may span paragraphs; any other must end in its own paragraph. An unclosed comment
    stays: losing the rest of the post would be worse.

    Args:
        body: Markdown of a note.

    Returns:
        The note without its comments.
    """
    if "%%" not in body:
        return body
    kept = []
    begin = 0  # end of the last comment that was removed
    start: int | None = None  # where the open comment starts
    fence = ""  # the fence of the open code block
    for match in _OBSIDIAN_TOKEN.finditer(body):
        token = match[0]
        if match[1]:
            if fence:
                fence = "" if match[1].startswith(fence) else fence
            elif start is None:
                fence = match[1]
        elif token == "%%" and not fence:
            if start is None:
                start = match.start()
                continue
            kept.append(body[begin:start])
            begin, start = match.end(), None
        elif token[0] == "\n" and start and body[start - 1] != "\n":
            start = None  # a blank line: the paragraph ends before the comment does
    kept.append(body[begin:])
    return "".join(kept)


_TAG_OR_HIGHLIGHT = re.compile(r"<[^<>]*>|(?<!=)==(?!=)")
_BLOCK_TAG = re.compile(r"</?(?:p|li|ul|ol|h[1-6]|td|th|tr|blockquote|div|table|dt|dd|section)\b", re.IGNORECASE)
_BLOCK_ID = re.compile(
    r"(?:(?<=<p>)|[ \t\n])\^[A-Za-z0-9-]+[ \t]*(?=</(?:p|li|h[1-6]|td|th)>|\n<(?:ul|ol|p|blockquote|pre)\b)"
)
_ID_OF_TABLE = re.compile(r"<tr><td>\^[A-Za-z0-9-]+</td>(?:<td></td>)*</tr>\n")
"""The line below a table, which CommonMark takes for a row of it."""
_FORMULA = re.compile(r'<span class="math math-(inline|display)">([^<]*)</span>')
_EMBED = re.compile(r'<img src="([^"]*)" alt="([^"]*)"')
_PICTURE_ENDINGS = frozenset(("apng", "avif", "bmp", "gif", "heic", "ico", "jpeg", "jpg", "png", "svg", "tiff", "webp"))
_WIDTH = re.compile(r"(?:^|\|)[0-9]+(?:x[0-9]+)?$")
_LINK_TO_PART = re.compile(r'<a href="[^":]*#[^":]*">([^<#]*#[^<]*)</a>')
_TASK = re.compile(r"(<li>\n?(?:<p>)?)\[(?:[^\[\]\s&]|&[a-z]+;)\](?=\s)")


def strip_highlights(html: str) -> str:
    """Drop the signs of `==highlights==`, except in code and formulas.

    Args:
        html: HTML as the renderer writes it.
    """
    if "==" not in html:
        return html
    cuts: list[int] = []
    opening: int | None = None
    code_depth = 0
    in_formula = False
    for match in _TAG_OR_HIGHLIGHT.finditer(html):
        token = match[0]
        if token != "==":
            if token.startswith(("<code", "<pre")):
                code_depth += 1
            elif token.startswith(("</code", "</pre")):
                code_depth = max(0, code_depth - 1)
            elif _BLOCK_TAG.match(token):
                opening = None
            in_formula = token.startswith('<span class="math')
        elif not code_depth and not in_formula:
            before, after = html[match.start() - 1 : match.start()], html[match.end() : match.end() + 1]
            if opening is not None and not before.isspace():
                cuts += (opening, match.start())
                opening = None
            elif after and not after.isspace():
                opening = match.start()
    begin = 0
    kept: list[str] = []
    for cut in cuts:
        kept.append(html[begin:cut])
        begin = cut + 2
    kept.append(html[begin:])
    return "".join(kept)


def strip_block_ids(html: str) -> str:
    """Drop the ids by which other notes refer to a block: `^id` at its end.

    Args:
        html: HTML as the renderer writes it.
    """
    if "^" not in html:
        return html
    if "<td>^" in html:
        html = _ID_OF_TABLE.sub("", html)
    return _BLOCK_ID.sub("", html)


def write_formulas(html: str) -> str:
    """Write formulas as the note does: `$...$` and `$$...$$`.

    Args:
        html: HTML as the renderer writes it.
    """
    return _FORMULA.sub(_formula, html) if 'class="math ' in html else html


def _formula(match: re.Match[str]) -> str:
    sign = "$" if match[1] == "inline" else "$$"
    return f"{sign}{match[2]}{sign}"


def mark_embedded_pages(html: str) -> str:
    """Give what is embedded and no picture (a note, a PDF file, sound) the class `internal-embed`, as Obsidian does.

    What `|200` or `|200x100` says after the name of a picture is its width, no alternative text.

    Args:
        html: HTML as the renderer writes it.
    """
    return _EMBED.sub(_mark_embed, html) if "<img " in html else html


def _mark_embed(match: re.Match[str]) -> str:
    address, label = match[1], _WIDTH.sub("", match[2])
    path = address.partition("#")[0]
    is_page = "://" not in address and path.rpartition(".")[2].lower() not in _PICTURE_ENDINGS
    kind = 'class="internal-embed" ' if is_page and not address.startswith("data:") else ""
    return f'<img {kind}src="{address}" alt="{label}"'


def show_parts(html: str) -> str:
    """Write the name of a link to a part of a note as Obsidian shows it: `[[Note#Part]]` as `Note > Part`.

    Args:
        html: HTML as the renderer writes it.
    """
    return _LINK_TO_PART.sub(_show_part, html) if "#" in html and "</a>" in html else html


def _show_part(match: re.Match[str]) -> str:
    whole, name = match[0], match[1]
    if f'<a href="{name}">' not in unquote(whole):  # it has a name of its own
        return whole
    return f"{whole[: match.start(1) - match.start()]}{name.strip('#').replace('#', ' &gt; ')}</a>"


def strip_task_signs(html: str) -> str:
    """Drop the signs of tasks whatever letter they hold: `[/]`, `[-]`, as in `[x]` Obsidian shows a box.

    Args:
        html: HTML as the renderer writes it.
    """
    return _TASK.sub(r"\1", html) if "]" in html and "<li>" in html else html
