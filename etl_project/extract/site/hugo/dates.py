"""The keys of dates that a site of Hugo states in `frontmatter`: https://gohugo.io/configuration/front-matter/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl_project.extract.site.hugo.languages import list_texts

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

FILE_NAME = ":filename"
"""The key that stands for the date in the name of the file."""


_PUBLISHED = frozenset({FILE_NAME, "date", "publishdate", "pubdate", "published"})


def date_keys(values: dict[str, Value], name: str, defaults: tuple[str, ...]) -> tuple[str, ...]:
    """List the keys that give a date of a page, in the order in which they are tried.

    Args:
        values: settings of the site, keys in lower case.
        name: `date`, `lastmod` or `expirydate`.
        defaults: keys of a site that states none, and for `:default`.

    Returns:
        Keys in lower case, and `:filename`. What only the history or the disk knows (`:git`, `:fileModTime`) is left
        out.
    """
    table = values.get("frontmatter")
    stated = list_texts(table.get(name)) if isinstance(table, dict) else []
    keys: list[str] = []
    for key in [key.lower() for key in stated] or [":default"]:
        keys += defaults if key == ":default" else [key] if key[:1] != ":" or key == FILE_NAME else []
    if name == "lastmod":
        # When a page was published is no update.
        keys = [key for key in keys if key not in _PUBLISHED]
    return tuple(dict.fromkeys(keys))


def dates_are_stated(values: dict[str, Value]) -> bool:
    """Tell whether only posts and their names give dates: `frontmatter.date` names neither `:git` nor `:fileModTime`.

    Args:
        values: settings of the site, keys in lower case.
    """
    table = values.get("frontmatter")
    keys = list_texts(table.get("date")) if isinstance(table, dict) else []
    return not any(key.lower() in (":git", ":filemodtime") for key in keys)


def slug_of_name(match: re.Match[str]) -> str | None:
    """Take the slug out of a match of `HUGO_NAME`: what follows the date, without what looks like an ending."""
    rest = match["slug"]
    return (rest.rpartition(".")[0] if "." in rest else rest).strip(" -_") or None
