"""What the settings of a Hexo or Jekyll site change in all of its posts: where they are, their names, what is shown."""

from __future__ import annotations

from etl_project.dialects import UrlStyle
from etl_project.extract.site.hexo_names import POST_FOLDERS, PostName, PostNames
from etl_project.extract.site.hexo_settings import root_folder as root_of_hexo
from etl_project.extract.site.jekyll_settings import is_on
from etl_project.extract.site.jekyll_settings import root_folder as root_of_jekyll
from etl_project.extract.site.site_config import SiteConfig


class SitePaths:
    """Rules of one site for the paths of its posts; those of other generators change nothing.

    Args:
        style: the generator whose rules apply.
        config: settings of the site.
        folder: name of the folder that is the source.
    """

    def __init__(self, style: UrlStyle, config: SiteConfig, folder: str) -> None:
        is_hexo, is_jekyll = style == "hexo", style == "jekyll"
        self.root = root_of_jekyll(config) if is_jekyll else root_of_hexo(config) if is_hexo else ""
        """Folder of the site's content below the source, a slash at its end: no part of addresses and categories."""
        self.above = [folder] if (is_hexo or is_jekyll) and folder in POST_FOLDERS else []
        """The folder of posts that is the source itself: Hexo and Jekyll ask for it, in the path of every post."""
        shows_all = is_hexo and _is_true(config, "render_drafts")
        self.shows_drafts = shows_all or (is_jekyll and is_on(config.values.get("show_drafts")))
        """Whether the site shows what is in a folder of drafts."""
        self.shows_unpublished = shows_all or (is_jekyll and is_on(config.values.get("unpublished")))
        """Whether the site shows what the front matter says is not published."""
        self.updated_is_date = is_hexo and (
            config.text("updated_option") == "date" or _is_true(config, "use_date_for_updated")
        )
        """Whether a post that states no update was updated when it was published."""
        self.name_is_title = is_hexo and _is_true(config, "use_slug_as_post_title")
        """Whether a post that states no title is titled by the name of its file."""
        self._names = PostNames(config.text("new_post_name")) if is_hexo else None

    def read_name(self, folders: list[str], stem: str) -> PostName | None:
        """Read the name of a post by the settings of its site; None for a page, and for other generators.

        Args:
            folders: folders below the folder of the site's content.
            stem: name of the file, without its ending.
        """
        if self._names is None or not folders or folders[0] not in POST_FOLDERS:
            return None
        return self._names.read("/".join((*folders[1:], stem)))


def _is_true(config: SiteConfig, key: str) -> bool:
    return (config.text(key) or "").lower() == "true"
