"""Addresses of pages: each generator's own rules, with the settings of its site."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import pinned

from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.pelican.slug import pelican_slug
from etl_project.extract.site.slugs import hugo_path, jekyll_slug
from etl_project.limits import Limits
from etl_project.sources.source import Source


def read(
    root: Path,
    dialect: str,
    path: str,
    front_matter: dict[str, Value] | None = None,
    *,
    permalink: str | None = None,
    config: tuple[str, str] | None = None,
    time_zone: str = "UTC",
) -> Fields:
    if config:
        file = root / config[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(config[1], encoding="utf-8")
    source = Source(name="s", location=root, dialect=dialect, permalink=permalink, time_zone=time_zone)
    return FieldReader(pinned(source), Limits()).read(path, front_matter or {}, first_heading=None)


POST = "sport/_posts/2024-03-05-Some_post.md"


@pytest.mark.parametrize(
    ("permalink", "url"),
    [
        (None, "/sport/2024/03/05/Some_post.html"),
        ("date", "/sport/2024/03/05/Some_post.html"),
        ("pretty", "/sport/2024/03/05/Some_post/"),
        ("ordinal", "/sport/2024/065/Some_post.html"),
        ("weekdate", "/sport/2024/W10/Tue/Some_post.html"),
        ("none", "/sport/Some_post.html"),
        ("/:short_year/:i_month/:i_day/:slug", "/24/3/5/some-post"),
        ("/:categories/:year_:month/:title/", "/sport/2024_03/Some_post/"),
        ("blog/:long_month/:long_day/:title", "/blog/March/Tuesday/Some_post"),
        ("/a/../b//:title", "/a/b/Some_post"),
        ("/:unheard_of/:title", None),
    ],
)
def test_permalink_styles_of_jekyll(tmp_path: Path, permalink: str | None, url: str | None) -> None:
    assert read(tmp_path, "jekyll", POST, permalink=permalink).url == url
    if permalink:
        assert read(tmp_path, "jekyll", POST, config=("_config.yml", f"permalink: {permalink}")).url == url


def test_the_permalink_of_a_post_goes_before_the_setting_and_that_before_the_site(tmp_path: Path) -> None:
    config = ("_config.yml", "permalink: none")
    assert read(tmp_path, "jekyll", POST, {"permalink": "/x/:title/"}, config=config).url == "/x/Some_post/"
    assert read(tmp_path, "jekyll", POST, permalink="pretty").url == "/sport/2024/03/05/Some_post/"
    assert read(tmp_path, "jekyll", POST).url == "/sport/Some_post.html"


def test_the_address_of_jekyll_has_the_day_on_the_clock_of_the_site(tmp_path: Path) -> None:
    late: dict[str, Value] = {"date": "2024-03-05 23:30:00 +0000"}
    assert read(tmp_path, "jekyll", "_posts/2024-03-05-a.md", late).url == "/2024/03/05/a.html"
    shanghai = read(tmp_path, "jekyll", "_posts/2024-03-05-a.md", late, time_zone="Asia/Shanghai")
    assert shanghai.url == "/2024/03/06/a.html"


def test_categories_and_names_are_lowered_escaped_and_made_slugs(tmp_path: Path) -> None:
    fields = read(tmp_path, "jekyll", "_posts/2024-03-05-日本 C++.md", {"categories": ["News", "新闻", "NEWS"]})
    assert fields.url == "/news/%E6%96%B0%E9%97%BB/2024/03/05/%E6%97%A5%E6%9C%AC-C++.html"
    assert fields.slug == "日本 C++"


def test_a_post_without_a_date_has_no_dated_address(tmp_path: Path) -> None:
    assert read(tmp_path, "jekyll", "_posts/a.md").url is None
    assert read(tmp_path, "jekyll", "_posts/a.md", permalink="none").url == "/a.html"


DEFAULTS = """
defaults:
  - scope: {path: ""}
    values: {layout: page, author: Everyone, categories: all}
  - scope: {path: "sport", type: posts}
    values: {layout: match, permalink: /matches/:title/}
  - scope: {path: "", type: drafts}
    values: {layout: sketch}
  - scope: {path: "_posts/*/deep"}
    values: {lang: de}
  - scope: {path: "_posts"}
    values: {layout: post}
  - scope: {path: "spo"}
    values: {layout: wider, excerpt: from the wider scope}
"""


def test_defaults_of_jekyll_apply_by_path_and_type_and_the_narrower_wins(tmp_path: Path) -> None:
    config = ("_config.yml", DEFAULTS)
    sport = read(tmp_path, "jekyll", POST, {"layout": None, "categories": ["own"]}, config=config)
    assert (sport.layout, sport.authors, sport.url) == ("match", ["Everyone"], "/matches/Some_post/")
    assert sport.categories == ["sport", "all", "own"]
    assert sport.excerpt == "from the wider scope"
    assert read(tmp_path, "jekyll", "_posts/2024-03-05-a.md").layout == "post"
    assert read(tmp_path, "jekyll", "_posts/2024-03-05-a.md", {"layout": "own"}).layout == "own"
    assert read(tmp_path, "jekyll", "_drafts/a.md").layout == "sketch"
    assert read(tmp_path, "jekyll", "_posts/x/deep/2024-03-05-a.md").language == "de"
    assert read(tmp_path, "jekyll", "_posts/x/2024-03-05-a.md").language is None


@pytest.mark.parametrize("config", ["a: [", "- 1", "defaults: {a: b}", "defaults: [1, {scope: 1}]", "\x00", ""])
def test_settings_of_a_site_that_cannot_be_read_change_nothing(tmp_path: Path, config: str) -> None:
    assert read(tmp_path, "jekyll", POST, config=("_config.yml", config)).url == "/sport/2024/03/05/Some_post.html"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Hello World", "Hello-World"),
        ("a--b", "a-b"),
        ("-a-", "a"),
        ("v1.9.3-p286", "v1.9.3-p286"),
        ("a & b", "a-&-b"),
        ("über_straße", "über_straße"),
        ("हिन्दी", "हिन्दी"),
        ("新闻：快讯", "新闻-快讯"),
    ],
)
def test_slugs_of_jekyll(text: str, slug: str) -> None:
    assert jekyll_slug(text, pretty=True) == slug


@pytest.mark.parametrize(
    ("path", "front_matter", "url"),
    [
        ("content/Power/Foo Bar.md", {}, "/power/foo-bar/"),
        ("content/a/It's (1) — x.md", {}, "/a/its-1--x/"),
        ("content/R & D - x/a  b.md", {}, "/r--d---x/a--b/"),
        ("content/a.md", {"slug": "-R & D  x-"}, "/r-d-x/"),
        ("content/a.md", {"slug": "-"}, "/a/"),
        ("content/a/日本.md", {}, "/a/%E6%97%A5%E6%9C%AC/"),
        ("content/a/index.md", {}, "/a/"),
        ("content/a/b/index.md", {"slug": "C"}, "/a/c/"),
        ("content/a/1.29.md", {}, "/a/1.29/"),
        ("content/a.md", {"slug": "My Slug"}, "/my-slug/"),
        ("content/a.md", {"url": "/case/X"}, "/case/X/"),
        ("content/a.md", {"url": "x.html"}, "/x.html"),
        ("content/a.md", {"url": "https://example.org/a"}, None),
        ("content/_index.en.md", {}, "/_index.en/"),
    ],
)
def test_addresses_of_hugo(tmp_path: Path, path: str, front_matter: dict[str, Value], url: str | None) -> None:
    assert read(tmp_path, "hugo", path, front_matter).url == url


PERMALINKS = """
defaultContentLanguage = "en"
[permalinks]
  posts = "/:year/:month/:day/:slug/"
  cn = "/:sections/:year/:slugorfilename/"
  deep = "/:sections[1:]/:filename/"
[languages.en]
[languages.zh]
"""


def test_permalinks_of_hugo_by_section(tmp_path: Path) -> None:
    config = ("hugo.toml", PERMALINKS)
    dated: dict[str, Value] = {"date": "2024-03-05T00:30:00+08:00", "title": "A Title"}
    for folder in ("content/cn/kids", "content/deep/a/b"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "_index.md").write_text("")
    # The day as written counts, in the zone it was written in.
    assert read(tmp_path, "hugo", "content/posts/a.md", dated, config=config).url == "/2024/03/05/a-title/"
    assert read(tmp_path, "hugo", "content/posts/a.md", {"title": "t"}).url == "/1/01/01/t/"
    assert read(tmp_path, "hugo", "content/cn/kids/b.md", dated).url == "/cn/kids/2024/b/"
    # A folder without an _index file is no section.
    assert read(tmp_path, "hugo", "content/cn/other/b.md", dated).url == "/cn/2024/b/"
    assert read(tmp_path, "hugo", "content/deep/a/b/c.md", dated).url == "/a/b/c/"
    assert read(tmp_path, "hugo", "content/about/c.md").url == "/about/c/"
    # The source's own permalink asks for sections too.
    stated = read(tmp_path, "hugo", "content/deep/a/b/c.md", permalink="/:sections[last]/:filename/")
    assert stated.url == "/b/c/"


def test_the_language_in_a_file_name_of_hugo_counts_where_the_site_has_it(tmp_path: Path) -> None:
    zh = read(tmp_path, "hugo", "content/about/me.zh.md", config=("hugo.toml", PERMALINKS))
    assert (zh.url, zh.slug, zh.language) == ("/zh/about/me/", "me", "zh")
    en = read(tmp_path, "hugo", "content/about/me.en.md")
    assert (en.url, en.language) == ("/about/me/", "en")
    assert read(tmp_path, "hugo", "content/about/me.fr.md").url == "/about/me.fr/"
    assert read(tmp_path, "hugo", "content/zh/me.md").url == "/zh/me/"
    below = ("hugo.toml", f"defaultContentLanguageInSubdir = true\n{PERMALINKS}")
    assert read(tmp_path, "hugo", "content/about/me.md", config=below).url == "/en/about/me/"


def test_hugo_takes_dates_from_file_names_where_its_settings_say_so(tmp_path: Path) -> None:
    config = ("config.yaml", "frontmatter:\n  date: [':filename', ':default']\n")
    fields = read(tmp_path, "hugo", "content/2024-03-05-a.md", config=config)
    assert (fields.published_from, fields.slug) == ("file_name", "a")


@pytest.mark.parametrize(
    ("text", "path"),
    [("A b", "a-b"), ("a - b", "a-b"), ("a  b", "a-b"), ("é", "é"), ("a,b", "ab"), ("50%", "50"), ("%41", "%41")],
)
def test_paths_of_hugo(text: str, path: str) -> None:
    assert hugo_path(text, lower=True) == path


@pytest.mark.parametrize(
    ("path", "front_matter", "url"),
    [
        ("content/posts/intro/Start.md", {"slug": "hello-&-World"}, "/posts/intro/hello-world/"),
        ("content/2018-10-12_a.md", {}, "/a/"),
        ("content/posts/with-assets/index.md", {}, "/posts/with-assets/"),
        ("content/ file with space.md", {}, "/file-with-space/"),
        ("content/a.md", {"path": "/hello-world"}, "/hello-world/"),
        ("content/日本.md", {}, None),
    ],
)
def test_addresses_of_zola(tmp_path: Path, path: str, front_matter: dict[str, Value], url: str | None) -> None:
    assert read(tmp_path, "zola", path, front_matter).url == url


def test_zola_keeps_other_letters_where_its_settings_say_so(tmp_path: Path) -> None:
    config = ("config.toml", '[slugify]\npaths = "safe"\n')
    assert read(tmp_path, "zola", "content/日本.md", config=config).url == "/日本/"


def test_addresses_of_pelican_come_from_its_settings_and_the_title(tmp_path: Path) -> None:
    post: dict[str, Value] = {"Title": "This Week in Rust 571", "Date": "2024-10-30"}
    assert read(tmp_path, "pelican", "content/a.md", post).url is None
    config = ("pelicanconf.py", "import os\nARTICLE_URL = 'blog/{date:%Y}/{date:%m}/{slug}/'\nX = os.name\n")
    fields = read(tmp_path, "pelican", "content/a.md", post, config=config)
    assert (fields.slug, fields.url) == ("this-week-in-rust-571", "/blog/2024/10/this-week-in-rust-571/")
    stated = read(tmp_path, "pelican", "content/a.md", {**post, "URL": "x/"}, config=("pelicanconf.py", "A = (\n"))
    assert stated.url == "/x/"
    assert read(tmp_path, "pelican", "content/a.md", post, permalink="{slug}.html").url == "/this-week-in-rust-571.html"


def test_slugs_of_the_other_generators() -> None:
    assert pelican_slug("Émile's 1st -  post!") == "emiles-1st-post"
    assert pelican_slug("新闻") is None


def test_a_plain_post_has_the_address_it_states(tmp_path: Path) -> None:
    assert read(tmp_path, "plain", "a.md", {"url": "/case/x/"}).url == "/case/x/"
    assert read(tmp_path, "plain", "a.md").url is None
