"""Sites of Hexo: which files are posts, what their names state, and their addresses, as Hexo 8.1 itself gave them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import pinned
from hypothesis import example, given
from hypothesis import strategies as st

from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.hexo_names import PLACEHOLDER, PostNames
from etl_project.extract.site.hexo_settings import files_left_out
from etl_project.extract.site.hexo_slug import hexo_slug
from etl_project.extract.site.permalinks.address import Address
from etl_project.extract.site.permalinks.hexo import hexo_urls
from etl_project.extract.site.site_config import SiteConfig
from etl_project.extract.term_names import NESTING
from etl_project.limits import Limits
from etl_project.sources.source import Source

DAY = "2024-03-05 10:00:00"


def read(
    root: Path, settings: str, path: str, front_matter: dict[str, Value] | None = None, time_zone: str = "UTC"
) -> Fields:
    (root / "_config.yml").write_text(settings, encoding="utf-8")
    source = Source(name="s", location=root, dialect="hexo", time_zone=time_zone)
    stated: dict[str, Value] = {"date": DAY, **(front_matter or {})}
    return FieldReader(pinned(source), Limits()).read(f"source/{path}", stated, first_heading=None)


def url(root: Path, settings: str, path: str, front_matter: dict[str, Value] | None = None) -> str | None:
    return read(root, settings, path, front_matter).url


DATED = """
permalink: news/:year/:month/:day/:title/
new_post_name: :year-:month-:day-:title.md
pretty_urls: {trailing_index: false, trailing_html: false}
"""


@pytest.mark.parametrize(
    ("path", "front_matter", "address"),
    [
        ("_posts/2020-09-17-hexo-5.md", {"date": None}, "/news/2020/09/17/hexo-5/"),
        ("_posts/2020-09-17-a.md", {"permalink": "my/way.html"}, "/my/way"),
        ("_posts/a.md", {"permalink": "a/fooindex.html"}, "/a/foo"),
        ("_posts/a.md", {"permalink": "/a//b.html"}, "/a/b"),
        ("_posts/a.md", {"permalink": "false"}, "/news/2024/03/05/a/"),
        ("_posts/a.md", {"permalink": "https://example.org/a"}, None),
        ("docs/plugins.md", {}, "/docs/plugins"),
        ("docs/v1.2.md", {}, "/docs/v1.2"),
        ("themes/index.md", {}, "/themes/"),
        ("index.md", {}, "/"),
        ("p.md", {"permalink": "more/place"}, "/more/place"),
        ("p.md", {"permalink": "a/v1.2"}, "/a/v1.2"),
        ("zh-cn/docs/x.md", {"permalink": "y/"}, "/y/"),
    ],
)
def test_pretty_addresses_of_posts_and_pages(
    tmp_path: Path, path: str, front_matter: dict[str, Value], address: str | None
) -> None:
    assert url(tmp_path, DATED, path, front_matter) == address


def test_a_stated_address_of_a_page_gets_an_ending_and_that_of_a_post_none(tmp_path: Path) -> None:
    assert url(tmp_path, "title: x", "p.md", {"permalink": "more/place"}) == "/more/place.html"
    assert url(tmp_path, "title: x", "p.md", {"permalink": "more/"}) == "/more/index.html"
    assert url(tmp_path, "title: x", "_posts/p.md", {"permalink": "more/place"}) == "/more/place"
    assert url(tmp_path, "post_asset_folder: true", "_posts/p.md", {"permalink": "more/place"}) == "/more/place/"
    assert url(tmp_path, "post_asset_folder: true\npermalink: :title", "_posts/p.md") == "/p/"
    assert url(tmp_path, "post_asset_folder: true\npermalink: :title.html", "_posts/p.md") == "/p.html"


def test_a_name_is_the_slug_whole_unless_the_site_names_posts_by_date(tmp_path: Path) -> None:
    whole = read(tmp_path, "title: x", "_posts/2020-09-17-a.md", {"date": None})
    assert (whole.slug, whole.url) == ("2020-09-17-a", "/2020/09/17/2020-09-17-a/")
    dated = read(tmp_path, DATED, "_posts/2020-09-17-a.md", {"date": None})
    assert (dated.slug, dated.url) == ("a", "/news/2020/09/17/a/")


def test_slug_and_draft_are_no_keys_of_hexo(tmp_path: Path) -> None:
    post = read(tmp_path, "permalink: :title/", "_posts/a.md", {"slug": "other", "draft": "true"})
    assert (post.slug, post.url, post.status) == ("a", "/a/", "published")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("中文 名", "%E4%B8%AD%E6%96%87%20%E5%90%8D"),
        ("a+b", "a+b"),
        ("amp&=;,@!$*~", "amp&=;,@!$*~"),
        ("it's (1) [x] {y} |z^`q\"<>", "it's%20(1)%20%5Bx%5D%20%7By%7D%20%7Cz%5E%60q%22%3C%3E"),
        ("p%41", "pA"),
        ("p%E4%B8%AD%2Fx", "p%E4%B8%AD%252Fx"),
        ("p%23", "p%2523"),
        ("C#", "C#"),
        ("what?x=1 2", "what?x=1+2%2F"),
        ("..b/.c", "..b/.c"),
        ("a/../b", "b"),
        ("100%", None),
        ("%ff", None),
    ],
)
def test_addresses_are_escaped_as_javascript_does(tmp_path: Path, name: str, part: str | None) -> None:
    end = "" if "?" in name else "/"
    address = url(tmp_path, "permalink: :title/", "_posts/a.md", {"permalink": f"{name}/"})
    assert address == (None if part is None else f"/{part}{end}")


@pytest.mark.parametrize(
    ("template", "front_matter", "address"),
    [
        ("posts/:abbrlink.html", {"abbrlink": "4a17b156"}, "/posts/4a17b156.html"),
        ("posts/:abbrlink/", {}, None),
        (":id.html", {"id": "20240305"}, "/20240305.html"),
        (":id.html", {}, None),
        (":urlname/", {"urlname": "my-post"}, "/my-post/"),
        (":lang/:title/", {}, "/en/x/"),
        (":lang/:title/", {"lang": "zh"}, "/zh/x/"),
        (":lang/:title/", {"lang": None}, "/null/x/"),
        (":author/:title/", {}, "/undefined/x/"),
        (":list/:title/", {"list": ["a", "b"]}, "/a,b/x/"),
        (":table/:title/", {"table": {"a": "b"}}, None),
        (":layout/:comments/:published/", {}, "/post/true/true/"),
        (":layout/:title/", {"layout": "photo"}, "/photo/x/"),
        (":i_month-:i_day_:hour:minute:second/", {}, "/3-5_100000/"),
        (":timestamp/", {}, "/1709632800/"),
        (":hash/", {}, "/ef20141f73e2/"),
        (":post_title/", {"title": "A Ünï & 中 T"}, "/a-uni-%E4%B8%AD-t/"),
        (":Foo_1-:title/", {"Foo_1": "y"}, "/y-x/"),
        (":year:month/:title_/", {}, "/202403/x_/"),
        (":updated/", {"updated": DAY}, None),
    ],
)
def test_any_key_of_the_post_is_a_placeholder(
    tmp_path: Path, template: str, front_matter: dict[str, Value], address: str | None
) -> None:
    settings = f'permalink: "{template}"\npermalink_defaults: {{lang: en}}\n'
    assert url(tmp_path, settings, "_posts/x.md", front_matter) == address


@pytest.mark.parametrize(
    ("new_post_name", "path", "title", "date", "categories", "language"),
    [
        (":category/:title.md", "cooking/soup", "soup", None, ["cooking"], None),
        (":category/:title.md", "soup", "soup", None, [], None),
        (":lang/:title.md", "zh-tw/a", "a", None, [], "zh-tw"),
        (":title.md", "sub/Foo Bar", "sub/Foo%20Bar", None, [], None),
        (":year/:i_month/:day-:title.md", "2020/3/05-foo", "foo", "2020-03-05", [], None),
        (":year/:month/:title.md", "2020/03/foo", "foo", None, [], None),
        # What does not match is made a slug as a whole, its folders included.
        (":year/:i_month/:day-:title.md", "2020/3/foo bar", "2020-3-foo-bar", None, [], None),
        (":year-:month-:day-:title.md", "about me", "about-me", None, [], None),
        (":lang/:category/:author-:title.md", "en/cook/joe-soup", "soup", None, ["cook"], "en"),
        (":year_:title", "2020_x", "x", None, [], None),
    ],
)
def test_new_post_name_says_what_the_path_of_a_post_states(
    tmp_path: Path,
    new_post_name: str,
    path: str,
    title: str,
    date: str | None,
    categories: list[str],
    language: str | None,
) -> None:
    settings = f'permalink: ":title/"\nnew_post_name: "{new_post_name}"\n'
    post = read(tmp_path, settings, f"_posts/{path}.md", {"date": None})
    assert (post.url, post.categories, post.language) == (f"/{title}/", categories, language)
    assert (post.published_from == "file_name") == (date is not None)
    stated = read(tmp_path, settings, f"_posts/{path}.md", {"categories": "X", "lang": "fr"})
    assert (stated.categories, stated.language) == (["X"], language or "fr")


@pytest.mark.parametrize(
    ("settings", "categories", "address"),
    [
        ("", ["Web Dev", "C++"], "/Web-Dev/C/a.html"),
        ("filename_case: 1", ["编程", "Big Data"], "/%E7%BC%96%E7%A8%8B/big-data/a.html"),
        ("filename_case: 2", ["Big Data"], "/BIG-DATA/a.html"),
        ("category_map: {编程: code, Big: b b/c}", ["编程", "Big"], "/code/b-b-c/a.html"),
        ("default_category: none", [], "/none/a.html"),
        ('default_category: ""', [], "/a.html"),
        ("", [], "/uncategorized/a.html"),
        ("", [["A"], ["B", "C"]], "/B/C/a.html"),
        ("", ["日本語が", "한국어"], "/%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%81%8C/%ED%95%9C%EA%B5%AD%EC%96%B4/a.html"),
    ],
)
def test_the_category_in_an_address_is_the_last_with_those_above(
    tmp_path: Path, settings: str, categories: list[Value], address: str
) -> None:
    site = f"permalink: :category/:title.html\n{settings}\n"
    assert url(tmp_path, site, "_posts/a.md", {"categories": categories}) == address


@given(
    pieces=st.lists(st.sampled_from(["a", "-", "/", "1", ":x", ":y", ":title", ":year", ":i_day"]), max_size=6),
    path=st.text("a-/1", min_size=1, max_size=9),
)
def test_names_are_matched_as_the_regular_expression_of_hexo_does(pieces: list[str], path: str) -> None:
    template = "".join(pieces) or ":title"
    segments = {"year": "([0-9]{4})", "i_day": "([0-9]{1,2})"}
    parts = PLACEHOLDER.split(template)
    expression = "".join(segments.get(p, "(.+?)") if i % 2 else re.escape(p) for i, p in enumerate(parts))
    match = re.fullmatch(expression, path)
    values = dict(zip(parts[1::2], match.groups(), strict=True)) if match else {}
    name = PostNames(template).read(path)
    assert name.slug == (values.get("title") or hexo_slug(path))
    assert name.values == {key: value for key, value in values.items() if key not in ("title", "year", "i_day")}


def test_a_hostile_template_takes_no_time() -> None:
    names = PostNames("-".join(f":part{n}" for n in range(30)) + "!.md")
    assert names.read("-" * 1000).values == {}
    assert PostNames(":i_day" * 39 + ":year!").read("1" * 60).values == {}


LEFT = """
skip_render: [raw/**, "_posts/skip*", "*.html", "x/{a,b}/*.md", test/*]
ignore: ["**/ign/**", "**/*.tmp.md"]
exclude: ["ex/**", "_posts/*"]
include: ["_inc/**", "_posts/_p.md"]
"""


def test_files_that_are_hidden_skipped_ignored_or_excluded_are_no_posts(tmp_path: Path) -> None:
    posts = ["_posts/a.md", "_posts/x/a.md", "_posts/_p.md", "_drafts/d.md", "_posts/a_.md"]
    pages = ["about.md", "x/c/q.md", "x/a/z/q.md", "test/s/b.md", "_inc/a.md", "x/raw/a.md", "sub/top.html"]
    neither = [
        "_posts/_later.md", "_posts/x/_old/y.md", "_drafts/_d.md", "_posts/skipme.md", "_posts/ign/a.md",
        "_posts/b.tmp.md", "_data/d.md", "_policies/x.md", "ok/_x.md", "_x.md", "raw/r.html", "raw/s/r.md", "top.html",
        "x/a/q.md", "test/a.md", "ex/a.md", "ign/a/b.md",
    ]  # fmt: skip
    settings = SiteConfig(read_settings(LEFT))
    for folder in ("source/", ""):
        listed = [folder + path for path in posts + pages + neither]
        assert files_left_out(settings).keep(listed) == [folder + path for path in posts + pages]
    for folder in ("_posts", "_drafts"):
        below, kept = (
            [path.removeprefix(f"{folder}/") for path in paths if path.startswith(f"{folder}/")]
            for paths in (posts + neither, posts)
        )
        assert files_left_out(settings, folder).keep(below) == kept


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("./about.md", ["about.md"]),
        ("**.html", ["a.html", "demo/b/c.html"]),
        ("demo/**.html", []),
        ("**/c.html", ["demo/b/c.html"]),
    ],
)
def test_patterns_are_those_of_micromatch(pattern: str, left: list[str]) -> None:
    paths = ["about.md", "a.html", "demo/b/c.html"]
    kept = files_left_out(SiteConfig({"skip_render": pattern})).keep(paths)
    assert [path for path in paths if path not in kept] == left


def read_settings(text: str) -> dict[str, Value]:
    from etl_project.extract.site.settings_values import parse_settings_text

    return parse_settings_text(text, ".yml", Limits())


def test_html_beside_posts_with_folders_of_assets_is_an_asset() -> None:
    paths = ["source/_posts/a.md", "source/p.html", "source/_posts/a/demo.html", "source/_posts/b.markdown"]
    assert files_left_out(SiteConfig()).keep(paths) == paths
    assert files_left_out(SiteConfig({"post_asset_folder": "true"})).keep(paths) == paths[:2]


@pytest.mark.parametrize("pattern", ["[", "a{b", "!x/**", "!(x).md", "(", "*" * 2000, "{a,b}" * 20, "[z-a]", "a\\"])
def test_patterns_that_are_none_leave_nothing_out(pattern: str) -> None:
    settings = SiteConfig({"skip_render": pattern, "ignore": [f"**/{pattern}"], "exclude": {"a": "b"}})
    assert files_left_out(settings).keep(["source/_posts/a.md", "source/b.md"]) == ["source/_posts/a.md", "source/b.md"]


def test_a_site_that_renders_drafts_shows_them(tmp_path: Path) -> None:
    for settings, status in (("title: x", "draft"), ("render_drafts: true", "published")):
        assert read(tmp_path, settings, "_drafts/a.md").status == status
        assert read(tmp_path, settings, "_posts/a.md", {"published": "false"}).status == status


def test_settings_may_date_updates_and_title_posts(tmp_path: Path) -> None:
    for settings in ("updated_option: date", "use_date_for_updated: true"):
        post = read(tmp_path, settings, "_posts/a.md")
        assert post.updated == post.published is not None
        assert read(tmp_path, settings, "_posts/a.md", {"updated": "2025-01-01"}).updated != post.published
    assert read(tmp_path, "updated_option: mtime", "_posts/a.md").updated is None
    assert read(tmp_path, "use_slug_as_post_title: true", "_posts/b/a.md").title == "b/a"
    assert read(tmp_path, "title: x", "_posts/b/a.md").title is None


def test_an_evening_is_of_the_day_on_the_clock_of_the_site(tmp_path: Path) -> None:
    post = read(
        tmp_path, "permalink: :day/:timestamp/", "_posts/a.md", {"date": "2024-03-05 00:30:00"}, "Asia/Shanghai"
    )
    assert post.url == "/05/1709569800/"


def test_settings_may_be_indented_by_tabs(tmp_path: Path) -> None:
    settings = "permalink: :lang/:title/\npermalink_defaults:\n\tlang: en\n\tother: x\n"
    assert url(tmp_path, settings, "_posts/a.md") == "/en/a/"


def test_settings_may_be_json(tmp_path: Path) -> None:
    (tmp_path / "_config.json").write_text('{"permalink": ":title.html"}')
    source = Source(name="s", location=tmp_path, dialect="hexo")
    assert FieldReader(pinned(source), Limits()).read("source/_posts/a.md", {}, first_heading=None).url == "/a.html"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Hello, Wörld & 你好", "Hello-World-你好"),
        ("한국어 が", "한국어-が"),
        ("a\u3000b\ufeffc\x1cd", "a-b-cd"),
        ("Łódź Straße Æ ｱＡ", "Lodz-Strase-AE-ｱA"),
        ("--a__b--", "a-b"),
        ("", ""),
    ],
)
def test_slugs_of_hexo(text: str, slug: str) -> None:
    assert hexo_slug(text) == slug


@given(text=st.text(max_size=20))
@example(text="İ")
def test_a_slug_made_again_is_the_same_slug(text: str) -> None:
    slug = hexo_slug(text)
    assert hexo_slug(slug) == slug
    assert not slug.startswith("-") and not slug.endswith("-") and " " not in slug


@given(path=st.text(max_size=30))
def test_an_address_is_ascii_and_begins_with_a_slash_or_is_not_known(path: str) -> None:
    post = Address(
        folders=["_posts"], stem="a", slug="a", stated_slug=None, title=None, stated_url=path or None, published=None,
        written=None, zone=None, categories=[f"a{NESTING}b"], language=None, name="a",
    )  # fmt: skip
    address = hexo_urls(":title/", SiteConfig())(post)
    assert address is None or (address.startswith("/") and address.isascii() and " " not in address)


def test_the_source_may_be_the_folder_of_posts_itself(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("permalink: :category/:title/\nnew_post_name: :category/:title.md\n")
    for folder, status in (("_posts", "published"), ("_drafts", "draft")):
        location = tmp_path / "source" / folder
        location.mkdir(parents=True)
        source = Source(name="s", location=location, dialect="hexo", include=("**",))
        post = FieldReader(pinned(source), Limits()).read("cooking/soup.md", {}, first_heading=None)
        assert (post.url, post.categories, post.status) == ("/cooking/soup/", ["cooking"], status)


def test_the_source_folder_of_a_site_may_have_another_name(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("permalink: :title/\nsource_dir: blog\n")
    source = Source(name="s", location=tmp_path, dialect="hexo", include=("blog/**",))
    reader = FieldReader(pinned(source), Limits())
    assert reader.read("blog/_posts/a.md", {}, first_heading=None).url == "/a/"
    assert reader.read("blog/about.md", {}, first_heading=None).url == "/about.html"


@pytest.mark.parametrize(
    ("front_matter", "categories", "tags"),
    [
        ({"categories": [], "category": "x", "tags": [], "tag": "y"}, [], []),
        ({"categories": None, "category": "x", "tags": "", "tag": "y"}, ["x"], ["y"]),
        ({"categories": ["a"], "category": "x", "tags": ["b"], "tag": "y"}, ["a"], ["b"]),
    ],
)
def test_an_empty_list_says_that_there_are_none(
    tmp_path: Path, front_matter: dict[str, Value], categories: list[str], tags: list[str]
) -> None:
    fields = read(tmp_path, "", "_posts/a.md", front_matter)
    assert (fields.categories, fields.tags) == (categories, tags)
