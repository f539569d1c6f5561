"""Addresses by the rules of Hexo: https://hexo.io/docs/permalinks."""

from __future__ import annotations

from etl_project.extract.site.permalinks.address import (
    COLON_NAME,
    DATE_PARTS,
    SLASHES,
    Address,
    UnknownPartError,
    UrlMaker,
    add_leading_slash,
)
from etl_project.extract.site.site_config import SiteConfig
from etl_project.extract.site.slugs import hexo_slug
from etl_project.extract.term_names import NESTING


def hexo_urls(permalink: str | bool | None, config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses by a template, in the form that `pretty_urls` of the site sets."""
    template = permalink if isinstance(permalink, str) else None
    endings = config.table("pretty_urls")
    keeps_index = endings.get("trailing_index") != "false"
    keeps_html = endings.get("trailing_html") != "false"

    def apply_pretty_urls(path: str) -> str:
        if path.endswith("index.html") and path[-11:-10] in ("", "/"):
            return path if keeps_index else path[:-10]
        return path if keeps_html else path.removesuffix(".html")

    def make_path(post: Address) -> str:
        stated = post.stated_url
        if stated:
            return f"{stated}index.html" if stated.endswith("/") else stated
        return "/".join((*post.folders, f"{post.stem}.html"))

    def expand_part(post: Address, name: str) -> str:
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
                return DATE_PARTS[name](post)
        raise UnknownPartError

    def url(post: Address) -> str | None:
        if not post.folders or post.folders[0] not in ("_posts", "_drafts"):
            return SLASHES.sub("/", add_leading_slash(apply_pretty_urls(make_path(post))))
        if post.stated_url:
            return add_leading_slash(post.stated_url)
        if template is None:
            return None
        try:
            return SLASHES.sub(
                "/", add_leading_slash(apply_pretty_urls(COLON_NAME.sub(lambda m: expand_part(post, m[1]), template)))
            )
        except UnknownPartError:
            return None

    return url
