"""Posts of Pelican: what the settings of the site, the path and the header say. Values are those of Pelican 4.12.0."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.dialects import DIALECTS
from etl_project.extract.posts import Post, PostReader
from etl_project.extract.site.pelican.patterns import safe_pattern
from etl_project.extract.site.pelican.python_values import UNKNOWN, read_python_values
from etl_project.extract.site.pelican.slug import SlugRules, pelican_slug
from etl_project.extract.site.site_config import read_site_config
from etl_project.extract.site.site_fingerprint import site_fingerprint
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import Source

DATED = "Title: A post\nDate: 2024-03-05 10:30\n"


def reader(site: Path, config: str | None = "", **source: str) -> PostReader:
    if config is not None:
        (site / "pelicanconf.py").write_text(f"PATH = 'content'\n{config}", "utf-8")
    return PostReader(
        PinnedSource(Source(name="s", location=site, dialect="pelican", **source), PinnedFolder(site)), Limits()
    )


def read(site: Path, config: str, path: str, text: str = DATED + "\nBody\n") -> Post:
    return reader(site, config).read(path, text.encode())


# The header.


@pytest.mark.parametrize(
    ("text", "title", "tags", "body"),
    [
        ("Title:Tight\nTags:a,b\n\nBody", "Tight", ["a", "b"], "Body"),
        (" Title: Indented\n  Tags: a\n\nBody", "Indented", ["a"], "Body"),
        ("Title:\tTab\nTags: a\n\nBody", "Tab", ["a"], "Body"),
        ("Title: No blank line\nText here.\nTags: a", "No blank line", [], "Text here.\nTags: a"),
        ("Title: Blank ends\n\nTags: a\n", "Blank ends", [], "Tags: a\n"),
        ("Title: Dots end\n...\nTags: a", "Dots end", [], "Tags: a"),
        ("---\nTitle: Opened only\n\nTags: a\n---\n", "Opened only", [], "Tags: a\n---\n"),
        ("---\nTitle: Fenced\nTags: a, b\n---\nBody", "Fenced", ["a", "b"], "Body"),
        ("Title: First\nTags: a\nTags: b\n\nBody", "First", ["a"], "Body"),
        ("Title: Goes on\n    here\nTags: a,\n    b\n\nBody", "Goes on here", ["a"], "Body"),
        ("Title: Semicolons\nTags: a, b; c\n\nBody", "Semicolons", ["a, b", "c"], "Body"),
        ("Title: Key of two words\nSome key: v\n\nBody", "Key of two words", [], "Some key: v\n\nBody"),
    ],
)  # fmt: skip
def test_header_lines_are_those_of_python_markdown(
    tmp_path: Path, text: str, title: str, tags: list[str], body: str
) -> None:
    post = read(tmp_path, "", "content/a.md", text)
    assert (post.fields.title, post.fields.tags, post.front_matter.body) == (title, tags, body)


@pytest.mark.parametrize(
    ("header", "authors"),
    [
        ("Author: Doe, Jane", ["Doe, Jane"]),
        ("Authors: Ann, Ben", ["Ann", "Ben"]),
        ("Authors: Doe, Ann; Roe, Ben", ["Doe, Ann", "Roe, Ben"]),
        ("Author: One\nAuthors: Two, Three", ["Two", "Three"]),
        ("Author:", ["Site, Owner"]),
        ("Slug: x", ["Site, Owner"]),
    ],
)
def test_an_author_is_whole_and_the_site_may_have_one(tmp_path: Path, header: str, authors: list[str]) -> None:
    text = f"{DATED}{header}\n\nBody"
    assert read(tmp_path, "AUTHOR = 'Site, Owner'\n", "content/a.md", text).fields.authors == authors


def test_an_html_post_states_its_fields_in_its_head(tmp_path: Path) -> None:
    text = (
        "<!DOCTYPE html><html><HEAD>\n<title>Fish &amp;\n chips</title><meta charset=utf-8>"
        "<meta name='Date' content='2024-03-05 10:00'><meta name=keywords contents='red, blue'>"
        "<meta name='author' content='Doe, Jane'/><meta name='category' content='Food'>"
        "</head>\n<body class=x>\n<p>Text</p></body></html>"
    )
    post = read(tmp_path, "", "content/a/p.html", text)
    fields = post.fields
    assert (fields.title, fields.tags, fields.categories) == ("Fish & chips", ["red", "blue"], ["Food"])
    assert (fields.authors, fields.url, post.body.text) == (["Doe, Jane"], "/fish-chips.html", "Text")
    assert fields.published is not None
    assert read(tmp_path, "", "content/a/p.html", "<p>No head").front_matter.format is None


# Settings.


@pytest.mark.parametrize(
    ("config", "path", "text", "slug", "url"),
    [
        ("", "content/a.md", DATED, "a-post", "/a-post.html"),
        ("SLUGIFY_SOURCE = 'basename'", "content/x/File_Name.md", DATED, "file_name", "/file_name.html"),
        ("FILENAME_METADATA = '(?P<slug>.*)'\nARTICLE_URL = '{category}/{slug}.html'", "content/Big Data/集群Hadoop.md",
         DATED, "集群Hadoop", "/big-data/集群Hadoop.html"),
        (r"FILENAME_METADATA = r'(?P<date>\d{4}-\d\d-\d\d)[-_](?P<slug>.*)'", "content/2023-01-02_old.md",
         "Title: New", "old", "/old.html"),
        (r"PATH_METADATA = r'(?P<path_no_ext>.*)\..*'" "\nARTICLE_URL = '{path_no_ext}/'", "content/a/b.md", DATED,
         "a-post", "/a/b/"),
        ("ARTICLE_URL = 'b/{date:%Y}/{date:%b}/{date:%-d}/{date:%H%M}/{slug}/'", "content/a.md", DATED, "a-post",
         "/b/2024/Mar/5/1030/a-post/"),
        ("ARTICLE_URL = '{date:%Y%m%d%H}'", "content/a.md", "Title: Zone\nDate: 2024-01-02T23:30+09:00", "zone",
         "/2024010223"),
        ("ARTICLE_URL = '{date.year}/{date.month:02d}/{author}'\nAUTHOR = 'Ann Ö'", "content/a.md", DATED, "a-post",
         "/2024/03/ann-o"),
        ("LOCALE = 'de_DE'\nARTICLE_URL = '{date:%b}/{slug}'", "content/a.md", DATED, "a-post", None),
        ("LOCALE = 'de_DE'\nARTICLE_URL = '{date:%m}/{slug}'", "content/a.md", DATED, "a-post", "/03/a-post"),
        ("", "content/a.md", "Title: 中文标题\nDate: 2024-03-05", None, None),
        ("SLUGIFY_USE_UNICODE = True", "content/a.md", "Title: 中文 标题\nDate: 2024-03-05", "中文-标题",
         "/中文-标题.html"),
        ("SLUGIFY_PRESERVE_CASE = True", "content/a.md", DATED, "A-post", "/A-post.html"),
        ("SLUG_REGEX_SUBSTITUTIONS = [(' ', '_'), ('POST', 'entry')]", "content/a.md", DATED, "a_entry",
         "/a_entry.html"),
        ("CATEGORY_REGEX_SUBSTITUTIONS = [('#', 'sharp')]\nARTICLE_URL = '{category}/{slug}'", "content/C#/a.md", DATED,
         "a-post", "/csharp/a-post"),
        ("SLUG_SUBSTITUTIONS = (('post', 'note'),)", "content/a.md", DATED, "a-note", "/a-note.html"),
        ("CLEAN_URLS = True", "content/a.md", DATED, "a-post", "/a-post/"),
        ("", "content/a.md", DATED + "Slug: My_Own", "My_Own", "/My_Own.html"),
        ("", "content/a.md", DATED + "URL: x/\nSave_as: x/index.html", "a-post", "/x/"),
        ("", "content/a.md", DATED + "Save_as: x.html", "a-post", "/a-post.html"),
        ("", "content/a.md", DATED + "Status: Draft", "a-post", "/drafts/a-post.html"),
        ("", "content/a.md", DATED + "Status: hidden", "a-post", "/a-post.html"),
        ("", "content/a.md", DATED + "Lang: de", "a-post", "/a-post-de.html"),
        ("DEFAULT_LANG = 'de'", "content/a.md", DATED + "Lang: de", "a-post", "/a-post.html"),
        ("ARTICLE_LANG_URL = '{lang}/{slug}'", "content/a.md", DATED + "Lang: de", "a-post", "/de/a-post"),
        ("", "content/pages/a.md", "Title: About us", "about-us", "/pages/about-us.html"),
        ("", "content/pages/a.md", "Title: P\nStatus: draft", "p", "/drafts/pages/p.html"),
        ("PAGE_PATHS = ['info']\nPAGE_URL = '{slug}/'", "content/info/a.md", "Title: P", "p", "/p/"),
        ("", "content/a.md", "Title: No date", "no-date", None),
        ("", "content/a.md", "Title: No date\nURL: x/\nSave_as: x/index.html", "no-date", None),
        ("", "content/pages/a.md", "Title: P\nURL: x/\nSave_as: x/index.html", "p", "/x/"),
        ("ARTICLE_SAVE_AS = ''", "content/a.md", DATED, "a-post", None),
        ("ARTICLE_URL = '{nothing}/{slug}'", "content/a.md", DATED, "a-post", None),
        ("import os\nARTICLE_URL = os.environ['X']", "content/a.md", DATED, "a-post", None),
        ("EXTRA_PATH_METADATA = {'a': {'lang': 'fr'}, 'a/b.md': {'slug': 'given'}}", "content/a/b.md", DATED, "given",
         "/given-fr.html"),
        ("DEFAULT_METADATA = {'status': 'draft'}", "content/a.md", DATED, "a-post", "/drafts/a-post.html"),
    ],
)  # fmt: skip
def test_slugs_and_addresses_follow_the_settings(
    tmp_path: Path, config: str, path: str, text: str, slug: str | None, url: str | None
) -> None:
    fields = read(tmp_path, config, path, text).fields
    assert (fields.slug, fields.url) == (slug, url)


@pytest.mark.parametrize(
    ("config", "path", "header", "categories"),
    [
        ("", "content/a/b/c.md", "", ["b"]),
        ("", "content/c.md", "", ["misc"]),
        ("DEFAULT_CATEGORY = 'notes'", "content/c.md", "Category:\n", ["notes"]),
        ("USE_FOLDER_AS_CATEGORY = False", "content/a/c.md", "", ["misc"]),
        ("USE_FOLDER_AS_CATEGORY = False\nDEFAULT_CATEGORY = ''", "content/a/c.md", "", []),
        ("CATEGORY_SAVE_AS = ''", "content/a/c.md", "", []),
        ("", "content/a/c.md", "Category: C, D / E\n", ["C, D / E"]),
        ("", "content/pages/c.md", "", []),
        ("", "content/pages/c.md", "Category: Own\n", ["Own"]),
        ("PATH_METADATA = '(?P<category>[^/]*)/.*'", "content/a/b/c.md", "", ["a"]),
        ("EXTRA_PATH_METADATA = {'a': {'category': 'extra'}}\nUSE_FOLDER_AS_CATEGORY = False", "content/a/c.md", "",
         ["extra"]),
    ],
)  # fmt: skip
def test_categories_come_from_the_post_its_path_and_the_settings(
    tmp_path: Path, config: str, path: str, header: str, categories: list[str]
) -> None:
    assert read(tmp_path, config, path, DATED + header).fields.categories == categories


@pytest.mark.parametrize(
    ("config", "path", "text", "day", "origin"),
    [
        ("", "content/2023-01-02-x.md", "Title: T", "2023-01-02", "file_name"),
        ("", "content/2023-01-02-x.md", DATED, "2024-03-05", "front_matter"),
        ("DEFAULT_DATE = (2001, 2, 3)", "content/x.md", "Title: T", "2001-02-03", "front_matter"),
        ("DEFAULT_DATE = '2001-02-03'", "content/2023-01-02-x.md", "Title: T", "2023-01-02", "file_name"),
        ("DEFAULT_DATE = 'fs'", "content/x.md", "Title: T", None, None),
        (
            r"PATH_METADATA = r'(?P<date>\d{4}/\d\d/\d\d)/.*'",
            "content/2023/01/02/x.md",
            "Title: T",
            "2023-01-02",
            "path",
        ),
        ("", "content/x.md", "Title: T\nDate: 2024-03-05_10:00", "2024-03-05", "front_matter"),
    ],
)
def test_dates_come_from_the_post_its_path_and_the_settings(
    tmp_path: Path, config: str, path: str, text: str, day: str | None, origin: str | None
) -> None:
    fields = read(tmp_path, config, path, text).fields
    written = None if fields.published is None else fields.published.instant // 86_400_000_000
    stated = None if day is None else (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days
    assert (written, fields.published_from) == (stated, origin)


@pytest.mark.parametrize(
    ("config", "path", "text"),
    [
        ("", "content/a.md", DATED + "Status: skip"),
        ("READERS = {'html': None}", "content/a.html", "<p>x"),
        ("IGNORE_FILES = ['*.tmp.md']", "content/a.tmp.md", DATED),
        ("ARTICLE_PATHS = ['blog']", "content/other/a.md", DATED),
        ("ARTICLE_EXCLUDES = ['old']", "content/old/a.md", DATED),
        ("PAGE_EXCLUDES = ['pages/old']", "content/pages/old/a.md", DATED),
    ],
)
def test_files_that_pelican_leaves_out_are_rejected(tmp_path: Path, config: str, path: str, text: str) -> None:
    with pytest.raises(Rejection) as rejected:
        read(tmp_path, config, path, text)
    assert rejected.value.reason == "not_a_page"


def test_settings_are_found_beside_the_content_and_through_imports(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "urls.py").write_text("ROOT = 'blog'\n")
    (tmp_path / "pelicanconf.py").write_text(
        "from base.urls import *\nPATH = 'content'\nARTICLE_URL = ROOT + '/{slug}/'\n"
    )
    place = PinnedFolder(tmp_path)
    assert reader(tmp_path, None).read("content/a.md", DATED.encode()).fields.url == "/blog/a-post/"
    before = site_fingerprint(place, DIALECTS["pelican"])
    (tmp_path / "publishconf.py").write_text("from pelicanconf import *\nARTICLE_URL = ROOT + '/p/{slug}/'\n")
    (tmp_path / "content").mkdir()
    below = reader(tmp_path / "content", None, include=("**",))  # type: ignore[arg-type]
    assert below.read("x/a.md", DATED.encode()).fields.url == "/blog/p/a-post/"
    assert below.read("x/a.md", DATED.encode()).fields.categories == ["x"]
    changed = site_fingerprint(place, DIALECTS["pelican"])
    (tmp_path / "base" / "urls.py").write_text("ROOT = 'other'\n")
    assert len({before, changed, site_fingerprint(place, DIALECTS["pelican"])}) == 3


# Python that is not run.


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("X = u'a' 'b'", "ab"),
        ("A = 'a'\nX = A + '/{slug}'", "a/{slug}"),
        ("A = 'a'\nX = f'{A}/{{slug}}'", "a/{slug}"),
        ("X = '%s-%d' % ('a', 1)", "a-1"),
        ("X = '{}/{0}'.format('a') if False else '{b}'.format(b='c')", "c"),
        ("import os\nX = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'content')", "/site/content"),
        ("from pathlib import Path\nX = Path(__file__).resolve().parent / 'content'", "/site/content"),
        ("X = ['a']\nX += ['b']\nX.append('c')", ["a", "b", "c"]),
        ("X = dict(a='b')\nX['c'] = 'd'\nX.update({'e': 'f'})", {"a": "b", "c": "d", "e": "f"}),
        ("D = True\nif D:\n    X = 1\nelse:\n    X = 2", 1),
        ("import os\nif os.getenv('CI'):\n    X = 1\nelse:\n    X = 2", UNKNOWN),
        ("import os\nif os.getenv('CI'):\n    X = 1\nelse:\n    X = 1", 1),
        ("try:\n    from local import *\nexcept ImportError:\n    pass\nX = 1", 1),
        ("X = 1\nfor X in range(3):\n    pass", UNKNOWN),
        ("def f():\n    return 1\nX = f()", UNKNOWN),
        ("A, X = 'a', 'b'", "b"),
        ("X = 'a' * 10**9", UNKNOWN),
        ("X = '%0999999999d' % 1", UNKNOWN),
        ("X = '{:>999999999}'.format(1)", UNKNOWN),
        ("X = __import__('os').system('true')", UNKNOWN),
        ("X = 'a' * 4\n" + "X = X + X\n" * 60, UNKNOWN),
    ],
)
def test_values_of_a_settings_file_are_known_without_running_it(code: str, value: object) -> None:
    found = read_python_values(code)["X"]
    assert found is UNKNOWN if value is UNKNOWN else found == value


@pytest.mark.parametrize("code", ["X = (", "X = '\0'", "X = " + "(" * 5000, "X = " + "-" * 100_000 + "1", "print 'x'"])
def test_a_settings_file_that_is_no_python_counts_as_none(tmp_path: Path, code: str) -> None:
    (tmp_path / "pelicanconf.py").write_text(code)
    fields = reader(tmp_path, None).read("content/a/a.md", DATED.encode()).fields
    assert (fields.url, fields.slug, fields.categories) == (None, "a-post", ["a"])


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a?){30}b", "a?" * 80 + "b", "(", "(?P<x>(.*)*)"])
def test_patterns_that_might_take_long_are_not_used(tmp_path: Path, pattern: str) -> None:
    compiled = safe_pattern(pattern)
    assert compiled is None or not compiled.is_affordable("a" * 60)
    assert read(tmp_path, f"FILENAME_METADATA = {pattern!r}", f"content/{'a' * 60}.md").fields.url is None


@pytest.mark.parametrize(
    ("text", "slug", "unicode_slug"),
    [
        ("Dashes – and “quotes”…", "dashes-and-quotes", "dashes-and-quotes"),
        ("Über Straße", "uber-strasse", "über-straße"),
        ("Привет, мир!", "privet-mir", "привет-мир"),
        ("Ελλάδα", "ellada", "ελλάδα"),
        ("A <b>bold</b> &amp; B", "a-bold-b", "a-bold-b"),
        ("a < b > c", "a-c", "a-c"),
        ("🎉 Party №5", "party-no5", "party-no5"),
        ("foo_bar -- baz", "foo_bar-baz", "foo_bar-baz"),
        ("日本", None, "日本"),
    ],
)
def test_slugs_are_those_of_pelican(text: str, slug: str | None, unicode_slug: str) -> None:
    assert pelican_slug(text) == slug
    assert pelican_slug(text, SlugRules(keeps_unicode=True)) == unicode_slug


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=40))
def test_a_slug_is_plain_and_making_it_again_changes_nothing(text: str) -> None:
    slug = pelican_slug(text)
    if slug is not None:
        assert slug.isascii() and slug == slug.lower() and pelican_slug(slug) == slug


@pytest.mark.parametrize(
    ("config", "patterns"),
    [
        ("", []),
        ("PATH = 'content/'", []),
        ("PATH = 'src'", ["src/**"]),
        ("PATH = '.'", ["**"]),
        ("PATH = '.'\nARTICLE_PATHS = ['posts']", ["pages/**", "posts/**"]),
        ("PATH = 'content'\nPAGE_PATHS = ['../pages']", ["content/**", "pages/**"]),
    ],
)
def test_the_settings_say_where_the_posts_are(tmp_path: Path, config: str, patterns: list[str]) -> None:
    (tmp_path / "pelicanconf.py").write_text(f"SITENAME = 'S'\n{config}\n")
    site = read_site_config(PinnedFolder(tmp_path), DIALECTS["pelican"], Limits()).pelican
    assert site is not None and site.include_patterns() == patterns
