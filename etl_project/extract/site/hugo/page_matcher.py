"""Targets of cascades and permalinks: the pages that they apply to, https://gohugo.io/configuration/cascade/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.extract.site.hugo.config_files import ENVIRONMENT
from etl_project.extract.site.hugo.globs import matches_glob
from etl_project.extract.site.hugo.languages import matches_languages

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value


@dataclass(frozen=True, slots=True)
class PageMatcher:
    """The table `target` of a cascade or a permalink."""

    table: dict[str, Value]

    def matches(self, path: str, language: str, kind: str = "page") -> bool:
        """Tell whether a page is meant.

        Args:
            path: its logical path, as `/blog/my-post`.
            language: code of its language.
            kind: `page`, or `section` for the page of an `_index` file.
        """
        if not self.table:
            return True
        asked = (("path", path), ("kind", kind), ("environment", ENVIRONMENT))
        for key, text in asked:
            glob = self.table.get(key)
            if isinstance(glob, str) and glob and not matches_glob(glob, text):
                return False
        return matches_languages(self.table, language)


def read_target(table: dict[str, Value]) -> PageMatcher:
    """Read the target of a cascade or a permalink; older sites write `_target`."""
    target = table.get("target", table.get("_target"))
    return PageMatcher(target if isinstance(target, dict) else {})


def logical_path(folders: list[str], stem: str) -> str:
    """Write the logical path of a page: in lower case, a hyphen for each blank."""
    return "/".join(["", *folders, stem]).lower().replace(" ", "-") or "/"
