"""Read a site's own settings file for what it changes in the posts: defaults, permalinks, languages."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from etl_project.dialects import DASHED_NAME, Dialect
from etl_project.extract.site.jekyll_settings import DefaultSet, merge_defaults, parse_default_sets
from etl_project.extract.site.settings_values import decode_settings, parse_settings_text
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.place import PinnedPlace

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """Settings of a site, every scalar as its text; empty if there are none that can be read."""

    values: dict[str, Value] = field(default_factory=dict)
    """Keys as written; in lower case where the dialect folds keys."""
    default_sets: tuple[DefaultSet, ...] = ()
    hugo: HugoSite | None = None
    """Languages, folders and sections of a site of Hugo."""
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
        return merge_defaults(self.default_sets, path, ("posts", "drafts") if is_draft else ("posts",))


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
    if dialect.url_style == "hugo":
        return _read_hugo(place, dialect, limits)
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
        parse_default_sets(values) if dialect.url_style == "jekyll" else (),
        found=bool(values),
    )


def dated_name(dialect: Dialect, config: SiteConfig) -> re.Pattern[str] | None:
    """Choose the pattern of file names that state a date, with the groups of `Dialect.dated_name`.

    One setting of sites is respected: `:filename` in Hugo's `frontmatter.date`.
    """
    if dialect.url_style == "hugo" and ":filename" in str(config.table("frontmatter").get("date")):
        return DASHED_NAME
    return dialect.dated_name


def site_fingerprint(place: PinnedPlace, dialect: Dialect, permalink: str | None = None) -> str:
    """Hash the settings outside the posts that decide how they are read; if the hash changes, all are read again.

    Args:
        place: the site's root, or its folder of posts.
        dialect: which files count.
        permalink: permalink that the source states.
    """
    try:
        if dialect.url_style == "hugo":
            may_be_content = place.name in dialect.content_folders
            return digest_site(place, may_be_content=may_be_content, permalink=permalink).hex()
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
