"""What the settings of a Hexo site say of its files: which are posts, and what the names of posts state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from etl_project.extract.site.globs import translate_glob
from etl_project.extract.site.hexo_slug import hexo_slug
from etl_project.extract.site.left_out import LeftOut, any_of, texts_of

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value
    from etl_project.extract.site.site_config import SiteConfig

POST_FOLDERS = ("_posts", "_drafts")
PLACEHOLDER = re.compile(r":(\w*[^\W_])", re.ASCII)
"""A part of `permalink` and `new_post_name`: hexo-util, permalink.ts."""

_SEGMENTS = {
    "year": "([0-9]{4})",
    "month": "([0-9]{2})",
    "day": "([0-9]{2})",
    "i_month": "([0-9]{1,2})",
    "i_day": "([0-9]{1,2})",
    "hash": "([0-9a-f]{12})",
}
_PARTS_OF_NAMES = frozenset((*_SEGMENTS, "title"))
"""Parts of `new_post_name` that are no values of the front matter: hexo, processor/post.ts, `preservedKeys`."""


class PostName(NamedTuple):
    """What the path of a post below `_posts` states."""

    slug: str
    """Hexo's slug: with the folders that `new_post_name` does not name."""
    date: str | None
    """Year-month-day, if the name states all three."""
    values: dict[str, Value]
    """Values that replace those of the front matter."""


class PostNames:
    """Reads the names of posts by `new_post_name`.

    Args:
        template: `new_post_name` of the site; `:title.md` if it has none.
    """

    def __init__(self, template: str | None) -> None:
        # The dot of an ending is not at the start of the name: Node's path.extname.
        rule = _without_ending(template or ":title.md")
        self._parts: list[str] = []
        pieces: list[str] = []
        for index, text in enumerate(PLACEHOLDER.split(rule)):
            if index % 2:
                self._parts.append(text)
                pieces.append(_SEGMENTS.get(text, "(.+?)"))
            else:
                pieces.append(re.escape(text))
        self._is_plain = rule == ":title"
        self._pattern = re.compile("".join(pieces))

    def read(self, path: str) -> PostName:
        """Read the path of a post below `_posts`, without its ending.

        A path that does not match is a slug as a whole, made as Hexo makes it.
        """
        if self._is_plain:
            return PostName(path, None, {})
        match = self._pattern.fullmatch(path)
        if match is None:
            return PostName(hexo_slug(path), None, {})
        parts = dict(zip(self._parts, match.groups(), strict=True))
        year = parts.get("year")
        month, day = parts.get("month") or parts.get("i_month"), parts.get("day") or parts.get("i_day")
        return PostName(
            parts.get("title") or hexo_slug(path),
            f"{year}-{month:0>2}-{day:0>2}" if year and month and day else None,
            {name: text for name, text in parts.items() if name not in _PARTS_OF_NAMES},
        )


def root_folder(config: SiteConfig) -> str:
    """Give the folder of the site's content below the source, `source_dir`, a slash at the end; empty for `source`."""
    folder = (config.text("source_dir") or "source").strip("/")
    return "" if folder == "source" else f"{folder}/"


def files_left_out(config: SiteConfig) -> LeftOut:
    """Find the files that Hexo makes neither posts nor pages of: hexo, processor/post.ts, asset.ts and common.ts.

    Args:
        config: settings of the site: `skip_render`, `ignore`, `include`, `exclude`, `post_asset_folder`,
            `new_post_name` and `source_dir` are read.
    """
    source = f"(?:{re.escape((config.text('source_dir') or 'source').strip('/'))}/)?"
    posts = "(?:_posts|_drafts)/"
    skipped = any_of(map(translate_glob, texts_of(config.values.get("skip_render"))))
    # Patterns of `ignore` are compared with whole paths of this machine, so that only those from any folder on can be
    # meant; what is below a folder that matches is not read either.
    ignored = any_of(
        translate_glob(pattern.removeprefix("**/"))
        for pattern in texts_of(config.values.get("ignore"))
        if pattern.startswith("**/")
    )
    excluded = any_of(map(translate_glob, texts_of(config.values.get("exclude"))))
    included = any_of(map(translate_glob, texts_of(config.values.get("include"))))
    always = [f"^{source}{skipped}$" if skipped else None, f"(?:^|/){ignored}(?:/|$)" if ignored else None]
    if config.text("post_asset_folder") == "true":
        ending = _ending(config.text("new_post_name") or ":title.md")
        if ending in (".html", ".htm", ".md"):
            other = r"\.(?:md|markdown|mdown|mkdn?)$" if ending != ".md" else r"\.html?$"
            always.append(f"^{source}{posts}.*{other}")
    # Hexo passes over whatever begins with an underscore or a dot, but for its two folders of posts, and there it does
    # not ask for `exclude`.
    return LeftOut(
        always=any_of(always),
        hidden=any_of((f"^{source}(?:.*/)?[_.]", f"^{source}{excluded}$" if excluded else None)),
        shown=any_of(
            (
                f"^{source}{posts}(?:[^_./][^/]*/)*[^_./][^/]*$",
                f"^{source}{included}$" if included else None,
            )
        ),
    )


def _without_ending(path: str) -> str:
    ending = _ending(path)
    return path[: -len(ending)] if ending else path


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if name.rfind(".") > 0 else ""
