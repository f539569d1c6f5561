"""What each kind of site implies: detection, which files are posts, and a new kind as one declaration."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import pinned

from etl_project.dialects import DIALECTS, JEKYLL, PLAIN, detect_dialect, is_post
from etl_project.extract.fields import FieldReader
from etl_project.extract.front_matter.read import FORMATS
from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.sources.source import Source

SITES = Path(__file__).parents[2] / "shared" / "sites"


@pytest.mark.parametrize(
    ("files", "dialect"),
    [
        ({"_config.yml": "", "_posts/2024-01-01-a.md": ""}, "jekyll"),
        ({"_config.yml": "", "en/news/_posts/2024-01-01-a.md": ""}, "jekyll"),
        ({"_posts/2024-01-01-a.md": ""}, "jekyll"),
        ({"_posts/x/2024-01-01-a.md": ""}, "jekyll"),
        ({"_posts/a.md": "", "_config.yml": ""}, "jekyll"),
        ({"_posts/a.md": "", "package.json": "{}"}, "plain"),
        ({"_config.yml": "", "source/_posts/a.md": ""}, "hexo"),
        ({"_config.yml": "", "source/a.md": ""}, "hexo"),
        ({"_config.yml": "", "source/a.tex": "", "_posts/2024-01-01-a.md": ""}, "jekyll"),
        ({"_config.yml": "source_dir: blog", "blog/_posts/a.md": ""}, "hexo"),
        ({"_config.yml": "title: x\nsource: source\n", "source/_posts/2024-01-01-a.md": ""}, "jekyll"),
        ({"hugo.toml": "", "content/a.md": ""}, "hugo"),
        ({"config.toml": 'baseURL = "/"', "content/a.md": ""}, "hugo"),
        ({"config.yaml": "baseurl: /", "content/a.md": ""}, "hugo"),
        ({"config/_default/hugo.toml": "", "content/a.md": ""}, "hugo"),
        ({"config.toml": '[[module.mounts]]\nsource = "docs"\ntarget = "content"\n', "docs/a.md": ""}, "hugo"),
        ({"config.yaml": "module:\n  mounts:\n  - target: content/docs\n    source: docs\n", "docs/a.md": ""}, "hugo"),
        ({"config.yaml": "target: contents\n", "docs/a.md": ""}, "plain"),
        ({"config.toml": 'base_url = "/"', "content/a.md": ""}, "zola"),
        ({"pelicanconf.py": "", "content/a.md": ""}, "pelican"),
        ({"content/a.md": "Title: One\nDate: 2024-01-01\n\nText"}, "pelican"),
        ({".obsidian/app.json": "{}", "a.md": ""}, "obsidian"),
        ({"a.md": "See [[Another note]].", "b.md": "[[a|A]]"}, "obsidian"),
        ({"a.md": "# A heading\n\nNote: text"}, "plain"),
        ({"config.toml": 'base_url = "/"'}, "plain"),
        ({}, "plain"),
    ],
)
def test_a_folder_is_recognised_by_what_its_generator_needs(
    tmp_path: Path, files: dict[str, str], dialect: str
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert detect_dialect(tmp_path) == dialect


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("finews", "jekyll"),
        ("ruby-lang", "jekyll"),
        ("bitcoinops", "jekyll"),
        ("yihui", "hugo"),
        ("hugo-notes", "hugo"),
        ("hexo-site", "hexo"),
        ("rust-blog", "zola"),
        ("this-week-in-rust", "pelican"),
        ("obsidian-hub", "obsidian"),
        ("plain-til", "plain"),
        ("plain-weekly", "plain"),
        ("pingcap-cn", "plain"),
        ("go-blog", "plain"),
        ("nodejs", "plain"),
        ("lctt", "plain"),
        ("18f", "plain"),
    ],
)
def test_the_real_sites_are_recognised(name: str, dialect: str) -> None:
    if not SITES.is_dir():
        pytest.skip("needs ../shared: the sites")
    assert detect_dialect(SITES / name) == dialect


@pytest.mark.parametrize("name", ["a.md", "A.MD", "a.markdown", "2021-12-08-x.html", "no date.md", "[x]*.md",
                                  "a.mkdown", "a.mdwn", "a.mdtext"])  # fmt: skip
def test_a_name_with_the_ending_of_a_post_is_a_post(name: str) -> None:
    assert is_post(JEKYLL, name)


@pytest.mark.parametrize("name", ["a.md~", ".#a.md", "._a.md", ".md", "a.txt", "md", "a.md.bak", "a.", ""])
def test_hidden_files_backups_and_other_endings_are_no_posts(name: str) -> None:
    assert not any(is_post(dialect, name) for dialect in DIALECTS.values())


def test_section_pages_are_no_posts_where_the_generator_lists_none() -> None:
    assert not is_post(DIALECTS["hugo"], "_index.md")
    assert not is_post(DIALECTS["zola"], "_index.md")
    assert is_post(DIALECTS["hugo"], "index.md")
    assert is_post(PLAIN, "_index.md")


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_is_declared_with_known_formats_endings_and_patterns(name: str) -> None:
    declared = DIALECTS[name]
    assert declared.name == name
    assert set(declared.header_formats) <= set(FORMATS)
    assert declared.include
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in declared.suffixes)
    if declared.dated_name is not None:
        assert "slug" in declared.dated_name.groupindex


def test_a_dialect_of_ones_own_is_one_declaration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    minutes = replace(
        PLAIN,
        name="minutes",
        title=("betreff",),
        date=("sitzung",),
        dated_name=re.compile("(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})_(?P<slug>.+)"),
    )
    monkeypatch.setitem(DIALECTS, "minutes", minutes)
    reader = FieldReader(pinned(Source(name="m", location=tmp_path, dialect="minutes")), Limits())
    fields = reader.read("20240501_rat.md", {"Betreff": "Ratssitzung"}, first_heading=None)
    assert (fields.title, fields.slug, fields.published_from) == ("Ratssitzung", "rat", "file_name")


def test_links_in_double_brackets_are_links_in_a_vault_and_text_elsewhere(tmp_path: Path) -> None:
    data = b"See [[Other note|the other]] and [[Third]].\n"
    read = {
        name: PostReader(pinned(Source(name=name, location=tmp_path, dialect=name)), Limits()).read("a.md", data).body
        for name in ("obsidian", "plain")
    }
    assert read["obsidian"].link_urls == ["Other note", "Third"]
    assert read["obsidian"].link_texts == ["the other", "Third"]
    assert (read["plain"].link_urls, read["plain"].text) == ([], "See [[Other note|the other]] and [[Third]].")
