"""The fingerprint of a site's own settings; to make it, hardly anything of what reads them is imported."""

from __future__ import annotations

import hashlib

from etl_project.dialects import Dialect
from etl_project.extract.site.config_names import config_names
from etl_project.sources.place import PinnedPlace


def site_fingerprint(place: PinnedPlace, dialect: Dialect, permalink: str | None = None) -> str:
    """Hash the settings outside the posts that decide how they are read; if the hash changes, all are read again.

    Args:
        place: the site's root, or its folder of posts.
        dialect: which files count.
        permalink: permalink that the source states.
    """
    try:
        if dialect.url_style == "hugo":
            from etl_project.extract.site.hugo.site_digest import digest_site

            may_be_content = place.name in dialect.content_folders
            return digest_site(place, may_be_content=may_be_content, permalink=permalink).hex()
        if dialect.url_style == "pelican":
            from etl_project.extract.site.pelican.settings_files import find_settings_files

            return find_settings_files(place, config_names(place, dialect)).digest()
        found = place.read_first(config_names(place, dialect))
    except OSError:
        found = None
    data = found[1] if found else b""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
