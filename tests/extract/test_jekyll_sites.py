"""Sites of Jekyll: collections, folders and files that settings leave out, as Jekyll 4.3 itself read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import pinned

from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.posts import PostReader
from etl_project.extract.site.jekyll_settings import files_left_out
from etl_project.extract.site.settings_values import parse_settings_text
from etl_project.extract.site.site_config import SiteConfig
from etl_project.extract.site.site_files import find_files_left_out
from etl_project.limits import Limits
from etl_project.sources.source import Source


def read(root: Path, settings: str, path: str, front_matter: dict[str, Value] | None = None, **source: str) -> Fields:
    (root / "_config.yml").write_text(settings, encoding="utf-8")
    reader = FieldReader(pinned(Source(name="s", location=root, dialect="jekyll", **source)), Limits())
    return reader.read(path, front_matter or {}, first_heading=None)


EVERY_PART = (
    "/:short_year/:i_month/:i_day/:short_month/:long_month/:hour/:w_year/:week/:w_day/:short_day/:long_day/:y_day"
    "/:collection/:path/:name/:slug/:categories/:slugified_categories/:title:output_ext"
)


@pytest.mark.parametrize(
    ("path", "front_matter", "url"),
    [
        (
            "_posts/2024-03-05-Some_post.md",
            {},
            "/24/3/5/Mar/March/00/2024/10/2/Tue/Tuesday/065/posts/2024-03-05-Some_post/2024-03-05-some-post/some-post"
            "/Some_post.html",
        ),
        (
            "news/_posts/q/_posts/2024-03-05-w.md",
            {},
            "/24/3/5/Mar/March/00/2024/10/2/Tue/Tuesday/065/posts/news/q/_posts/2024-03-05-w/2024-03-05-w/w/news/news"
            "/w.html",
        ),
        (
            "_posts/2024-03-06-sl.md",
            {"slug": "My Slug ü", "category": "A/B c?d [x] 中+"},
            "/24/3/6/Mar/March/00/2024/10/3/Wed/Wednesday/066/posts/2024-03-06-sl/2024-03-06-sl/my-slug-%C3%BC"
            "/a/b%20c?d%20%5Bx%5D%20%E4%B8%AD+/a-b-c-d-x-%E4%B8%AD/My-Slug-%C3%BC.html",
        ),
    ],
)
def test_every_placeholder(tmp_path: Path, path: str, front_matter: dict[str, Value], url: str) -> None:
    assert read(tmp_path, f"permalink: {EVERY_PART}", path, front_matter).url == url


def test_the_permalink_of_the_collection_of_posts_goes_before_that_of_the_site(tmp_path: Path) -> None:
    settings = "permalink: /all/:title/\ncollections:\n  posts:\n    permalink: /news/:year/:month/:day/:title/\n"
    post = "_posts/2024-03-05-first.md"
    assert read(tmp_path, settings, post).url == "/news/2024/03/05/first/"
    assert read(tmp_path, settings, post, permalink="none").url == "/first.html"
    assert read(tmp_path, "permalink: pretty\ncollections: [docs, posts]", post).url == "/2024/03/05/first/"
    assert read(tmp_path, "permalink: none\ncollections: {posts: {output: true}}", post).url == "/first.html"
    # The names of styles mean something for the whole site only.
    assert read(tmp_path, "collections: {posts: {permalink: pretty}}", post).url == "/pretty"
    assert read(tmp_path, "collections: {posts: {permalink: ':year/:title'}}", post).url == "/2024/first"


@pytest.mark.parametrize(
    ("path", "permalink", "url"),
    [
        ("docs/a b/about.md", "/x/:path/:basename:output_ext", "/x/docs/a%20b/about.html"),
        ("docs/about.md", "/:title/:year/", "/:title/:year/"),
        ("docs/about.md", "pretty", "/pretty"),
        ("docs/dot..md", None, "/docs/dot.html"),
    ],
)
def test_a_page_has_three_placeholders(tmp_path: Path, path: str, permalink: str | None, url: str) -> None:
    assert read(tmp_path, "permalink: date", path, {"permalink": permalink}).url == url


def test_a_collection_without_pages_has_no_addresses_whatever_its_files_state(tmp_path: Path) -> None:
    settings = COLLECTIONS.format(permalink="date")
    assert read(tmp_path, settings, "_notes/n.md", {"permalink": "/n/"}).url is None
    assert read(tmp_path, settings, "_docs/n.md", {"permalink": "/n/"}).url == "/n/"


def test_a_permalink_that_is_false_is_none_and_one_that_names_a_style_is_a_path(tmp_path: Path) -> None:
    assert read(tmp_path, "permalink: none", "_posts/2024-03-05-a.md", {"permalink": "false"}).url == "/a.html"
    assert read(tmp_path, "permalink: none", "_posts/2024-03-05-a.md", {"permalink": "pretty"}).url == "/pretty"


COLLECTIONS = """
permalink: {permalink}
collections:
  docs: {{output: true}}
  guides: {{output: true, permalink: "/:collection/:path/"}}
  notes: {{permalink: "/n/:path/"}}
"""


@pytest.mark.parametrize(
    ("permalink", "path", "url"),
    [
        ("date", "_docs/a/b.md", "/docs/a/b.html"),
        ("pretty", "_docs/a/b.md", "/docs/a/b/"),
        ("/x/:title", "_docs/a/b.md", "/docs/a/b"),
        ("/x/:title:output_ext", "_docs/2024-03-05-Doc.md", "/docs/2024-03-05-Doc.html"),
        ("date", "_guides/g.v1.md", "/guides/g.v1/"),
        ("date", "_guides/中 :year.md", "/guides/%E4%B8%AD%20:year/"),
        ("date", "_notes/n.md", None),
        ("date", "about.md", "/about.html"),
        ("pretty", "about.md", "/about/"),
        ("pretty", "p q/index.md", "/p%20q/"),
        ("none", "old_post/2024-03-05-a.md", "/a.html"),
        ("none", "_unknown/2024-03-05-a.md", "/a.html"),
    ],
)
def test_other_collections_and_pages_have_addresses_of_their_own(
    tmp_path: Path, permalink: str, path: str, url: str | None
) -> None:
    settings = COLLECTIONS.format(permalink=permalink)
    assert read(tmp_path, settings, path, {"date": "2024-03-05"}).url == url


IN_A_FOLDER = """
collections_dir: my_coll
defaults:
  - {scope: {path: "my_coll/_posts/tech"}, values: {layout: tech, categories: [t1]}}
  - {scope: {path: "my_coll/_posts/g*"}, values: {layout: gg}}
  - {scope: {path: "_posts/br{a,b}*"}, values: {layout: br}}
  - {scope: {path: "_posts/**/e*"}, values: {layout: ee}}
  - {scope: {path: "", type: posts}, values: {layout: pp, category: zz}}
"""


def test_the_folder_of_collections_is_no_category_and_no_part_of_addresses_and_scopes(tmp_path: Path) -> None:
    def facts(path: str) -> tuple[str | None, str | None, list[str]]:
        post = read(tmp_path, IN_A_FOLDER, f"my_coll/{path}")
        return post.url, post.layout, post.categories

    assert facts("_posts/2024-03-05-a.md") == ("/zz/2024/03/05/a.html", "pp", ["zz"])
    assert facts("_posts/tech/2024-03-05-b.md") == ("/t1/zz/2024/03/05/b.html", "tech", ["t1", "zz"])
    assert facts("news/_posts/2024-03-05-d.md") == ("/news/zz/2024/03/05/d.html", "pp", ["news", "zz"])
    assert facts("_posts/gx/2024-03-05-c.md")[1] == "gg"
    assert facts("_posts/bra1/2024-03-05-c.md")[1] == "br"
    assert facts("_posts/q/e1/2024-03-05-c.md")[1] == "ee"
    source = read(tmp_path, "source: ./src", "src/c/_posts/2024-03-05-c.md")
    assert (source.url, source.categories) == ("/c/2024/03/05/c.html", ["c"])


@pytest.mark.parametrize("scope", ["**/*/*/*/*.md", "**/+(a|*)/_posts", "a/*a*a*a*b", "*" * 600, "[z-a]*", "a{,,*"])
def test_scopes_of_many_patterns_take_no_time(tmp_path: Path, scope: str) -> None:
    settings = f"defaults:\n  - {{scope: {{path: '{scope}'}}, values: {{layout: x}}}}\n"
    post = read(tmp_path, settings, f"a/{'a' * 250}/{'a' * 250}/_posts/2024-03-05-a.md")
    assert (post.layout == "x") == (scope in ("**/*/*/*/*.md", "**/+(a|*)/_posts"))


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("My blog   #网站标题", "My blog"),
        ("#网站标题", None),
        ("C#", "C#"),
        ("'a #b' # c", "a #b"),
        ("a: b", "a: b"),
        ("", None),
    ],
)
def test_a_comment_after_the_title_of_a_site_is_no_part_of_it(written: str, title: str | None) -> None:
    values = parse_settings_text(f"title: {written}\nurl: /x # y\n", ".yml", Limits())
    assert values == {"title": title, "url": "/x"}


def left(settings: str, *paths: str) -> list[str]:
    config = SiteConfig(parse_settings_text(settings, ".yml", Limits()))
    kept = files_left_out(config).keep(paths)
    return [path for path in paths if path not in kept]


def test_files_that_are_excluded_hidden_or_outside_are_no_posts() -> None:
    read_by_jekyll = [
        "my/_posts/2024-03-05-a.md", "my/_posts/tech/2024-03-05-b.md", "my/_posts/z/_y/2024-03-05-u.md",
        "my/news/_posts/2024-03-05-d.md", "my/_hid/_posts/2024-03-05-h.md", "my/drafts/_posts/2024-03-05-i.md",
        "my/_drafts/x.md",
    ]  # fmt: skip
    others = [
        "_posts/2024-03-05-e.md", "other/_posts/2024-03-05-e.md", "my/old/_posts/2024-03-05-f.md", "my/_posts/xx.md",
        "my/_posts/2019-01-01-g.md", "my/_hud/_posts/2024-03-05-h.md", "my/_posts/_y/2024-03-05-u.md",
        "my/~y/_posts/2024-03-05-a.md", "my/#x/_posts/2024-03-05-a.md", "my/_posts/deep/2020-a-draft.md",
    ]  # fmt: skip
    settings = """
collections_dir: my
exclude: [my/old, "my/_posts/x*.md", tmp/, drafts, "/my/_posts/2019-*", "*-draft.md", _hid, "["]
include: [_hid]
"""
    assert left(settings, *read_by_jekyll, *others) == others
    posts = ["_posts/2024-03-05-a.md", "c/_posts/2024-03-05-a.md"]
    assert left("source: src\nexclude: [no]", *(f"src/{p}" for p in posts), posts[0]) == [posts[0]]
    assert left("title: x", *posts, "_old/_posts/2024-03-05-u.md") == ["_old/_posts/2024-03-05-u.md"]


def test_what_the_source_includes_is_read_whatever_the_site_excludes(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("exclude: [old_post]")
    paths = ["_posts/2024-03-05-a.md", "old_post/2024-03-05-b.md"]
    source = Source(name="s", location=tmp_path, dialect="jekyll")
    assert find_files_left_out(pinned(source), Limits()).keep(paths) == paths[:1]
    archive = Source(name="s", location=tmp_path, dialect="jekyll", include=("_posts/**", "old_post/**"))
    assert find_files_left_out(pinned(archive), Limits()).keep(paths) == paths


@pytest.mark.parametrize(
    ("settings", "path", "front_matter", "status"),
    [
        ("title: x", "_drafts/a.md", {}, "draft"),
        ("show_drafts: true", "_drafts/a.md", {}, "published"),
        ("show_drafts: true", "_drafts/a.md", {"published": "false"}, "draft"),
        ("show_drafts: true", "_posts/a.md", {"published": "false"}, "draft"),
        ("unpublished: true", "_posts/a.md", {"published": "false"}, "published"),
        ("unpublished: true", "_drafts/a.md", {}, "draft"),
        ("show_drafts: True", "_drafts/a.md", {}, "published"),
        ("unpublished: yes", "_posts/a.md", {"published": "false"}, "published"),
    ],
)
def test_settings_may_show_drafts_and_what_is_not_published(
    tmp_path: Path, settings: str, path: str, front_matter: dict[str, Value], status: str
) -> None:
    assert read(tmp_path, settings, path, front_matter).status == status


def test_the_defaults_of_posts_are_those_of_drafts_too(tmp_path: Path) -> None:
    settings = "defaults:\n  - {scope: {path: '', type: posts}, values: {layout: post}}\n"
    assert read(tmp_path, settings, "_drafts/a.md").layout == "post"


OF_TYPES = """
permalink: pretty
collections:
  recipes: {output: True}
  notes: {output: yes, permalink: "/n/:name"}
defaults:
  - {scope: {path: "", type: posts}, values: {layout: post, tags: [p], categories: [news]}}
  - {scope: {path: "", type: recipes}, values: {layout: recipe, tags: [r], categories: [food]}}
  - {scope: {path: "", type: pages}, values: {layout: page, permalink: "/p/:basename/"}}
"""


@pytest.mark.parametrize(
    ("path", "layout", "tags", "categories", "url"),
    [
        ("_posts/2024-03-05-a.md", "post", ["p"], ["news"], "/news/2024/03/05/a/"),
        ("old_post/2024-03-05-a.md", "post", ["p"], ["news"], "/news/2024/03/05/a/"),
        ("_recipes/soup/miso.md", "recipe", ["r"], ["food"], "/recipes/soup/miso/"),
        ("_recipes/2024-03-05-a.md", "recipe", ["r"], ["food"], "/recipes/2024-03-05-a/"),
        ("_notes/a_b.md", None, [], [], "/n/a-b"),
        ("docs/about.md", "page", [], [], "/p/about/"),
    ],
)
def test_defaults_are_those_of_the_type_of_a_file(
    tmp_path: Path, path: str, layout: str | None, tags: list[str], categories: list[str], url: str
) -> None:
    post = read(tmp_path, OF_TYPES, path)
    assert (post.layout, post.tags, post.categories, post.url) == (layout, tags, categories, url)


def test_a_source_that_is_the_folder_of_posts_is_read_like_the_site(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text(OF_TYPES + '  - {scope: {path: "_posts/q"}, values: {layout: quote}}\n')
    facts = []
    for folder, above in ((".", "{}/"), ("{}", "")):
        for name in ("_posts", "_drafts"):
            (tmp_path / name).mkdir(exist_ok=True)
            place = pinned(Source(name="s", location=tmp_path / folder.format(name), dialect="jekyll", include=("**",)))
            reader = FieldReader(place, Limits())
            for path in ("2024-03-05-a.md", "undated.md", "q/2024-03-05-b.md"):
                post = reader.read(above.format(name) + path, {}, first_heading=None)
                facts.append((post.url, post.layout, post.status, post.categories))
    assert facts[:6] == facts[6:]
    assert facts[2] == ("/news/2024/03/05/b/", "quote", "published", ["news"])
    assert facts[4] == (None, "post", "draft", ["news"])


@pytest.mark.parametrize("url", ["false", "False", "true", "/posts/{{ title | slug }}/", "{% permalink %}"])
def test_an_address_that_is_none_or_a_template_is_not_known(url: str) -> None:
    source = Source(name="s", location=Path("/no/such/site"), dialect="plain")
    assert FieldReader(pinned(source), Limits()).read("a.md", {"permalink": url}, first_heading=None).url is None


def test_the_settings_may_say_that_html_holds_markdown(tmp_path: Path) -> None:
    text = b"---\ntitle: T\n---\n<div>\n*a* [l](/x)\n\n<p>*b*</p>\n</div>\n\n```\n<div>*c*</div>\n```"
    (tmp_path / "_config.yml").write_text("kramdown:\n  parse_block_html: true\n")
    source = Source(name="s", location=tmp_path, dialect="jekyll")
    body = PostReader(pinned(source), Limits()).read("_posts/2024-03-05-a.md", text).body
    assert (body.text, body.link_urls) == ("a l\n\nb\n\n<div>*c*</div>", ["/x"])
    (tmp_path / "_config.yml").write_text("kramdown:\n  parse_block_html: false\n")
    assert PostReader(pinned(source), Limits()).read("_posts/2024-03-05-a.md", text).body.link_urls == []
