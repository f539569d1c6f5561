"""Read the names of the posts of a Hexo site as its `new_post_name` says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from etl_project.extract.site.hexo_slug import hexo_slug

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

POST_FOLDERS = ("_posts", "_drafts")
PLACEHOLDER = re.compile(r":(\w*[^\W_])", re.ASCII)
"""A part of `permalink` and `new_post_name`: hexo-util, permalink.ts."""

_SEGMENTS = {
    "year": "([0-9]{4})",
    "month": "([0-9]{2})",
    "day": "([0-9]{2})",
    "i_month": "([0-9]{1,2})",
    "i_day": "([0-9]{1,2})",
    "hash": "([0-9a-f]{12})",
}
_PARTS_OF_NAMES = frozenset((*_SEGMENTS, "title"))
"""Parts of `new_post_name` that are no values of the front matter: hexo, processor/post.ts, `preservedKeys`."""


class PostName(NamedTuple):
    """What the path of a post below `_posts` states."""

    slug: str
    """Hexo's slug: with the folders that `new_post_name` does not name."""
    date: str | None
    """Year-month-day, if the name states all three."""
    values: dict[str, Value]
    """Values that replace those of the front matter."""


class PostNames:
    """Reads the names of posts by `new_post_name`.

    Args:
        template: `new_post_name` of the site; `:title.md` if it has none.
    """

    def __init__(self, template: str | None) -> None:
        rule = _without_ending(template or ":title.md")
        self._parts: list[str] = []
        pieces: list[str] = []
        for index, text in enumerate(PLACEHOLDER.split(rule)):
            if index % 2:
                self._parts.append(text)
                pieces.append(_SEGMENTS.get(text, "(.+?)"))
            else:
                pieces.append(re.escape(text))
        self._is_plain = rule == ":title"
        self._pattern = re.compile("".join(pieces))

    def read(self, path: str) -> PostName:
        """Read the path of a post below `_posts`, without its ending.

        A path that does not match is a slug as a whole, made as Hexo makes it.
        """
        if self._is_plain:
            return PostName(path, None, {})
        match = self._pattern.fullmatch(path)
        if match is None:
            return PostName(hexo_slug(path), None, {})
        parts = dict(zip(self._parts, match.groups(), strict=True))
        year = parts.get("year")
        month, day = parts.get("month") or parts.get("i_month"), parts.get("day") or parts.get("i_day")
        return PostName(
            parts.get("title") or hexo_slug(path),
            f"{year}-{month:0>2}-{day:0>2}" if year and month and day else None,
            {name: text for name, text in parts.items() if name not in _PARTS_OF_NAMES},
        )


def ending_of(path: str) -> str:
    """Give the ending of a file name with its dot, as Node does: a dot at the start begins none."""
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if name.rfind(".") > 0 else ""


def _without_ending(path: str) -> str:
    ending = ending_of(path)
    return path[: -len(ending)] if ending else path
