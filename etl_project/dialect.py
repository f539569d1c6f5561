"""What a kind of site may imply: the rules that a dialect states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

UrlStyle = Literal["stated", "jekyll", "hugo", "hexo", "zola", "pelican"]
"""The generator whose rules make the path of a page; `stated`: only the front matter can state it."""

Split = Literal["whole", "white_space", "words", "comma", "comma_or_semicolon", "comma_or_white_space"]
"""The separator at which a text of several terms is split; items of a list are never split.

`words` means white space, unless quotes, brackets or semicolons show that the text is one name."""

Markdown = Literal[
    "kramdown", "kramdown-with-html", "goldmark", "marked", "pulldown-cmark", "python-markdown", "obsidian", "gfm"
]
"""The Markdown that a body is written in, named after the program that renders it. `pulldown-cmark` (Zola) is
CommonMark, `gfm` what GitHub shows; in `kramdown-with-html` blocks of HTML hold Markdown."""

Templates = Literal["none", "liquid", "nunjucks", "hugo", "zola"]
"""The template tags that a body may hold: Liquid (Jekyll), Nunjucks (Hexo), the shortcodes of Hugo or of Zola."""

MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mkdown", ".mdwn", ".mdtxt", ".mdtext"})
"""Endings of Markdown files, in lower case: those of Jekyll, Pelican and Hexo."""

HTML = frozenset({".html", ".htm"})
"""Endings of HTML files, in lower case."""

RST, ORG = ".rst", ".org"
"""Endings of reStructuredText and Org files, in lower case."""

_POST_LIKE = MARKDOWN | {
    *(RST, ORG, ".mdx", ".txt", ".adoc", ".asciidoc", ".ad", ".ipynb", ".textile", ".rmd", ".rmarkdown", ".qmd"),
    *(".pandoc", ".pdc"),
}
"""Endings of files that some generator or plugin makes posts of, in lower case."""

_PLAIN_TEXTS = frozenset(
    {"robots", "humans", "ads", "security", "llms", "llms-full", "requirements", "license", "cname"}
)
"""Names, without the ending, of files of sites that are no posts."""

PRUNED = frozenset(
    {
        *("node_modules", "bower_components", "_site", "__pycache__"),
        *("@eaDir", "#recycle", "@Recycle", "@Recently-Snapshot", "#snapshot"),  # Synology, QNAP
        *("$RECYCLE.BIN", "RECYCLER", "System Volume Information", "__MACOSX", "lost+found"),
    }
)
"""Folders of tools, of built pages, of disks and of their bins, skipped at any depth. They have only names that no
author would choose."""


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
    templates_off: tuple[str, str] = ("", "")
    """Key and value in the front matter of a post whose template tags the generator does not run: they are text."""

    # How front matter is found.
    front_matter_required: bool = False
    """Whether the generator itself ignores a file without front matter."""
    header_formats: tuple[str, ...] = ("yaml", "toml", "json")
    """Formats of front matter, tried in this order."""
    formats_by_ending: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ending of a file, in lower case -> the formats that are tried instead."""
    header_rules: HeaderRules = COMMON_RULES
    keys_fold: bool = False
    """Whether `Title` and `title` are the same key."""
    separators_fold: bool = False
    """Whether `published_at`, `published-at`, `Published At` and `publishedAt` are the key `publishedat`."""

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
    language_folders: bool = False
    """Whether the first folder below the content folder names the language."""
    bundles: bool = False
    """Whether `index.md` is the post of its folder and takes its name."""

    # What the keys mean.
    title: tuple[str, ...] = ("title",)
    title_from_heading: Literal["", "shown", "top"] = ""
    """The heading of the first level that is the title of a post that states none: one with which the post begins
    (`top`), or with which what it shows begins, pictures apart (`shown`)."""
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
    url: tuple[str, ...] = ("permalink",)
    url_style: UrlStyle = "stated"
    language: tuple[str, ...] = ("lang", "language", "locale")
    layout: tuple[str, ...] = ("layout",)
    excerpt: tuple[str, ...] = ("excerpt", "description")
    draft: tuple[str, ...] = ("draft",)
    """Keys that make a draft when true."""
    published: tuple[str, ...] = ("published",)
    """Keys that make a draft when false."""
    yes_and_no: bool = True
    """Whether `yes`, `no`, `on` and `off` are truth values, as in YAML 1.1; else `published: no` is text, and true."""
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
    empty_list_counts: bool = False
    """Whether `categories: []` says that there are none, whatever a later key says."""
    singular_is_whole: bool = False
    """Whether the text of `category` and `tag` is one term; `category` adds to `categories`, `tag` replaces `tags`."""

    def formats_of(self, path: str) -> tuple[str, ...]:
        """Choose the formats of front matter for a file, by its ending."""
        if not self.formats_by_ending or path.endswith(".md"):
            return self.header_formats
        return self.formats_by_ending.get(path[path.rfind(".") :].lower(), self.header_formats)


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


def ending_not_read(dialect: Dialect, name: str) -> str | None:
    """Tell the ending of a file, without its folder, that may be a post but is none of the dialect; None of others."""
    dot = name.rfind(".")
    ending = name[dot:].lower()
    if dot < 1 or ending not in _POST_LIKE or ending in dialect.suffixes or name[0] in ".~_":
        return None
    return None if name[:dot].lower() in _PLAIN_TEXTS else ending
