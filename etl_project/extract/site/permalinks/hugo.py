"""Addresses by the rules of Hugo: https://gohugo.io/configuration/permalinks/ and .../content-management/urls/."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from etl_project.extract.site.hugo.hugo_site import HugoPage, HugoSite, is_rendered
from etl_project.extract.site.hugo.languages import Language, is_true, list_texts
from etl_project.extract.site.hugo.page_matcher import PageMatcher, read_target
from etl_project.extract.site.permalinks.address import SLASHES, Address, UnknownPartError, UrlMaker
from etl_project.extract.site.permalinks.hugo_dates import write_date
from etl_project.extract.site.slugs import hugo_escape, hugo_path, remove_marks

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

_PLACEHOLDER = re.compile(r":(\w+)(\[[^\]]+\])?", re.ASCII)
_ESCAPED_COLON, _COLON = "\\:", "\0"
_FILE_OF_FORMAT = {"json": "index.json", "csv": "index.csv", "rss": "index.xml", "markdown": "index.md"}
_FOLDER_OF_FORMAT = {"amp": "/amp"}


class _LanguageRules:
    """The settings of one language that decide addresses."""

    def __init__(self, language: Language, permalink: str | None) -> None:
        values = language.values
        self.lower = not is_true(values.get("disablepathtolower"))
        self.without_marks = is_true(values.get("removepathaccents"))
        self.names_are_plural = str(values.get("pluralizelisttitles")).lower() != "false"
        ugly = values.get("uglyurls")
        self.ugly_everywhere = is_true(ugly)
        self.ugly_sections = {key for key, value in ugly.items() if is_true(value)} if isinstance(ugly, dict) else set()
        self.patterns = [(PageMatcher(), permalink)] if permalink else _read_permalinks(values.get("permalinks"))
        outputs = values.get("outputs")
        self.outputs = outputs.get("page") if isinstance(outputs, dict) else None

    def sanitize(self, text: str) -> str:
        """Write a text as part of a path."""
        return hugo_path(remove_marks(text) if self.without_marks else text, lower=self.lower)

    def hyphenate(self, name: str) -> str:
        """Write a hyphen for each blank of a name, before the address is made, so that runs of them stay (0.123).

        Where addresses keep the case of names, Hugo makes them of the names as they are.
        """
        return name.replace(" ", "-") if self.lower else name

    def make_part(self, text: str) -> str:
        """Write a text as the part of a pattern: Hugo reads it as an address, which loses an empty fragment (`C#`)."""
        return self.sanitize(text).removesuffix("#")

    def is_ugly(self, section: str) -> bool:
        """Whether the pages of a section end in .html."""
        return self.ugly_everywhere or section.lower() in self.ugly_sections


def hugo_urls(permalink: str | None, site: HugoSite) -> UrlMaker:
    """Return the function that makes addresses by the pattern that the source states, else by the site's settings.

    Args:
        permalink: pattern that the source states.
        site: the settings and sections of the site.
    """
    rules = {code: _LanguageRules(language, permalink) for code, language in site.languages.items()}

    def url(post: Address) -> str | None:
        page = post.page
        if page is None or not is_rendered(post.values):
            return None
        rule = rules[page.language.code]
        try:
            if post.stated_url:
                path = _state_path(post.stated_url, post, page, rule, site)
                return None if path is None else hugo_escape(SLASHES.sub("/", path))
            path = _make_path(post, page, rule, site)
        except UnknownPartError:
            return None
        path = _add_output(path, post.values.get("outputs") or rule.outputs)
        return path and hugo_escape(SLASHES.sub("/", f"{page.language.prefix}/{path}").replace("#", "%23"))

    return url


def _state_path(url: str, post: Address, page: HugoPage, rule: _LanguageRules, site: HugoSite) -> str | None:
    """Make the path of a stated address: one without a slash at its start is below the language."""
    if "://" in url:
        return None
    if ":" in url:
        url = _expand(url, post, page, rule, site, keeps_unknown=True)
    url = url.removesuffix("index.html") if url.endswith("/index.html") else url
    path = url if url.startswith("/") else f"{page.language.prefix}/{url}"
    return path if "." in path or path.endswith("/") else f"{path}/"


def _make_path(post: Address, page: HugoPage, rule: _LanguageRules, site: HugoSite) -> str:
    section = page.folders[0] if page.folders else ""
    pattern = _find_pattern(rule, page)
    if pattern:
        path = unquote_plus(_expand(pattern, post, page, rule, site))
    else:
        path = "/".join(_default_parts(post, page, rule, site))
    path = rule.sanitize(path.strip("/")).strip("/")
    return f"/{path}.html" if path and rule.is_ugly(section) else f"/{path}/"


def _default_parts(post: Address, page: HugoPage, rule: _LanguageRules, site: HugoSite) -> list[str]:
    """List the folders of a page, each by the slug of its section if it states one, and its slug or name."""
    parts = [rule.hyphenate(folder) for folder in page.folders]
    if site.has_section_slugs:
        for depth in range(1, len(parts) + 1):
            fields = site.section(page.language.code, page.folders[:depth])
            slug = fields.get("slug") if fields else None
            if isinstance(slug, str) and slug:
                parts[depth - 1] = slug
    return [*parts, post.stated_slug or rule.hyphenate(page.stem)]


def _find_pattern(rule: _LanguageRules, page: HugoPage) -> str | None:
    if not rule.patterns:
        return None
    path = page.path
    return next((pattern for matcher, pattern in rule.patterns if matcher.matches(path, page.language.code)), None)


def _read_permalinks(permalinks: Value) -> list[tuple[PageMatcher, str]]:
    """Read `permalinks` in both forms: a list of targets and patterns, or a table by section, also below `page`."""
    if isinstance(permalinks, list):
        tables = [table for table in permalinks if isinstance(table, dict)]
        return [(read_target(table), pattern) for table in tables if isinstance(pattern := table.get("pattern"), str)]
    if not isinstance(permalinks, dict):
        return []
    by_section = {key.strip(" /"): value for key, value in permalinks.items() if isinstance(value, str)}
    pages = permalinks.get("page")
    if isinstance(pages, dict):
        by_section |= {key.strip(" /"): value for key, value in pages.items() if isinstance(value, str)}
    return [
        (PageMatcher(f"/{{{key},{key}/**}}" if key else "/*"), by_section[key])
        # Hugo takes them in any order; a deeper section is meant to go first.
        for key in sorted(by_section, key=len, reverse=True)
    ]


def _expand(
    pattern: str, post: Address, page: HugoPage, rule: _LanguageRules, site: HugoSite, *, keeps_unknown: bool = False
) -> str:
    """Fill in the placeholders of a pattern; raises UnknownPartError for one that is unknown."""

    def part(match: re.Match[str]) -> str:
        try:
            return _expand_part(match[1], match[2], post, page, rule, site)
        except UnknownPartError:
            if keeps_unknown and match[1] not in _KNOWN:
                return match[0]
            raise

    return _PLACEHOLDER.sub(part, pattern.replace(_ESCAPED_COLON, _COLON)).replace(_COLON, ":")


def _expand_part(
    name: str, slice_: str | None, post: Address, page: HugoPage, rule: _LanguageRules, site: HugoSite
) -> str:
    make = _KNOWN.get(name)
    if make is not None:
        return make(post, page, rule)
    if name in ("sections", "sectionslugs"):
        sections = _find_sections(page, site)
        if name == "sectionslugs":
            sections = [_slug_of(sections[:depth], page, rule, site) for depth in range(1, len(sections) + 1)]
        else:
            sections = [_section_name(section) for section in sections]
        return "/".join(_slice_sections(sections, slice_))
    if name == "sectionslug":
        return _slug_of(page.folders[:1], page, rule, site) if page.folders else ""
    return write_date(name, post)


def _title(post: Address, page: HugoPage, rule: _LanguageRules) -> str:
    return rule.make_part((post.title or "").replace("/", "-").replace("\\", "-"))


def _name(post: Address, page: HugoPage, rule: _LanguageRules) -> str:
    return rule.make_part(page.stem)


def _slug_or(
    other: Callable[[Address, HugoPage, _LanguageRules], str],
) -> Callable[[Address, HugoPage, _LanguageRules], str]:
    return lambda post, page, rule: rule.make_part(post.stated_slug) if post.stated_slug else other(post, page, rule)


_KNOWN: dict[str, Callable[[Address, HugoPage, _LanguageRules], str]] = {
    "title": _title,
    "slug": _slug_or(_title),
    "filename": _name,
    "contentbasename": _name,
    "slugorfilename": _slug_or(_name),
    "slugorcontentbasename": _slug_or(_name),
    "section": lambda post, page, rule: _section_name(page.folders[0]) if page.folders else "",
}


def _section_name(folder: str) -> str:
    """Write the name of a section as in its logical path: in lower case, whatever addresses keep."""
    return folder.replace(" ", "-").lower()


def _find_sections(page: HugoPage, site: HugoSite) -> list[str]:
    # A folder below the first level is a section only if it has an _index file.
    folders = page.folders
    while len(folders) > 1 and site.section(page.language.code, folders) is None:
        folders = folders[:-1]
    return folders


def _slug_of(folders: list[str], page: HugoPage, rule: _LanguageRules, site: HugoSite) -> str:
    """Write the slug, else the title, of a section; raises UnknownPartError for a title that Hugo makes of its name."""
    fields = site.section(page.language.code, folders) or {}
    for key in ("slug", "title"):
        value = fields.get(key)
        if isinstance(value, str) and value:
            return rule.make_part(value)
    if rule.names_are_plural:
        raise UnknownPartError
    return rule.make_part(folders[-1])


def _slice_sections(sections: list[str], slice_: str | None) -> list[str]:
    """Apply the slice of `:sections[1:]`, `:sections[:last]` or `:sections[0]`; out of range gives an empty list."""
    if not slice_:
        return sections
    low, colon, high = slice_[1:-1].strip().lower().partition(":")
    start, end = (
        len(sections) - 1 if bound == "last" else int(bound) if bound.isascii() and bound.isdigit() else None
        for bound in (low, high)
    )
    if not colon:
        return sections[start : start + 1] if start is not None else []
    return sections[start:end]


def _add_output(path: str, outputs: Value) -> str | None:
    """Turn the path of a page into that of its first output; None for a format that only the site knows."""
    names = list_texts(outputs)
    first = names[0].lower() if names else "html"
    if first == "html":
        return path
    if first in _FILE_OF_FORMAT:
        file = _FILE_OF_FORMAT[first]
        return path + file if path.endswith("/") else path.removesuffix(".html") + file.removeprefix("index")
    return _FOLDER_OF_FORMAT[first] + path if first in _FOLDER_OF_FORMAT else None
