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

_LENGTHS = {"year": (4,), "month": (2,), "day": (2,), "i_month": (2, 1), "i_day": (2, 1), "hash": (12,)}
"""Part of `new_post_name` -> how many digits it may have, the longest first; any other part is text."""
_DIGITS = frozenset("0123456789")
_HEXADECIMAL = frozenset("0123456789abcdef")
_MAX_TEMPLATE_PARTS = 40
_MAX_COMPILED_PARTS = 7

_PARTS_OF_NAMES = frozenset((*_LENGTHS, "title"))
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
        self._pieces = PLACEHOLDER.split(rule)
        self._is_plain = rule == ":title"
        self._pattern = _compile_template(self._pieces)

    def read(self, path: str) -> PostName:
        """Read the path of a post below `_posts`, without its ending.

        A path that does not match is a slug as a whole, made as Hexo makes it.
        """
        if self._is_plain:
            return PostName(path, None, {})
        if self._pattern:
            match = self._pattern.fullmatch(path)
            parts = dict(zip(self._pieces[1::2], match.groups(), strict=True)) if match else None
        else:
            parts = _match_template(self._pieces, path)
        if parts is None:
            return PostName(hexo_slug(path), None, {})
        year = parts.get("year")
        month, day = parts.get("month") or parts.get("i_month"), parts.get("day") or parts.get("i_day")
        return PostName(
            parts.get("title") or hexo_slug(path),
            f"{year}-{month:0>2}-{day:0>2}" if year and month and day else None,
            {name: text for name, text in parts.items() if name not in _PARTS_OF_NAMES},
        )


def _compile_template(pieces: list[str]) -> re.Pattern[str] | None:
    """Compile a template of one text at most, and digits, whose expression cannot try many ways to part a path.

    Returns:
        None for a template of several texts.
    """
    parts = pieces[1::2]
    if sum(part not in _LENGTHS for part in parts) > 1 or len(parts) > _MAX_COMPILED_PARTS:
        return None
    expression = ""
    for index, text in enumerate(pieces):
        if index % 2 == 0:
            expression += re.escape(text)
        elif lengths := _LENGTHS.get(text):
            signs = "0-9a-f" if text == "hash" else "0-9"
            expression += f"([{signs}]{{{lengths[-1]},{lengths[0]}}})"
        else:
            expression += "(.+?)"
    return re.compile(expression, re.DOTALL)


def _match_template(pieces: list[str], path: str) -> dict[str, str] | None:
    """Match a whole path with a template, as the regular expression that Hexo makes of it does.

    The time is linear in the path for each piece: where a piece has failed is remembered, while an expression with
    several texts would try every way to part the path among them.

    Args:
        pieces: in turn, a text and the name of a part.
        path: the path.

    Returns:
        Part -> its text, the last where a part stands twice; None for a path that does not match.
    """
    if len(pieces) > 2 * _MAX_TEMPLATE_PARTS:
        return None
    failed: set[tuple[int, int]] = set()
    tried = [0] * len(pieces)

    def match(index: int, start: int) -> dict[str, str] | None:
        """Match the pieces from one on with the rest of the path."""
        text = pieces[index]
        if not path.startswith(text, start) or (index, start) in failed:
            return None
        start += len(text)
        if index == len(pieces) - 1:
            return {} if start == len(path) else None
        name = pieces[index + 1]
        lengths = _LENGTHS.get(name)
        if lengths:
            signs = _HEXADECIMAL if name == "hash" else _DIGITS
            ends = [start + n for n in lengths if start + n <= len(path) and signs.issuperset(path[start : start + n])]
        else:
            # Ends that failed after an earlier start of this part fail after this one, too.
            ends = list(range(max(start + 1, tried[index] + 1), len(path) + 1))
            if index + 3 == len(pieces) and not pieces[-1]:
                ends = ends[-1:]
        for end in ends:
            if not lengths:
                tried[index] = end
            rest = match(index + 2, end)
            if rest is not None:
                return {name: path[start:end], **rest}
        failed.add((index, start - len(text)))
        return None

    return match(0, 0)


def ending_of(path: str) -> str:
    """Give the ending of a file name with its dot, as Node does: a dot at the start begins none."""
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if name.rfind(".") > 0 else ""


def _without_ending(path: str) -> str:
    ending = ending_of(path)
    return path[: -len(ending)] if ending else path
