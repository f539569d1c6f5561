"""The site's own settings file in, what it changes for the posts out: defaults, permalinks, languages."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from etl_project.dialects import DASHED_NAME, Dialect
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.access import files_below, read_first
from etl_project.sources.location import Repository

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
_FENCES = {".yml": "---", ".yaml": "---", ".toml": "+++"}
_FORMATS = {".yml": ("yaml",), ".yaml": ("yaml",), ".toml": ("toml",), ".json": ("json",)}


@dataclass(frozen=True, slots=True)
class DefaultSet:
    """One entry of `defaults` in Jekyll's _config.yml."""

    scope: re.Pattern[str]
    path_length: int
    type: str | None
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """Settings of a site, every scalar as its text; empty when it has none that can be read."""

    values: dict[str, Value] = field(default_factory=dict)
    """Keys as written; in lower case where the dialect folds keys."""
    default_sets: tuple[DefaultSet, ...] = ()
    sections: frozenset[str] = frozenset()
    """Folders below `content/` that Hugo holds for sections; only filled when a permalink asks for them."""
    found: bool = False
    """Whether there are settings."""

    def text(self, key: str) -> str | None:
        """Get the text of a key, if it has one."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def table(self, key: str) -> dict[str, Value]:
        """Get the table of a key, empty if it has none."""
        value = self.values.get(key)
        return value if isinstance(value, dict) else {}

    def taxonomy(self, singular: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Put the key that the site's `taxonomies` give to a kind of term (Hugo) before those of the dialect."""
        plural = self.table("taxonomies").get(singular)
        return (plural.lower(), *keys) if isinstance(plural, str) else keys

    def defaults(self, path: str, *, is_draft: bool) -> dict[str, Value]:
        """Values that Jekyll gives to a post before its front matter, the narrower scope over the wider."""
        if not self.default_sets:
            return {}
        merged: dict[str, Value] = {}
        last: DefaultSet | None = None
        kind = "drafts" if is_draft else "posts"
        for one in self.default_sets:
            if one.type not in (None, kind) or not one.scope.match(path):
                continue
            if last is None or _has_precedence(one, last):
                merged, last = {**merged, **one.values}, one
            else:
                merged = {**one.values, **merged}
        return merged


def read_site_config(
    location: Path | Repository, dialect: Dialect, limits: Limits, permalink: str | None = None
) -> SiteConfig:
    """Read the settings of the site whose posts lie at or below a location.

    A file that cannot be read or parsed gives no settings: its site could not be built either, but its posts
    can be read.

    Args:
        location: the site's root, or its folder of posts.
        dialect: which files to look for.
        limits: limits of the parser.
        permalink: permalink that the source states.
    """
    values: dict[str, Value] = {}
    try:
        if found := read_first(location, _config_names(location, dialect), limits.file_bytes):
            name, data = found
            text, suffix = data.decode("utf-8-sig"), PurePosixPath(name).suffix
            # A file that is read as text has its line ends turned.
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            values = _python_values(text) if suffix == ".py" else _values(text, suffix, limits)
    except (OSError, UnicodeDecodeError, Rejection, SyntaxError, ValueError):
        values = {}
    if dialect.keys_fold:
        values = {key.lower(): value for key, value in values.items()}
    return SiteConfig(
        values,
        tuple(_default_sets(values.get("defaults"))),
        frozenset(_sections(location, dialect, f"{permalink} {values.get('permalinks')}")),
        found=bool(values),
    )


def dated_name(dialect: Dialect, config: SiteConfig) -> re.Pattern[str] | None:
    """Choose the pattern of file names that state a date, with the groups of `Dialect.dated_name`.

    Hexo's `new_post_name` and `:filename` among Hugo's `frontmatter.date` are followed.
    """
    if dialect.url_style == "hugo" and ":filename" in str(config.table("frontmatter").get("date")):
        return DASHED_NAME
    if dialect.url_style == "hexo":
        name = (config.text("new_post_name") or "").rpartition("/")[2]
        parts = _NAME_PARTS.split(name.rpartition(".")[0] or name)
        if {"year", "title"} <= set(parts) and "month" in str(parts) and "day" in str(parts):
            known = [_NEW_POST_NAME.get(part, re.escape(part) if i % 2 == 0 else ".*") for i, part in enumerate(parts)]
            return re.compile("".join(known), re.DOTALL)
    return dialect.dated_name


def site_fingerprint(location: Path | Repository, dialect: Dialect, permalink: str | None = None) -> str:
    """Hash what outside the posts decides how they are read; when it changes, they must all be read again.

    Args:
        location: the site's root, or its folder of posts.
        dialect: which files count.
        permalink: permalink that the source states.
    """
    try:
        found = read_first(location, _config_names(location, dialect))
    except OSError:
        found = None
    data = found[1] if found else b""
    digest = hashlib.blake2b(data, digest_size=16)
    sections = sorted(_sections(location, dialect, f"{permalink} {data.decode(errors='replace')}"))
    digest.update("\n".join(["", *sections]).encode(errors="surrogateescape"))
    return digest.hexdigest()


def _config_names(location: Path | Repository, dialect: Dialect) -> list[str]:
    names = list(dialect.config_files)
    # A source may name the folder of posts itself.
    if location.name in dialect.content_folders or location.name in dialect.category_folders_above:
        names += [f"../{name}" for name in dialect.config_files]
    return names


def _values(text: str, suffix: str, limits: Limits) -> dict[str, Value]:
    # Telling whether the settings changed takes no parser.
    from etl_project.extract.front_matter.read import read_front_matter

    fence = _FENCES.get(suffix)
    if fence == "---":
        # A document marker of YAML's own would close the front matter that the settings are read as.
        text = "\n".join([line for line in text.split("\n") if line.rstrip() not in ("---", "...")])
    if fence:
        text = f"{fence}\n{text}\n{fence}\n"
    limits = replace(limits, front_matter_bytes=limits.file_bytes)
    return read_front_matter(text, limits, required=True, formats=_FORMATS[suffix]).fields


def _python_values(text: str) -> dict[str, Value]:
    # pelicanconf.py is read, never run: plain assignments of texts are enough.
    values: dict[str, Value] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    values[target.id] = str(statement.value.value)
    return values


def _sections(location: Path | Repository, dialect: Dialect, permalinks: str) -> list[str]:
    """List the folders with an _index file, if permalinks of Hugo ask for sections."""
    if dialect.url_style != "hugo" or ":sections" not in permalinks:
        return []
    content = "" if location.name in dialect.content_folders else "content"
    paths = map(PurePosixPath, files_below(location, content))
    folders = {path.parent for path in paths if path.name.startswith("_index.")}
    return [folder.relative_to(content).as_posix() for folder in folders]


def _default_sets(defaults: Value) -> list[DefaultSet]:
    sets: list[DefaultSet] = []
    for entry in defaults if isinstance(defaults, list) else []:
        if not isinstance(entry, dict) or not isinstance(values := entry.get("values"), dict):
            continue
        scope = entry.get("scope")
        scope = scope if isinstance(scope, dict) else {}
        path, kind = scope.get("path"), scope.get("type")
        path = path.removeprefix("/") if isinstance(path, str) else ""
        # Jekyll's older configurations say `post` for `posts`.
        kind = {"post": "posts", "draft": "drafts"}.get(kind, kind) if isinstance(kind, str) else None
        sets.append(DefaultSet(_scope_pattern(path), len(path), kind, values))
    return sets


def _scope_pattern(path: str) -> re.Pattern[str]:
    # `**` crosses folders, `*` does not; what follows a match is below it.
    parts = re.split(r"(\*\*/?|\*)", path)
    return re.compile(
        "".join([".*" if p.startswith("**") else "[^/]*" if p == "*" else re.escape(p) for p in parts]),
        re.DOTALL,
    )


def _has_precedence(new: DefaultSet, old: DefaultSet) -> bool:
    if new.path_length != old.path_length:
        return new.path_length > old.path_length
    return new.type is not None or old.type is None
