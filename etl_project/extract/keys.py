"""Find the keys of front matter under the other spellings that people give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

_SEPARATORS = str.maketrans("", "", "-_ ")


def fold_keys(front_matter: dict[str, Value], *, separators: bool) -> dict[str, Value]:
    """Add each key in small letters and, with `separators`, also without `-`, `_` and blanks.

    A key takes precedence over another spelling of it: with `Date` and `date` both given, `date` is `date`.

    Args:
        front_matter: the fields.
        separators: whether `Published At`, `published_at` and `publishedAt` are `publishedat`, too.
    """
    together = "".join(front_matter)
    if together.islower() and (not separators or together.isalpha()):
        return front_matter  # nothing to fold: `title`, `date`, `tags`
    lower = {key.lower(): value for key, value in front_matter.items()}
    if separators:
        lower = {key.translate(_SEPARATORS): value for key, value in lower.items()} | lower
    return lower | front_matter
