"""The names of a site's own settings files."""

from __future__ import annotations

from etl_project.dialects import Dialect
from etl_project.sources.place import PinnedPlace


def config_names(place: PinnedPlace, dialect: Dialect) -> list[str]:
    """Names of the settings files of a site, those that count most first.

    Args:
        place: the site's root, or its folder of posts: then they are above it.
        dialect: which files count.

    Returns:
        Paths below the place; `../` leads to the folder above it.
    """
    names = list(dialect.config_files)
    # A source may name the folder of posts itself.
    if place.name in dialect.content_folders or place.name in dialect.category_folders_above:
        names += [f"../{name}" for name in dialect.config_files]
    if dialect.url_style == "hexo":
        from etl_project.extract.site.hexo_names import POST_FOLDERS

        if place.name in POST_FOLDERS:
            names += [f"{above}{name}" for above in ("../", "../../") for name in dialect.config_files]
    return names
