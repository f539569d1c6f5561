"""Split the path of a post into what it says, by the rules of its dialect and the settings of its site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from etl_project.dialect import Dialect
from etl_project.extract.site.daily_notes import DailyNotes
from etl_project.extract.site.hexo_names import PostName
from etl_project.extract.site.hugo.hugo_site import HugoPage
from etl_project.extract.site.site_config import SiteConfig, dated_name
from etl_project.extract.site.site_paths import SitePaths
from etl_project.reasons import Rejection

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

# Codes of languages with many readers. A folder named by another code, such as `ab` or `go`, is an ordinary folder.
_LANGUAGE_FOLDER = re.compile(
    "(?:ar|bg|bn|ca|cs|da|de|el|en|es|et|fa|fi|fr|he|hi|hr|hu|id|it|ja|ko|lt|lv|ms|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|th"
    "|tr|uk|vi|zh)(?:[-_][A-Za-z]{2,4})?"
)


@dataclass(slots=True)
class PostPath:
    """What the path of a post says."""

    folders: list[str]
    """Folders below the content folder; for a bundle, without its own folder."""
    stem: str
    """File name without its ending and language; for a bundle, the name of its folder."""
    language: str | None
    name_language: str | None
    """Language in the file name, as in `about.zh.md`, if it is one of the site's languages."""
    date_match: re.Match[str] | None
    """Match of the file name, if it states a date; groups as in `Dialect.dated_name`."""
    name: PostName | None
    """What the path of a post of Hexo states, as `new_post_name` of the site reads it."""
    path_date: tuple[str, str] | None = None
    """The date that the settings of a site of Pelican, or of a vault, read from the path, and its origin."""
    page: HugoPage | None = None
    """Where the post is in the content of its site of Hugo."""


class PathReader:
    """Reads the paths of the posts of one source.

    Args:
        dialect: dialect of the source.
        config: settings of the site.
        site: rules of the site for the paths of its posts.
        language: language that the source states.
    """

    def __init__(self, dialect: Dialect, config: SiteConfig, site: SitePaths, language: str | None) -> None:
        self._dialect = dialect
        self._hugo = config.hugo
        self._site = site
        self._language = language
        self._dated_name = dated_name(dialect, config)
        stated = config.text("default_language")
        self._first_language = stated or "en"
        self._own_language = stated if dialect.url_style == "zola" else None
        # The first language is never part of a name: Zola, components/content/src/file_info.rs.
        self._languages = frozenset(_language_codes(config.values.get("languages"))) - {self._first_language}
        self._daily_notes = DailyNotes(config) if dialect.markdown == "obsidian" and config.found else None
        self._folders_of = lru_cache(maxsize=256)(self._split_folder)

    def read(self, path: str) -> PostPath:
        """Read the path of a post.

        Args:
            path: POSIX path below the location.

        Raises:
            Rejection: not_a_page; the generator makes no page of a file at such a path.
        """
        if self._hugo:
            return self._read_page(self._hugo.find_page(path))
        dialect = self._dialect
        folder, _, name = path.removeprefix(self._site.root).rpartition("/")
        folders = list(self._folders_of(folder))
        stem = name.rpartition(".")[0] or name
        name_language = None
        if self._languages:
            base, _, suffix = stem.rpartition(".")
            if base and suffix in self._languages:
                stem, name_language = base, suffix
                if stem in dialect.not_posts:
                    raise Rejection("not_a_page", "is the page of a section, which is no post")
        if dialect.bundles and stem == "index" and folders:
            stem = folders.pop()
        language = name_language or self._own_language
        if dialect.language_folders and language is None and folders and _LANGUAGE_FOLDER.fullmatch(folders[0]):
            language = folders[0]
        day = self._daily_notes.read("/".join((*folders, stem))) if self._daily_notes else None
        return PostPath(
            folders,
            stem,
            language,
            name_language,
            self._match_date(stem),
            self._site.read_name(folders, stem),
            (day, "file_name") if day else None,
        )

    def _split_folder(self, folder: str) -> tuple[str, ...]:
        """Give the folders of the posts in a folder, of which a site has many: its name ends without a slash."""
        folders = folder.split("/") if folder else []
        if folders and folders[0] in self._dialect.content_folders:
            del folders[0]
        return (*self._site.above, *folders)

    def address_language(self, parts: PostPath) -> str | None:
        """The language that begins the address: any but the site's first."""
        return parts.name_language

    def _read_page(self, page: HugoPage) -> PostPath:
        """Give the parts of the path of a page of Hugo; without languages in its settings, a folder may name one."""
        language = None
        if self._hugo and self._hugo.states_languages:
            language = page.language.code
        elif not self._language and page.folders and _LANGUAGE_FOLDER.fullmatch(page.folders[0]):
            language = page.folders[0]
        return PostPath(page.folders, page.stem, language, None, self._match_date(page.stem), None, page=page)

    def _match_date(self, stem: str) -> re.Match[str] | None:
        return self._dated_name.fullmatch(stem) if self._dated_name else None


def _language_codes(languages: Value) -> list[str]:
    """List the languages that the settings of a site of Zola name: in a table, before 0.15 in a list of tables."""
    tables = [table for table in languages if isinstance(table, dict)] if isinstance(languages, list) else []
    codes = languages if isinstance(languages, dict) else [table.get("code") for table in tables]
    return [code for code in codes if isinstance(code, str)]
