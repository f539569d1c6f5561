"""Read the names of terms (tags, categories, authors) from values of the front matter, in the order written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from etl_project.dialects import Dialect, Split

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

NESTING = "\x1f"
"""The separator between the parts of a nested category: the unit separator, which no name can contain."""

_KEY_OF_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NAME_KEYS = ("name", "display_name", "label", "key", "title", "slug", "login", "id")
"""Keys of a table that may hold the name of a term, best first.

`display_name` and `login` are what jekyll-import writes of WordPress, `label` is a tag of Docusaurus, `key` one of its
authors, whose `title` is an office; elsewhere a tag may be `{title, slug}`.
"""

_ONE_NAME_SIGNS = re.compile(r"""["'`;<>(){}\[\]|$]""")
# Ruby splits at white space of ASCII only: an ideographic space is part of a name.
_RUBY_WHITE_SPACE = re.compile(r"[ \t\n\v\f\r\0]+")
_WIKILINK = re.compile(r"\[\[([^\[\]\n]+)\]\]")
_JOINT = re.compile(r"[\s,，、;；&+]+|\band\b")
_COMMA = re.compile("[,，]")
_COMMA_OR_WHITE_SPACE = re.compile(r"[,，\s]+")
_CACHED_CHARACTERS = 200
"""The names in a longer text are not cached."""


def unique_names(names: Iterable[str]) -> list[str]:
    """Trim the names, drop empty ones and repetitions, and keep the order of first occurrence."""
    return list(dict.fromkeys([stripped for name in names if (stripped := name.strip())]))


def listed_names(value: Value) -> list[str]:
    """Collect the names in a value without splitting any text: a text is one name, nulls are skipped.

    Lists are searched at every depth. A table gives the text of the first of `NAME_KEYS` that it has; without one it
    gives its keys if none of them has a value (a YAML set), else no names. An item such as `C++: 入门`, of which YAML
    makes a table, is that text.
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    names: list[str] = []
    # A stack instead of recursion: depth follows the input.
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            names.append(item)
        elif isinstance(item, list):
            pending.extend(reversed(item))
        elif isinstance(item, dict):
            name = next((text for key in NAME_KEYS if isinstance(text := item.get(key), str) and text), None)
            if name is not None:
                names.append(name)
            elif not any(item.values()):
                names.extend(item)
            elif item is not value and len(item) == 1:
                key, text = next(iter(item.items()))
                if isinstance(text, str) and not _KEY_OF_TABLE.fullmatch(key):
                    names.append(f"{key}: {text}")
    return names


def split_names(value: Value, split: Split) -> list[str]:
    """Collect the names in a value. A text is split by the rule of the dialect; items of a list are never split."""
    if not isinstance(value, str) or split == "whole":
        return listed_names(value)
    if split == "white_space" or (split == "words" and not _ONE_NAME_SIGNS.search(value)):
        return _RUBY_WHITE_SPACE.split(value)
    if split == "words":
        return [value]
    if split == "comma_or_white_space":
        return _COMMA_OR_WHITE_SPACE.split(value)
    if split == "comma_or_semicolon":  # Pelican knows no comma but that of ASCII
        return value.split(";" if ";" in value else ",")
    return _COMMA.split(value)


def term_names(value: Value, split: Split) -> list[str]:
    """Collect the names in a value as `split_names` does, once each."""
    if isinstance(value, str) and len(value) <= _CACHED_CHARACTERS:
        return list(_names_in_text(value, split))
    return unique_names(split_names(value, split))


@lru_cache(maxsize=4096)
def _names_in_text(text: str, split: Split) -> tuple[str, ...]:
    # Posts of one site name the same few terms over and over.
    return tuple(unique_names(split_names(text, split)))


def linked_names(value: Value) -> Value:
    """Replace links of notes in a value by the names that a reader sees: `[[Pat Doe]]`, `[[Lists/Good films|Films]]`.

    A text of nothing but links and what joins them becomes the list of their names. Without quotes YAML reads `[[a]]`
    as a list in a list, which is a link, too. Nested at most as deep as the front matter may be.
    """
    if isinstance(value, str):
        if "[[" not in value:
            return value
        names = [_shown_name(link[1]) for link in _WIKILINK.finditer(value)]
        if names and not _JOINT.sub("", _WIKILINK.sub("", value)):
            return list(names)
        return _WIKILINK.sub(lambda link: _shown_name(link[1]), value)
    if not isinstance(value, list):
        return value
    if len(value) == 1 and isinstance(inner := value[0], list) and all(isinstance(item, str) for item in inner):
        return [_shown_name(", ".join(map(str, inner)))]
    return [linked_names(item) for item in value]


def linked_day(value: Value) -> Value:
    """Get the name of the daily note to which a date links: `[[2023-04-05]]`, `"[[log/2023-04-05|today]]"`.

    Any other value is given back as it is; without quotes YAML reads such a link as a list in a list.
    """
    if isinstance(value, list) and len(value) == 1:
        inner = value[0]
        if isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], str):
            value = f"[[{inner[0]}]]"
        elif isinstance(inner, str):
            value = inner  # a property that is a list of one
    if isinstance(value, str) and (link := _WIKILINK.fullmatch(value.strip())):
        return link[1].partition("|")[0].partition("#")[0].rpartition("/")[2]
    return value


def _shown_name(link: str) -> str:
    """Get what a reader sees of the inside of a link: the text after its bar, else its target."""
    target, _, label = link.partition("|")
    return label.strip() or target.strip()


def nested_names(value: Value) -> list[str]:
    """Read the categories of Hexo: a list is one path from the widest to the narrowest, a list of lists is several.

    An article in A > B is in A too, so the result holds A, then A > B, and so on to the end of each path.
    """
    if not isinstance(value, list):
        return listed_names(value)
    paths = value if any(isinstance(item, list) for item in value) else [value]
    names: list[str] = []
    for path in paths:
        above = ""
        # A category within one of the same name is another one.
        for part in filter(None, map(str.strip, flat_names(listed_names(path)))):
            above = f"{above}{NESTING}{part}" if above else part
            names.append(above)
    return names


def flat_names(names: list[str]) -> list[str]:
    """Replace the separator of nested names, which only an escape can put into a name, by a space."""
    return [name.replace(NESTING, " ") if NESTING in name else name for name in names]


def category_names(
    dialect: Dialect, folders: Sequence[str], stated: Value, plural: Value, singular: Value
) -> list[str]:
    """Name the categories of a post, by the rules of its dialect.

    Args:
        dialect: the dialect.
        folders: folders of the post.
        stated: `categories` in the settings of the site, for a dialect where `singular_is_whole`.
        plural: categories in the front matter.
        singular: `category` in the front matter, for a dialect where `singular_is_whole`.
    """
    if dialect.categories_nest:
        return unique_names(nested_names(plural))
    names: list[str] = []
    if dialect.singular_is_whole:
        # Jekyll: first folders, then defaults, then `categories`, then `category`.
        if not dialect.category_folders_above.isdisjoint(folders):
            folder_index = next(i for i, f in enumerate(folders) if f in dialect.category_folders_above)
            names += folders[:folder_index]
        names += split_names(stated, dialect.categories_split)
    names += term_names(plural, dialect.categories_split)
    names += listed_names(singular)
    return unique_names(flat_names(names))
