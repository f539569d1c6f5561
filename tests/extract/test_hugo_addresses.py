"""Addresses in sites of Hugo: by languages, permalinks, stated addresses and titles.

What is right was asked of `hugo list all`, of Hugo 0.111 and 0.168; where they differ, of 0.168.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hugo_sites import NO_PAGE, POST, addresses, header, read, write

LANGUAGES = """
defaultContentLanguage = "zh-CN"
[languages.zh-CN]
[languages.en]
[languages.pt-BR]
disabled = true
[languages.fr]
"""
OWN_FOLDERS = """
defaultContentLanguageInSubdir = true
disableLanguages = ["fr"]
[languages.en]
contentDir = "content/en"
[languages.fr]
contentDir = "content/fr"
[languages.de]
contentDir = "content/de"
[languages.zh]
contentDir = "content/zh"
permalinks = {b = "/zz/:year/:slug"}
[permalinks]
b = "/:year/:slug/"
"""
MOUNTS = """
[languages.en]
[languages.fr]
[[module.mounts]]
source = "content/en"
target = "content"
excludeFiles = ["skip/**", "*.tmp.md"]
lang = "en"
[[module.mounts]]
source = "content/fr"
target = "content"
sites.matrix.languages = ["fr"]
[[module.mounts]]
source = "docs/api"
target = "content/reference/api"
files = ["! no/**"]
[[module.mounts]]
source = "one.md"
target = "content/uno.md"
[[module.mounts]]
source = "static"
target = "static"
"""
CAPITALS = """
disablePathToLower = true
[permalinks]
news = "/n/:section/:filename/"
q = "/q/:sections/:slug/"
"""
IGNORED = r"""
defaultContentLanguage = "fr"
ignoreFiles = ["\\.foo\\.md$", "/drafts/", "(", "(a+)+x"]
"""
CONFIG_FOLDER = {
    "hugo.toml": 'title = "x"\n[permalinks]\nc = "/main/:slug/"',
    "config/_default/languages.yaml": "en: {weight: 1}\nfr: {weight: 2}\n",
    "config/_default/permalinks.toml": 'b = "/:year/:slug/"\n',
    "config/production/permalinks.json": '{"b": "/prod/:slug/"}',
    "config/staging/permalinks.toml": 'b = "/staging/"',
    "config/_default/languages.fr.toml": 'contentDir = "inhalt/fr"\n',
    "config/_default/params.fr.toml": "x = 1\n",
}


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        pytest.param(
            {"hugo.toml": LANGUAGES},
            {
                "content/p/a.md": "/p/a/",
                "content/p/a.en.md": "/en/p/a/",
                "content/p/b.zh-cn.md": "/p/b/",
                "content/p/d.EN.md": "/en/p/d/",
                "content/p/e.pt-br.md": NO_PAGE,
                "content/p/g/index.en.md": "/en/p/g/",
                "content/p/h.de.md": "/p/h.de/",
                "content/p/j.v1.fr.md": "/fr/p/j.v1/",
                "content/p.fr/l.md": "/p.fr/l/",
                "content/p/_index.fr.md": NO_PAGE,
            },
            id="languages in names",
        ),
        pytest.param(
            {"hugo.toml": OWN_FOLDERS},
            {
                "content/en/b/a.md": "/en/2024/hello-a-b/",
                "content/en/top.md": "/en/top/",
                "content/en/b/c.de.md": "/de/2024/hello-a-b/",
                "content/de/g/index.md": "/de/g/",
                "content/zh/b/a.md": "/zh/zz/2024/hello-a-b/",
                "content/zh/c/b.md": "/zh/c/b/",
                "content/fr/b/a.md": NO_PAGE,
                "content/other/x.md": NO_PAGE,
            },
            id="a folder for each language",
        ),
        pytest.param(
            {"hugo.toml": MOUNTS},
            {
                "content/en/b/a.md": "/b/a/",
                "content/en/b/c.fr.md": "/fr/b/c/",
                "content/en/b/d.tmp.md": "/b/d.tmp/",
                "content/en/d.tmp.md": NO_PAGE,
                "content/en/skip/a.md": NO_PAGE,
                "content/fr/b/a.md": "/fr/b/a/",
                "docs/api/Sub/y.md": "/reference/api/sub/y/",
                "docs/api/no/y.md": NO_PAGE,
                "one.md": "/uno/",
                "content/zz.md": NO_PAGE,
            },
            id="mounts",
        ),
        pytest.param(
            CONFIG_FOLDER,
            {
                "content/b/a.md": "/prod/hello-a-b/",
                "content/c/a.md": "/main/hello-a-b/",
                "inhalt/fr/b/c.md": "/fr/prod/hello-a-b/",
            },
            id="a folder of settings",
        ),
        pytest.param(
            {"config.yaml": "contentDir: src/posts\nlanguages: {en: {}, fr: {}}\n"},
            {"src/posts/b/a.md": "/b/a/", "src/posts/b/a.fr.md": "/fr/b/a/", "content/x.md": NO_PAGE},
            id="content elsewhere",
        ),
        pytest.param(
            {"hugo.toml": IGNORED},
            {
                "content/a.en.md": "/a.en/",
                "content/b.fr.md": "/b/",
                "content/c.foo.md": NO_PAGE,
                "content/drafts/d.md": NO_PAGE,
            },
            id="ignored files",
        ),
        pytest.param(
            {"hugo.toml": "defaultContentLanguageInSubdir = true"},
            {"content/a.md": "/en/a/", "content/b.en.md": "/en/b/"},
            id="the only language in a folder",
        ),
        pytest.param(
            {"hugo.toml": '[languages.en]\nbaseURL = "https://e.org/"\n[languages.fr]\nbaseURL = "https://f.org/"\n'},
            {"content/a.md": "/a/", "content/a.fr.md": "/a/"},
            id="a host for each language",
        ),
        pytest.param(
            {"hugo.toml": "uglyURLs = true\ndisablePathToLower = true\n[permalinks]\np = '/P/:year/:slug'"},
            {
                "content/p/Ab.md": "/P/2024/Hello-A-B.html",
                "content/R s/Ab.md": "/R-s/Ab.html",
                "content/R s/Bun/index.md": "/R-s/Bun.html",
            },
            id="ugly addresses in capitals",
        ),
        pytest.param(
            {"hugo.toml": CAPITALS},
            {
                "content/R - s/Part 1 - Intro.md": "/R-s/Part-1-Intro/",
                "content/R - s/C# & F#.md": "/R-s/C%23-F%23/",
                "content/News/A - B.md": "/n/news/A-B/",
                "content/Q/a.md": "/q/q/Hello-A-B/",
            },
            id="names in capitals with blanks",
        ),
        pytest.param(
            {"hugo.yaml": "permalinks: {p: /p/:filename/}\n"},
            {
                "content/p/Learn C# now.md": "/p/learn-c%23-now/",
                "content/p/C#.md": "/p/c/",
                "content/q/C#.md": "/q/c%23/",
            },
            id="number signs",
        ),
        pytest.param(
            {"hugo.yaml": "removePathAccents: true\nuglyURLs: {posts: true}\n"},
            {"content/posts/Éa.md": "/posts/ea.html", "content/r/é日.md": "/r/e%E6%97%A5/"},
            id="no accents, and ugly addresses in a section",
        ),
    ],
)
def test_addresses_by_the_settings_of_the_site(
    tmp_path: Path, config: dict[str, str], wanted: dict[str, str | None]
) -> None:
    assert addresses(tmp_path, config, dict.fromkeys(wanted, POST), {}) == wanted


PERMALINKS = {
    "year": "2024", "month": "03", "monthname": "march", "day": "05", "weekday": "2", "weekdayname": "tuesday",
    "yearday": "65", "section": "one", "sections": "one/two-x/four", "slug": "my-slug", "title": "t--x.y-z-1",
    "filename": "d-e", "slugorfilename": "my-slug", "contentbasename": "d-e", "slugorcontentbasename": "my-slug",
    "sections[1:]": "two-x/four", "sections[:1]": "one", "sections[last]": "four", "sections[0]": "one",
    "sections[:last]": "one/two-x", "sections[5:]": "", "sections[0:2]": "one/two-x", "sections[9]": "",
    "sectionslug": "eins", "sectionslugs": "eins/zwei-x/vier", "sectionslugs[1:]": "zwei-x/vier",
    "2006": "2024", "Jan": "mar", "20060102": "20240305", "06": "24", "unheard": None, "15": None,
}  # fmt: skip
"""Placeholder -> what Hugo writes for it in `/x/:PLACEHOLDER/q/`."""


def test_placeholders_of_permalinks(tmp_path: Path) -> None:
    post = "content/one/Two X/three/Four/D e.md"
    write(
        tmp_path,
        {
            "hugo.toml": "",
            "content/one/_index.md": header("title: eins"),
            "content/one/Two X/_index.md": header("slug: Zwei X"),
            "content/one/Two X/three/Four/_index.md": header("title: vier"),
        },
    )
    path = "content/one/Two X/Four/D e.md"
    write(
        tmp_path,
        {
            "content/one/Two X/Four/_index.md": header("title: vier"),
            path: header("title: T + X.Y/Z 1", "slug: My Slug", "date: 2024-03-05T23:30:00-08:00"),
            post: POST,
        },
    )
    found = {name: read(tmp_path, path, permalink=f"/x/:{name}/q/").url for name in PERMALINKS}
    wanted = {name: None if part is None else f"/x/{part}/q/".replace("//", "/") for name, part in PERMALINKS.items()}
    assert found == wanted
    assert read(tmp_path, post, permalink="/:sections/").url == "/one/two-x/three/four/"


@pytest.mark.parametrize(
    ("permalinks", "wanted"),
    [
        (
            "{page: {Blog: '/b/:slug/', docs/guides: '/g/:slug/'}, section: {news: /no/}}",
            ("/b/t/", "/g/t/", "/news/a/"),
        ),
        ("{/blog/: 'b/:slug.html', docs: '/d/:title'}", ("/b/t.html/", "/d/t/", "/news/a/")),
        ("[{pattern: '/x/:slug/', target: {path: '/{blog,docs/**}', kind: page}}]", ("/blog/a/", "/x/t/", "/news/a/")),
        ("[{pattern: '/f/:slug/', target: {lang: fr}}, {pattern: '/r/\\:s/:slug'}]", ("/r/s/t/",) * 3),
        ("{news: '/:year-:month/a:title.x'}", ("/blog/a/", "/docs/guides/a/", "/2024-03/at.x/")),
        ("{/: '/r/:slug/'}", ("/blog/a/", "/docs/guides/a/", "/news/a/")),
        ("nonsense", ("/blog/a/", "/docs/guides/a/", "/news/a/")),
    ],
)
def test_permalinks_by_section_kind_and_target(tmp_path: Path, permalinks: str, wanted: tuple[str, ...]) -> None:
    post = header("title: T", "date: 2024-03-05")
    posts = dict.fromkeys(("content/blog/a.md", "content/docs/guides/a.md", "content/news/a.md"), post)
    found = addresses(tmp_path, {"hugo.yaml": f"permalinks: {permalinks}\n"}, posts, {})
    assert tuple(found.values()) == wanted


@pytest.mark.parametrize(
    ("language", "stated", "url"),
    [
        ("fr", "/foo/", "/foo/"),
        ("fr", "foo/", "/fr/foo/"),
        ("fr", "/fr/foo", "/fr/foo/"),
        ("en", "/Foo.html", "/Foo.html"),
        ("en", "/a/index.html", "/a/"),
        ("en", "/a//b c/é", "/a/b%20c/%C3%A9/"),
        ("en", "/p/:slug/:title/:year", "/p/s/t-t/2024/"),
        ("en", "/a:b/", "/a:b/"),
        ("en", "https://e.org/a", None),
    ],
)
def test_stated_addresses(tmp_path: Path, language: str, stated: str, url: str | None) -> None:
    post = header("title: T/T", "slug: s", "date: 2024-03-05", f"url: '{stated}'")
    config = {"hugo.toml": "[languages.en]\n[languages.fr]\n"}
    assert list(addresses(tmp_path, config, {f"content/a/x.{language}.md": post}, {}).values()) == [url]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("C++ / Go: “x” — y… z_1", "c-go-x-y-z_1"),
        ("Emoji 🎉 & <b>b</b> 100% §1", "emoji-bb-b-100-1"),
        ("#tag @me ~x  --  y", "%23tag-@me-~x--y"),
        ("a%20b", "a-b"),
        ("d\\e", "d-e"),
        ("İstanbul ΑΣ", "istanbul-%CE%B1%CF%83"),
        ("- lead -", "-lead-"),
        ("½ ² №5", "5"),
    ],
)
def test_titles_in_addresses(tmp_path: Path, title: str, slug: str) -> None:
    write(tmp_path, {"hugo.toml": "", "content/p/a.md": header(f"title: '{title}'")})
    assert read(tmp_path, "content/p/a.md", permalink="/:title/").url == f"/{slug}/"
