"""Read a site's own settings file for what it changes in the posts: defaults, permalinks, languages."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from etl_project.dialects import DASHED_NAME, Dialect
from etl_project.extract.site.settings_values import decode_settings, parse_settings_text
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.place import PinnedPlace

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

_NAME_PARTS = re.compile(":([a-z_]+)")
_NEW_POST_NAME = {
    "year": "(?P<year>[0-9]{4})",
    "month": "(?P<month>[0-9]{2})",
    "i_month": "(?P<month>[0-9]{1,2})",
    "day": "(?P<day>[0-9]{2})",
    "i_day": "(?P<day>[0-9]{1,2})",
    "title": "(?P<slug>.+)",
}


@dataclass(frozen=True, slots=True)
class DefaultSet:
    """One entry of `defaults` in Jekyll's _config.yml."""

    scope: re.Pattern[str]
    path_length: int
    type: str | None
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """Settings of a site, every scalar as its text; empty if there are none that can be read."""

    values: dict[str, Value] = field(default_factory=dict)
    """Keys as written; in lower case where the dialect folds keys."""
    default_sets: tuple[DefaultSet, ...] = ()
    sections: frozenset[str] = frozenset()
    """Folders below `content/` that Hugo treats as sections; only filled if a permalink uses them."""
    found: bool = False
    """Whether there are settings."""

    def text(self, key: str) -> str | None:
        """Get the text of a key; None if its value is no text."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def table(self, key: str) -> dict[str, Value]:
        """Get the table of a key; empty if its value is no table."""
        value = self.values.get(key)
        return value if isinstance(value, dict) else {}

    def taxonomy(self, singular: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Put the key that the site's `taxonomies` name for a kind of term (Hugo) before the keys of the dialect."""
        plural = self.table("taxonomies").get(singular)
        return (plural.lower(), *keys) if isinstance(plural, str) else keys

    def defaults(self, path: str, *, is_draft: bool) -> dict[str, Value]:
        """Default values that Jekyll gives to a post, below its front matter; a narrower scope overrides a wider."""
        if not self.default_sets:
            return {}
        merged: dict[str, Value] = {}
        last: DefaultSet | None = None
        kind = "drafts" if is_draft else "posts"
        for default_set in self.default_sets:
            if default_set.type not in (None, kind) or not default_set.scope.match(path):
                continue
            if last is None or _has_precedence(default_set, last):
                merged, last = {**merged, **default_set.values}, default_set
            else:
                merged = {**default_set.values, **merged}
        return merged


def read_site_config(place: PinnedPlace, dialect: Dialect, limits: Limits, permalink: str | None = None) -> SiteConfig:
    """Read the settings of the site whose posts are in a place.

    A file that cannot be read or parsed gives no settings: the generator could not build the site either, but its
    posts can be read.

    Args:
        place: the site's root, or its folder of posts.
        dialect: which files to look for.
        limits: limits of the parser.
        permalink: permalink that the source states.
    """
    values: dict[str, Value] = {}
    try:
        if found := place.read_first(_config_names(place, dialect), limits.file_bytes):
            name, data = found
            text, suffix = decode_settings(data), PurePosixPath(name).suffix
            values = _parse_python(text) if suffix == ".py" else parse_settings_text(text, suffix, limits)
    except (OSError, UnicodeDecodeError, Rejection, SyntaxError, ValueError):
        values = {}
    if dialect.keys_fold:
        values = {key.lower(): value for key, value in values.items()}
    return SiteConfig(
        values,
        tuple(_parse_default_sets(values.get("defaults"))),
        frozenset(_find_sections(place, dialect, f"{permalink} {values.get('permalinks')}")),
        found=bool(values),
    )


def dated_name(dialect: Dialect, config: SiteConfig) -> re.Pattern[str] | None:
    """Choose the pattern of file names that state a date, with the groups of `Dialect.dated_name`.

    Two settings of sites are respected: Hexo's `new_post_name`, and `:filename` in Hugo's `frontmatter.date`.
    """
    if dialect.url_style == "hugo" and ":filename" in str(config.table("frontmatter").get("date")):
        return DASHED_NAME
    if dialect.url_style == "hexo":
        name = (config.text("new_post_name") or "").rpartition("/")[2]
        parts = _NAME_PARTS.split(name.rpartition(".")[0] or name)
        if {"year", "title"} <= set(parts) and "month" in str(parts) and "day" in str(parts):
            known = [
                _NEW_POST_NAME.get(part, re.escape(part) if index % 2 == 0 else ".*")
                for index, part in enumerate(parts)
            ]
            return re.compile("".join(known), re.DOTALL)
    return dialect.dated_name


def site_fingerprint(place: PinnedPlace, dialect: Dialect, permalink: str | None = None) -> str:
    """Hash the settings outside the posts that decide how they are read; if the hash changes, all are read again.

    Args:
        place: the site's root, or its folder of posts.
        dialect: which files count.
        permalink: permalink that the source states.
    """
    try:
        found = place.read_first(_config_names(place, dialect))
    except OSError:
        found = None
    data = found[1] if found else b""
    digest = hashlib.blake2b(data, digest_size=16)
    sections = sorted(_find_sections(place, dialect, f"{permalink} {data.decode(errors='replace')}"))
    digest.update("\n".join(["", *sections]).encode(errors="surrogateescape"))
    return digest.hexdigest()


def _config_names(place: PinnedPlace, dialect: Dialect) -> list[str]:
    names = list(dialect.config_files)
    # A source may name the folder of posts itself.
    if place.name in dialect.content_folders or place.name in dialect.category_folders_above:
        names += [f"../{name}" for name in dialect.config_files]
    return names


def _parse_python(text: str) -> dict[str, Value]:
    """Read the assignments of constants in pelicanconf.py, which is parsed and never executed."""
    values: dict[str, Value] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    values[target.id] = str(statement.value.value)
    return values


def _find_sections(place: PinnedPlace, dialect: Dialect, permalinks: str) -> list[str]:
    """List the folders with an _index file, if permalinks of Hugo use sections."""
    if dialect.url_style != "hugo" or ":sections" not in permalinks:
        return []
    content = "" if place.name in dialect.content_folders else "content"
    paths = map(PurePosixPath, place.files_below(content))
    folders = {path.parent for path in paths if path.name.startswith("_index.")}
    return [folder.relative_to(content).as_posix() for folder in folders]


def _parse_default_sets(defaults: Value) -> list[DefaultSet]:
    """Read `defaults` of Jekyll's _config.yml; malformed entries are skipped."""
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
        sets.append(DefaultSet(_scope_pattern(path), len(path), kind, values))
    return sets


def _scope_pattern(path: str) -> re.Pattern[str]:
    """Compile the path of a scope, which may hold `*` and `**`."""
    # `**` crosses folders, `*` does not. Only the start of a path is matched, so files below a folder match too.
    parts = re.split(r"(\*\*/?|\*)", path)
    return re.compile(
        "".join([".*" if p.startswith("**") else "[^/]*" if p == "*" else re.escape(p) for p in parts]),
        re.DOTALL,
    )


def _has_precedence(new: DefaultSet, old: DefaultSet) -> bool:
    """Whether a later entry overrides an earlier one: the longer path wins, then one with a type, then the later."""
    if new.path_length != old.path_length:
        return new.path_length > old.path_length
    return new.type is not None or old.type is None
