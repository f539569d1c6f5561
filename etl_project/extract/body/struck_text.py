"""Strike text as kramdown and marked do it, whatever stands beside the tildes: `~~旧价，~~新价`.

CommonMark's rule on what stands beside a sign (section 6.2), which goldmark and GitHub keep, would leave the tildes in
a text without blanks. Sources: `STRIKETHROUGH_MATCH` of kramdown's parser for GFM, the rule `del` of marked 15.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code
from etl_project.extract.body.html_blocks import is_in_html_block

_BESIDE_PUNCTUATION = re.compile(r"~~(?:(?<=[^\W_]~~)[^\w\s~]|(?<=[^\w\s~]~~)[^\W_])")
"""Tildes between a letter and a sign."""
_STRUCK = compile_outside_code(
    r"(?<![~\\])~~(?![\s~])(?P<struck>[^~\n]*(?:[~\n][^~\n]+)*)(?<!\s)~~(?!~)", r"~(?=~[^\s~])"
)

_SINGLE_TILDES = re.compile(r"(?<![\w~\\/])~[^\s~][^~\n<>]*(?:\n[^~\n<>]+)*~(?!~)")
_SINGLE = compile_outside_code(r"(?<![\w~\\/])~(?P<once>[^\s~][^~\n<>]*(?:\n[^~\n<>]+)*)~(?!~)", r"~(?=[^\s~])")


def keep_single_tildes(markdown: str) -> str:
    """Write pairs of single tildes as references, so that they strike nothing: `~完~`.

    Args:
        markdown: a body of kramdown, which strikes only what stands between two and two.

    Returns:
        The body changed; the same object if it has no such pair.
    """
    if "~" not in markdown or _SINGLE_TILDES.search(markdown) is None:
        return markdown
    return substitute_outside_code(_SINGLE, lambda match: f"&#126;{match['once']}&#126;", markdown)


def strike_text(markdown: str) -> str:
    """Write struck text as HTML where signs stand beside its tildes.

    Args:
        markdown: a body of kramdown or marked.

    Returns:
        The body changed; the same object if it has no such text.
    """
    if "~" not in markdown or _BESIDE_PUNCTUATION.search(markdown) is None:
        return markdown
    return substitute_outside_code(_STRUCK, _strike, markdown)


def _strike(match: re.Match[str]) -> str:
    body = match.string
    return match[0] if "<" in body and is_in_html_block(body, match.start()) else f"<del>{match['struck']}</del>"
