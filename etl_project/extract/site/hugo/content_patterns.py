"""The patterns of posts for a site of Hugo whose settings put its content elsewhere than in `content`."""

from __future__ import annotations

from collections.abc import Iterable

from etl_project.extract.site.hugo.config_files import merge_config
from etl_project.extract.site.hugo.content_files import CONTENT_ENDINGS
from etl_project.extract.site.hugo.hugo_site import content_sources
from etl_project.extract.site.hugo.languages import CONTENT
from etl_project.extract.site.hugo.site_digest import find_site_config, moves_content
from etl_project.limits import Limits
from etl_project.sources.place import PinnedPlace


def find_content_patterns(place: PinnedPlace) -> tuple[str, ...]:
    """Find the patterns of posts that the settings of a site imply.

    Args:
        place: the site's root.

    Returns:
        Patterns as in .gitignore; none where all content is in `content`, as the dialect expects it.

    Raises:
        OSError: a settings file cannot be read.
    """
    _, files = find_site_config(place, may_be_content=False)
    return content_patterns(content_sources(merge_config(files, Limits()))) if moves_content(files) else ()


def content_patterns(sources: Iterable[str]) -> tuple[str, ...]:
    """Write the patterns of posts for the folders and files that are mounted as content; see above."""
    inside = [source.removeprefix("./") for source in sources if not source.startswith("../")]
    if all(f"{source}/".startswith(f"{CONTENT}/") for source in inside):
        return ()
    return tuple([_pattern(source) for source in sorted(inside)])


def _pattern(source: str) -> str:
    if source == ".":
        return "**"
    return f"/{source}" if source.lower().endswith(CONTENT_ENDINGS) else f"{source}/**"
