"""Sites of Zola: dates, languages and slugs of names, by components/content/src/page.rs and file_info.rs of Zola."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from conftest import pinned

from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.site_files import find_files_left_out
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.source import Source

KEEP = "[slugify]\npaths_keep_dates = true\n"
LISTED = '[[languages]]\ncode = "fr"\nfeed = true\n[[languages]]\ncode = "en"\n'
LANGUAGES = 'default_language = "en"\n[languages.en]\n[languages.fr]\n'


def read(root: Path, path: str, front_matter: dict[str, Value] | None = None, config: str = "") -> Fields:
    (root / "config.toml").write_text(f'base_url = "https://x.test"\n{config}', encoding="utf-8")
    source = pinned(Source(name="s", location=root, dialect="zola"))
    return FieldReader(source, Limits()).read(f"content/{path}", front_matter or {}, first_heading=None)


def utc(fields: Fields) -> str | None:
    if fields.published is None:
        return None
    return (dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=fields.published.instant)).isoformat()


@pytest.mark.parametrize(
    ("name", "config", "slug", "url", "published"),
    [
        ("2023-04-06T10:00:00Z-b.md", "", "b", "/blog/b/", "2023-04-06T10:00:00"),
        ("2023-04-06T10:00:00+02:00_b c.md", "", "b c", "/blog/b-c/", "2023-04-06T08:00:00"),
        ("2023-04-06T10:00:00.5Z-b/index.md", "", "b", "/blog/b/", "2023-04-06T10:00:00.500000"),
        ("2023-04-05 - hello.md", "", "hello", "/blog/hello/", "2023-04-05T00:00:00"),
        ("2023-04-05 -hello.md", "", "hello", "/blog/hello/", "2023-04-05T00:00:00"),
        ("2023-04-05hello.md", "", "2023-04-05hello", "/blog/2023-04-05hello/", "2023-04-05T00:00:00"),
        ("2023-04-05.md", "", "2023-04-05", "/blog/2023-04-05/", "2023-04-05T00:00:00"),
        ("2023-13-05-a.md", "", "2023-13-05-a", "/blog/2023-13-05-a/", None),
        ("2023-04-05-hello.md", KEEP, "2023-04-05-hello", "/blog/2023-04-05-hello/", "2023-04-05T00:00:00"),
        ("2023-04-05-hello/index.md", KEEP, "2023-04-05-hello", "/blog/2023-04-05-hello/", "2023-04-05T00:00:00"),
    ],
)
def test_dates_and_times_of_names(
    tmp_path: Path, name: str, config: str, slug: str, url: str, published: str | None
) -> None:
    fields = read(tmp_path, f"blog/{name}", config=config)
    assert (fields.slug, fields.url, utc(fields)) == (slug, url, published)


@pytest.mark.parametrize(
    ("path", "front_matter", "config", "url"),
    [
        ("a (b)?.md", {}, '[slugify]\npaths = "safe"\n', "/a (b)/"),
        ("dot. .md", {}, '[slugify]\npaths = "safe"\n', "/dot/"),
        ("a b?.md", {}, '[slugify]\npaths = "off"\n', "/a b?/"),
        ("It’s — “Straße” Ærø.md", {}, "", "/it-s-strasse-aero/"),
        ("日本.md", {}, "", None),
        ("a.md", {"slug": "日本"}, "", None),
        ("a.md", {"render": "false"}, "", None),
        ("a.md", {"path": " x/y "}, "", "/x/y/"),
        ("index.md", {}, "", "/"),
        ("a/b.fr.md", {}, LANGUAGES, "/fr/a/b/"),
        ("a/index.fr.md", {}, LANGUAGES, "/fr/a/"),
        ("a/b.en.md", {}, LANGUAGES, "/a/b-en/"),
        ("a/b.fr.md", {}, LISTED, "/fr/a/b/"),
        ("a/b.en.md", {}, LISTED, "/a/b-en/"),
        ("a/b.fr.md", {"path": "x"}, LANGUAGES, "/x/"),
    ],
)
def test_addresses(tmp_path: Path, path: str, front_matter: dict[str, Value], config: str, url: str | None) -> None:
    assert read(tmp_path, path, front_matter, config).url == url


def test_a_page_is_of_the_language_of_its_name_else_of_that_of_the_site(tmp_path: Path) -> None:
    assert read(tmp_path, "a/b.fr.md", config=LANGUAGES).language == "fr"
    assert read(tmp_path, "a/b.md", config=LANGUAGES).language == "en"
    assert read(tmp_path, "a/b.md", {"language": "de"}, config=LANGUAGES).language == "de"
    assert read(tmp_path, "a/b.md", config=LISTED).language is None


def test_the_page_of_a_section_in_another_language_is_no_post(tmp_path: Path) -> None:
    with pytest.raises(Rejection, match="page of a section"):
        read(tmp_path, "a/_index.fr.md", config=LANGUAGES)


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*draft.md", ["a/draft.md", "a/my-draft.md", "a/x.draft.md"]),
        ("**/notes/**", ["a/notes/n.md", "notes/todo.md"]),
        ("*/README.md", ["README.md"]),
        ("*.{tmp,draft}.md", ["a/x.draft.md"]),
        ("**/{todo,n}.md", ["a/notes/n.md", "notes/todo.md"]),
        ("notes/**", []),
        ("draft.md", []),
    ],
)
def test_files_that_the_site_ignores_are_no_posts(tmp_path: Path, pattern: str, left: list[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'base_url = "https://x.test"\nignored_content = ["{pattern}"]\n', encoding="utf-8")
    names = ("README.md", "a/draft.md", "a/my-draft.md", "a/notes/n.md", "a/x.draft.md", "notes/todo.md", "a/b.md")
    paths = [f"content/{name}" for name in names]
    kept = find_files_left_out(pinned(Source(name="s", location=tmp_path, dialect="zola")), Limits()).keep(paths)
    assert sorted(set(paths) - set(kept)) == [f"content/{name}" for name in left]
