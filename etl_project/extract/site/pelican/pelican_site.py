"""What a Pelican site says about one of its posts, by the path of the post and the settings of the site.

The order is that of `Readers.read_file` in Pelican: `DEFAULT_METADATA`, `DEFAULT_CATEGORY` and `DEFAULT_DATE`, then
`EXTRA_PATH_METADATA`, then what `FILENAME_METADATA`, `PATH_METADATA` and the folder say, then the post itself.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etl_project.extract.site.pelican.settings import PelicanSettings
from etl_project.extract.site.pelican.slug import pelican_slug
from etl_project.extract.term_names import split_names
from etl_project.reasons import Rejection

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value

_DROPPED_WHEN_EMPTY = ("tags", "category", "author", "authors", "status", "slug")
"""Keys whose empty value counts as not written; an empty value of another key replaces that of the settings."""

_HIDDEN = ["**/.*"]
"""What Pelican ignores by default: hidden files, which are never listed here."""

_STATUSES = frozenset({"published", "hidden", "draft"})


@dataclass(slots=True)
class PelicanPage:
    """What is known of a post before its own date, title and tags are read."""

    path: str
    """Path below the content folder."""
    values: dict[str, Value]
    """Its front matter, with what settings and path add to it."""
    is_page: bool
    """Whether it is a page, and no article."""
    is_made: bool
    """Whether Pelican is known to make a page of it."""
    path_date: tuple[str, str] | None = None
    """The date that its path states, and `file_name` or `path`."""
    category: str | None = None
    author: str | None = None
    has_date: bool = False
    """Whether it has a date to Pelican, which makes no page of an article without."""


@dataclass(slots=True)
class PelicanSite:
    """The settings of a site."""

    settings: PelicanSettings
    folder: str = ""
    """Folder of the source below that of the settings: empty, or the content folder itself."""
    _slugs: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _common: dict[str, Value] | None = None
    """What the settings say about every post."""

    def find_page(self, path: str, front_matter: Mapping[str, Value]) -> PelicanPage:
        """Add to the front matter of a post what the settings and its path say.

        Args:
            path: path below the source.
            front_matter: its keys in small letters.

        Raises:
            Rejection: not_a_page; Pelican leaves the file out.
        """
        below, is_known = self._path_in_content(path)
        is_page, is_made = self._kind(below, is_known)
        page = PelicanPage(below, {}, is_page, is_made and self.settings.found)
        values = self._stated_by_settings(below)
        found = self._stated_by_path(page)
        if page.path_date:
            values.pop("date", None)
        values |= found
        folder_category = self._category_of_folder(below)
        if folder_category and "category" not in found:
            values["category"] = folder_category
        page.category = _text(values.get("category"))
        if is_page and "category" not in found:
            values.pop("category", None)  # pages are in no category, unless they state one
        for key, value in front_matter.items():
            if value is not None and not (key in _DROPPED_WHEN_EMPTY and _is_empty(value)):
                values[key] = value
        page.category = _text(values.get("category")) or page.category
        self._settle(page, values)
        return page

    def include_patterns(self) -> list[str]:
        """Choose the patterns of posts below the folder of the settings; empty where those of the dialect do."""
        folder = self.settings.content_folder
        articles, pages = self.settings.texts("ARTICLE_PATHS"), self.settings.texts("PAGE_PATHS")
        if folder is None or articles is None or pages is None:
            return []
        roots = {posixpath.normpath(posixpath.join(folder, path)) for path in [*articles, *pages]}
        outer = [root for root in sorted(roots) if not root.startswith("..")]
        if "." in outer:
            return ["**"]
        widest = [root for root in outer if not any(root.startswith(f"{other}/") for other in outer)]
        return [] if widest == ["content"] else [f"{root}/**" for root in widest]

    def make_slug(self, page: PelicanPage, title: str | None) -> str | None:
        """Make the slug of a post that states none; None if it cannot be known."""
        source = self.settings.text("SLUGIFY_SOURCE")
        if source == "basename":
            return self.slug_of("SLUG", posixpath.basename(posixpath.splitext(page.path)[0]), keep=False)
        return self.slug_of("SLUG", title, keep=False) if source == "title" and title else None

    def slug_of(self, kind: str, name: str, *, keep: bool = True) -> str | None:
        """Make the slug of a title, category or author; None if it cannot be known.

        Args:
            kind: `SLUG`, `CATEGORY` or `AUTHOR`.
            name: what it is made of.
            keep: whether many posts have this one.
        """
        if keep and (kind, name) in self._slugs:
            return self._slugs[kind, name]
        rules = self.settings.slug_rules(kind)  # type: ignore[arg-type]
        slug = None if rules is None else pelican_slug(name, rules)
        if keep:
            self._slugs[kind, name] = slug
        return slug

    def _path_in_content(self, path: str) -> tuple[str, bool]:
        """Give the path of a post below the content folder, and whether the settings say which folder that is."""
        whole = posixpath.join(self.folder, path)
        folder = self.settings.content_folder
        if folder is not None:
            return posixpath.relpath(whole, folder), True
        # The folder is named by the command line, as in the Makefile that pelican-quickstart writes.
        return whole.removeprefix("content/"), False

    def _kind(self, below: str, is_known: bool) -> tuple[bool, bool]:
        """Tell whether a file is a page, and whether Pelican is known to read it.

        Raises:
            Rejection: not_a_page.
        """
        settings = self.settings
        names = below.split("/")
        ignored, readers = settings.texts("IGNORE_FILES"), settings.table("READERS")
        if (
            ignored
            and ignored != _HIDDEN
            and any(fnmatch.fnmatch(name, pattern) for pattern in ignored for name in names if name != "..")
        ):
            raise Rejection("not_a_page", "is left out by IGNORE_FILES in the settings of the site")
        ending = names[-1].rpartition(".")[2]
        if readers and ending in readers and not readers[ending]:
            raise Rejection("not_a_page", f"is of the ending .{ending}, which READERS of the site turns off")
        articles, pages = settings.texts("ARTICLE_PATHS"), settings.texts("PAGE_PATHS")
        not_articles, not_pages = settings.texts("ARTICLE_EXCLUDES"), settings.texts("PAGE_EXCLUDES")
        if articles is None or pages is None or not_articles is None or not_pages is None:
            return below.startswith("pages/"), False
        if _is_below(below, pages, [*not_pages, *articles]):
            return True, True
        if _is_below(below, articles, [*not_articles, *pages]):
            return False, True
        if is_known and not below.startswith("../"):
            raise Rejection("not_a_page", "is in no folder that ARTICLE_PATHS or PAGE_PATHS of the site names")
        return False, False

    def _stated_by_settings(self, below: str) -> dict[str, Value]:
        """Collect what the settings say about every post, and about this path and the folders above it."""
        if self._common is None:
            self._common = self._stated_about_all()
        values = dict(self._common)
        for path, stated in sorted((self.settings.table("EXTRA_PATH_METADATA") or {}).items()):
            if isinstance(stated, dict) and (below == path or below.startswith(posixpath.join(path, ""))):
                for key, value in stated.items():
                    _set(values, key, value)
        return values

    def _stated_about_all(self) -> dict[str, Value]:
        settings = self.settings
        values: dict[str, Value] = {}
        for key, value in (settings.table("DEFAULT_METADATA") or {}).items():
            _set(values, key, value)
        if settings.found and (category := settings.text("DEFAULT_CATEGORY")) and settings.is_true("CATEGORY_SAVE_AS"):
            values["category"] = category
        date = settings.get("DEFAULT_DATE")
        if isinstance(date, tuple | list):
            numbers = [part for part in date if type(part) is int]
            if len(numbers) == len(date) and 3 <= len(numbers) <= 6:
                day, time = "-".join([f"{n:02}" for n in numbers[:3]]), ":".join([f"{n:02}" for n in numbers[3:]])
                date = f"{day} {time if ':' in time else time + ':00'}" if time else day
        if isinstance(date, str) and date != "fs":
            values["date"] = date
        return values

    def _stated_by_path(self, page: PelicanPage) -> dict[str, Value]:
        """Collect what the patterns of file names and paths find."""
        found: dict[str, Value] = {}
        name = posixpath.splitext(posixpath.basename(page.path))[0]
        for key, text, origin in (("FILENAME_METADATA", name, "file_name"), ("PATH_METADATA", page.path, "path")):
            if self.settings.get(key) in ("", None):
                continue
            pattern = self.settings.pattern(key)
            try:
                match = pattern.match(text) if pattern else None
            except OverflowError:
                pattern = match = None
            if pattern is None:
                page.is_made = False
            if match is None:
                continue
            for group, value in match.groupdict().items():
                if value is None or group.lower() in found:
                    continue
                if group.lower() == "date":
                    page.path_date = page.path_date or (value.replace("_", " "), origin)
                elif value.strip() or group.lower() not in _DROPPED_WHEN_EMPTY:
                    found[group.lower()] = value
        return found

    def _category_of_folder(self, below: str) -> str | None:
        """Name the folder of a post, if folders are categories."""
        settings = self.settings
        if not (settings.is_true("USE_FOLDER_AS_CATEGORY") and settings.is_true("CATEGORY_SAVE_AS")):
            return None
        folder = posixpath.basename(posixpath.dirname(below)).strip()
        return folder if folder and folder != ".." else None

    def _settle(self, page: PelicanPage, values: dict[str, Value]) -> None:
        """Settle status, authors and date as Pelican's `METADATA_PROCESSORS` do.

        Raises:
            Rejection: not_a_page.
        """
        status = _text(values.get("status"))
        if status == "skip":
            raise Rejection("not_a_page", "has the status skip, which tells Pelican to leave it out")
        if status and status.lower() not in _STATUSES:
            values["status"], page.is_made = "draft", False
        if isinstance(date := values.get("date"), str):
            values["date"] = date.replace("_", " ")
        author, authors = _text(values.get("author")), values.get("authors")
        if authors is None:
            author = author or _text(self.settings.get("AUTHOR"))
            if author:
                values["author"] = [author]  # an author is one name, whatever commas it has
        page.author = author or next((name.strip() for name in split_names(authors, "comma_or_semicolon")), None)
        page.has_date = bool(values.get("date") or page.path_date or self.settings.get("DEFAULT_DATE"))
        page.values = values


def _is_below(path: str, roots: Sequence[str], excluded: Sequence[str]) -> bool:
    """Whether Pelican finds a file when it walks through some folders but not into others."""
    left_out = {posixpath.normpath(folder) for folder in excluded if folder}
    for root in roots:
        folder = posixpath.normpath(root) if root else "."
        if path == folder:
            return True
        prefix = "" if folder == "." else f"{folder}/"
        if path.startswith(prefix) and not (folder == "." and path.startswith("../")):
            parts = path[len(prefix) :].split("/")[:-1]
            if not any(prefix + "/".join(parts[: n + 1]) in left_out for n in range(len(parts))):
                return True
    return False


def _set(values: dict[str, Value], key: Any, value: Any) -> None:
    """Set a value of the settings, if it is a text or a list of texts."""
    if isinstance(key, str) and isinstance(value, str | int) and not isinstance(value, bool):
        values[key.lower()] = str(value)
    elif isinstance(key, str) and isinstance(value, list | tuple):
        values[key.lower()] = [item for item in value if isinstance(item, str)]


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _is_empty(value: Value) -> bool:
    return not value.strip() if isinstance(value, str) else not value
