"""Read `defaults` of a Jekyll site, and merge those of one post."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.extract.site.globs import translate_glob
from etl_project.extract.site.left_out import texts_of

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value


_MAX_STARS = 3
"""Patterns with more are matched by an engine whose time is linear in the path, which takes longer for one path."""

_POST_FOLDERS = frozenset(("_posts", "_drafts"))
_DATED = re.compile("[0-9]{2,4}-[0-9]{1,2}-[0-9]{1,2}-")


@dataclass(frozen=True, slots=True)
class DefaultSet:
    """One entry of `defaults` in Jekyll's _config.yml."""

    matches: Callable[[str], object]
    """Tells whether the scope holds the path of a post."""
    path_length: int
    type: str | None
    values: dict[str, Value]


def parse_default_sets(settings: dict[str, Value]) -> tuple[DefaultSet, ...]:
    """Read `defaults` of Jekyll's _config.yml; malformed entries are skipped.

    Args:
        settings: the settings. A scope may begin with their `collections_dir`; the path of a post does not.
    """
    defaults, root = settings.get("defaults"), folder_of(settings.get("collections_dir"))
    sets: list[DefaultSet] = []
    for entry in defaults if isinstance(defaults, list) else []:
        if not isinstance(entry, dict) or not isinstance(values := entry.get("values"), dict):
            continue
        scope = entry.get("scope")
        scope = scope if isinstance(scope, dict) else {}
        path, kind = scope.get("path"), scope.get("type")
        path = path.removeprefix("/") if isinstance(path, str) else ""
        # Older configurations of Jekyll write `post` for `posts`.
        kind = {"post": "posts", "draft": "drafts"}.get(kind, kind) if isinstance(kind, str) else None
        sets.append(DefaultSet(_scope_matcher(path.removeprefix(root)), len(path), kind, values))
    return tuple(sets)


def merge_defaults(sets: tuple[DefaultSet, ...], path: str, kinds: tuple[str, ...]) -> dict[str, Value]:
    """Merge the default values of one post; a narrower scope overrides a wider.

    Args:
        sets: the entries, in the order of the settings.
        path: path of the post.
        kinds: its types, as `find_types` gives them.
    """
    merged: dict[str, Value] = {}
    last: DefaultSet | None = None
    for default_set in sets:
        if (default_set.type is not None and default_set.type not in kinds) or not default_set.matches(path):
            continue
        if last is None or _has_precedence(default_set, last):
            merged, last = {**merged, **default_set.values}, default_set
        else:
            merged = {**default_set.values, **merged}
    return merged


def collection_labels(settings: dict[str, Value]) -> list[str]:
    """List the collections that the settings name, in a table or a list; `posts` may be among them."""
    named = settings.get("collections")
    return list(named) if isinstance(named, dict) else texts_of(named)


def find_types(path: str, labels: Collection[str], *, is_draft: bool) -> tuple[str, ...]:
    """Find the types of a file, which scopes of `defaults` name: that of its collection, else `pages`.

    Args:
        path: path of the file, below the folder of collections.
        labels: collections of the site.
        is_draft: whether it is in a folder of drafts. A draft is one of the posts, too.
    """
    if is_draft:
        return ("posts", "drafts")
    *folders, name = path.split("/")
    if folders and folders[0][:1] == "_" and (label := folders[0][1:]) in labels:
        return (label,)
    return ("pages",) if is_page(folders, name) else ("posts",)


def is_page(folders: Collection[str], name: str) -> bool:
    """Whether a file outside of other collections is a page.

    It is in no folder of posts, and not named like one, as posts are that were moved.
    """
    return _POST_FOLDERS.isdisjoint(folders) and not _DATED.match(name)


def folder_of(value: Value) -> str:
    """Read a setting that names a folder: its path below the site, a slash at the end; empty for the site itself."""
    path = value.strip().removeprefix("./").strip("/") if isinstance(value, str) else ""
    return f"{path}/" if path not in ("", ".") else ""


def _scope_matcher(path: str) -> Callable[[str], object]:
    """Make the function that matches paths with a scope: only their start, so that files below a folder match too."""
    pattern = translate_glob(path) if "*" in path else None
    if pattern is None:
        return re.compile(re.escape(path)).match
    if path.count("*") <= _MAX_STARS and "(" not in path:
        with contextlib.suppress(re.error):
            return re.compile(pattern, re.DOTALL).match
    anchored = f"(?s)^{pattern}"

    def match(text: str) -> bool:
        import polars as pl

        return bool(pl.Series([text]).str.contains(anchored, strict=False)[0])

    return match


def _has_precedence(new: DefaultSet, old: DefaultSet) -> bool:
    """Whether a later entry overrides an earlier one: the longer path wins, then one with a type, then the later."""
    if new.path_length != old.path_length:
        return new.path_length > old.path_length
    return new.type is not None or old.type is None
