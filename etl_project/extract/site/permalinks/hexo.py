"""Addresses by the rules of Hexo: https://hexo.io/docs/permalinks, post_permalink.ts, full_url_for.ts of hexo-util."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from etl_project.extract.site.hexo_names import PLACEHOLDER, POST_FOLDERS
from etl_project.extract.site.hexo_slug import hexo_slug
from etl_project.extract.site.permalinks.address import (
    DATE_PARTS,
    SLASHES,
    Address,
    UnknownPartError,
    UrlMaker,
)
from etl_project.extract.term_names import NESTING

if TYPE_CHECKING:
    from etl_project.extract.front_matter.read import Value
    from etl_project.extract.site.site_config import SiteConfig

_MADE_BY_PLUGINS = frozenset({"abbrlink"})
"""Keys that a plugin computes where a post has none, and `id`, where Hexo takes one by chance: without a value nobody
knows what it will be. Any other placeholder without a value is `undefined`, as in JavaScript."""

_POST_DEFAULTS = {"layout": "post", "comments": "true"}
"""Values of every post that states none: hexo, models/post.ts."""

_NOT_VALUES = frozenset(
    {"updated", "source", "tags", "categories", "content", "excerpt", "more", "raw", "photos", "permalink"}
)
"""Keys of a post that Hexo writes in a form of its own, or refuses in an address."""

_CASES: dict[str | None, Literal["lower", "upper"]] = {"1": "lower", "2": "upper"}
_PLAIN_URL = re.compile(r"(?:/[A-Za-z0-9;,:@&=+$_!~*'()-][A-Za-z0-9;,:@&=+$_!~*'().-]*)*/?")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_RESERVED_ESCAPES = re.compile("%(?:2[346BCF]|3[ABDF]|40)", re.IGNORECASE)
"""Escapes that JavaScript's decodeURI leaves: of `#$&+,/` and `:;=?@`."""


def hexo_urls(permalink: str | bool | None, config: SiteConfig) -> UrlMaker:
    """Return the function that makes addresses by a template, in the form that `pretty_urls` of the site sets.

    Args:
        permalink: the template; None or False where it is not known.
        config: settings of the site: `pretty_urls`, `permalink_defaults`, `category_map`, `default_category`,
            `filename_case` and `post_asset_folder` are read.
    """
    endings = config.table("pretty_urls")
    keeps_index = str(endings.get("trailing_index")).lower() != "false"
    keeps_html = str(endings.get("trailing_html")).lower() != "false"
    has_asset_folders = config.text("post_asset_folder") == "true"
    pieces = _split_template(permalink, config) if isinstance(permalink, str) else None

    def finish(path: str) -> str | None:
        try:
            url = _escape_url(SLASHES.sub("/", f"/{path}"))
        except ValueError:
            return None
        if url.endswith("index.html"):
            return url if keeps_index else url[:-10] or "/"
        return url if keeps_html else url.removesuffix(".html")

    def make_page_path(post: Address) -> str:
        path = post.stated_url
        if not path:
            return "/".join((*post.folders, f"{post.stem}.html"))
        path += "index" if path.endswith("/") else ""
        return path if "." in path.rpartition("/")[2][1:] else f"{path}.html"

    def url(post: Address) -> str | None:
        if post.stated_url and "://" in post.stated_url:
            return None
        if not post.folders or post.folders[0] not in POST_FOLDERS:
            return finish(make_page_path(post))
        path = post.stated_url
        if path is None:
            if pieces is None:
                return None
            try:
                path = "".join([piece if isinstance(piece, str) else piece(post) for piece in pieces])
            except UnknownPartError:
                return None
        if has_asset_folders and not path.endswith(("/", ".html")):
            path += "/"
        return finish(path)

    return url


def _split_template(template: str, config: SiteConfig) -> list[str | Callable[[Address], str]]:
    """Split a template into its texts and the functions that write its parts."""
    parts = PLACEHOLDER.split(template)
    return [_make_part(text, config) if index % 2 else text for index, text in enumerate(parts)]


def _make_part(name: str, config: SiteConfig) -> Callable[[Address], str]:
    """Choose the function that writes a part of a template; it raises UnknownPartError where nobody can know it."""
    if name in DATE_PARTS:
        return DATE_PARTS[name]
    match name:
        case "title":
            return _post_name
        case "name":
            return lambda post: _post_name(post).rpartition("/")[2]
        case "post_title":
            return lambda post: hexo_slug(post.title or "", "lower")
        case "timestamp":
            return lambda post: str(_seconds(post))
        case "hash":
            return _hash
        case "category":
            return _category_part(config)
        case "published":
            return lambda post: "false" if post.folders[0] == "_drafts" else _text(post.values.get("published", "true"))
    if name in _NOT_VALUES:
        return _raise_unknown
    defaults = config.table("permalink_defaults")
    stand_in = _text(defaults[name]) if name in defaults else "undefined"

    def part(post: Address) -> str:
        if name in post.values:
            return _text(post.values[name])
        if name == "id" or (name in _MADE_BY_PLUGINS and name not in defaults):
            raise UnknownPartError(name)
        return _POST_DEFAULTS.get(name, stand_in)

    return part


def _raise_unknown(post: Address) -> str:
    raise UnknownPartError


def _post_name(post: Address) -> str:
    return post.name or post.stem


def _seconds(post: Address) -> int:
    """Give the date in seconds since 1970-01-01T00:00Z."""
    if post.published is None:
        raise UnknownPartError
    return post.published.instant // 1_000_000


def _hash(post: Address) -> str:
    digest = hashlib.sha1(f"{_post_name(post)}{_seconds(post)}".encode(errors="replace"), usedforsecurity=False)
    return digest.hexdigest()[:12]


def _category_part(config: SiteConfig) -> Callable[[Address], str]:
    """Make the function that writes the last category with those above it: hexo, models/category.ts."""
    names, case = config.table("category_map"), _CASES.get(config.text("filename_case"))
    without = config.text("default_category")
    default = "uncategorized" if without is None else without

    def part(post: Address) -> str:
        if not post.categories:
            return default
        mapped = [_text(names.get(name) or name) for name in post.categories[-1].split(NESTING)]
        return "/".join([hexo_slug(name, case) for name in mapped])

    return part


def _text(value: Value) -> str:
    """Write a value as JavaScript does.

    Raises:
        UnknownPartError: it is a table, or a list that holds one.
    """
    if isinstance(value, list):
        return ",".join(["" if item is None else _text(item) for item in value])
    if isinstance(value, dict):
        raise UnknownPartError
    return "null" if value is None else value


def _escape_url(path: str) -> str:
    """Escape a path as hexo-util's `encodeURL`: escapes in it are undone, then JavaScript's encodeURI is applied.

    Args:
        path: a path, from its first slash on; `?` and `#` end it, as in any address.

    Raises:
        ValueError: it holds a percent sign that begins no escape, or escapes of what is not UTF-8.
    """
    if _PLAIN_URL.fullmatch(path):
        return path
    path, hash_sign, fragment = path.partition("#")
    path, question_mark, query = path.partition("?")
    if _BAD_ESCAPE.search(path):
        raise ValueError("a percent sign begins no escape")
    path = _remove_dot_folders(path.replace("\\", "/"))
    path = quote(_ESCAPE.sub(_undo_escapes, path), safe=";,/?:@&=+$-_.!~*'()#", errors="replace")
    if question_mark and query:
        path += f"?{urlencode(parse_qsl(query, keep_blank_values=True, separator='&'))}"
    return f"{path}#{quote(fragment, safe=_FRAGMENT_SIGNS, errors='replace')}" if hash_sign and fragment else path


_FRAGMENT_SIGNS = "!#$%&'()*+,-./:;=?@[\\]^_{|}~"


def _undo_escapes(match: re.Match[str]) -> str:
    escapes = match[0]
    if not _RESERVED_ESCAPES.search(escapes):
        return unquote_to_bytes(escapes).decode()
    return "".join(
        [
            part if _RESERVED_ESCAPES.fullmatch(part) else unquote_to_bytes(part).decode()
            for part in re.split(f"({_RESERVED_ESCAPES.pattern})", escapes, flags=re.IGNORECASE)
        ]
    )


def _remove_dot_folders(path: str) -> str:
    """Resolve `.` and `..` in a path as every browser does."""
    if "/." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
