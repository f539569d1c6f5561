"""Read the fields of an article from the front matter and the path of its post, by the rules of its dialect."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from etl_project.dated_names import date_of_name
from etl_project.dialects import DIALECTS
from etl_project.extract.body.note_tags import find_note_tags
from etl_project.extract.dates import ReadDate, read_date
from etl_project.extract.field_values import (
    FALSE_WORDS,
    FLAGS,
    TRUE_WORDS,
    first_value,
    is_flag,
    lower_text,
    stripped_text,
    text_as_written,
)
from etl_project.extract.front_matter.read import Value
from etl_project.extract.keys import fold_keys
from etl_project.extract.post_path import PathReader, PostPath
from etl_project.extract.site.hugo.dates import FILE_NAME, date_keys, dates_are_stated, slug_of_name
from etl_project.extract.site.hugo.hugo_site import not_listed
from etl_project.extract.site.permalinks.address import Address
from etl_project.extract.site.permalinks.url_maker import url_maker
from etl_project.extract.site.site_config import SiteConfig, keeps_dates_of_names, markdown_of_site, read_site_config
from etl_project.extract.site.site_paths import SitePaths
from etl_project.extract.term_names import (
    category_names,
    linked_day,
    linked_names,
    listed_names,
    term_names,
    unique_names,
)
from etl_project.limits import Limits
from etl_project.reasons import PostWarning, Rejection
from etl_project.sources.place import PinnedSource

EXCERPT_CHARACTERS = 300
"""Length to which a stated excerpt is cut."""

_KEPT_CHARACTERS = 256
"""What is made of a longer text is not kept: thousands of them would take the memory of a worker."""

_DAY_CHARACTERS = 10
"""Length of a date without a time, which many posts share; two posts hardly ever have the same time."""

_STRICT_TRUE, _STRICT_FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
_DRAFT_STATUSES = frozenset({"draft", "hidden", "skip"})
_DATE_IN_URL = re.compile(r"(?:^|/)([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?=/)")


@dataclass(slots=True)
class Fields:
    """The fields of an article that come from the front matter and the path of its post."""

    title: str | None
    slug: str | None
    published: ReadDate | None
    published_from: str | None
    """`front_matter`, `file_name` or `path`."""
    updated: ReadDate | None
    expires: ReadDate | None
    status: str
    """`published` or `draft`."""
    language: str | None
    layout: str | None
    url: str | None
    excerpt: str | None
    categories: list[str]
    """In order, once each. Parts of a nested category are joined by `NESTING`; the categories above it precede it."""
    tags: list[str]
    authors: list[str]
    warnings: list[PostWarning]


class FieldReader:
    """Reads the fields of the posts of one source; built once per source and worker.

    Args:
        pinned: the source, of which dialect, zone, permalink and language are used, and the place from which the site's
            own settings are read.
        limits: the range of dates that are accepted.

    Raises:
        KeyError: no dialect has the name that the source gives.
        ZoneInfoNotFoundError: no zone has the name that the source gives.
    """

    def __init__(self, pinned: PinnedSource, limits: Limits) -> None:
        source = pinned.source
        self._dialect = DIALECTS[source.dialect]
        self._zone = ZoneInfo(source.time_zone)
        self._naive_is_utc = source.naive_dates == "utc"
        self._earliest, self._latest = limits.earliest_date, limits.latest_date
        self._language = source.language
        self._config: SiteConfig = read_site_config(pinned.place, self._dialect, limits, source.permalink)
        self.markdown = markdown_of_site(self._dialect, self._config)
        self._category_keys = self._config.taxonomy("category", self._dialect.categories)
        self._tag_keys = self._config.taxonomy("tag", self._dialect.tags)
        self._author_keys = self._config.taxonomy("author", self._dialect.authors)
        self._site = SitePaths(self._dialect.url_style, self._config, pinned.place.name)
        self._paths = PathReader(self._dialect, self._config, self._site, source.language)
        self._hugo = self._config.hugo
        self._names_keep_dates = keeps_dates_of_names(self._dialect, self._config)
        self._date_keys = self._dialect.date
        self._updated_keys, self._expires_keys = self._dialect.updated, self._dialect.expires
        if self._hugo:
            self._date_keys = date_keys(self._config.values, "date", self._date_keys)
            self._updated_keys = date_keys(self._config.values, "lastmod", self._updated_keys)
            self._expires_keys = date_keys(self._config.values, "expirydate", self._expires_keys)
        self._dates_are_stated = self._hugo is not None and dates_are_stated(self._config.values)
        self._pelican = self._config.pelican
        self._make_url = url_maker(self._dialect, source.permalink, self._config)
        # Posts of one site name the same few categories over and over, and often the same days.
        self._read_day = lru_cache(maxsize=4096)(self._read_written_date)
        self._names_in_folders: Callable[..., list[str]] = lru_cache(maxsize=4096)(
            partial(category_names, self._dialect)
        )
        dialect = self._dialect
        self._keys_of = {
            "url": dialect.url,
            "slug": dialect.slug,
            "excerpt": dialect.excerpt,
            "layout": dialect.layout,
            "language": dialect.language,
            "updated": self._updated_keys,
            "expires": self._expires_keys,
            "status": (*dialect.draft, *dialect.published, *dialect.status),
            "tags": ("tag", *self._tag_keys),
            "authors": self._author_keys,
        }
        self._find_stated = lru_cache(maxsize=256)(self._fields_of)

    @property
    def copies_html(self) -> bool:
        """Whether the generator copies HTML without front matter, instead of making a page of it: Hugo."""
        return self._hugo is not None and self._hugo.copies_html

    def read(self, path: str, front_matter: dict[str, Value], *, first_heading: str | None, body: str = "") -> Fields:
        """Read the fields of one post.

        Args:
            path: POSIX path of the post below the location.
            front_matter: its front matter, every scalar as its text.
            first_heading: the heading that is its title if it states none, for dialects that take titles from there.
            body: its body, for dialects that have tags there.

        Raises:
            Rejection: not_a_page; the generator makes no page of the file. Nothing else, whatever the text.
        """
        dialect = self._dialect
        if dialect.keys_fold:
            front_matter = fold_keys(front_matter, separators=dialect.separators_fold)
        parts = self._paths.read(path)
        if self._hugo and parts.page:
            if inherited := self._hugo.inherit(parts.page):
                front_matter = inherited | front_matter
            if reason := not_listed(front_matter):
                raise Rejection("not_a_page", reason)
        pelican = self._pelican.find_page(path, front_matter) if self._pelican else None
        if pelican:
            front_matter, parts.path_date = pelican.values, pelican.path_date
        is_draft_folder = not dialect.draft_folders.isdisjoint(parts.folders)
        defaults: dict[str, Value] = {}
        if self._config.default_sets:
            below = "/".join((*self._site.above, path.removeprefix(self._site.root)))
            defaults = self._config.defaults(below, is_draft=is_draft_folder)
        if defaults:
            front_matter = defaults | {k: v for k, v in front_matter.items() if v is not None}
        if parts.name and parts.name.values:
            front_matter = front_matter | parts.name.values

        stated = self._find_stated(tuple(front_matter))
        warnings: list[PostWarning] = []
        stated_url = stripped_text(front_matter, dialect.url) if "url" in stated else None
        if stated_url and stated_url.lower() in ("false", "true"):
            # No address is stated; in Eleventy `false` means that there is none at all.
            stated_url = None
        published, published_from, written = self._find_published(front_matter, parts, stated_url, warnings)
        title = self._find_title(front_matter, first_heading, parts)
        if title is None:
            warnings.append(PostWarning("title_empty"))
        stated_slug = stripped_text(front_matter, dialect.slug) if "slug" in stated else None
        if stated_slug and parts.page:
            stated_slug = stated_slug.strip("-")
        if parts.page and not stated_slug and published_from == "file_name" and parts.date_match:
            stated_slug = slug_of_name(parts.date_match)
        if self._pelican and pelican and title and not stated_slug:
            slug = self._pelican.make_slug(pelican, title)
        else:
            slug = stated_slug or self._derive_slug(parts)
        categories = self._find_categories(front_matter, defaults, parts)
        excerpt = stripped_text(front_matter, dialect.excerpt) if "excerpt" in stated else None
        layout = stripped_text(front_matter, dialect.layout) if "layout" in stated else None
        language = stripped_text(front_matter, dialect.language) if "language" in stated else None
        url = self._make_url(
            Address(
                folders=parts.folders,
                stem=parts.stem,
                slug=slug,
                stated_slug=stated_slug,
                title=title,
                stated_url=stated_url,
                published=published,
                written=written,
                zone=self._zone,
                categories=categories,
                language=self._paths.address_language(parts),
                values=front_matter,
                page=parts.page,
                pelican=pelican,
                is_undated=self._dates_are_stated
                and published is None
                and not any(front_matter.get(key) for key in self._date_keys),
                name=parts.name.slug if parts.name else None,
            )
        )
        updated = self._find_date(front_matter, self._updated_keys, warnings) if "updated" in stated else None
        is_draft = (is_draft_folder and not self._site.shows_drafts) or (
            "status" in stated and self._is_stated_draft(front_matter)
        )
        authors = self._find_names(front_matter, self._author_keys) if "authors" in stated else None
        return Fields(
            title=title,
            slug=slug,
            published=published,
            published_from=published_from,
            updated=published if updated is None and self._site.updated_is_date else updated,
            expires=self._find_date(front_matter, self._expires_keys, warnings) if "expires" in stated else None,
            status="draft" if is_draft else "published",
            language=language or parts.language or self._language,
            # `template: true` says that the post is a template, not which one it uses.
            layout=None if layout and layout.lower() in FLAGS else layout,
            url=url,
            excerpt=excerpt[:EXCERPT_CHARACTERS] if excerpt else None,
            categories=categories,
            tags=self._find_tags(front_matter, body) if "tags" in stated or dialect.tags_in_body else [],
            authors=[] if authors is None else term_names(authors, dialect.authors_split),
            warnings=warnings,
        )

    def _fields_of(self, keys: tuple[str, ...]) -> frozenset[str]:
        """Tell which fields front matter with such keys may state: most posts of a site have the same few keys."""
        return frozenset(
            field
            for field, names in self._keys_of.items()
            if any(name in keys or name.partition(".")[0] in keys for name in names)
        )

    def _find_published(
        self,
        front_matter: dict[str, Value],
        parts: PostPath,
        stated_url: str | None,
        warnings: list[PostWarning],
    ) -> tuple[ReadDate | None, str | None, str | None]:
        """Find the date, its origin and its text: in the front matter, else the file name, else the address."""
        for key in self._date_keys:
            if key == FILE_NAME and (found := self._date_of_name(parts, warnings)):
                return found
            value = front_matter.get(key)
            # `published: false` says whether the post is published, not when.
            if value is None or value == "" or (key == "published" and is_flag(value)):
                continue
            date = self._parse_date(value)
            if isinstance(date, ReadDate):
                warnings.extend(date.warnings)
                return date, "front_matter", value if isinstance(value, str) else None
            warnings.append(date)
        if found := self._date_of_name(parts, warnings):
            return found
        if self._dialect.date_in_url and stated_url and (match := _DATE_IN_URL.search(stated_url)):
            written = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
            date = self._parse_date(written)
            if isinstance(date, ReadDate):
                return date, "path", written
        warnings.append(PostWarning("date_missing"))
        return None, None, None

    def _date_of_name(self, parts: PostPath, warnings: list[PostWarning]) -> tuple[ReadDate, str, str] | None:
        """Read the date in the name of the file, its origin and its text."""
        written, origin = parts.path_date or (parts.name.date if parts.name else None, "file_name")
        if written is None and parts.date_match:
            written = date_of_name(parts.date_match)
        date = self._parse_date(written) if written is not None else None
        if not isinstance(date, ReadDate) or written is None:
            return None
        if origin == "file_name":
            warnings.append(PostWarning("date_from_file_name", written))
        return date, origin, written

    def _find_date(
        self, front_matter: dict[str, Value], keys: tuple[str, ...], warnings: list[PostWarning]
    ) -> ReadDate | None:
        """Find the first valid date among the keys; a warning for each invalid one before it."""
        for key in keys:
            value = front_matter.get(key)
            if value is None:
                continue
            if isinstance(value, dict):
                # Docusaurus: `last_update: {date: 2024-03-05, author: Pat}`.
                value = value.get("date")
            # `lastUpdated: false` says whether a page shows the day, not which one.
            if value is None or value == "" or is_flag(value):
                continue
            date = self._parse_date(value)
            if isinstance(date, ReadDate):
                warnings.extend(date.warnings)
                return date
            warnings.append(PostWarning(date.code, f"{key}: {date.detail}", date.line))
        return None

    def _parse_date(self, value: Value) -> ReadDate | PostWarning:
        if self._dialect.markdown == "obsidian":
            value = linked_day(value)
        if not isinstance(value, str):
            return PostWarning("date_invalid", "the date is a list or a table")
        return self._read_day(value) if len(value) <= _DAY_CHARACTERS else self._read_written_date(value)

    def _read_written_date(self, value: str) -> ReadDate | PostWarning:
        utc_pattern = self._dialect.utc_times
        naive_is_utc = self._naive_is_utc and (utc_pattern is None or utc_pattern.fullmatch(value.strip()) is not None)
        return read_date(value, self._zone, naive_is_utc=naive_is_utc, earliest=self._earliest, latest=self._latest)

    def _find_title(self, front_matter: dict[str, Value], first_heading: str | None, parts: PostPath) -> str | None:
        """Find the title in the front matter, the first heading or the file name, in the dialect's order."""
        dialect = self._dialect
        title = text_as_written(front_matter, dialect.title)
        if title is not None and "\n" in title:
            # A title in a block of YAML (`title: >`) ends in a line feed; a reader sees one line.
            title = " ".join(part for line in title.split("\n") if (part := line.strip()))
        if title is None and dialect.title_from_heading:
            title = first_heading.strip() or None if first_heading else None
            if title is None:
                title = text_as_written(front_matter, dialect.title_after_heading)
        if title is None and dialect.title_from_name:
            title = parts.stem.strip() or None
        if title is None and parts.name and self._site.name_is_title:
            title = parts.name.slug
        return title

    def _derive_slug(self, parts: PostPath) -> str | None:
        """Make the slug of a post that states none, from its file name."""
        slug = parts.stem
        if parts.name:
            slug = parts.name.slug.rpartition("/")[2]
        elif parts.date_match and not self._names_keep_dates:
            slug = parts.date_match["slug"] or slug
        # Jekyll removes trailing dots, and no generator makes an address that ends in one.
        return slug.rstrip(".") or None

    def _find_categories(
        self, front_matter: dict[str, Value], defaults: dict[str, Value], parts: PostPath
    ) -> list[str]:
        """Collect the categories, by the rules of the dialect; `defaults` are those of the site's settings."""
        if self._dialect.singular_is_whole:
            plural, singular = front_matter.get("categories"), front_matter.get("category")
            stated = defaults.get("categories") if defaults else None
        else:
            plural, singular, stated = self._find_names(front_matter, self._category_keys), None, None
        values = (stated, plural, singular)
        if all(value is None or (isinstance(value, str) and len(value) <= _KEPT_CHARACTERS) for value in values):
            return list(self._names_in_folders(tuple(parts.folders), *values))
        return category_names(self._dialect, parts.folders, *values)

    def _find_names(self, front_matter: dict[str, Value], keys: tuple[str, ...]) -> Value:
        """Get the first value of terms among the keys; in notes, where names may be links, with the names they show."""
        value = first_value(front_matter, keys, empty_list_counts=self._dialect.empty_list_counts)
        return linked_names(value) if value is not None and self._dialect.markdown == "obsidian" else value

    def _find_tags(self, front_matter: dict[str, Value], body: str) -> list[str]:
        """Collect the tags of the front matter and, in some dialects, of the body."""
        dialect = self._dialect
        if dialect.singular_is_whole and (tag := front_matter.get("tag")) is not None:
            return unique_names(listed_names(tag))
        tags = term_names(self._find_names(front_matter, self._tag_keys), dialect.tags_split)
        if dialect.tags_in_body:
            return unique_names([tag.removeprefix("#") for tag in tags] + find_note_tags(body))
        return tags

    def _is_stated_draft(self, front_matter: dict[str, Value]) -> bool:
        """Whether a key of the front matter makes the post a draft that the site does not show."""
        if self._site.shows_unpublished:
            return False
        dialect = self._dialect
        true, false = (TRUE_WORDS, FALSE_WORDS) if dialect.yes_and_no else (_STRICT_TRUE, _STRICT_FALSE)
        return (
            any(lower_text(front_matter, key) in true for key in dialect.draft)
            or any(lower_text(front_matter, key) in false for key in dialect.published)
            or any(lower_text(front_matter, key) in _DRAFT_STATUSES for key in dialect.status)
        )
