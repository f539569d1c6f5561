"""Find the site whose folder of posts a folder is, and the sites in its folders, by their settings files."""

from __future__ import annotations

import os
from pathlib import Path

from etl_project.dialect import PRUNED
from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.extract.site.hexo_names import POST_FOLDERS
from etl_project.show.console import command

_LEVELS = 2
"""Folders above that are asked: the posts of Hexo are in `source/_posts`."""


def find_dialect_above(folder: Path) -> str | None:
    """Find the dialect of the site that has its posts in a folder; None where no site above has.

    Args:
        folder: absolute path of the folder.
    """
    for above in folder.parents[:_LEVELS]:
        if _has_settings(above):
            dialect = DIALECTS[detect_dialect(above)]
            folders = dialect.content_folders | dialect.category_folders_above
            if dialect.url_style == "hexo":
                folders |= set(POST_FOLDERS)
            return dialect.name if folder.name in folders else None
    return None


def find_sites_within(folder: Path) -> dict[str, str]:
    """Find the sites in the folders of a folder, such as `docs` of a repository: name -> dialect."""
    found: dict[str, str] = {}
    for below in sorted(folder.iterdir()):
        if below.name[0] != "." and below.name not in PRUNED and below.is_dir() and _has_settings(below):
            dialect = detect_dialect(below)
            if dialect != "plain":
                found[below.name] = dialect
    return found


def describe_sites_within(folder: Path, sites: dict[str, str]) -> str | None:
    """Say in a sentence that folders are sites of their own; None where there are none."""
    if not sites:
        return None
    named = ", ".join([f"{name}/ ({dialect})" for name, dialect in sites.items()])
    holds = "a site with its own settings" if len(sites) == 1 else "sites with their own settings"
    first = folder / next(iter(sites))
    return f"It holds {holds}: {named}. To read posts by these, name the folder: {command()} init {first}"


def _has_settings(folder: Path) -> bool:
    # A folder that may not be entered has none, as far as anybody can tell.
    return any(os.access(folder / file, os.R_OK) for dialect in DIALECTS.values() for file in dialect.config_files)
