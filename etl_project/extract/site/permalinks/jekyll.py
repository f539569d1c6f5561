"""Addresses by the rules of Jekyll: https://jekyllrb.com/docs/permalinks/."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from etl_project.extract.site.jekyll_settings import collection_templates, permalink_ending
from etl_project.extract.site.permalinks.address import (
    COLON_NAME,
    DATE_PARTS,
    MONTHS,
    SLASHES,
    WEEKDAYS,
    Address,
    UnknownPartError,
    UrlMaker,
    date_part,
)
from etl_project.extract.site.slugs import escape_path, jekyll_slug

if TYPE_CHECKING:
    from etl_project.extract.site.site_config import SiteConfig

_JEKYLL_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}


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
    "collection": lambda post: post.collection,
    "path": lambda post: _path_in_collection(post),
    "page_path": lambda post: "/".join(post.folders),
    "output_ext": lambda post: ".html",
    **DATE_PARTS,
    "short_year": date_part(lambda day: f"{day.year % 100:02}"),
    "short_month": date_part(lambda day: MONTHS[day.month - 1][:3]),
    "long_month": date_part(lambda day: MONTHS[day.month - 1]),
    "y_day": date_part(lambda day: f"{day.timetuple().tm_yday:03}"),
    "w_year": date_part(lambda day: f"{day.isocalendar().year}"),
    "week": date_part(lambda day: f"{day.isocalendar().week:02}"),
    "w_day": date_part(lambda day: f"{day.isoweekday()}"),
    "short_day": date_part(lambda day: WEEKDAYS[day.weekday()][:3]),
    "long_day": date_part(lambda day: WEEKDAYS[day.weekday()]),
}


_POST_FOLDERS = frozenset(("_posts", "_drafts"))
_DATED = re.compile("[0-9]{2,4}-[0-9]{1,2}-[0-9]{1,2}-")

_ESCAPED_PARTS = frozenset(
    ("title", "slug", "name", "basename", "path", "page_path", "categories", "slugified_categories")
)
"""Parts whose text was written by people; the others are digits and English words, which need no escaping."""

_OF_ONE_POST = frozenset(
    ("title", "slug", "name", "basename", "collection", "path", "page_path", "hour", "minute", "second")
)
"""Parts in which posts of one day in the same categories differ."""

_Piece = tuple[str, Callable[[Address], str], bool]
"""A part of a template: the text before it, what makes it of a post, and whether it must be escaped."""
_MOST_BEGINNINGS = 4096


@lru_cache(maxsize=256)
def _split_template(template: str) -> tuple[tuple[_Piece, ...], tuple[_Piece, ...], str]:
    """Split a template into the parts that it begins with and that posts of a day share, the other ones, and its end.

    An unknown name that ends with an underscore is tried without it.

    Raises:
        UnknownPartError: a name is not known to Jekyll.
    """
    shared: list[_Piece] = []
    others: list[_Piece] = []
    position = 0
    for match in COLON_NAME.finditer(template):
        name = match[1]
        end = match.end()
        if name not in _JEKYLL_PARTS and name.endswith("_"):
            name, end = name[:-1], end - 1
        if name not in _JEKYLL_PARTS:
            raise UnknownPartError(name)
        pieces = others if others or name in _OF_ONE_POST else shared
        pieces.append((template[position : match.start()], _JEKYLL_PARTS[name], name in _ESCAPED_PARTS))
        position = end
    return tuple(shared), tuple(others), template[position:]


def _fill(pieces: tuple[_Piece, ...], post: Address) -> str:
    """Fill in parts of a template; raises UnknownPartError for one that the post does not have."""
    return "".join([before + (escape_path(part(post)) if escapes else part(post)) for before, part, escapes in pieces])


def _path_in_collection(post: Address) -> str:
    """Give the path of a post without its ending and without the folder of its collection."""
    folders, own = list(post.folders), f"_{post.collection}"
    if own in folders:
        folders.remove(own)
    return "/".join((*folders, post.stem.rstrip(".")))


def _is_page(post: Address) -> bool:
    """Whether a file is a page: in no folder of posts, and not named like one, as posts are that were moved."""
    return _POST_FOLDERS.isdisjoint(post.folders) and not _DATED.match(post.stem)


def jekyll_urls(permalink: str, config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses.

    Args:
        permalink: permalink style or template of the posts.
        config: settings of the site, whose other collections have permalinks of their own.
    """
    site_template = _JEKYLL_STYLES.get(permalink, permalink)
    templates = collection_templates(config)
    page_ending = permalink_ending(config)
    beginnings: dict[tuple[str, dt.date | None, tuple[str, ...]], str] = {}

    def begin(template: str, shared: tuple[_Piece, ...], post: Address) -> str:
        """Fill in the parts that a template begins with: many posts have the same."""
        local = post.local_time()
        key = template, local and local.date(), tuple(post.categories)
        beginning = beginnings.get(key)
        if beginning is None:
            if len(beginnings) == _MOST_BEGINNINGS:
                beginnings.clear()
            beginning = beginnings[key] = _fill(shared, post)
        return beginning

    def url(post: Address) -> str | None:
        template: str | None = post.stated_url
        if template and "://" in template:
            return None
        if templates and post.folders and post.folders[0] in templates:
            post.collection = post.folders[0][1:]
            template = template or templates[post.folders[0]]
            if template is None:
                return None
        elif not template and _is_page(post):
            template = "/:page_path/" if post.stem == "index" else f"/:page_path/:basename{page_ending}"
        try:
            template = template or site_template
            shared, others, last = _split_template(template)
            filled = (begin(template, shared, post) if shared else "") + _fill(others, post)
        except UnknownPartError:
            return None
        address = f"/{filled}{last}".replace("..", "/").replace("./", "")
        return SLASHES.sub("/", address) if "//" in address else address

    return url
