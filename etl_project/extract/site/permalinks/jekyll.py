"""Addresses by the rules of Jekyll: https://jekyllrb.com/docs/permalinks/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from etl_project.extract.site.jekyll_defaults import is_page
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
    "title": lambda post: escape_path(jekyll_slug(post.slug or post.stem, pretty=True)),
    "slug": lambda post: escape_path(jekyll_slug(post.slug or post.stem, pretty=False)),
    "name": lambda post: escape_path(jekyll_slug(post.stem, pretty=False)),
    "basename": lambda post: escape_path(post.stem),
    "categories": lambda post: escape_path("/".join(dict.fromkeys([c.lower() for c in post.categories]))),
    "slugified_categories": lambda post: escape_path(
        "/".join(dict.fromkeys([jekyll_slug(c, pretty=False) for c in post.categories]))
    ),
    "collection": lambda post: post.collection,
    "path": lambda post: escape_path(_path_in_collection(post)),
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
"""Each part as it stands in an address: what people wrote is escaped, digits and English words need not be."""


_OF_DAY = frozenset(
    (
        *("year", "short_year", "month", "i_month", "short_month", "long_month", "day", "i_day", "short_day"),
        *("long_day", "y_day", "w_year", "week", "w_day"),
    )
)
"""Parts that are the same for all posts of one day."""

_Piece = tuple[str, Callable[[Address], str]]
"""A part of a template: the text before it, and what makes it of a post."""


@lru_cache(maxsize=256)
def _split_template(template: str) -> tuple[tuple[_Piece, ...], str]:
    """Split a template into its parts, each with the text before it, and its last text.

    An unknown name that ends with an underscore is tried without it.

    Raises:
        UnknownPartError: a name is not known to Jekyll.
    """
    pieces: list[_Piece] = []
    of_day: list[_Piece] = []
    before = ""
    position = 0
    for match in COLON_NAME.finditer(template):
        name = match[1]
        end = match.end()
        if name not in _JEKYLL_PARTS and name.endswith("_"):
            name, end = name[:-1], end - 1
        if name not in _JEKYLL_PARTS:
            raise UnknownPartError(name)
        before += template[position : match.start()]
        position = end
        if name == "output_ext":
            before += ".html"
            continue
        if name not in _OF_DAY and of_day:
            pieces.append(("", _one_a_day(of_day)))
            of_day = []
        into = of_day if name in _OF_DAY else pieces
        into.append((before, _JEKYLL_PARTS[name]))
        before = ""
    if of_day:
        pieces.append(("", _one_a_day(of_day)))
    return tuple(pieces), before + template[position:]


def _one_a_day(pieces: list[_Piece]) -> Callable[[Address], str]:
    """Make one part of some that are the same for all posts of one day, so that they are written once for each."""
    written: dict[int, str] = {}

    def part(post: Address) -> str:
        local = post.local_time()
        if local is None:
            raise UnknownPartError
        day = local.toordinal()
        text = written.get(day)
        if text is None:
            text = written[day] = "".join([before + write(post) for before, write in pieces])
        return text

    return part


def _path_in_collection(post: Address) -> str:
    """Give the path of a post without its ending and without the folder of its collection."""
    folders, own = list(post.folders), f"_{post.collection}"
    if own in folders:
        folders.remove(own)
    return "/".join((*folders, post.stem.rstrip(".")))


def jekyll_urls(permalink: str, config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses.

    Args:
        permalink: permalink style or template of the posts.
        config: settings of the site, whose other collections have permalinks of their own.
    """
    site_template = _JEKYLL_STYLES.get(permalink, permalink)
    templates = collection_templates(config)
    page_ending = permalink_ending(config)

    def url(post: Address) -> str | None:
        template: str | None = post.stated_url
        if template and "://" in template:
            return None
        if templates and post.folders and post.folders[0] in templates:
            post.collection = post.folders[0][1:]
            of_collection = templates[post.folders[0]]
            if of_collection is None:
                return None
            template = template or of_collection
        elif is_page(post.folders, post.stem):
            default = "/:path/" if post.stem == "index" else f"/:path/:basename{page_ending}"
            return _clean(_fill_in_page(template or default, post))
        try:
            pieces, last = _split_template(template or site_template)
            filled = "".join([before + part(post) for before, part in pieces])
        except UnknownPartError:
            return None
        return _clean(f"{filled}{last}")

    return url


def _fill_in_page(template: str, post: Address) -> str:
    """Fill in the template of a page, which has three placeholders: any other is text."""
    stem = escape_path(post.stem.rstrip("."))
    filled = template.replace(":path", escape_path("/".join(post.folders))).replace(":basename", stem)
    return filled.replace(":output_ext", ".html")


def _clean(path: str) -> str:
    """Put a slash in front of an address, and leave out what leads out of a folder: jekyll, url.rb."""
    address = f"/{path}".replace("..", "/").replace("./", "")
    return SLASHES.sub("/", address) if "//" in address else address
