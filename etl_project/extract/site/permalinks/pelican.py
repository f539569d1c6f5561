"""Addresses by the rules of Pelican: https://docs.getpelican.com/en/latest/settings.html#url-settings."""

from __future__ import annotations

import datetime as dt
import re
import string

from etl_project.extract.site.pelican.pelican_site import PelicanPage, PelicanSite
from etl_project.extract.site.permalinks.address import (
    Address,
    UnknownPartError,
    UrlMaker,
    add_leading_slash,
    stated_url,
)

_WRITTEN = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ] *([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
    r"(?=$|\.|[ ]*(?:[Z+-]|UTC|GMT))"
)
_DIRECTIVE = re.compile("%(-?)(.)", re.DOTALL)
_DIRECTIVES = frozenset("aAbBcdfGHIjmMpSUuVwWxXyYzZ%")
"""Those that Pelican formats; others stay as they are."""

_NAMES = frozenset("aAbBcpxX")
"""Directives whose text is of a language."""

_ENGLISH = re.compile(r"(?:en|C|POSIX)(?:\b|_)|$")
_NUMBER_FORMAT = re.compile(r"0?[0-9]?d?")
_CUT = re.compile(r"(?:\.[0-9]{1,4})?")


def pelican_urls(permalink: str | None, site: PelicanSite | None) -> UrlMaker:
    """Return the function that makes addresses by the settings of a site.

    Args:
        permalink: template of articles that the source states; it takes precedence over `ARTICLE_URL`.
        site: the site.
    """

    def url(post: Address) -> str | None:
        page = post.pelican
        if site is None or page is None:
            return stated_url(post)
        if post.stated_url:
            return stated_url(post) if _is_complete(post, page) or not site.settings.found else None
        try:
            if permalink and not page.is_page:
                return add_leading_slash(_expand(permalink, post, page, site))
            kind = _kind(post, page, site)
            if not page.is_made or not _is_complete(post, page):
                return None
            return add_leading_slash(_expand(site.settings.text(f"{kind}_URL"), post, page, site))
        except UnknownPartError:
            return None

    return url


def _is_complete(post: Address, page: PelicanPage) -> bool:
    """Whether a post has what Pelican asks for: a title, and an article a date unless it is a draft."""
    return bool(post.title) and (page.is_page or page.has_date or _is_draft(page))


def _is_draft(page: PelicanPage) -> bool:
    status = page.values.get("status")
    return isinstance(status, str) and status.strip().lower() == "draft"


def _kind(post: Address, page: PelicanPage, site: PelicanSite) -> str:
    """Name the setting that has the template of a post, without its ending `_URL`."""
    is_draft = _is_draft(page)
    kind = ("DRAFT_PAGE" if page.is_page else "DRAFT") if is_draft else "PAGE" if page.is_page else "ARTICLE"
    default = site.settings.text("DEFAULT_LANG")
    language = page.values.get("lang")
    if language is not None and default is None:
        raise UnknownPartError
    if site.settings.get(f"{kind}_SAVE_AS") in ("", None, False):
        raise UnknownPartError  # no file is written
    return kind if language in (None, (default or "").lower()) else f"{kind}_LANG"


def _expand(template: str | None, post: Address, page: PelicanPage, site: PelicanSite) -> str:
    """Fill in a template, as `str.format` does."""
    if template is None:
        raise UnknownPartError
    parts: list[str] = []
    try:
        for literal, name, spec, conversion in string.Formatter().parse(template):
            parts.append(literal)
            if name is not None:
                parts.append(_part(name, spec or "", post, page, site))
            if conversion:
                raise UnknownPartError
    except ValueError:
        raise UnknownPartError from None
    return "".join(parts)


def _part(name: str, spec: str, post: Address, page: PelicanPage, site: PelicanSite) -> str:
    """Expand one part of a template."""
    first, _, attribute = name.partition(".")
    if first == "date":
        local = _written_time(post)
        if local is None:
            raise UnknownPartError
        if attribute in ("year", "month", "day", "hour", "minute", "second") and _NUMBER_FORMAT.fullmatch(spec):
            return format(getattr(local, attribute), spec)
        if attribute or not spec:
            raise UnknownPartError
        return _format_date(local, spec, site)
    match name:
        case "slug":
            value = post.slug
        case "category":
            value = site.slug_of("CATEGORY", page.category) if page.category else ""
        case "author":
            value = site.slug_of("AUTHOR", page.author) if page.author else ""
        case "lang":
            stated = page.values.get("lang")
            value = stated if isinstance(stated, str) else (site.settings.text("DEFAULT_LANG") or "").lower()
        case "path":
            stated = page.values.get("path")
            value = stated if isinstance(stated, str) else page.path
        case _:
            stated = page.values.get(name)
            value = stated if isinstance(stated, str) and name not in ("tags", "authors", "modified") else None
    if value is None or (name == "slug" and not value) or not _CUT.fullmatch(spec):
        raise UnknownPartError
    return format(value, spec)


def _written_time(post: Address) -> dt.datetime | None:
    """Give the date with its own day, whatever zone it was written in: Pelican keeps the zone of a date."""
    local = post.local_time()
    match = _WRITTEN.match(post.written) if local and post.written else None
    if local is None or match is None:
        return local
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3]))
        hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
        time = dt.time(hour, minute, second)
    except ValueError:
        return local
    return dt.datetime.combine(day, time, local.tzinfo)


def _format_date(date: dt.datetime, spec: str, site: PelicanSite) -> str:
    """Format a date as Pelican's `strftime`: `%-d` is without a zero in front."""

    def part(match: re.Match[str]) -> str:
        without_zeros, directive = match[1], match[2]
        if directive not in _DIRECTIVES:
            return match[0]
        if directive in _NAMES and not _is_english(site):
            raise UnknownPartError
        written = date.strftime(f"%{directive}")
        return (written.lstrip("0") or "0") if without_zeros else written

    return _DIRECTIVE.sub(part, spec)


def _is_english(site: PelicanSite) -> bool:
    """Whether names of months and days are English, as far as the settings say."""
    locale = site.settings.get("LOCALE")
    first = locale[0] if isinstance(locale, list | tuple) and locale else locale
    return isinstance(first, str) and _ENGLISH.match(first) is not None
