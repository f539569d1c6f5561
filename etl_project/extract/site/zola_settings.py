"""What the settings of a Zola site say of its files: which it ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.extract.site.globs import translate_globset
from etl_project.extract.site.left_out import LeftOut, any_of, texts_of

if TYPE_CHECKING:
    from etl_project.extract.site.site_config import SiteConfig


def files_left_out(config: SiteConfig) -> LeftOut:
    """Find the files that `ignored_content` names, of which Zola makes no pages: components/site/src/lib.rs.

    Args:
        config: settings of the site.
    """
    return LeftOut(always=any_of(map(_translate, texts_of(config.values.get("ignored_content")))))


def _translate(pattern: str) -> str | None:
    """Translate a pattern; None for one that matches nothing.

    Zola compares it with the whole path on the disk, so that only one that begins with a star can match.
    """
    if not pattern.startswith("*"):
        return None
    rest = pattern.lstrip("*")
    expression = translate_globset(rest.removeprefix("/"))
    start = "^(?:.*/)?" if rest.startswith("/") else "^.*"
    return f"{start}{expression}$" if expression is not None else None
