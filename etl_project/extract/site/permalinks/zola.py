"""Addresses by the rules of Zola: https://www.getzola.org/documentation/content/page/#output-paths."""

from __future__ import annotations

from etl_project.extract.site.permalinks.address import Address, UrlMaker, add_leading_slash
from etl_project.extract.site.site_config import SiteConfig
from etl_project.extract.site.slugs import ascii_slug


def zola_urls(config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses by the settings of the site."""
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
        return add_leading_slash(path if path.endswith("/") else f"{path}/")

    return url
