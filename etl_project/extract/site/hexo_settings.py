"""What the settings of a Hexo site say of its files: where they are, and which are posts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl_project.dialects import HEXO
from etl_project.extract.site.globs import translate_glob
from etl_project.extract.site.hexo_names import POST_FOLDERS, ending_of
from etl_project.extract.site.jekyll_defaults import folder_of
from etl_project.extract.site.left_out import LeftOut, any_of, texts_of

if TYPE_CHECKING:
    from etl_project.extract.site.site_config import SiteConfig


def root_folder(config: SiteConfig) -> str:
    """Give the folder of the site's content below the source, `source_dir`, a slash at the end; empty for `source`."""
    folder = source_folder(config)
    return "" if folder == "source" else f"{folder}/"


def source_folder(config: SiteConfig) -> str:
    """Give the folder of the site's content, without slashes at its ends; empty for the site itself."""
    return folder_of(config.text("source_dir") or "source").removesuffix("/")


def files_left_out(config: SiteConfig, folder: str = "") -> LeftOut:
    """Find the files that Hexo makes neither posts nor pages of: hexo, processor/post.ts, asset.ts and common.ts.

    Args:
        config: settings of the site: `skip_render`, `ignore`, `include`, `exclude`, `post_asset_folder`,
            `new_post_name` and `source_dir` are read.
        folder: name of the folder that is the source.
    """
    source = f"(?:{re.escape(source_folder(config))}/)?"
    posts = "(?:_posts|_drafts)/"
    skipped = any_of(map(_translate, texts_of(config.values.get("skip_render"))))
    # Patterns of `ignore` are compared with whole paths of this machine, so that only those from any folder on can be
    # meant; what is below a folder that matches is not read either.
    ignored = any_of(
        _translate(pattern.removeprefix("**/"))
        for pattern in texts_of(config.values.get("ignore"))
        if pattern.startswith("**/")
    )
    excluded = any_of(map(_translate, texts_of(config.values.get("exclude"))))
    included = any_of(map(_translate, texts_of(config.values.get("include"))))
    always = [f"^{source}{skipped}$" if skipped else None, f"(?:^|/){ignored}(?:/|$)" if ignored else None]
    if config.text("post_asset_folder") == "true":
        # Beside posts with folders of assets, only the ending of `new_post_name` makes a post.
        ending = ending_of(config.text("new_post_name") or ":title.md")
        others = sorted(HEXO.suffixes - {ending})
        always.append(f"^{source}{posts}.*(?:{'|'.join(map(re.escape, others))})$")
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
        above=f"{folder}/" if folder in POST_FOLDERS else "",
    )


def _translate(pattern: str) -> str | None:
    """Translate a pattern of micromatch: `./` at its start is nothing, and `**.md` is `**/*.md`."""
    pattern = pattern.removeprefix("./")
    if pattern.startswith("**") and pattern[2:3] not in ("", "/", "*"):
        pattern = f"**/{pattern[1:]}"
    return translate_glob(pattern)
