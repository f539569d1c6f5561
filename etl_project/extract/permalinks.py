"""Where a post stands on its site in, the path of its page out, by the rules of each generator."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from etl_project.dialects import Dialect
from etl_project.extract.dates import ReadDate
from etl_project.extract.site_config import SiteConfig
from etl_project.extract.slugs import (
    ascii_slug,
    escape_path,
    hexo_slug,
    hugo_escape,
    hugo_path,
    jekyll_slug,
    pelican_slug,
)
from etl_project.extract.term_names import NESTING

_JEKYLL_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_JEKYLL_NAME = re.compile(":([a-z_]+)")
_HUGO_NAME = re.compile(r":([a-z]+)(\[[^\]]*\])?")
_PELICAN_NAME = re.compile(r"\{([a-z_]+)(?::([^{}]*))?\}")
_SLASHES = re.compile("/{2,}")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(slots=True)
class Address:
    """What the address of a post is made of."""

    folders: list[str]
    """Folders below the content folder; of a bundle those above its own."""
    stem: str
    """File name without its ending; of a bundle the name of its folder."""
    slug: str | None
    stated_slug: str | None
    title: str | None
    stated_url: str | None
    published: ReadDate | None
    written: str | None
    """The date as the front matter writes it."""
    zone: ZoneInfo
    categories: list[str]
    language: str | None
    """Language that leads the address."""
    _local: dt.datetime | None = None

    def local(self) -> dt.datetime | None:
        """Give the date on the clock of the source."""
        if self._local is None and self.published is not None:
            self._local = (_EPOCH + dt.timedelta(microseconds=self.published.instant)).astimezone(self.zone)
        return self._local

    def as_written(self) -> dt.date | None:
        """Give the day as the front matter writes it, in whatever zone: Go keeps the zone of a date."""
        match = _DAY_WRITTEN.match(self.written) if self.written and self.published else None
        if match is None:
            return self.local()
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return self.local()


UrlMaker = Callable[[Address], str | None]


class _Unknown(LookupError):
    """A template asks for what the post does not have."""


def url_maker(dialect: Dialect, permalink: str | None, config: SiteConfig) -> UrlMaker:
    """Choose the function that makes the address of a post: a path on the site that starts with a slash.

    It returns nothing where the generator's own answer cannot be known.

    Args:
        dialect: whose rules count.
        permalink: style or template that the source states; it goes before the site's own settings.
        config: settings of the site.
    """
    match dialect.url_style:
        case "jekyll":
            return _jekyll(permalink or config.text("permalink") or "date")
        case "hugo":
            return _hugo(permalink, config)
        case "hexo":
            return _hexo(
                permalink or config.text("permalink") or (config.found and ":year/:month/:day/:title/"),
                config,
            )
        case "zola":
            return _zola(config)
        case "pelican":
            return _pelican(permalink or config.text("article_url") or (config.found and "{slug}.html"))
        case "stated":
            return _stated


def _rooted(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _stated(post: Address) -> str | None:
    """Only what the front matter says; addresses of other sites are not paths of this one."""
    url = post.stated_url
    return None if not url or "://" in url else _rooted(url)


def _dated(parts: Callable[[dt.datetime], str]) -> Callable[[Address], str]:
    def part(post: Address) -> str:
        local = post.local()
        if local is None:
            raise _Unknown
        return parts(local)

    return part


# https://jekyllrb.com/docs/permalinks/#placeholders; days and months are English whatever the locale.
_JEKYLL_PARTS: Mapping[str, Callable[[Address], str]] = {
    "title": lambda post: jekyll_slug(post.slug or post.stem, pretty=True),
    "slug": lambda post: jekyll_slug(post.slug or post.stem, pretty=False),
    "name": lambda post: jekyll_slug(post.stem, pretty=False),
    "basename": lambda post: post.stem,
    "categories": lambda post: "/".join(dict.fromkeys([c.lower() for c in post.categories])),
    "slugified_categories": lambda post: "/".join(
        dict.fromkeys([jekyll_slug(c, pretty=False) for c in post.categories])
    ),
    "collection": lambda post: "posts",
    "output_ext": lambda post: ".html",
    "year": _dated(lambda day: f"{day.year:04}"),
    "short_year": _dated(lambda day: f"{day.year % 100:02}"),
    "month": _dated(lambda day: f"{day.month:02}"),
    "i_month": _dated(lambda day: f"{day.month}"),
    "short_month": _dated(lambda day: _MONTHS[day.month - 1][:3].upper()),
    "long_month": _dated(lambda day: _MONTHS[day.month - 1]),
    "day": _dated(lambda day: f"{day.day:02}"),
    "i_day": _dated(lambda day: f"{day.day}"),
    "y_day": _dated(lambda day: f"{day.timetuple().tm_yday:03}"),
    "w_year": _dated(lambda day: f"{day.isocalendar().year}"),
    "week": _dated(lambda day: f"{day.isocalendar().week:02}"),
    "w_day": _dated(lambda day: f"{day.isoweekday()}"),
    "short_day": _dated(lambda day: _WEEKDAYS[day.weekday()][:3].upper()),
    "long_day": _dated(lambda day: _WEEKDAYS[day.weekday()]),
    "hour": _dated(lambda day: f"{day.hour:02}"),
    "minute": _dated(lambda day: f"{day.minute:02}"),
    "second": _dated(lambda day: f"{day.second:02}"),
}


_JEKYLL_NAMES = frozenset(("title", "slug", "name", "basename", "categories", "slugified_categories"))
"""Parts that hold what people wrote; the others are digits and English words, which need no escaping."""


@lru_cache(maxsize=256)
def _jekyll_pieces(template: str) -> tuple[tuple[Callable[[Address], str], bool], ...]:
    """Split a template into literal texts and parts, and whether each must be escaped.

    A name before an underscore is tried without it too.
    """
    pieces: list[tuple[Callable[[Address], str], bool]] = []
    position = 0
    for match in _JEKYLL_NAME.finditer(template):
        name = match[1]
        end = match.end()
        if name not in _JEKYLL_PARTS and name.endswith("_"):
            name, end = name[:-1], end - 1
        if name not in _JEKYLL_PARTS:
            raise _Unknown(name)
        pieces += (_literal(template[position : match.start()]), (_JEKYLL_PARTS[name], name in _JEKYLL_NAMES))
        position = end
    return (*pieces, _literal(template[position:]))


def _literal(text: str) -> tuple[Callable[[Address], str], bool]:
    return lambda post: text, False


def _jekyll(permalink: str) -> UrlMaker:
    site_template = _JEKYLL_STYLES.get(permalink, permalink)

    def url(post: Address) -> str | None:
        stated = post.stated_url
        if stated and "://" in stated:
            return None
        try:
            pieces = _jekyll_pieces(stated or site_template)
            filled = "".join([escape_path(part(post)) if escapes else part(post) for part, escapes in pieces])
        except _Unknown:
            return None
        return _SLASHES.sub("/", f"/{filled}".replace("..", "/").replace("./", ""))

    return url


# https://gohugo.io/configuration/permalinks/
def _hugo(permalink: str | None, config: SiteConfig) -> UrlMaker:
    lower = (config.text("disablepathtolower") or "").lower() != "true"
    ugly = (config.text("uglyurls") or "").lower() == "true"
    patterns = {key.strip("/"): value for key, value in config.table("permalinks").items() if isinstance(value, str)}
    pages = config.table("permalinks").get("page")
    if isinstance(pages, dict):
        patterns |= {key.strip("/"): value for key, value in pages.items() if isinstance(value, str)}

    def sections_of(post: Address) -> list[str]:
        # A folder below the first level is a section only if it has an _index file.
        folders = post.folders
        while len(folders) > 1 and "/".join(folders) not in config.sections:
            folders = folders[:-1]
        return folders

    def part(post: Address, name: str, slice_: str | None) -> str:
        if name in ("slug", "slugorfilename", "slugorcontentbasename") and post.stated_slug:
            return hugo_path(post.stated_slug, lower=lower)
        if name in ("slug", "title"):
            return hugo_path(post.title or "", lower=lower)
        if name in ("filename", "slugorfilename", "contentbasename", "slugorcontentbasename"):
            return hugo_path(post.stem, lower=lower)
        if name == "section":
            return post.folders[0] if post.folders else ""
        if name == "sections":
            return "/".join(_sliced(sections_of(post), slice_))
        return _hugo_date(name, post)

    def expand(pattern: str, post: Address) -> str:
        return _HUGO_NAME.sub(lambda match: part(post, match[1], match[2]), pattern)

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
        except _Unknown:
            return None
        language = f"/{post.language}" if post.language else ""
        return hugo_escape(_SLASHES.sub("/", f"{language}/{path}"))

    return url


def _sliced(sections: list[str], slice_: str | None) -> list[str]:
    """`:sections[1:]`, `:sections[:last]`, `:sections[0]`; out of range is empty, never an error."""
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
    day = post.as_written()
    if day is None:
        raise _Unknown
    match name:
        case "year":
            return f"{day.year}"
        case "month":
            return f"{day.month:02}"
        case "monthname":
            return _MONTHS[day.month - 1]
        case "day":
            return f"{day.day:02}"
        case "weekday":
            return f"{day.isoweekday() % 7}"
        case "weekdayname":
            return _WEEKDAYS[day.weekday()]
        case "yearday":
            return f"{day.timetuple().tm_yday}"
    raise _Unknown


# https://hexo.io/docs/permalinks
def _hexo(permalink: str | bool | None, config: SiteConfig) -> UrlMaker:
    template = permalink if isinstance(permalink, str) else None
    endings = config.table("pretty_urls")
    keeps_index = endings.get("trailing_index") != "false"
    keeps_html = endings.get("trailing_html") != "false"

    def pretty(path: str) -> str:
        if path.endswith("index.html") and path[-11:-10] in ("", "/"):
            return path if keeps_index else path[:-10]
        return path if keeps_html else path.removesuffix(".html")

    def page(post: Address) -> str:
        stated = post.stated_url
        if stated:
            return f"{stated}index.html" if stated.endswith("/") else stated
        return "/".join((*post.folders, f"{post.stem}.html"))

    def part(post: Address, name: str) -> str:
        nested = "/".join((*post.folders[1:], post.slug or post.stem))
        match name:
            case "title":
                return nested
            case "name":
                return nested.rpartition("/")[2]
            case "post_title":
                return hexo_slug(post.title or "").lower()
            case "category":
                parts = post.categories[-1].split(NESTING) if post.categories else []
                return "/".join([hexo_slug(p) for p in parts]) or config.text("default_category") or "uncategorized"
            case "year" | "month" | "i_month" | "day" | "i_day" | "hour" | "minute" | "second":
                return _JEKYLL_PARTS[name](post)
        raise _Unknown

    def url(post: Address) -> str | None:
        if not post.folders or post.folders[0] not in ("_posts", "_drafts"):
            return _SLASHES.sub("/", _rooted(pretty(page(post))))
        if post.stated_url:
            return _rooted(post.stated_url)
        if template is None:
            return None
        try:
            return _SLASHES.sub("/", _rooted(pretty(_JEKYLL_NAME.sub(lambda m: part(post, m[1]), template))))
        except _Unknown:
            return None

    return url


# https://www.getzola.org/documentation/content/page/#output-paths
def _zola(config: SiteConfig) -> UrlMaker:
    slugify = config.table("slugify")
    keeps_unicode = slugify.get("paths") in ("safe", "off")

    def url(post: Address) -> str | None:
        if post.stated_url:
            path = post.stated_url.strip()
        else:
            slug = (post.slug or post.stem) if keeps_unicode else ascii_slug(post.slug or post.stem)
            if slug is None:
                return None
            path = "/".join((*((post.language,) if post.language else ()), *post.folders, slug))
        return _rooted(path if path.endswith("/") else f"{path}/")

    return url


# https://docs.getpelican.com/en/latest/settings.html#url-settings
def _pelican(template: str | bool | None) -> UrlMaker:
    def part(post: Address, name: str, form: str | None) -> str:
        if name == "slug" and post.slug:
            return post.slug
        if name == "category" and post.categories:
            slug = pelican_slug(post.categories[0])
            if slug:
                return slug
        local = post.local()
        if name == "date" and local and form:
            return local.strftime(form)
        raise _Unknown

    def url(post: Address) -> str | None:
        stated = post.stated_url
        if stated or not isinstance(template, str):
            return _stated(post)
        try:
            return _rooted(_PELICAN_NAME.sub(lambda m: part(post, m[1], m[2]), template))
        except _Unknown:
            return None

    return url
