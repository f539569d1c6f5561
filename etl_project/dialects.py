"""Dialects: which files of a kind of site are posts, and what their paths and keys mean. Declarations only.

A dialect is one `Dialect(...)` below and one test. `docs/dialects.md` says how to add one, and which page of each
manual the rules come from.
"""

from __future__ import annotations

import re
from pathlib import Path

from etl_project.dated_names import DATE_FIRST_NAME, JEKYLL_NAME, NOTE_NAME, PLAIN_NAME, ZOLA_NAME
from etl_project.dialect import (
    COMMON_RULES,
    HTML,
    MARKDOWN,
    ORG,
    PRUNED,
    RST,
    Dialect,
    HeaderRules,
    Markdown,
    Split,
    Templates,
    UrlStyle,
    ending_not_read,
    is_post,
)
from etl_project.file_starts import read_starts

__all__ = [
    "COMMON_RULES",
    "DIALECTS",
    "HTML",
    "MARKDOWN",
    "PRUNED",
    "Dialect",
    "HeaderRules",
    "Markdown",
    "Split",
    "Templates",
    "UrlStyle",
    "detect_dialect",
    "ending_not_read",
    "is_post",
]

JEKYLL = Dialect(
    name="jekyll",
    markdown="kramdown",
    templates="liquid",
    templates_off=("render_with_liquid", "false"),
    include=("**/_posts/**", "**/_drafts/**"),
    suffixes=MARKDOWN | HTML,
    # Installed gems contain sample sites.
    pruned=PRUNED | {"vendor"},
    front_matter_required=True,
    config_files=("_config.yml", "_config.yaml", "_config.toml"),
    marks=(("_posts",),),
    dated_name=JEKYLL_NAME,
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
    # Other endings of Markdown are resources to Hugo.
    suffixes=HTML | {".md", ".markdown", ".mdown", ORG, RST},
    not_posts=frozenset({"_index"}),
    content_folders=frozenset({"content"}),
    header_formats=("yaml", "toml", "json"),
    formats_by_ending={ORG: ("org", "yaml", "toml", "json")},
    header_rules=HeaderRules(opening_indented=True, long_line_closes=True),
    keys_fold=True,
    config_files=_HUGO_CONFIG,
    # Only a config.* in the root may be of another program.
    marks=tuple((name, "content") if name.startswith("config.") else (name,) for name in _HUGO_CONFIG),
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
    templates_off=("disableNunjucks", "true"),
    include=("source/_posts/**", "source/_drafts/**", "_posts/**", "_drafts/**", "source/**"),
    suffixes=MARKDOWN | HTML,
    content_folders=frozenset({"source"}),
    header_formats=("yaml", "json"),
    header_rules=HeaderRules(long_line_closes=True, tabs_indent=True),
    yes_and_no=False,
    config_files=("_config.yml", "_config.yaml", "_config.json"),
    marks=(("_config.yml", "source"), ("_config.yaml", "source"), ("_config.json", "source")),
    dated_name=DATE_FIRST_NAME,
    draft_folders=frozenset({"_drafts"}),
    language_folders=True,
    updated=("updated",),
    # `slug` and `draft` are keys like any other to Hexo: the name is the slug, `published: false` or `_drafts` a draft.
    slug=(),
    draft=(),
    url_style="hexo",
    excerpt=("excerpt", "description"),
    # `if (data.category && !data.categories)`, and an empty list is true in JavaScript.
    empty_list_counts=True,
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
    dated_name=ZOLA_NAME,
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
    suffixes=MARKDOWN | HTML | {RST},
    content_folders=frozenset({"content"}),
    header_formats=("pelican", "yaml"),
    formats_by_ending={RST: ("rst",), **dict.fromkeys(HTML, ("html",))},
    keys_fold=True,
    config_files=("pelicanconf.py",),
    marks=(("pelicanconf.py",),),
    sign=re.compile(rb"(?:[A-Z][a-z]+:[^\n]*\n){0,8}Title:[ \t]"),
    updated=("modified",),
    url=("url",),
    url_style="pelican",
    layout=("template",),
    excerpt=("summary", "description"),
    # Only `Status` says it: `Draft: true` is a field like any other.
    draft=(),
    published=(),
    status=("status",),
    categories=("category",),
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
    config_files=(".obsidian/daily-notes.json",),
    marks=((".obsidian",),),
    separators_fold=True,
    sign=re.compile(rb"(?s:.*?)\[\[[^\[\]\n]+\]\]"),
    dated_name=NOTE_NAME,
    # Obsidian and Obsidian Publish show the name of the file.
    title_from_heading="top",
    title_from_name=True,
    # `date created` and `date modified` are what Obsidian Linter writes.
    date=(
        *("date", "created", "datecreated", "createdat", "createdon", "createddate", "creationdate"),
        *("publishdate", "publishedat", "datepublished"),
    ),
    updated=(
        *("updated", "modified", "datemodified", "dateupdated", "lastmodified", "lastmod", "lastupdated"),
        *("updatedat", "modifiedat", "lastmodifiedat", "updateddate", "modifieddate", "modificationdate"),
    ),
    url=("permalink", "url"),
    published=("publish", "published"),
    tags_split="comma_or_white_space",
    tags_in_body=True,
)

PLAIN = Dialect(
    name="plain",
    include=("**",),
    suffixes=MARKDOWN | HTML | {".mdx", RST, ORG},
    header_formats=("yaml", "toml", "json", "lctt", "nikola"),
    formats_by_ending={RST: ("rst", "yaml"), ORG: ("org", "yaml", "toml")},
    header_rules=HeaderRules(long_line_closes=True),
    keys_fold=True,
    bundles=True,
    dated_name=PLAIN_NAME,
    separators_fold=True,
    title_from_heading="shown",
    title_after_heading=("subject",),
    title_from_name=True,
    # `pubDatetime` and `modDatetime` are of AstroPaper, `pubDate` and `updatedDate` of Astro, `publishedAt` of Next.js
    # starters, `last_update` of Docusaurus, `lastUpdated` of Starlight and VitePress.
    date=(
        *("date", "publishedat", "published", "pubdate", "pubdatetime", "publishdate", "publisheddate", "publishedon"),
        *("publicationdate", "datepublished", "postedat", "posted", "created", "createdat", "createdon"),
        *("datecreated", "createddate", "creationdate"),
    ),
    updated=(
        *("updated", "lastmod", "modified", "moddatetime", "updatedat", "updateddate", "updatedon", "modifiedat"),
        *("modifieddate", "moddate", "lastmodified", "lastmodifiedat", "datemodified", "dateupdated", "lastupdated"),
        "lastupdate",
    ),
    expires=("expires", "expirydate"),
    url=("url", "permalink"),
    layout=("layout", "template", "type"),
    excerpt=("excerpt", "summary", "description"),
    draft=("draft", "isdraft"),
    published=("published", "publish", "ispublished"),
    status=("status",),
    categories_split="comma",
    tags_split="comma",
    authors=("authors", "author", "by"),
)

DIALECTS: dict[str, Dialect] = {value.name: value for value in list(globals().values()) if isinstance(value, Dialect)}
"""Every dialect declared above, by its name in etl.toml."""

_CONTENT_DIR = re.compile(
    rb"^[ \t-]*[\"']?(?:contentdir[\"']?[ \t]*[:=]|target[\"']?[ \t]*[:=][ \t]*[\"']?content(?:[/\"']|\s*$))",
    re.MULTILINE | re.IGNORECASE,
)
"""The settings by which a site of Hugo has its content elsewhere than in `content`: `contentDir` and a mount."""

_ZOLA_KEYS = re.compile(rb"^(?:base_url|compile_sass|build_search_index|generate_feeds?|\[slugify\])", re.MULTILINE)


_FOLDER_OF_JEKYLL = re.compile(rb"^source[ \t]*:", re.MULTILINE)
_FOLDER_OF_HEXO = re.compile(rb"^source_dir[ \t]*:", re.MULTILINE)
"""The setting by which each puts its content in a folder; Octopress, which is Jekyll, calls it `source` like Hexo."""


def detect_dialect(location: Path) -> str:
    """Detect the dialect of a folder by the files that its generator needs, else by its posts; `plain` without any."""
    # Zola and Hugo may both have a config.toml beside a content folder; its keys tell which it is.
    config = location / "config.toml"
    if config.is_file() and (location / "content").is_dir() and _ZOLA_KEYS.search(config.read_bytes()):
        return "zola"
    if (config := location / "_config.yml").is_file():
        settings = config.read_bytes()
        if _FOLDER_OF_HEXO.search(settings):
            return "hexo"
        if _FOLDER_OF_JEKYLL.search(settings) and next(location.glob("*/**/_posts"), None) is not None:
            return "jekyll"
    # Hexo is tried before Jekyll: both have a _config.yml, only Hexo has source/.
    for dialect in (HEXO, ZOLA, HUGO, JEKYLL, PELICAN, OBSIDIAN):
        may_be = _DOUBTS.get(dialect.name)
        if any(all((location / path).exists() for path in group) for group in dialect.marks) and (
            may_be is None or may_be(location)
        ):
            return dialect.name
    if any(_CONTENT_DIR.search(path.read_bytes()) for path in location.glob("config.*") if path.name in _HUGO_CONFIG):
        return "hugo"
    if (location / "_config.yml").is_file() and next(location.glob("*/**/_posts"), None) is not None:
        return "jekyll"
    starts = read_starts(location, MARKDOWN, PRUNED)
    for dialect in (PELICAN, OBSIDIAN):
        sign = dialect.sign
        if sign and starts and sum(sign.match(start) is not None for start in starts) * 2 > len(starts):
            return dialect.name
    return "plain"


def _may_be_hexo(location: Path) -> bool:
    """Whether a folder with `source` is one of Hexo, which has no posts beside it: a site of Jekyll may have both."""
    return (location / "source" / "_posts").is_dir() or not (location / "_posts").is_dir()


def _may_be_jekyll(location: Path) -> bool:
    """Whether a folder with `_posts` is one of Jekyll, which makes no post of a file without a day in its name.

    Starters of Next.js have such a folder, too, and so has the folder `source` of a site of Hexo.
    """
    location = location.absolute()
    if location.name == "source" and (location.parent / "_config.yml").is_file():
        return False
    return any((location / name).is_file() for name in (*JEKYLL.config_files, "Gemfile")) or any(
        JEKYLL_NAME.match(path.name) for path in (location / "_posts").rglob("*")
    )


_DOUBTS = {"hexo": _may_be_hexo, "jekyll": _may_be_jekyll}
"""Dialect -> what else is asked of a folder that has its marks."""
