"""Where the settings of a site put its content: there a source without patterns of its own has its posts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from etl_project.dialects import DIALECTS
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource

# What reads the settings of a site is imported where they may put its content elsewhere.
if TYPE_CHECKING:
    from etl_project.extract.site.site_config import SiteConfig


def follow_site(pinned: PinnedSource) -> PinnedSource:
    """Give a source the patterns that the settings of its site imply, where it states none.

    Raises:
        SourceUnavailable: the place cannot be read.
    """
    source = pinned.source
    if source.include:
        return pinned
    try:
        include = _find_patterns(pinned)
    except OSError:
        return pinned
    return dataclasses.replace(pinned, source=dataclasses.replace(source, include=include)) if include else pinned


def _find_patterns(pinned: PinnedSource) -> tuple[str, ...]:
    """Find the patterns of posts; none where those of the dialect do."""
    dialect = DIALECTS[pinned.source.dialect]
    if dialect.url_style == "hugo":
        from etl_project.extract.site.hugo.content_patterns import find_content_patterns

        return find_content_patterns(pinned.place)
    if dialect.url_style not in ("pelican", "hexo"):
        return ()
    from etl_project.extract.site.site_config import read_site_config

    if dialect.url_style == "pelican":
        return _pelican_patterns(read_site_config(pinned.place, dialect, Limits()))
    from etl_project.extract.site.hexo_settings import source_folder

    folder = source_folder(read_site_config(pinned.place, dialect, Limits()))
    if folder in ("source", ""):
        return ()
    return tuple([pattern.replace("source/", f"{folder}/", 1) for pattern in dialect.include])


def _pelican_patterns(config: SiteConfig) -> tuple[str, ...]:
    site = config.pelican
    # A source that is the folder of posts itself is listed whole by its own patterns.
    patterns = tuple(site.include_patterns()) if site is not None and not site.folder else ()
    return () if all(pattern.startswith("content/") for pattern in patterns) else patterns
