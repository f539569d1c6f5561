r"""Write definitions of links, and what refers to them, as CommonMark, where a generator takes more than it does.

    [x]: https://w.test/a_(b            a bracket without its other half; goldmark, marked, kramdown, Python-Markdown
    [x]: /files/a b.pdf "Title"         blanks in an address; kramdown
    [x]: https://w.test/a\_b            a backslash stays; kramdown
    [^1]: note                          a definition straight below a note; kramdown, Python-Markdown
    [x]: /a
    [text] [x]                          white space before a label; kramdown, Python-Markdown

Sources: `LINK_DEFINITION_START` and `LINK_INLINE_ID_RE` of kramdown 2.4, `RE_LINK` of Python-Markdown's
`inlinepatterns.py`, `parseLinkDestination` of goldmark, `def` in marked's `rules.ts`.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_START = r"^(?P<label>[ ]{0,3}\[(?!\^)[^\[\]\n]+\]:[ \t]*)"
_STARTS = r"\n(?=[ ]{0,3}\[)"
_SPACED = compile_outside_code(rf"{_START}(?P<address>[^\s<][^\n]*)$", _STARTS)
_UNBALANCED = compile_outside_code(rf"{_START}(?P<address>[^\s<()]*[()][^\s<]*)(?=[ \t]*$|[ \t]+[\"'(])", _STARTS)
_BELOW_NOTE = compile_outside_code(
    r"^(?P<note>[ ]{0,3}\[\^[^\[\]\n]+\]:[^\n]*\n)(?=[ ]{0,3}\[(?!\^)[^\[\]\n]+\]:)", _STARTS
)
_MAY_BE_BELOW_NOTE = re.compile(r"\n[ ]{0,3}\[\^[^\[\]\n]+\]:[^\n]*\n[ ]{0,3}\[[^\^]")
_MAY_BE_SPACED = re.compile(r"\]:[ \t]*[^\s<\\]++(?:[ \t]+[^\s\"'{]|\\)")
_MAY_BE_UNBALANCED = re.compile(r"\]:[ \t]+[^\s<()]*+[()]")
_MAY_BE_SPACED_LABEL = re.compile(r"\](?=(?:[ ]|[ ]?\n[ ]{0,3})\[([^\[\]\n]+)\](?![:(\[]))")
_TITLE = re.compile(r"""[ \t]+(?:"[^\n]*"|'[^\n]*')[ \t]*\Z""")
_ATTRIBUTES = re.compile(r"[ \t]*\{:[^{}\n]*\}[ \t]*\Z")
_BEFORE = re.compile(r"(?:\A|\n)(?:[ \t]*|[ ]{0,3}\[[^\[\]\n]+\]:[^\n]*|[ ]{0,3}\{:[^\n]*)\n?\Z")
"""What may stand above a definition, which cannot interrupt a paragraph: a blank line, a definition, attributes."""
_LABEL = re.compile(r"^[ ]{0,3}\[(?!\^)([^\[\]\n]+)\]:", re.MULTILINE)
_SPACED_LABEL = compile_outside_code(
    r"(?<!\])(?!(?<=[-*+][ ])\[[ xX]\])(?P<text>\[[^\[\]]{1,500}\])"
    r"(?:[ ]|[ ]?\n[ ]{0,3})\[(?P<label>[^\[\]\n]+)\](?![:(\[])",
    r"\[",
)


def close_brackets_of_addresses(markdown: str) -> str:
    """Write the address of a definition that has a bracket without its other half between `<` and `>`.

    Args:
        markdown: a body.

    Returns:
        The body changed; the same object if it has no such definition.
    """
    if "]: " not in markdown or _MAY_BE_UNBALANCED.search(markdown) is None:
        return markdown
    return substitute_outside_code(_UNBALANCED, _close_brackets, markdown)


def part_definitions(markdown: str) -> str:
    """Put a blank line between a note and a definition of a link straight below it.

    Args:
        markdown: a body in Markdown of kramdown or Python-Markdown.

    Returns:
        The body changed; the same object if it has no such definition.
    """
    if "^" not in markdown or _MAY_BE_BELOW_NOTE.search(f"\n{markdown}") is None:
        return markdown
    return substitute_outside_code(_BELOW_NOTE, lambda match: f"{match[0]}\n", markdown)


def _close_brackets(match: re.Match[str]) -> str:
    address = match["address"]
    if address.count("(") == address.count(")") or not _may_define(match):
        return match[0]
    return f"{match['label']}<{address}>"


def close_spaced_definitions(markdown: str) -> str:
    """Write the address of a definition that holds blanks or backslashes between `<` and `>`.

    Args:
        markdown: a body in Markdown of kramdown.

    Returns:
        The body changed; the same object if it has no such definition.
    """
    if "]:" not in markdown or _MAY_BE_SPACED.search(markdown) is None:
        return markdown
    return substitute_outside_code(_SPACED, _close_spaced, markdown)


def _close_spaced(match: re.Match[str]) -> str:
    written = _ATTRIBUTES.sub("", match["address"])
    title = _TITLE.search(written)
    address = (written[: title.start()] if title else written).strip()
    if not any(sign in address for sign in " \t\\") or ">" in address or not _may_define(match):
        return match[0]
    escaped = address.replace("\\", "\\\\")
    return f"{match['label']}<{escaped}>{title[0] if title else ''}"


def _may_define(match: re.Match[str]) -> bool:
    """Tell whether the line above lets a definition begin."""
    line = match.start()
    above = match.string.rfind("\n", 0, max(line - 1, 0))
    return _BEFORE.match(match.string[max(above, 0) : line]) is not None


def join_labels(markdown: str) -> str:
    """Take out the white space between a text and the label that it refers to.

    Args:
        markdown: a body in Markdown of kramdown or Python-Markdown.

    Returns:
        The body changed; the same object if it has no such reference.
    """
    if "]:" not in markdown or not (spaced := _MAY_BE_SPACED_LABEL.findall(markdown)):
        return markdown
    labels = {label.casefold() for label in _LABEL.findall(markdown)}
    if labels.isdisjoint([label.casefold() for label in spaced]):
        return markdown
    return substitute_outside_code(
        _SPACED_LABEL,
        lambda match: f"{match['text']}[{match['label']}]" if match["label"].casefold() in labels else match[0],
        markdown,
    )
