"""Read the fields of an article from the front matter and the path of its post, by the rules of its dialect."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from etl_project.dialects import DIALECTS
from etl_project.extract.body.note_tags import find_note_tags
from etl_project.extract.dates import ReadDate, read_date
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.hexo_settings import PostName
from etl_project.extract.site.permalinks.address import Address
from etl_project.extract.site.permalinks.url_maker import url_maker
from etl_project.extract.site.site_config import SiteConfig, dated_name, read_site_config
from etl_project.extract.site.site_paths import SitePaths
from etl_project.extract.site.slugs import pelican_slug
from etl_project.extract.term_names import flat_names, listed_names, nested_names, split_names, unique_names
from etl_project.limits import Limits
from etl_project.reasons import PostWarning
from etl_project.sources.place import PinnedSource

EXCERPT_CHARACTERS = 300
"""Length to which a stated excerpt is cut."""

_TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
_FALSE_WORDS = frozenset({"false", "no", "off", "0"})
_DRAFT_STATUSES = frozenset({"draft", "hidden", "skip"})
_DATE_IN_URL = re.compile(r"(?:^|/)([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?=/)")
# Codes of languages with many readers. A folder named by another code, such as `ab` or `go`, is an ordinary folder.
_LANGUAGE_FOLDER = re.compile(
    "(?:ar|bg|bn|ca|cs|da|de|el|en|es|et|fa|fi|fr|he|hi|hr|hu|id|it|ja|ko|lt|lv|ms|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|th"
    "|tr|uk|vi|zh)(?:[-_][A-Za-z]{2,4})?"
)


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
        self._status_keys = frozenset((*self._dialect.draft, *self._dialect.published, *self._dialect.status))
        self._zone = ZoneInfo(source.time_zone)
        self._naive_is_utc = source.naive_dates == "utc"
        self._earliest, self._latest = limits.earliest_date, limits.latest_date
        self._language = source.language
        self._config: SiteConfig = read_site_config(pinned.place, self._dialect, limits, source.permalink)
        self._category_keys = self._config.taxonomy("category", self._dialect.categories)
        self._tag_keys = self._config.taxonomy("tag", self._dialect.tags)
        self._author_keys = self._config.taxonomy("author", self._dialect.authors)
        self._dated_name = dated_name(self._dialect, self._config)
        self._site = SitePaths(self._dialect.url_style, self._config)
        self._languages = frozenset(self._config.table("languages"))
        self._first_language = (
            self._config.text("defaultcontentlanguage") or self._config.text("default_language") or "en"
        )
        self._first_language_leads = self._config.text("defaultcontentlanguageinsubdir") == "true"
        self._make_url = url_maker(self._dialect, source.permalink, self._config)

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
            # The exact key takes precedence over another spelling of it.
            front_matter = {key.lower(): value for key, value in front_matter.items()} | front_matter
        parts = self._split_path(path)
        is_draft_folder = not dialect.draft_folders.isdisjoint(parts.folders)
        defaults = self._config.defaults(path.removeprefix(self._site.root), is_draft=is_draft_folder)
        if defaults:
            front_matter = defaults | {k: v for k, v in front_matter.items() if v is not None}
        if parts.name and parts.name.values:
            front_matter = front_matter | parts.name.values

        warnings: list[PostWarning] = []
        stated_url = _stripped_text(front_matter, dialect.url)
        if stated_url and stated_url.lower() == "false":
            # No address is stated; in Eleventy there is none at all.
            stated_url = None
        published, published_from, written = self._find_published(front_matter, parts, stated_url, warnings)
        title = self._find_title(front_matter, first_heading, parts)
        if title is None:
            warnings.append(PostWarning("title_empty"))
        stated_slug = _stripped_text(front_matter, dialect.slug)
        slug = stated_slug or self._derive_slug(title, parts)
        categories = self._find_categories(front_matter, defaults, parts)
        excerpt = _stripped_text(front_matter, dialect.excerpt)
        layout = _stripped_text(front_matter, dialect.layout)
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
                language=self._address_language(parts),
                values=front_matter,
                name=parts.name.slug if parts.name else None,
            )
        )
        updated = self._find_date(front_matter, dialect.updated, warnings)
        return Fields(
            title=title,
            slug=slug,
            published=published,
            published_from=published_from,
            updated=published if updated is None and self._site.updated_is_date else updated,
            expires=self._find_date(front_matter, dialect.expires, warnings),
            status="draft" if self._is_draft(front_matter, in_draft_folder=is_draft_folder) else "published",
            language=_stripped_text(front_matter, dialect.language) or parts.language or self._language,
            # `template: true` says that the post is a template, not which one it uses.
            layout=None if layout and layout.lower() in _TRUE_WORDS | _FALSE_WORDS else layout,
            url=url,
            excerpt=excerpt[:EXCERPT_CHARACTERS] if excerpt else None,
            categories=categories,
            tags=self._find_tags(front_matter, body),
            authors=unique_names(split_names(_first_value(front_matter, self._author_keys), dialect.authors_split)),
            warnings=warnings,
        )

    def _split_path(self, path: str) -> _PathParts:
        """Split the path of a post into folders, stem, language and date, by the rules of the dialect."""
        dialect = self._dialect
        *folders, name = path.removeprefix(self._site.root).split("/")
        if folders and folders[0] in dialect.content_folders:
            del folders[0]
        stem = name.rpartition(".")[0] or name
        name_language = None
        if self._languages:
            base, _, suffix = stem.rpartition(".")
            if base and suffix in self._languages:
                stem, name_language = base, suffix
        if dialect.bundles and stem == "index" and folders:
            stem = folders.pop()
        language = name_language
        if dialect.language_folders and language is None and folders and _LANGUAGE_FOLDER.fullmatch(folders[0]):
            language = folders[0]
        date_match = self._dated_name.fullmatch(stem) if self._dated_name else None
        post_name = self._site.read_name(folders, stem)
        return _PathParts(folders, stem, language, name_language, date_match, post_name)

    def _address_language(self, parts: _PathParts) -> str | None:
        """The language that begins the address: any but the site's first, and the first too if the settings say so."""
        if not self._languages:
            return None
        language = parts.name_language or self._first_language
        return language if self._first_language_leads or language != self._first_language else None

    def _find_published(
        self,
        front_matter: dict[str, Value],
        parts: _PathParts,
        stated_url: str | None,
        warnings: list[PostWarning],
    ) -> tuple[ReadDate | None, str | None, str | None]:
        """Find the date, its origin and its text: in the front matter, else the file name, else the address."""
        for key in self._dialect.date:
            value = front_matter.get(key)
            # `published: false` says whether the post is published, not when.
            if value is None or value == "" or (key == "published" and _is_flag(value)):
                continue
            date = self._parse_date(value)
            if isinstance(date, ReadDate):
                warnings.extend(date.warnings)
                return date, "front_matter", value if isinstance(value, str) else None
            warnings.append(date)
        written = parts.name.date if parts.name else None
        if written is None and parts.date_match:
            written = _date_of_name(parts.date_match)
        if written is not None:
            date = self._parse_date(written)
            if isinstance(date, ReadDate):
                warnings.append(PostWarning("date_from_file_name", written))
                return date, "file_name", written
        if self._dialect.date_in_url and stated_url and (match := _DATE_IN_URL.search(stated_url)):
            written = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
            date = self._parse_date(written)
            if isinstance(date, ReadDate):
                return date, "path", written
        warnings.append(PostWarning("date_missing"))
        return None, None, None

    def _find_date(
        self, front_matter: dict[str, Value], keys: tuple[str, ...], warnings: list[PostWarning]
    ) -> ReadDate | None:
        """Find the first valid date among the keys; a warning for each invalid one before it."""
        for key in keys:
            value = front_matter.get(key)
            if value is None or value == "":
                continue
            date = self._parse_date(value)
            if isinstance(date, ReadDate):
                warnings.extend(date.warnings)
                return date
            warnings.append(PostWarning(date.code, f"{key}: {date.detail}", date.line))
        return None

    def _parse_date(self, value: Value) -> ReadDate | PostWarning:
        if not isinstance(value, str):
            return PostWarning("date_invalid", "the date is a list or a table")
        utc_pattern = self._dialect.utc_times
        naive_is_utc = self._naive_is_utc and (utc_pattern is None or utc_pattern.fullmatch(value.strip()) is not None)
        return read_date(value, self._zone, naive_is_utc=naive_is_utc, earliest=self._earliest, latest=self._latest)

    def _find_title(self, front_matter: dict[str, Value], first_heading: str | None, parts: _PathParts) -> str | None:
        """Find the title in the front matter, the first heading or the file name, in the dialect's order."""
        dialect = self._dialect
        title = _text_as_written(front_matter, dialect.title)
        if title is None and dialect.title_from_heading:
            title = first_heading.strip() or None if first_heading else None
            if title is None:
                title = _text_as_written(front_matter, dialect.title_after_heading)
        if title is None and dialect.title_from_name:
            title = parts.stem.strip() or None
        if title is None and parts.name and self._site.name_is_title:
            title = parts.name.slug
        return title

    def _derive_slug(self, title: str | None, parts: _PathParts) -> str | None:
        """Make the slug of a post that states none, from its title or its file name."""
        if self._dialect.slug_from_title and title and (slug := pelican_slug(title)):
            return slug
        slug = parts.stem
        if parts.name:
            slug = parts.name.slug.rpartition("/")[2]
        elif parts.date_match:
            slug = parts.date_match["slug"] or slug
        # Jekyll removes trailing dots, and no generator makes an address that ends in one.
        return slug.rstrip(".") or None

    def _find_categories(
        self, front_matter: dict[str, Value], defaults: dict[str, Value], parts: _PathParts
    ) -> list[str]:
        """Collect the categories, by the rules of the dialect; `defaults` are those of the site's settings."""
        dialect = self._dialect
        if dialect.categories_nest:
            return unique_names(nested_names(_first_value(front_matter, self._category_keys)))
        names: list[str] = []
        if dialect.singular_is_whole:
            # Jekyll: first folders, then defaults, then `categories`, then `category`.
            folder_index = next((i for i, f in enumerate(parts.folders) if f in dialect.category_folders_above), 0)
            names += parts.folders[:folder_index]
            if defaults:
                names += split_names(defaults.get("categories"), dialect.categories_split)
            names += split_names(front_matter.get("categories"), dialect.categories_split)
            names += listed_names(front_matter.get("category"))
        else:
            names += split_names(_first_value(front_matter, self._category_keys), dialect.categories_split)
            if not names and dialect.folder_is_category and parts.folders:
                names.append(parts.folders[-1])
        return unique_names(flat_names(names))

    def _find_tags(self, front_matter: dict[str, Value], body: str) -> list[str]:
        """Collect the tags of the front matter and, in some dialects, of the body."""
        dialect = self._dialect
        if dialect.singular_is_whole and (tag := front_matter.get("tag")) is not None:
            return unique_names(listed_names(tag))
        tags = unique_names(split_names(_first_value(front_matter, self._tag_keys), dialect.tags_split))
        if dialect.tags_in_body:
            return unique_names([tag.removeprefix("#") for tag in tags] + find_note_tags(body))
        return tags

    def _is_draft(self, front_matter: dict[str, Value], *, in_draft_folder: bool) -> bool:
        """Whether the folder or a key of the front matter makes the post a draft that the site does not show."""
        if in_draft_folder and not self._site.shows_drafts:
            return True
        if self._site.shows_unpublished or self._status_keys.isdisjoint(front_matter):
            return False
        dialect = self._dialect
        return (
            any(_lower_text(front_matter, key) in _TRUE_WORDS for key in dialect.draft)
            or any(_lower_text(front_matter, key) in _FALSE_WORDS for key in dialect.published)
            or any(_lower_text(front_matter, key) in _DRAFT_STATUSES for key in dialect.status)
        )


@dataclass(slots=True)
class _PathParts:
    """The parts of the path of a post."""

    folders: list[str]
    stem: str
    language: str | None
    name_language: str | None
    """Language in the file name, as in `about.zh.md`, if it is one of the site's languages."""
    date_match: re.Match[str] | None
    """Match of the file name, if it states a date; groups as in `Dialect.dated_name`."""
    name: PostName | None
    """What the path of a post of Hexo states by the settings of its site."""


def _first_value(front_matter: dict[str, Value], keys: tuple[str, ...]) -> Value:
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


def _text_as_written(front_matter: dict[str, Value], keys: tuple[str, ...]) -> str | None:
    """Get the text of the first key whose text is not blank, exactly as written."""
    for key in keys:
        value = front_matter.get(key)
        if isinstance(value, str) and value and not value.isspace():
            return value
    return None


def _stripped_text(front_matter: dict[str, Value], keys: tuple[str, ...]) -> str | None:
    """Get the text of the first key whose text is not blank, without white space at its ends."""
    for key in keys:
        value = front_matter.get(key)
        if isinstance(value, str) and (stripped := value.strip()):
            return stripped
    return None


def _lower_text(front_matter: dict[str, Value], key: str) -> str:
    value = front_matter.get(key)
    return value.strip().lower() if isinstance(value, str) else ""


def _is_flag(value: Value) -> bool:
    return isinstance(value, str) and value.strip().lower() in _TRUE_WORDS | _FALSE_WORDS


def _date_of_name(date_match: re.Match[str]) -> str:
    """Write the date that a file name states as year-month-day."""
    groups = date_match.groupdict()
    year = groups["year"] or groups["year8"]
    month, day = groups["month"] or groups["month8"], groups["day"] or groups["day8"]
    if len(year) == 2:
        # As Ruby reads a year of two digits: 1969 to 2068.
        year = ("19" if year >= "69" else "20") + year
    return f"{year}-{month:0>2}-{day:0>2}"
