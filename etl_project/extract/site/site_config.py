"""Read a site's own settings file for what it changes in the posts: defaults, permalinks, languages."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from etl_project.dated_names import HUGO_NAME
from etl_project.dialects import Dialect, Markdown
from etl_project.extract.site.config_names import config_names
from etl_project.extract.site.hugo.config_files import merge_config
from etl_project.extract.site.hugo.dates import FILE_NAME, date_keys
from etl_project.extract.site.hugo.hugo_site import HugoSite, read_hugo_site
from etl_project.extract.site.hugo.site_digest import find_site_config
from etl_project.extract.site.jekyll_defaults import (
    DefaultSet,
    collection_labels,
    find_types,
    merge_defaults,
    parse_default_sets,
)
from etl_project.extract.site.pelican.pelican_site import PelicanSite
from etl_project.extract.site.pelican.settings import read_settings
from etl_project.extract.site.pelican.settings_files import find_settings_files
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
    collections: frozenset[str] = frozenset()
    """Collections that a site of Jekyll names."""
    hugo: HugoSite | None = None
    """Languages, folders and sections of a site of Hugo."""
    pelican: PelicanSite | None = None
    """What a site of Pelican says of posts by their paths."""
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
        """Put the keys that `taxonomies` name for a kind of term (Hugo) before the keys of the dialect.

        Each language of the site may name its own.
        """
        languages = self.hugo.languages.values() if self.hugo else ()
        tables = [self.table("taxonomies"), *(language.values.get("taxonomies") for language in languages)]
        plurals = [plural for table in tables if isinstance(table, dict) and (plural := table.get(singular))]
        return tuple(dict.fromkeys([*(plural.lower() for plural in plurals if isinstance(plural, str)), *keys]))

    def defaults(self, path: str, *, is_draft: bool) -> dict[str, Value]:
        """Default values that Jekyll gives to a file, below its front matter; a narrower scope overrides a wider."""
        if not self.default_sets:
            return {}
        return merge_defaults(self.default_sets, path, find_types(path, self.collections, is_draft=is_draft))


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
        return _read_hugo(place, dialect, limits, permalink)
    if dialect.url_style == "pelican":
        return _read_pelican(place, dialect, limits)
    values: dict[str, Value] = {}
    try:
        if found := place.read_first(config_names(place, dialect), limits.file_bytes):
            name, data = found
            text, suffix = decode_settings(data), PurePosixPath(name).suffix
            values = parse_settings_text(text, suffix, limits, tabs_indent=dialect.header_rules.tabs_indent)
    except (OSError, UnicodeDecodeError, Rejection, SyntaxError, ValueError):
        values = {}
    if dialect.keys_fold:
        values = {key.lower(): value for key, value in values.items()}
    if dialect.url_style != "jekyll":
        return SiteConfig(values, found=bool(values))
    labels = frozenset(collection_labels(values))
    return SiteConfig(values, parse_default_sets(values), labels, found=bool(values))


def dated_name(dialect: Dialect, config: SiteConfig) -> re.Pattern[str] | None:
    """Choose the pattern of file names that state a date, with the groups of `Dialect.dated_name`.

    One setting of sites is respected: `:filename` in Hugo's `frontmatter.date`.
    """
    if dialect.url_style == "hugo" and FILE_NAME in date_keys(config.values, "date", ()):
        return HUGO_NAME
    return dialect.dated_name


def markdown_of_site(dialect: Dialect, config: SiteConfig) -> Markdown:
    """Choose the Markdown of a site: kramdown with `parse_block_html` in its settings reads Markdown in HTML."""
    if dialect.markdown == "kramdown" and config.table("kramdown").get("parse_block_html") == "true":
        return "kramdown-with-html"
    return dialect.markdown


def keeps_dates_of_names(dialect: Dialect, config: SiteConfig) -> bool:
    """Tell whether the date in a file name is part of the slug.

    It is in Hugo, unless it is the date of the page, and in Zola where `slugify.paths_keep_dates` says so.
    """
    if dialect.url_style == "zola":
        return config.table("slugify").get("paths_keep_dates") == "true"
    return dialect.url_style == "hugo"


def _read_hugo(place: PinnedPlace, dialect: Dialect, limits: Limits, permalink: str | None) -> SiteConfig:
    """Read the settings and sections of a site of Hugo; a file that cannot be read gives none."""
    try:
        may_be_content = place.name in dialect.content_folders
        above, files = find_site_config(place, may_be_content=may_be_content, largest=limits.file_bytes)
        values = merge_config(files, limits)
        return SiteConfig(values, hugo=read_hugo_site(place, above, values, limits, permalink), found=bool(values))
    except OSError:
        return SiteConfig(hugo=HugoSite.of_settings({}, ""))


def _read_pelican(place: PinnedPlace, dialect: Dialect, limits: Limits) -> SiteConfig:
    """Read the settings of a site of Pelican, which are Python, without running them."""
    values: dict[str, Any] = {}
    folder = ""
    with contextlib.suppress(OSError):
        files = find_settings_files(place, config_names(place, dialect), limits.file_bytes)
        values, folder = files.values(), place.name if files.is_above else ""
    settings = read_settings(values)
    scalars = {name: value for name, value in values.items() if isinstance(value, str | int | float)}
    texts: dict[str, Value] = {name: str(value) for name, value in scalars.items()}
    return SiteConfig(texts, pelican=PelicanSite(settings, folder), found=settings.found)
