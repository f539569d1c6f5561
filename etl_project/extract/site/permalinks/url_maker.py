"""Choose the function that makes the addresses of the posts of a site, by its generator."""

from __future__ import annotations

from etl_project.dialects import Dialect
from etl_project.extract.site.hugo.hugo_site import HugoSite
from etl_project.extract.site.jekyll_settings import posts_template
from etl_project.extract.site.permalinks.address import UrlMaker, stated_url
from etl_project.extract.site.permalinks.hexo import hexo_urls
from etl_project.extract.site.permalinks.hugo import hugo_urls
from etl_project.extract.site.permalinks.jekyll import jekyll_urls
from etl_project.extract.site.permalinks.pelican import pelican_urls
from etl_project.extract.site.permalinks.zola import zola_urls
from etl_project.extract.site.site_config import SiteConfig


def url_maker(dialect: Dialect, permalink: str | None, config: SiteConfig) -> UrlMaker:
    """Choose the function that makes the address of a post: a path on the site that starts with a slash.

    The function returns None where the address that the generator would make cannot be known.

    Args:
        dialect: the dialect of the source, whose rules apply.
        permalink: style or template that the source states; it takes precedence over the site's own settings.
        config: settings of the site.
    """
    match dialect.url_style:
        case "jekyll":
            return jekyll_urls(permalink or posts_template(config) or "date", config)
        case "hugo":
            return hugo_urls(permalink, config.hugo or HugoSite.of_settings({}, ""))
        case "hexo":
            return hexo_urls(
                permalink or config.text("permalink") or (config.found and ":year/:month/:day/:title/"),
                config,
            )
        case "zola":
            return zola_urls(config)
        case "pelican":
            return pelican_urls(permalink, config.pelican)
        case "stated":
            return stated_url
