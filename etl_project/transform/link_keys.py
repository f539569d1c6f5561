"""Turn addresses and links of posts into the frame of `internal.link_keys`: what links call articles.

That is what an article is called, and what each internal link calls the article that it leads to. A row is a function
of its own post. Which article answers to what a link calls it is found by the stage `related`.
docs/links.md says which links are understood.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl

from etl_project.dialects import DIALECTS
from etl_project.sources.source import Source

LINK_KEYS = "internal.link_keys"
"""Name of the table."""

Key = tuple[str, str]
"""A way of naming an article, and the name: `address` and the path of a page, `path` and that of a file below the
source, `end` and the last parts of such a path, `alias` and another name that the front matter states."""

_SCHEMA: dict[str, Any] = {
    "article_id": pl.String,
    "position": pl.Int32,
    "rank": pl.Int32,
    "way": pl.String,
    "key": pl.String,
    "names_post": pl.Boolean,
}

_POST_ENDING = re.compile(r"\.(?:md|markdown|mk?down|mkdn?|mdwn|mdte?xt|mdx|rst|org)$", re.IGNORECASE)
_ENDING = re.compile(r"\.(?:md|markdown|mk?down|mkdn?|mdwn|mdte?xt|mdx|rst|org|html?)$", re.IGNORECASE)
_OTHER_ENDING = re.compile(
    r"\.(?:(?=[0-9]*[a-z])[a-z0-9]{1,6}|excalidraw|geojson|parquet|torrent|webmanifest)$", re.IGNORECASE
)
_SCHEME_AND_HOST = re.compile(r"^(?:[a-z][a-z0-9+.\-]*:)?//[^/?#]*", re.IGNORECASE)
_UNUSUAL = re.compile(r"%|//|/\.|index\.|INDEX\.|\.HTM|\.html?/")
"""What is in an address that is not compared as it is, but for its end."""

_TAG_OF_FILE = re.compile(r"\{%-?\s*(link|post_url|post_link|post_path)\s+[\"']?(.+?)[\"']?\s*-?%\}")
_ROOT_OF_JEKYLL = re.compile(r"(?:\{\{-?\s*site\.(?:base)?url\s*-?\}\})+")
_FILTER_OF_JEKYLL = re.compile(
    r"\{\{-?\s*[\"']([^\"'{}]*)[\"']\s*\|\s*(?:relative_url|absolute_url|prepend:\s*site\.(?:base)?url)\s*-?\}\}"
)
_REF_OF_HUGO = re.compile(r"\{\{[<%]\s*(?:rel)?ref\s+(?:path\s*=\s*)?[\"'`]?([^\"'`\s<>]+)")
_FILE_OF_PELICAN = re.compile(r"[{|]filename[}|]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """Where an article is."""

    path: str
    """Of its file, below the source."""
    url: str | None
    """Path of its page on the site."""


@dataclass(frozen=True, slots=True)
class Link:
    """What an internal link calls the article that it leads to."""

    keys: tuple[Key, ...]
    """The first that an article answers to counts."""
    names_post: bool | None
    """Whether it names the file of a post, or another file (False); None for an address, which may be of either."""


class LinkReader:
    """Reads addresses of pages and links of one source.

    Args:
        source: its address tells where the site begins on its host; its dialect how links name posts.
    """

    def __init__(self, source: Source) -> None:
        dialect = DIALECTS[source.dialect]
        root = address_key(urlsplit(source.url).path) if source.url else "/"
        self._root = "" if root == "/" else root
        self._is_wiki = dialect.markdown == "obsidian"
        # A post right below `_posts` is found by its whole path: see `_read_template`.
        self._is_jekyll = dialect.url_style == "jekyll"
        self._states_addresses = dialect.url_style == "stated"
        self._content = sorted(dialect.content_folders)

    def names(self, page: Page, front_matter: str) -> list[Key]:
        """Give what an article answers to; a name may come twice.

        Args:
            page: where it is.
            front_matter: its front matter as JSON.
        """
        path = path_key(page.path)
        names: list[Key] = [("path", path)]
        at = path.find("/", len("_posts/")) if self._is_jekyll and path.startswith("_posts/") else path.find("/")
        while at >= 0:
            names += (("end", path[at + 1 :]),)
            at = path.find("/", at + 1)
        if page.url:
            address = address_key(page.url)
            names += (("address", address),)
            if self._root:
                names += (("address", f"{self._root}{address}"),)
        # As `aliases`, `Alias` and the like.
        if "lias" in front_matter or "redirect_from" in front_matter:
            names += self._aliases(page, json.loads(front_matter))
        return names

    def _aliases(self, page: Page, front_matter: dict[str, Any]) -> Iterator[Key]:
        for field, value in front_matter.items():
            if field.lower() not in ("alias", "aliases", "redirect_from"):
                continue
            for alias in value if isinstance(value, list) else [value]:
                if not isinstance(alias, str) or not (name := alias.strip()):
                    continue
                if self._is_wiki:
                    yield "alias", path_key(name)
                    continue
                address = _SCHEME_AND_HOST.sub("", name)
                yield "alias", address_key(address)
                if page.url and not address.startswith("/"):
                    yield "alias", address_key(f"{_folder(page.url.rstrip('/'))}{address}")

    def read(self, page: Page, url: str) -> Link | None:
        """Read an internal link.

        Args:
            page: where the article is that has the link.
            url: the address as written.

        Returns:
            None where it is not known what the link calls its target, such as an expression of a template, or where
            it leads to another part of the same page.
        """
        text = url.strip().replace("\\", "/")
        if "{" in text or text.startswith("|filename|"):
            if named := self._read_template(page, text):
                return named
            text = _ROOT_OF_JEKYLL.sub("", _FILTER_OF_JEKYLL.sub(r"\1", text))
            if "{" in text:
                return None
        if text.startswith("@/"):  # Zola: a file of the folder of posts
            return self._file(page, f"/{_cut(text[2:])}", is_strict=True)
        bare = _SCHEME_AND_HOST.sub("", text)
        has_host = bare != text
        target = _cut(bare) if has_host or not self._is_wiki else bare.partition("#")[0]
        if not target:
            return Link((("address", "/"),), None) if has_host else None
        if self._is_wiki and not has_host:
            return self._note(page, target)
        if _POST_ENDING.search(target) and not has_host:
            return self._file(page, target, is_strict=True)
        return self._address(page, target)

    def _read_template(self, page: Page, text: str) -> Link | None:
        if found := _TAG_OF_FILE.search(text):
            if found[1] != "link":  # of Jekyll, or of Hexo, whose posts are below `source`
                folder = "_posts" if found[1] == "post_url" else "source/_posts"
                return Link((("path", f"{folder}/{path_key(found[2])}"), ("end", path_key(found[2]))), True)
            return self._file(page, f"/{found[2].lstrip('/')}", is_strict=True)
        if found := _REF_OF_HUGO.search(text):
            return self._file(page, _cut(found[1]), is_strict=False) if _cut(found[1]) else None
        if found := _FILE_OF_PELICAN.match(text):
            return self._file(page, _cut(text[found.end() :]), is_strict=True)
        return None

    def _file(self, page: Page, target: str, *, is_strict: bool) -> Link:
        """Read a link that names a file: beside the own one, or from the root of the source or of its posts.

        Args:
            page: where the article is that has the link.
            target: the path.
            is_strict: whether the path must be whole; else its last parts are enough.
        """
        keys: list[Key] = []
        if not target.startswith("/"):
            keys.append(("path", _joined(_folder(page.path), target)))
        whole = _joined("", target)
        keys.append(("path", whole))
        keys += [("path", f"{folder}/{whole}".casefold()) for folder in self._content]
        if not is_strict:
            keys.append(("end", whole))
        return Link(tuple(dict.fromkeys(keys)), not _is_other_file(target))

    def _note(self, page: Page, target: str) -> Link:
        """Read a link of Obsidian: a whole path, else a note beside the own one, else the note of the shortest path."""
        names_post = not _is_other_file(target)
        if target.startswith("/"):
            return Link((("path", _joined("", target)),), names_post)
        beside = ("path", _joined(_folder(page.path), target))
        if target.startswith(("./", "../")):
            return Link((beside,), names_post)
        whole = _joined("", target)
        return Link((("path", whole), beside, ("end", whole), ("alias", whole)), names_post)

    def _address(self, page: Page, target: str) -> Link:
        keys: list[Key] = []
        is_absolute = target.startswith("/")
        if is_absolute or page.url:
            address = address_key(target if is_absolute else f"{_folder(page.url or '/')}{target}")
            keys += [("address", address), ("alias", address)]
        if self._states_addresses or not page.url:
            # Where no rule makes addresses, a path on the site is most often that of the file.
            path = _joined("" if is_absolute else _folder(page.path), target)
            keys.append(("path", path))
            if is_absolute and "/" in path:
                keys.append(("end", path))
        return Link(tuple(keys), False if _is_other_file(target) else None)


def link_keys(posts: pl.DataFrame, links: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Make the rows of `internal.link_keys`.

    Args:
        posts: one row per post with `article_id`, `path`, `url` and `front_matter`.
        links: rows of `article_links` of these posts.
        source: the source of all of them.

    Returns:
        The columns of `internal.link_keys`: rows of `position` 0 are the names of the article, others those by which
        its internal link at that position calls its target, the first to try first.
    """
    reader = LinkReader(source)
    rows: list[tuple[str, int, int, str, str, bool | None]] = []
    pages: dict[str, Page] = {}
    for article_id, path, url, front_matter in posts.select("article_id", "path", "url", "front_matter").iter_rows():
        page = pages[article_id] = Page(path, url)
        rows += [(article_id, 0, 0, way, key, None) for way, key in dict.fromkeys(reader.names(page, front_matter))]
    internal = links.filter(pl.col("kind") == "internal").select("article_id", "position", "url")
    for article_id, position, url in internal.iter_rows():
        if link := reader.read(pages[article_id], url):
            rows += [
                (article_id, position, rank, way, key, link.names_post)
                for rank, (way, key) in enumerate(link.keys, start=1)
            ]
    columns = zip(*rows, strict=True) if rows else [()] * len(_SCHEMA)
    return pl.DataFrame(dict(zip(_SCHEMA, columns, strict=True)), schema=_SCHEMA)


def path_key(path: str) -> str:
    """Fold the path of a file: without its ending, in lower case, and that of an index is its folder's."""
    return _fold(_ENDING.sub("", path)).removesuffix("/index")


def address_key(address: str) -> str:
    """Fold the path of a page: `/a/b/`, `/a/b.html`, `/a/./b/index.html` and `/a/%62` are one."""
    # Nearly all addresses are plain, and this takes a fifth of the time.
    if address.isascii() and address.startswith("/") and not _UNUSUAL.search(address):
        return address.removesuffix(".html").removesuffix(".htm").removesuffix("/") or "/"
    parts = _parts(address)
    if parts and parts[-1].lower() in ("index.html", "index.htm"):
        parts.pop()
    path = "/" + "/".join(parts)
    if path[-5:].lower() == ".html" or path[-4:].lower() == ".htm":
        path = path[: path.rfind(".")]
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def _joined(folder: str, target: str) -> str:
    return path_key("/".join(_parts(f"{folder}{target}")))


def _parts(path: str) -> list[str]:
    """Parts of a path, without escapes, empty parts and steps up."""
    parts: list[str] = []
    for part in (unquote(path) if "%" in path else path).split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return parts


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _cut(address: str) -> str:
    """Cut the fragment and the query off."""
    return address.partition("#")[0].partition("?")[0]


def _fold(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def _is_other_file(target: str) -> bool:
    """Whether a path ends like that of a file that is no post."""
    return not target.endswith("/") and not _ENDING.search(target) and _OTHER_ENDING.search(target) is not None
