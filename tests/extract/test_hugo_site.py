"""Sites of Hugo: which files are pages, their languages and what they inherit.

What is right was asked of `hugo list all`, of Hugo 0.111 and 0.168; where they differ, of 0.168.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import pinned
from hugo_sites import NO_PAGE, POST, addresses, header, read, write
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.dialects import DIALECTS, detect_dialect
from etl_project.extract.posts import PostReader
from etl_project.extract.site.hugo.content_patterns import content_patterns
from etl_project.extract.site.hugo.globs import compile_glob, matches_glob
from etl_project.extract.site.site_fingerprint import site_fingerprint
from etl_project.extract.site.slugs import hugo_path
from etl_project.init.site import sample_site
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.scan.site_content import follow_site
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.source import Source


def test_what_is_listed_and_what_has_a_page(tmp_path: Path) -> None:
    wanted = {
        "content/bun/index.md": "/bun/",
        "content/bun/res.md": NO_PAGE,
        "content/bun/sub/index.md": NO_PAGE,
        "content/bun/sub/deep/r.md": NO_PAGE,
        "content/fine/index.fr.md": "/fr/fine/",
        "content/fine/index.md": "/fine/",
        "content/raw/index.html": NO_PAGE,
        "content/raw/x.md": "/raw/x/",
        "content/raw/y.html": "/raw/y/",
    }
    posts = dict.fromkeys(wanted, POST) | {"content/raw/index.html": "\n <p>copied"}
    others = {"content/fine/picture.txt": ""}
    assert addresses(tmp_path, {"hugo.toml": "[languages.en]\n[languages.fr]\n"}, posts, others) == wanted


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        (["headless: true"], NO_PAGE),
        (["build:", "  list: never"], NO_PAGE),
        (["_build:", "  list: false", "  render: false"], NO_PAGE),
        (["Build:", "  List: local"], NO_PAGE),
        (["build:", "  render: never"], None),
        (["build:", "  render: link"], "/d/a/"),
        (["outputs: []"], "/d/a/"),
        (["outputs: [JSON, html]"], "/d/a/index.json"),
        (["outputs: rss"], "/d/a/index.xml"),
        (["outputs: [amp]"], "/amp/d/a/"),
        (["outputs: [calendar]"], None),
        (["date: 2099-01-01", "expiryDate: 2001-01-01"], "/d/a/"),
    ],
)
def test_build_options_and_outputs(tmp_path: Path, lines: list[str], url: str | None) -> None:
    found = addresses(tmp_path, {"hugo.toml": ""}, {"content/d/a.md": header("title: A", *lines)}, {})
    assert found == {"content/d/a.md": url}


CASCADES = {
    "hugo.yaml": "languages: {en: {}, fr: {}}\ncascade:\n- target: {path: /blog/**}\n  draft: true\n"
    "- target: {environment: staging}\n  draft: true\n- _target: {path: '**/x*', environment: production}\n"
    "  tags: [p]\n",
    "content/a/_index.md": "+++\ntitle = 'A'\n[Cascade]\nDraft = true\ntags = ['inherited']\nslug = 'S'\n+++\n",
    "content/a/sub2/_index.md": header("cascade:", "  draft: false"),
    "content/b/_index.md": header(
        "cascade:", "- target: {path: '{/b/two*,/b/three/**}', kind: page}", "  draft: true",
        "- target: {kind: section}", "  draft: true", "- tags: [first]", "- tags: [second]", "  draft: false",
    ),
    "content/c/_index.fr.md": header("cascade: {build: {list: never}}"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "lines", "status", "tags", "url"),
    [
        ("content/a/x.md", ["title: X"], "draft", ["inherited"], "/s/s/"),
        ("content/a/deep/y.md", ["tags: [own]", "slug: y"], "draft", ["own"], "/s/deep/y/"),
        ("content/a/sub2/z.md", ["slug: z"], "published", ["inherited"], "/s/s/z/"),
        ("content/a/d.md", ["draft: false", "slug: d"], "published", ["inherited"], "/s/d/"),
        ("content/a/x.fr.md", [], "published", ["p"], "/fr/a/x/"),
        ("content/b/two.md", [], "draft", ["first"], "/b/two/"),
        ("content/b/three/q.md", [], "draft", ["first"], "/b/three/q/"),
        ("content/b/twos/q.md", [], "published", ["first"], "/b/twos/q/"),
        ("content/blog/x y.md", [], "draft", ["p"], "/blog/x-y/"),
        ("content/c/q.md", [], "published", [], "/c/q/"),
        ("content/c/q.fr.md", ["build: {list: always}"], "published", [], "/fr/c/q/"),
    ],
)
def test_cascades(tmp_path: Path, path: str, lines: list[str], status: str, tags: list[str], url: str) -> None:
    write(tmp_path, CASCADES | {path: header(*lines)})
    fields = read(tmp_path, path)
    assert (fields.status, fields.tags, fields.url) == (status, tags, url)


def test_a_cascade_may_take_pages_out_of_the_lists(tmp_path: Path) -> None:
    write(tmp_path, CASCADES | {"content/c/q.fr.md": POST})
    with pytest.raises(Rejection, match="not listed"):
        read(tmp_path, "content/c/q.fr.md")


@pytest.mark.parametrize(
    ("path", "lines", "date", "slug", "url"),
    [
        ("2024-03-05-My-Post.md", [], "2024-03-05", "My-Post", "/n/my-post/"),
        ("2024-03-05.md", [], "2024-03-05", "2024-03-05", "/n/2024-03-05/"),
        ("2024-03-05hello.md", ["date: 2020-01-01"], "2024-03-05", "hello", "/n/hello/"),
        ("2024-03-05 _ a b.md", ["slug: s"], "2024-03-05", "s", "/n/s/"),
        ("2024-03-05-10-30-00-c.md", [], "2024-03-05T10:30", "c", "/n/c/"),
        ("2024-03-05T10:30:00-c.md", [], "2024-03-05T10:30", "c", "/n/c/"),
        ("2024-03-05-25-99-99-q.md", [], "2024-03-05", "25-99-99-q", "/n/25-99-99-q/"),
        ("2024-03-05-v1.2.md", [], "2024-03-05", "v1", "/n/v1/"),
        ("2024-03-05-b/index.md", [], "2024-03-05", "b", "/n/b/"),
        ("2024-02-30-k.md", ["mydate: 2020-01-01"], "2020-01-01", "2024-02-30-k", "/n/2024-02-30-k/"),
        ("k.md", ["date: 2021-01-01"], "2021-01-01", "k", "/n/k/"),
    ],
)
def test_dates_of_file_names(tmp_path: Path, path: str, lines: list[str], date: str, slug: str, url: str) -> None:
    config = "frontmatter: {date: [':filename', myDate, ':fileModTime', ':default'], lastmod: [edited]}\n"
    write(tmp_path, {"hugo.yaml": config, f"content/n/{path}": header("title: T", "Edited: 2022-02-02", *lines)})
    fields = read(tmp_path, f"content/n/{path}")
    assert fields.published is not None and fields.updated is not None
    assert (fields.slug, fields.url) == (slug, url)
    wanted = Source(name="s", location=tmp_path, dialect="plain")
    other = PostReader(pinned(wanted), Limits()).read("x.md", header(f"date: {date}").encode()).fields.published
    assert other is not None and fields.published.instant == other.instant


LENT = """
languages: {en: {}, fr: {}}
module:
  mounts:
  - {source: content/en, target: content}
  - {source: content/fr, target: content, lang: fr}
  - {source: content/en/docs, target: content/docs, lang: fr, excludeFiles: specs/*}
  - {source: content/en/old, target: content/new}
  - {source: tmp/README.md, target: content/docs/_index.md}
"""


def test_a_folder_lent_to_another_language_stays_what_it_is(tmp_path: Path) -> None:
    wanted = {
        "content/en/docs/a.md": "/docs/a/",
        "content/en/docs/specs/a.md": "/docs/specs/a/",
        "content/en/old/a.md": "/new/a/",
        "content/fr/docs/a.md": "/fr/docs/a/",
        "tmp/README.md": NO_PAGE,
    }
    assert addresses(tmp_path, {"hugo.yaml": LENT}, dict.fromkeys(wanted, POST), {}) == wanted


@pytest.mark.parametrize(("allowed", "url"), [("", NO_PAGE), ("['! ^text/html$']", NO_PAGE), ("['.*']", "/a/")])
def test_html_that_begins_with_a_tag_is_copied_unless_it_is_allowed(tmp_path: Path, allowed: str, url: str) -> None:
    config = {"hugo.yaml": f"title: x\nsecurity: {{allowContent: {allowed}}}\n"}
    assert addresses(tmp_path, config, {"content/a.html": " <p>x</p>"}, {}) == {"content/a.html": url}


def test_the_language_is_that_of_the_settings_else_of_the_source_else_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"hugo.toml": 'title = "x"', "content/it/a.md": POST})
    assert read(tmp_path, "content/it/a.md", language="en").language == "en"
    assert read(tmp_path, "content/it/a.md").language == "it"
    write(tmp_path, {"hugo.toml": 'defaultContentLanguage = "de"'})
    assert read(tmp_path, "content/it/a.md", language="en").language == "de"


def test_a_source_may_be_the_folder_of_content(tmp_path: Path) -> None:
    config = "[languages.en]\ncontentDir = 'content/en'\n[languages.fr]\ncontentDir = 'content/fr'\n"
    write(
        tmp_path,
        {
            "config/_default/hugo.toml": config,
            "content/fr/b/a.md": POST,
            "content/fr/b/_index.md": header("cascade: {draft: true}"),
            "content/fr/c/index.md": POST,
            "content/fr/c/res.md": POST,
            "content/README.md": POST,
        },
    )
    root = tmp_path / "content"
    fields = read(root, "fr/b/a.md")
    assert (fields.url, fields.language, fields.status) == ("/fr/b/a/", "fr", "draft")
    for path in ("fr/c/res.md", "README.md"):
        with pytest.raises(Rejection, match="not_a_page"):
            read(root, path)


def test_the_fingerprint_changes_with_what_decides_the_rows_of_other_files(tmp_path: Path) -> None:
    steps: list[tuple[dict[str, str], bool]] = [
        ({"content/a/x.md": POST, "hugo.toml": 'title = "x"'}, True),
        ({"content/a/y.md": POST, "content/b/index.md": POST, "content/b/p.txt": ""}, False),
        ({"content/a/_index.md": header("title: plain")}, False),
        ({"content/a/_index.md": header("cascade: {draft: true}")}, True),
        ({"content/a/_index.md": header("cascade: {draft: true}") + "more text"}, False),
        ({"content/b/res.md": POST}, True),
        ({"config/_default/permalinks.toml": 'a = "/:sections/:slug/"'}, True),
        ({"content/a/deep/_index.md": ""}, True),
        ({"config/production/params.toml": "x = 1"}, True),
        ({"hugo.toml": 'contentDir = "src"', "src/a/_index.md": header("slug: s")}, True),
        ({"src/a/_index.md": header("slug: t")}, True),
    ]
    last = ""
    for files, changes in steps:
        write(tmp_path, files)
        now = site_fingerprint(PinnedFolder(tmp_path), DIALECTS["hugo"])
        assert (now != last) == changes, files
        last = now


@pytest.mark.parametrize(
    "files",
    [
        {"hugo.toml": "", "posts/a.md": POST},
        {"config/_default/config.toml": "", "content/a.md": POST},
        {"config.yaml": "contentDir: blog\n", "blog/a.md": POST},
    ],
)
def test_a_site_of_hugo_is_found_without_a_folder_content(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)
    assert detect_dialect(tmp_path) == "hugo"


def test_init_includes_the_folders_that_the_settings_name(tmp_path: Path) -> None:
    config = 'contentDir = "inhalt"\n[languages.en]\ncontentDir = "text/en"\n[languages.de]\n'
    write(tmp_path, {"hugo.toml": config, "inhalt/a.md": POST, "text/en/a.md": POST, "other/b.md": POST})
    site = sample_site(tmp_path)
    assert (sorted(site.include), site.files, site.shares_names) == (["inhalt/**", "text/en/**"], 2, False)
    write(tmp_path, {"hugo.toml": ""})
    assert (tmp_path / "content").mkdir() is None and write(tmp_path, {"content/a.md": POST}) is None
    assert sample_site(tmp_path).include == []


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("/a/**", "/a/b/c", True),
        ("/a/*", "/a/b/c", False),
        ("/a/*", "/A/b", True),
        ("{/a/b,/c/**}", "/c/d/e", True),
        ("/[a-c]?.x", "/bq.x", True),
        ("/[!a-c]", "/b", False),
        ("/a,b", "/a,b", True),
        ("\\*", "*", True),
        ("{", "{", False),
        ("*" * 99, "a", False),
    ],
)
def test_globs(glob: str, text: str, matches: bool) -> None:
    assert matches_glob(glob, text) is matches


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.text("ab/*?[]{},!-\\^.é", max_size=40), st.text(max_size=20))
def test_no_glob_and_no_text_stop_the_reader(glob: str, text: str) -> None:
    compile_glob(glob)
    assert matches_glob(glob, text) in (True, False)
    once = hugo_path(text, lower=True)
    assert hugo_path(once, lower=True) == once


def test_a_refresh_lists_the_content_where_the_settings_put_it(tmp_path: Path) -> None:
    config = "contentDir: src/posts\nlanguages: {en: {}, fr: {contentDir: inhalt/fr}}\n"
    posts = dict.fromkeys(("src/posts/a.md", "inhalt/fr/b.md", "content/no.md", "README.md"), POST)
    write(tmp_path, {"hugo.yaml": config, **posts})
    source = pinned(Source(name="s", location=tmp_path, dialect="hugo"))
    followed = follow_site(source)
    listing = source.place.walk(followed.source)
    assert listing is not None and sorted(listing.paths()) == ["inhalt/fr/b.md", "src/posts/a.md"]
    own = pinned(Source(name="s", location=tmp_path, dialect="hugo", include=("*.md",)))
    assert follow_site(own) is own
    write(tmp_path, {"hugo.yaml": "languages: {en: {contentDir: content/en}}\n"})
    assert follow_site(source) is source


@pytest.mark.parametrize(
    ("sources", "patterns"),
    [
        (["content"], ()),
        (["content/en", "content"], ()),
        (["contents"], ("contents/**",)),
        (["content", "docs/api", "one.md", "../other"], ("content/**", "docs/api/**", "/one.md")),
        (["."], ("**",)),
    ],
)
def test_patterns_of_content(sources: list[str], patterns: tuple[str, ...]) -> None:
    assert content_patterns(sources) == patterns


@pytest.mark.parametrize(
    ("settings", "post", "url"),
    [
        ("", header("title: A"), "/p/1/01/01/a/"),
        ("", header("title: A", "date:"), "/p/1/01/01/a/"),
        ("", header("title: A", "date: soon"), None),
        ("", header("title: A", "lastmod: 2024-03-05"), "/p/2024/03/05/a/"),
        ("frontmatter: {date: [date]}", header("title: A", "lastmod: 2024-03-05"), "/p/1/01/01/a/"),
        ("frontmatter: {date: [':git', date]}", header("title: A"), None),
        ("frontmatter: {date: [date, ':fileModTime']}", header("title: A"), None),
    ],
)
def test_a_page_without_any_date_is_of_the_year_one(tmp_path: Path, settings: str, post: str, url: str | None) -> None:
    config = {"hugo.yaml": f"permalinks: {{p: '/p/:year/:month/:day/:title/'}}\n{settings}\n"}
    assert addresses(tmp_path, config, {"content/p/a.md": post}, {}) == {"content/p/a.md": url}


@pytest.mark.parametrize(("languages", "french"), [("{}", NO_PAGE), ("{en: {}, fr: {}}", "/fr/b/")])
def test_an_index_in_no_language_of_the_site_belongs_to_the_bundle(tmp_path: Path, languages: str, french: str) -> None:
    config = {"hugo.yaml": f"languages: {languages}\n"}
    posts = {"content/b/index.md": POST, "content/b/index.fr.md": POST}
    assert addresses(tmp_path, config, posts, {}) == dict(zip(posts, ["/b/", french], strict=True))
