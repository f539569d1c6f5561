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
    """The pages that a cascade or a permalink applies to; a condition that is None applies to all."""

    path: str | None = None
    """Glob of logical paths."""
    kind: str | None = None
    """Glob of kinds."""
    languages: dict[str, Value] | None = None
    """Table that names languages."""
    is_elsewhere: bool = False
    """Whether another environment is meant than that of a published site."""

    def matches(self, path: str, language: str, kind: str = "page") -> bool:
        """Tell whether a page is meant.

        Args:
            path: its logical path, as `/blog/my-post`.
            language: code of its language.
            kind: `page`, or `section` for the page of an `_index` file.
        """
        return (
            not self.is_elsewhere
            and (self.path is None or matches_glob(self.path, path))
            and (self.kind is None or matches_glob(self.kind, kind))
            and (self.languages is None or matches_languages(self.languages, language))
        )


def read_target(table: dict[str, Value]) -> PageMatcher:
    """Read the target of a cascade or a permalink; older sites write `_target`."""
    target = table.get("target", table.get("_target"))
    if not isinstance(target, dict):
        return PageMatcher()
    path, kind, environment = (
        glob if isinstance(glob := target.get(key), str) and glob else None for key in ("path", "kind", "environment")
    )
    return PageMatcher(
        path,
        kind,
        target if "lang" in target or "sites" in target else None,
        environment is not None and not matches_glob(environment, ENVIRONMENT),
    )


def logical_path(folders: list[str], stem: str) -> str:
    """Write the logical path of a page: in lower case, a hyphen for each blank."""
    return "/".join(["", *folders, stem]).lower().replace(" ", "-") or "/"
