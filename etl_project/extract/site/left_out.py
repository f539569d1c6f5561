"""Files of a site that its own settings leave out: neither posts nor pages, though their names are those of posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from etl_project.extract.front_matter.read import Value


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Regular expressions of paths below the source, without look-around; they match anywhere in a path.

    The path begins with `above`.
    """

    always: str | None = None
    """Files that are left out whatever else is said."""
    hidden: str | None = None
    """Files that are left out unless they are in `shown`."""
    shown: str | None = None
    """Files that the site names for inclusion."""
    above: str = ""
    """What precedes the path below the source: `_posts/` where the source is that folder."""

    def keeps(self, paths: pl.Expr) -> pl.Expr:
        """Make the condition that is true for the paths that are not left out."""
        import polars as pl

        left = pl.lit(False)
        if self.above:
            paths = pl.lit(self.above) + paths
        if self.hidden:
            left = _matches(paths, self.hidden)
            if self.shown:
                left &= ~_matches(paths, self.shown)
        if self.always:
            left |= _matches(paths, self.always)
        return ~left

    def keep(self, paths: Sequence[str]) -> list[str]:
        """Give the paths that are not left out, in order."""
        import polars as pl

        frame = pl.DataFrame({"path": list(paths)}, {"path": pl.String})
        return frame.filter(self.keeps(pl.col("path")))["path"].to_list()


def _matches(paths: pl.Expr, pattern: str) -> pl.Expr:
    """Make the condition that paths match; a pattern that is none matches nothing. A name may hold a line feed."""
    return paths.str.contains(f"(?s){pattern}", strict=False).fill_null(False)


def any_of(patterns: Iterable[str | None]) -> str | None:
    """Join regular expressions as alternatives; None without any."""
    known = [pattern for pattern in patterns if pattern]
    return f"(?:{'|'.join(known)})" if known else None


def texts_of(value: Value) -> list[str]:
    """Give the texts of a setting that is one text or a list of them."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str) and item]
