"""Find the heading that is the title of a post without a stated one."""

from __future__ import annotations

import re
from typing import Literal

from etl_project.extract.body.content import Body

_HEADING = re.compile(r"#[ \t]|<h1[\s>]|[^\n]+\n=+[ \t]*(?:\n|\Z)", re.IGNORECASE)
_NOT_SHOWN = (("<!--", "-->"), ("%%", "%%"))


def find_title_heading(
    body: Body, text: str, which: Literal["", "shown", "top"], *, is_html: bool = False
) -> str | None:
    """Find the heading that may be the title: one of the first level. A lower one names a part of the post.

    Args:
        body: the body as read.
        text: the body as written.
        which: `top` for one that nothing but comments precedes, `shown` for one that no text precedes (pictures and
            tags may), and an empty text for none.
        is_html: whether the post is a page of HTML, in which menus may precede the `shown` heading.
    """
    if not which or 1 not in body.heading_levels:
        return None
    if which == "top" and (body.heading_levels[0] != 1 or not _HEADING.match(text, _start_of_text(text))):
        return None
    heading = body.heading_texts[body.heading_levels.index(1)]
    if which == "shown" and not is_html and " ".join(body.text.lstrip().partition("\n\n")[0].split()) != heading:
        return None
    return heading


def _start_of_text(text: str) -> int:
    """Find where a body begins to show, after white space and comments."""
    position = 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        for opening, closing in _NOT_SHOWN:
            if text.startswith(opening, position):
                end = text.find(closing, position + len(opening))
                if end < 0:
                    return position
                position = end + len(closing)
                break
        else:
            return position
