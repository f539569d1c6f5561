"""Addresses by the rules of Hugo: https://gohugo.io/configuration/permalinks/."""

from __future__ import annotations

import re

from etl_project.extract.site.permalinks.address import MONTHS, SLASHES, WEEKDAYS, Address, UnknownPartError, UrlMaker
from etl_project.extract.site.site_config import SiteConfig
from etl_project.extract.site.slugs import hugo_escape, hugo_path

_HUGO_NAME = re.compile(r":([a-z]+)(\[[^\]]*\])?")


def hugo_urls(permalink: str | None, config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses by the pattern that the source states, else by the site's settings."""
    lower = (config.text("disablepathtolower") or "").lower() != "true"
    ugly = (config.text("uglyurls") or "").lower() == "true"
    patterns = {key.strip("/"): value for key, value in config.table("permalinks").items() if isinstance(value, str)}
    pages = config.table("permalinks").get("page")
    if isinstance(pages, dict):
        patterns |= {key.strip("/"): value for key, value in pages.items() if isinstance(value, str)}

    def find_sections(post: Address) -> list[str]:
        # A folder below the first level is a section only if it has an _index file.
        folders = post.folders
        while len(folders) > 1 and "/".join(folders) not in config.sections:
            folders = folders[:-1]
        return folders

    def expand_part(post: Address, name: str, slice_: str | None) -> str:
        if name in ("slug", "slugorfilename", "slugorcontentbasename") and post.stated_slug:
            return hugo_path(post.stated_slug, lower=lower)
        if name in ("slug", "title"):
            return hugo_path(post.title or "", lower=lower)
        if name in ("filename", "slugorfilename", "contentbasename", "slugorcontentbasename"):
            return hugo_path(post.stem, lower=lower)
        if name == "section":
            return post.folders[0] if post.folders else ""
        if name == "sections":
            return "/".join(_slice_sections(find_sections(post), slice_))
        return _hugo_date(name, post)

    def expand(pattern: str, post: Address) -> str:
        return _HUGO_NAME.sub(lambda match: expand_part(post, match[1], match[2]), pattern)

    def url(post: Address) -> str | None:
        stated = post.stated_url
        pattern = permalink or patterns.get(post.folders[0] if post.folders else "")
        try:
            if stated:
                if "://" in stated:
                    return None
                path = expand(stated, post) if ":" in stated else stated
                path = path if "." in path or path.endswith("/") else f"{path}/"
            else:
                path = expand(pattern, post) if pattern else "/".join((*post.folders, post.stated_slug or post.stem))
                path = path.strip("/")
                path = hugo_path(f"/{path}.html" if ugly else f"/{path}/", lower=lower)
        except UnknownPartError:
            return None
        language = f"/{post.language}" if post.language else ""
        return hugo_escape(SLASHES.sub("/", f"{language}/{path}"))

    return url


def _slice_sections(sections: list[str], slice_: str | None) -> list[str]:
    """Apply the slice of `:sections[1:]`, `:sections[:last]` or `:sections[0]`; out of range gives an empty list."""
    if not slice_:
        return sections
    low, colon, high = slice_[1:-1].partition(":")
    start, end = (
        len(sections) - 1 if bound == "last" else int(bound) if bound.isascii() and bound.isdigit() else None
        for bound in (low, high)
    )
    if not colon:
        return sections[start : start + 1] if start is not None else []
    return sections[start:end]


def _hugo_date(name: str, post: Address) -> str:
    """Expand a part of the date; raises UnknownPartError if the part is unknown or the post has no date."""
    day = post.written_day()
    if day is None:
        raise UnknownPartError
    match name:
        case "year":
            return f"{day.year}"
        case "month":
            return f"{day.month:02}"
        case "monthname":
            return MONTHS[day.month - 1]
        case "day":
            return f"{day.day:02}"
        case "weekday":
            return f"{day.isoweekday() % 7}"
        case "weekdayname":
            return WEEKDAYS[day.weekday()]
        case "yearday":
            return f"{day.timetuple().tm_yday}"
    raise UnknownPartError
