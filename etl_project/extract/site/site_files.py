"""Choose the rules by which the settings of a site leave files out, by its generator."""

from __future__ import annotations

from etl_project.dialects import DIALECTS
from etl_project.extract.site.hexo_settings import files_left_out as left_out_of_hexo
from etl_project.extract.site.jekyll_settings import files_left_out as left_out_of_jekyll
from etl_project.extract.site.left_out import LeftOut
from etl_project.extract.site.site_config import read_site_config
from etl_project.extract.site.zola_settings import files_left_out as left_out_of_zola
from etl_project.limits import Limits
from etl_project.sources.place import PinnedSource


def find_files_left_out(pinned: PinnedSource, limits: Limits) -> LeftOut:
    """Find the files of a source that its generator passes over, although their names are those of posts.

    Args:
        pinned: the source. What its own `include` names is asked for: then the settings of a Jekyll site, whose posts
            may have been moved to where Jekyll does not look, leave nothing out.
        limits: limits of the parser of the settings.
    """
    source = pinned.source
    dialect = DIALECTS[source.dialect]
    if dialect.url_style == "hexo":
        return left_out_of_hexo(read_site_config(pinned.place, dialect, limits), pinned.place.name)
    if dialect.url_style == "jekyll" and not source.include:
        return left_out_of_jekyll(read_site_config(pinned.place, dialect, limits))
    if dialect.url_style == "zola":
        return left_out_of_zola(read_site_config(pinned.place, dialect, limits))
    return LeftOut()
