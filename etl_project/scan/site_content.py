"""Where the settings of a site put its content: there a source without patterns of its own has its posts."""

from __future__ import annotations

import dataclasses

from etl_project.dialects import DIALECTS
from etl_project.extract.site.hugo.content_patterns import find_content_patterns
from etl_project.sources.place import PinnedSource


def follow_site(pinned: PinnedSource) -> PinnedSource:
    """Give a source the patterns that the settings of its site imply, where it states none.

    Raises:
        SourceUnavailable: the place cannot be read.
    """
    source = pinned.source
    if source.include or DIALECTS[source.dialect].url_style != "hugo":
        return pinned
    try:
        include = find_content_patterns(pinned.place)
    except OSError:
        return pinned
    return dataclasses.replace(pinned, source=dataclasses.replace(source, include=include)) if include else pinned
