"""Addresses by the rules of Zola: https://www.getzola.org/documentation/content/page/#output-paths."""

from __future__ import annotations

from etl_project.extract.site.permalinks.address import Address, UrlMaker, add_leading_slash
from etl_project.extract.site.site_config import SiteConfig
from etl_project.extract.site.slugs import ascii_slug

_NOT_IN_PATHS = str.maketrans(dict.fromkeys('<>:"/\\|?*', ""))
"""What `slugify.paths = "safe"` removes: components/utils/src/slugs.rs."""


def zola_urls(config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses by the settings of the site."""
    mode = config.table("slugify").get("paths")

    def slug_of(text: str) -> str | None:
        if mode == "safe":
            return text.rstrip(" .").translate(_NOT_IN_PATHS)
        return text if mode == "off" else ascii_slug(text)

    def url(post: Address) -> str | None:
        if post.values.get("render") == "false":
            return None
        if post.stated_url:
            path = post.stated_url.strip()
        else:
            is_home = post.stem == "index" and not post.folders
            slug = "" if is_home else slug_of(post.slug or post.stem)
            if slug is None:
                return None
            path = "/".join((*((post.language,) if post.language else ()), *post.folders, slug))
        return add_leading_slash(path if path.endswith("/") else f"{path}/")

    return url
