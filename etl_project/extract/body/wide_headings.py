r"""Read `#` before any white space as a heading, as marked does; CommonMark knows the blank and the TAB alone.

Whoever types Chinese or Japanese often leaves a wide space (U+3000) after the signs. Source: `heading` in marked's
`rules.ts`, whose `\s` is all white space of Unicode.
"""

from __future__ import annotations

import re

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_MAY_BE_WIDE = re.compile(r"#[^\S\n \t]")
_WIDE = compile_outside_code(r"^(?P<level>[ ]{0,3}#{1,6})[^\S\n \t]", r"\n(?=[ ]{0,3}#)")


def narrow_headings(markdown: str) -> str:
    """Write a blank between the signs of a heading and its text.

    Args:
        markdown: a body in Markdown of marked.

    Returns:
        The body changed; the same object if it has no such heading.
    """
    if "#" not in markdown or _MAY_BE_WIDE.search(markdown) is None:
        return markdown
    return substitute_outside_code(_WIDE, lambda match: f"{match['level']} ", markdown)
