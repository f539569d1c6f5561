"""Addresses by the rules of Pelican: https://docs.getpelican.com/en/latest/settings.html#url-settings."""

from __future__ import annotations

import re

from etl_project.extract.site.permalinks.address import (
    Address,
    UnknownPartError,
    UrlMaker,
    add_leading_slash,
    stated_url,
)
from etl_project.extract.site.slugs import pelican_slug

_PELICAN_NAME = re.compile(r"\{([a-z_]+)(?::([^{}]*))?\}")


def pelican_urls(template: str | bool | None) -> UrlMaker:
    """Return the function that makes addresses by a template."""

    def expand_part(post: Address, name: str, date_format: str | None) -> str:
        if name == "slug" and post.slug:
            return post.slug
        if name == "category" and post.categories:
            slug = pelican_slug(post.categories[0])
            if slug:
                return slug
        local = post.local_time()
        if name == "date" and local and date_format:
            return local.strftime(date_format)
        raise UnknownPartError

    def url(post: Address) -> str | None:
        stated = post.stated_url
        if stated or not isinstance(template, str):
            return stated_url(post)
        try:
            return add_leading_slash(_PELICAN_NAME.sub(lambda m: expand_part(post, m[1], m[2]), template))
        except UnknownPartError:
            return None

    return url
