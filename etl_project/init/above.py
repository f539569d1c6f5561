"""Find the site whose folder of posts a folder is, by the settings file above it."""

from __future__ import annotations

from pathlib import Path

from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.extract.site.hexo_names import POST_FOLDERS

_LEVELS = 2
"""Folders above that are asked: the posts of Hexo are in `source/_posts`."""


def find_dialect_above(folder: Path) -> str | None:
    """Find the dialect of the site that has its posts in a folder; None where no site above has.

    Args:
        folder: absolute path of the folder.
    """
    for above in folder.parents[:_LEVELS]:
        if any((above / file).is_file() for dialect in DIALECTS.values() for file in dialect.config_files):
            dialect = DIALECTS[detect_dialect(above)]
            folders = dialect.content_folders | dialect.category_folders_above
            if dialect.url_style == "hexo":
                folders |= set(POST_FOLDERS)
            return dialect.name if folder.name in folders else None
    return None
