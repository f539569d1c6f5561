"""Front matter and path of a post in, the fields of its article out, as its dialect means them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from etl_project.dialects import DIALECTS
from etl_project.extract.dates import ReadDate, read_date
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.permalinks.address import Address
from etl_project.extract.site.permalinks.url_maker import url_maker
from etl_project.extract.site.site_config import SiteConfig, dated_name, read_site_config
from etl_project.extract.site.slugs import pelican_slug
from etl_project.extract.term_names import (
    body_tags,
    flat_names,
    listed_names,
    nested_names,
    split_names,
    unique,
)
from etl_project.limits import Limits
from etl_project.reasons import PostWarning
from etl_project.sources.source import Source

EXCERPT_CHARACTERS = 300
"""Longest excerpt that is kept, in characters."""

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_NOT_OUT = frozenset({"draft", "hidden", "skip"})
_DATE_IN_URL = re.compile(r"(?:^|/)([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?=/)")
# Languages with many readers; a folder of another name, such as `ab` or `go`, is taken for what it holds.
_LANGUAGE = re.compile(
    "(?:ar|bg|bn|ca|cs|da|de|el|en|es|et|fa|fi|fr|he|hi|hr|hu|id|it|ja|ko|lt|lv|ms|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|th"
    "|tr|uk|vi|zh)(?:[-_][A-Za-z]{2,4})?"
)


@dataclass(slots=True)
class Fields:
    """What the front matter and the path of one post say of its article."""

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
    """In order, once each. Parts of a nested category are joined by `NESTING`; those above it come before."""
    tags: list[str]
    authors: list[str]
    warnings: list[PostWarning]


class FieldReader:
    """Reads the fields of the posts of one source; built once per source and worker.

    Args:
        source: its dialect, zone, permalink and language count, and the site's own settings at its location.
        limits: the window that dates must lie in.

    Raises:
        KeyError: no dialect has the name that the source gives.
        ZoneInfoNotFoundError: no zone has the name that the source gives.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self._dialect = DIALECTS[source.dialect]
        self._status_keys = frozenset((*self._dialect.draft, *self._dialect.published, *self._dialect.status))
        self._zone = ZoneInfo(source.time_zone)
        self._naive_is_utc = source.naive_dates == "utc"
        self._earliest, self._latest = limits.earliest_date, limits.latest_date
        self._language = source.language
        self._config: SiteConfig = read_site_config(source.location, self._dialect, limits, source.permalink)
        self._category_keys = self._config.taxonomy("category", self._dialect.categories)
        self._tag_keys = self._config.taxonomy("tag", self._dialect.tags)
        self._author_keys = self._config.taxonomy("author", self._dialect.authors)
        self._dated_name = dated_name(self._dialect, self._config)
        self._languages = frozenset(self._config.table("languages"))
        self._first_language = (
            self._config.text("defaultcontentlanguage") or self._config.text("default_language") or "en"
        )
        self._leads_with_first = self._config.text("defaultcontentlanguageinsubdir") == "true"
        self._url = url_maker(self._dialect, source.permalink, self._config)

    def read(self, path: str, front_matter: dict[str, Value], *, first_heading: str | None, body: str = "") -> Fields:
        """Read the fields of one post. Never raises, whatever the text.

        Args:
            path: POSIX path of the post below the location.
            front_matter: its front matter, every scalar as its text.
            first_heading: its first heading, for dialects that take titles from there.
            body: its body, for dialects that have tags there.
        """
        dialect = self._dialect
        if dialect.keys_fold:
            # The exact key goes before another spelling of it.
            front_matter = {key.lower(): value for key, value in front_matter.items()} | front_matter
        place = self._place(path)
        is_draft_folder = not dialect.draft_folders.isdisjoint(place.folders)
        defaults = self._config.defaults(path, is_draft=is_draft_folder)
        if defaults:
            front_matter = defaults | {k: v for k, v in front_matter.items() if v is not None}

        warnings: list[PostWarning] = []
        stated_url = _text(front_matter, dialect.url)
        published, published_from, written = self._published(front_matter, place, stated_url, warnings)
        title = self._title(front_matter, first_heading, place)
        if title is None:
            warnings.append(PostWarning("title_empty"))
        stated_slug = _text(front_matter, dialect.slug)
        slug = stated_slug or self._implied_slug(title, place)
        categories = self._categories(front_matter, defaults, place)
        excerpt = _text(front_matter, dialect.excerpt)
        layout = _text(front_matter, dialect.layout)
        url = self._url(
            Address(
                folders=place.folders,
                stem=place.stem,
                slug=slug,
                stated_slug=stated_slug,
                title=title,
                stated_url=stated_url,
                published=published,
                written=written,
                zone=self._zone,
                categories=categories,
                language=self._address_language(place),
            )
        )
        return Fields(
            title=title,
            slug=slug,
            published=published,
            published_from=published_from,
            updated=self._other_date(front_matter, dialect.updated, warnings),
            expires=self._other_date(front_matter, dialect.expires, warnings),
            status="draft" if is_draft_folder or self._is_draft(front_matter) else "published",
            language=_text(front_matter, dialect.language) or place.language or self._language,
            # `template: true` says that the post is one, not which.
            layout=None if layout and layout.lower() in _TRUE | _FALSE else layout,
            url=url,
            excerpt=excerpt[:EXCERPT_CHARACTERS] if excerpt else None,
            categories=categories,
            tags=self._tags(front_matter, body),
            authors=unique(split_names(_value(front_matter, self._author_keys), dialect.authors_split)),
            warnings=warnings,
        )

    def _place(self, path: str) -> _Place:
        dialect = self._dialect
        *folders, name = path.split("/")
        if folders and folders[0] in dialect.content_folders:
            del folders[0]
        stem = name.rpartition(".")[0] or name
        name_language = None
        if self._languages:
            base, _, ending = stem.rpartition(".")
            if base and ending in self._languages:
                stem, name_language = base, ending
        if dialect.bundles and stem == "index" and folders:
            stem = folders.pop()
        language = name_language
        if dialect.language_folders and language is None and folders and _LANGUAGE.fullmatch(folders[0]):
            language = folders[0]
        dated = self._dated_name.fullmatch(stem) if self._dated_name else None
        return _Place(folders, stem, language, name_language, dated)

    def _address_language(self, place: _Place) -> str | None:
        """Give the language that leads the address: any but the first of the site, that too if it says so."""
        if not self._languages:
            return None
        language = place.name_language or self._first_language
        return language if self._leads_with_first or language != self._first_language else None

    def _published(
        self,
        front_matter: dict[str, Value],
        place: _Place,
        stated_url: str | None,
        warnings: list[PostWarning],
    ) -> tuple[ReadDate | None, str | None, str | None]:
        """Find the date, where it was written and how: the front matter goes before the file name."""
        for key in self._dialect.date:
            value = front_matter.get(key)
            # `published: false` says whether, not when.
            if value is None or value == "" or (key == "published" and _is_flag(value)):
                continue
            read = self._date(value)
            if isinstance(read, ReadDate):
                warnings.extend(read.warnings)
                return read, "front_matter", value if isinstance(value, str) else None
            warnings.append(read)
        if place.dated:
            written = _named_date(place.dated)
            read = self._date(written)
            if isinstance(read, ReadDate):
                warnings.append(PostWarning("date_from_file_name", written))
                return read, "file_name", written
        if self._dialect.date_in_url and stated_url and (match := _DATE_IN_URL.search(stated_url)):
            written = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
            read = self._date(written)
            if isinstance(read, ReadDate):
                return read, "path", written
        warnings.append(PostWarning("date_missing"))
        return None, None, None

    def _other_date(
        self, front_matter: dict[str, Value], keys: tuple[str, ...], warnings: list[PostWarning]
    ) -> ReadDate | None:
        for key in keys:
            value = front_matter.get(key)
            if value is None or value == "":
                continue
            read = self._date(value)
            if isinstance(read, ReadDate):
                warnings.extend(read.warnings)
                return read
            warnings.append(PostWarning(read.code, f"{key}: {read.detail}", read.line))
        return None

    def _date(self, value: Value) -> ReadDate | PostWarning:
        if not isinstance(value, str):
            return PostWarning("date_invalid", "the date is a list or a table")
        form = self._dialect.utc_times
        naive_is_utc = self._naive_is_utc and (form is None or form.fullmatch(value.strip()) is not None)
        return read_date(value, self._zone, naive_is_utc=naive_is_utc, earliest=self._earliest, latest=self._latest)

    def _title(self, front_matter: dict[str, Value], first_heading: str | None, place: _Place) -> str | None:
        dialect = self._dialect
        title = _written(front_matter, dialect.title)
        if title is None and dialect.title_from_heading:
            title = first_heading.strip() or None if first_heading else None
            if title is None:
                title = _written(front_matter, dialect.title_after_heading)
        if title is None and dialect.title_from_name:
            title = place.stem.strip() or None
        return title

    def _implied_slug(self, title: str | None, place: _Place) -> str | None:
        if self._dialect.slug_from_title and title and (slug := pelican_slug(title)):
            return slug
        slug = place.stem
        if place.dated:
            slug = place.dated["slug"] or slug
        # Jekyll takes the dots off, and no address of any generator ends in one.
        return slug.rstrip(".") or None

    def _categories(self, front_matter: dict[str, Value], defaults: dict[str, Value], place: _Place) -> list[str]:
        dialect = self._dialect
        if dialect.categories_nest:
            return unique(nested_names(_value(front_matter, self._category_keys)))
        found: list[str] = []
        if dialect.singular_is_whole:
            # Jekyll: folders, then defaults, then `categories`; `category` is added.
            special = next((i for i, f in enumerate(place.folders) if f in dialect.category_folders_above), 0)
            found += place.folders[:special]
            if defaults:
                found += split_names(defaults.get("categories"), dialect.categories_split)
            found += split_names(front_matter.get("categories"), dialect.categories_split)
            found += listed_names(front_matter.get("category"))
        else:
            found += split_names(_value(front_matter, self._category_keys), dialect.categories_split)
            if not found and dialect.folder_is_category and place.folders:
                found.append(place.folders[-1])
        return unique(flat_names(found))

    def _tags(self, front_matter: dict[str, Value], body: str) -> list[str]:
        dialect = self._dialect
        if dialect.singular_is_whole and (tag := front_matter.get("tag")) is not None:
            return unique(listed_names(tag))
        tags = unique(split_names(_value(front_matter, self._tag_keys), dialect.tags_split))
        if dialect.tags_in_body:
            return unique([tag.removeprefix("#") for tag in tags] + body_tags(body))
        return tags

    def _is_draft(self, front_matter: dict[str, Value]) -> bool:
        if self._status_keys.isdisjoint(front_matter):
            return False
        dialect = self._dialect
        return (
            any(_flag(front_matter, key) in _TRUE for key in dialect.draft)
            or any(_flag(front_matter, key) in _FALSE for key in dialect.published)
            or any(_flag(front_matter, key) in _NOT_OUT for key in dialect.status)
        )


@dataclass(slots=True)
class _Place:
    """What the path of a post says."""

    folders: list[str]
    stem: str
    language: str | None
    name_language: str | None
    """Language in the file name, `about.zh.md`, if the site has it."""
    dated: re.Match[str] | None


def _value(front_matter: dict[str, Value], keys: tuple[str, ...]) -> Value:
    """Get the value of the first key that has one."""
    for key in keys:
        value = front_matter.get(key)
        if value is None and "." in key:
            outer, _, inner = key.partition(".")
            table = front_matter.get(outer)
            value = table.get(inner) if isinstance(table, dict) else None
        if value is not None and value != "" and value != []:
            return value
    return None


def _written(front_matter: dict[str, Value], keys: tuple[str, ...]) -> str | None:
    """Get the text of the first key that has one which is not blank, exactly as written."""
    for key in keys:
        value = front_matter.get(key)
        if isinstance(value, str) and value and not value.isspace():
            return value
    return None


def _text(front_matter: dict[str, Value], keys: tuple[str, ...]) -> str | None:
    """Get the text of the first key that has one, white space at its ends removed."""
    for key in keys:
        value = front_matter.get(key)
        if isinstance(value, str) and (stripped := value.strip()):
            return stripped
    return None


def _flag(front_matter: dict[str, Value], key: str) -> str:
    value = front_matter.get(key)
    return value.strip().lower() if isinstance(value, str) else ""


def _is_flag(value: Value) -> bool:
    return isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE


def _named_date(dated: re.Match[str]) -> str:
    groups = dated.groupdict()
    year = groups["year"] or groups["year8"]
    month, day = groups["month"] or groups["month8"], groups["day"] or groups["day8"]
    if len(year) == 2:
        # Ruby's reading of two digits: 1969 to 2068.
        year = ("19" if year >= "69" else "20") + year
    return f"{year}-{month:0>2}-{day:0>2}"
