"""Dialects: which files of a kind of site are posts, and what their paths and keys mean. Declarations only.

A dialect is one `Dialect(...)` below and one test. `docs/dialects.md` says how to add one, and which page of each
manual the rules come from.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

UrlStyle = Literal["stated", "jekyll", "hugo", "hexo", "zola", "pelican"]
"""The generator whose rules make the path of a page; `stated`: only the front matter can state it."""

Split = Literal["whole", "white_space", "words", "comma", "comma_or_semicolon", "comma_or_white_space"]
"""The separator at which a text of several terms is split; items of a list are never split.

`words` means white space, unless quotes, brackets or semicolons show that the text is one name."""

Markdown = Literal["kramdown", "goldmark", "marked", "pulldown-cmark", "python-markdown", "obsidian", "gfm"]
"""The Markdown that a body is written in, named after the program that renders it. `pulldown-cmark` (Zola) is
CommonMark, `gfm` what GitHub shows."""

Templates = Literal["none", "liquid", "nunjucks", "hugo", "zola"]
"""The template tags that a body may hold: Liquid (Jekyll), Nunjucks (Hexo), the shortcodes of Hugo or of Zola."""

MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mkdn"})
"""Endings of Markdown files, in lower case."""

HTML = frozenset({".html", ".htm"})
"""Endings of HTML files, in lower case."""

PRUNED = frozenset(
    {
        *("node_modules", "bower_components", "_site", "__pycache__"),
        *("@eaDir", "#recycle", "@Recycle", "@Recently-Snapshot", "#snapshot"),  # Synology, QNAP
        *("$RECYCLE.BIN", "RECYCLER", "System Volume Information", "__MACOSX", "lost+found"),
    }
)
"""Folders of tools, of built pages, of disks and of their bins, skipped at any depth. They have only names that no
author would choose."""

# The forms of dates that generators read from file names; the slug follows the date.
_DASHED_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_JEKYLL_NAME = re.compile(
    r"(?P<year>[0-9]{2,4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})-(?P<slug>.*)", re.ASCII | re.DOTALL
)
DASHED_NAME = re.compile(_DASHED_DATE + r"(?:[-_ .]+(?P<slug>.*))?", re.ASCII | re.DOTALL)
DATE_FIRST_NAME = re.compile(_DASHED_DATE + r"(?:[-_ .].*)?(?P<slug>)", re.ASCII | re.DOTALL)
"""A date at the start of a file name that is part of the slug too."""

_PLAIN_NAME = re.compile(
    r"(?:" + _DASHED_DATE + r"|(?P<year8>[0-9]{4})(?P<month8>[0-9]{2})(?P<day8>[0-9]{2}))"
    r"(?:(?:\.[0-9]{1,2})?[-_ .]+(?P<slug>.*))?",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRules:
    """What a generator forgives in front matter, apart from what all of them do."""

    opening_indented: bool = False
    """Whether white space may stand before the opening line."""
    long_line_closes: bool = False
    """Whether a line of more dashes (or pluses) than the opening one closes, too."""
    tabs_indent: bool = False
    """Whether each TAB at the start of a line counts as two spaces."""


COMMON_RULES = HeaderRules()
"""What all generators do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The rules of one kind of site. Of several keys the first that has a value counts.

    A key with a dot is read from a table: `taxonomies.tags`.
    """

    name: str
    """Name in etl.toml."""

    # Which files are posts.
    include: tuple[str, ...]
    """Patterns of posts below the location, as in .gitignore, best first; used if the source has none."""
    suffixes: frozenset[str] = MARKDOWN
    """Endings of posts in lower case; `.MD` counts as `.md`."""
    pruned: frozenset[str] = PRUNED
    """Folders that are skipped. Folders whose name starts with a dot are always skipped."""
    not_posts: frozenset[str] = frozenset()
    """Names, in lower case and without the ending, that are never posts."""
    content_folders: frozenset[str] = frozenset()
    """Folders of posts below the site's root; at the start of a path they are no part of addresses and categories."""

    # How bodies are written.
    markdown: Markdown = "gfm"
    """The Markdown of the bodies."""
    templates: Templates = "none"
    """The template tags in the bodies; in a dialect without any, such tags are text."""

    # How front matter is found.
    front_matter_required: bool = False
    """Whether the generator itself ignores a file without front matter."""
    header_formats: tuple[str, ...] = ("yaml", "toml", "json")
    """Formats of front matter, tried in this order."""
    header_rules: HeaderRules = COMMON_RULES
    keys_fold: bool = False
    """Whether `Title` and `title` are the same key."""

    # How a site of this kind is recognised and configured.
    config_files: tuple[str, ...] = ()
    """Files of the site's own settings below its root; the first that exists is read."""
    marks: tuple[tuple[str, ...], ...] = ()
    """Groups of paths. A folder in which all paths of one group exist is such a site."""
    sign: re.Pattern[bytes] | None = None
    """Pattern that most posts match from their start; used if no marks are found."""

    # What the path says.
    dated_name: re.Pattern[str] | None = None
    """Pattern of a file name, without its ending, that states a date: groups year, month, day and slug."""
    date_in_url: bool = False
    """Whether year/month/day in a stated address is the date of a post that has no other."""
    draft_folders: frozenset[str] = frozenset()
    """Folders whose posts are drafts."""
    category_folders_above: frozenset[str] = frozenset()
    """The folders above one of these are categories."""
    folder_is_category: bool = False
    """Whether the folder of a post is its category if it states none."""
    language_folders: bool = False
    """Whether the first folder below the content folder names the language."""
    bundles: bool = False
    """Whether `index.md` is the post of its folder and takes its name."""

    # What the keys mean.
    title: tuple[str, ...] = ("title",)
    title_from_heading: bool = False
    """Whether the first heading is the title of a post that states none."""
    title_after_heading: tuple[str, ...] = ()
    """Keys that may give the title if there is no heading either."""
    title_from_name: bool = False
    """Whether the file name is the title if nothing else gives one."""
    date: tuple[str, ...] = ("date",)
    utc_times: re.Pattern[str] | None = None
    """The only form of times without a zone to which `naive_dates = "utc"` applies; the generator reads other forms,
    and dates without a time, in the zone of the site. Without a pattern it applies to all of them."""
    updated: tuple[str, ...] = ()
    expires: tuple[str, ...] = ()
    slug: tuple[str, ...] = ("slug",)
    slug_from_title: bool = False
    """Whether the slug of a post that states none is made from its title instead of its file name."""
    url: tuple[str, ...] = ("permalink",)
    url_style: UrlStyle = "stated"
    language: tuple[str, ...] = ("lang", "language", "locale")
    layout: tuple[str, ...] = ("layout",)
    excerpt: tuple[str, ...] = ("excerpt", "description")
    draft: tuple[str, ...] = ("draft",)
    """Keys that make a draft when true."""
    published: tuple[str, ...] = ("published",)
    """Keys that make a draft when false."""
    status: tuple[str, ...] = ()
    """Keys that make a draft when their text is `draft` or `hidden`."""
    categories: tuple[str, ...] = ("categories", "category")
    categories_split: Split = "whole"
    categories_nest: bool = False
    """Whether a list of categories is one path from the widest to the narrowest."""
    tags: tuple[str, ...] = ("tags", "tag")
    tags_split: Split = "whole"
    tags_in_body: bool = False
    """Whether `#tag` in the body is a tag."""
    authors: tuple[str, ...] = ("authors", "author")
    authors_split: Split = "whole"
    singular_is_whole: bool = False
    """Whether the text of `category` and `tag` is one term; `category` adds to `categories`, `tag` replaces `tags`."""


JEKYLL = Dialect(
    name="jekyll",
    markdown="kramdown",
    templates="liquid",
    include=("**/_posts/**", "**/_drafts/**"),
    suffixes=MARKDOWN | HTML,
    # Installed gems contain sample sites.
    pruned=PRUNED | {"vendor"},
    front_matter_required=True,
    config_files=("_config.yml", "_config.yaml", "_config.toml"),
    marks=(("_posts",),),
    dated_name=_JEKYLL_NAME,
    # Jekyll reads a timestamp of YAML 1.1 as UTC, and everything else by Ruby's Time.parse as local time.
    utc_times=re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|\s+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"),
    draft_folders=frozenset({"_drafts"}),
    category_folders_above=frozenset({"_posts", "_drafts"}),
    updated=("last_modified_at", "updated", "modified"),
    url_style="jekyll",
    excerpt=("excerpt", "description", "summary"),
    categories_split="words",
    tags_split="white_space",
    singular_is_whole=True,
)

_HUGO_CONFIG = tuple(
    f"{folder}{name}.{ending}"
    for folder in ("", "config/_default/")
    for name in ("hugo", "config")
    for ending in ("toml", "yaml", "yml", "json")
)

HUGO = Dialect(
    name="hugo",
    markdown="goldmark",
    templates="hugo",
    include=("content/**",),
    suffixes=MARKDOWN | HTML,
    not_posts=frozenset({"_index"}),
    content_folders=frozenset({"content"}),
    header_formats=("yaml", "toml", "json"),
    header_rules=HeaderRules(opening_indented=True, long_line_closes=True),
    keys_fold=True,
    config_files=_HUGO_CONFIG,
    marks=tuple((name, "content") for name in _HUGO_CONFIG),
    language_folders=True,
    bundles=True,
    date=("date", "publishdate", "pubdate", "published", "lastmod", "modified"),
    updated=("lastmod", "modified"),
    expires=("expirydate", "unpublishdate"),
    url=("url",),
    url_style="hugo",
    layout=("layout", "type"),
    excerpt=("summary", "description"),
    categories=("categories", "category", "taxonomies.categories"),
    tags=("tags", "tag", "taxonomies.tags"),
    authors=("authors", "author", "taxonomies.authors"),
)

HEXO = Dialect(
    name="hexo",
    markdown="marked",
    templates="nunjucks",
    include=("source/_posts/**", "source/_drafts/**", "_posts/**", "_drafts/**", "source/**"),
    suffixes=MARKDOWN | HTML,
    content_folders=frozenset({"source"}),
    header_formats=("yaml", "json"),
    header_rules=HeaderRules(long_line_closes=True, tabs_indent=True),
    config_files=("_config.yml", "_config.yaml", "_config.json"),
    marks=(("_config.yml", "source"), ("_config.yaml", "source")),
    dated_name=DATE_FIRST_NAME,
    draft_folders=frozenset({"_drafts"}),
    language_folders=True,
    updated=("updated",),
    # `slug` and `draft` are keys like any other to Hexo: the name is the slug, `published: false` or `_drafts` a draft.
    slug=(),
    draft=(),
    url_style="hexo",
    excerpt=("excerpt", "description"),
    categories_nest=True,
)

ZOLA = Dialect(
    name="zola",
    markdown="pulldown-cmark",
    templates="zola",
    include=("content/**",),
    suffixes=frozenset({".md"}),
    not_posts=frozenset({"_index"}),
    content_folders=frozenset({"content"}),
    front_matter_required=True,
    header_formats=("toml", "yaml"),
    header_rules=HeaderRules(opening_indented=True),
    config_files=("config.toml", "zola.toml"),
    marks=(("zola.toml", "content"),),
    dated_name=DASHED_NAME,
    date_in_url=True,
    bundles=True,
    updated=("updated",),
    url=("path",),
    url_style="zola",
    layout=("template",),
    excerpt=("description", "summary"),
    categories=("taxonomies.categories", "taxonomies.category", "categories", "category"),
    tags=("taxonomies.tags", "taxonomies.tag", "tags", "tag"),
    authors=("authors", "taxonomies.authors", "extra.authors", "extra.author", "author"),
)

PELICAN = Dialect(
    name="pelican",
    markdown="python-markdown",
    include=("content/**",),
    suffixes=MARKDOWN | HTML,
    content_folders=frozenset({"content"}),
    header_formats=("pelican", "yaml"),
    keys_fold=True,
    config_files=("pelicanconf.py",),
    marks=(("pelicanconf.py",),),
    sign=re.compile(rb"(?:[A-Z][a-z]+:[^\n]*\n){0,8}Title:[ \t]"),
    dated_name=DASHED_NAME,
    folder_is_category=True,
    updated=("modified",),
    slug_from_title=True,
    url=("url", "save_as"),
    url_style="pelican",
    layout=("template",),
    excerpt=("summary", "description"),
    status=("status",),
    tags_split="comma_or_semicolon",
    authors_split="comma_or_semicolon",
)

OBSIDIAN = Dialect(
    name="obsidian",
    markdown="obsidian",
    include=("**",),
    suffixes=frozenset({".md"}),
    keys_fold=True,
    header_formats=("yaml",),
    marks=((".obsidian",),),
    sign=re.compile(rb"(?s:.*?)\[\[[^\[\]\n]+\]\]"),
    dated_name=DASHED_NAME,
    title_from_heading=True,
    title_from_name=True,
    date=("date", "created", "publish_date"),
    updated=("updated", "modified", "last_modified"),
    url=("permalink", "url"),
    published=("publish", "published"),
    tags_split="comma_or_white_space",
    tags_in_body=True,
)

PLAIN = Dialect(
    name="plain",
    include=("**",),
    suffixes=MARKDOWN | HTML | {".mdx"},
    header_formats=("yaml", "toml", "json", "lctt"),
    header_rules=HeaderRules(long_line_closes=True),
    keys_fold=True,
    bundles=True,
    dated_name=_PLAIN_NAME,
    title_from_heading=True,
    title_after_heading=("subject",),
    date=("date", "published_at", "published", "pubdate", "publishdate", "created", "created_at"),
    updated=("updated", "lastmod", "modified", "updated_at", "last_modified_at"),
    expires=("expires", "expirydate", "expiry_date"),
    url=("url", "permalink"),
    layout=("layout", "template", "type"),
    excerpt=("excerpt", "summary", "description"),
    status=("status",),
    categories_split="comma",
    tags_split="comma",
    authors=("authors", "author", "by"),
)

DIALECTS: dict[str, Dialect] = {value.name: value for value in list(globals().values()) if isinstance(value, Dialect)}
"""Every dialect declared above, by its name in etl.toml."""

_ZOLA_KEYS = re.compile(rb"^(?:base_url|compile_sass|build_search_index|generate_feeds?|\[slugify\])", re.MULTILINE)


def is_post(dialect: Dialect, name: str) -> bool:
    """Tell whether a file of this name, without its folder, is a post.

    Hidden files (`.#x.md`, `._x.md`), backups of editors (`x.md~`) and locks of office programs (`~$x.md`) never are.
    """
    dot = name.rfind(".")
    return (
        dot > 0
        and name[dot:].lower() in dialect.suffixes
        and name[0] != "."
        and not name.startswith("~$")
        and not (dialect.not_posts and name[:dot].lower() in dialect.not_posts)
    )


def detect_dialect(location: Path) -> str:
    """Detect the dialect of a folder by the files that its generator needs, else by its posts; `plain` without any."""
    # Zola and Hugo may both have a config.toml beside a content folder; its keys tell which it is.
    config = location / "config.toml"
    if config.is_file() and (location / "content").is_dir() and _ZOLA_KEYS.search(config.read_bytes()):
        return "zola"
    # Hexo is tried before Jekyll: both have a _config.yml, only Hexo has source/.
    for dialect in (HEXO, ZOLA, HUGO, JEKYLL, PELICAN, OBSIDIAN):
        if any(all((location / path).exists() for path in group) for group in dialect.marks):
            return dialect.name
    if (location / "_config.yml").is_file() and next(location.glob("*/**/_posts"), None) is not None:
        return "jekyll"
    starts = _read_starts(location)
    for dialect in (PELICAN, OBSIDIAN):
        sign = dialect.sign
        if sign and starts and sum(sign.match(start) is not None for start in starts) * 2 > len(starts):
            return dialect.name
    return "plain"


def _read_starts(location: Path) -> list[bytes]:
    """Read the first 4 KB of up to 50 Markdown files, in the order of their names."""
    starts: list[bytes] = []
    for folder, folders, names in os.walk(location):
        folders[:] = sorted(f for f in folders if f[0] != "." and f not in PRUNED)
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix in MARKDOWN and path.is_file():
                with path.open("rb") as file:
                    starts.append(file.read(4096))
            if len(starts) == 50:
                return starts
    return starts
