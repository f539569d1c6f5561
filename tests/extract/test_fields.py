"""Front matter and path to fields, dialect by dialect."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import pinned
from hypothesis import given
from hypothesis import strategies as st

from etl_project.dialects import DIALECTS
from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.site.site_fingerprint import site_fingerprint
from etl_project.extract.term_names import NESTING
from etl_project.limits import Limits
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.source import Source

SHANGHAI = "Asia/Shanghai"


def reader(dialect: str, location: Path = Path("/no/such/site"), **settings: Any) -> FieldReader:
    return FieldReader(pinned(Source(name="s", location=location, dialect=dialect, **settings)), Limits())


def read(
    dialect: str,
    path: str,
    front_matter: dict[str, Value] | None = None,
    *,
    heading: str | None = None,
    body: str = "",
    location: Path = Path("/no/such/site"),
    **settings: Any,
) -> Fields:
    fields = reader(dialect, location, **settings)
    return fields.read(path, front_matter or {}, first_heading=heading, body=body)


def instant(fields: Fields) -> str | None:
    if fields.published is None:
        return None
    at = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=fields.published.instant)
    return at.isoformat()


def codes(fields: Fields) -> list[str]:
    return [warning.code for warning in fields.warnings]


# Dates: the front matter, else the file name, else nothing; each step away from the front matter is warned about.


def test_the_front_matter_date_goes_before_the_file_name() -> None:
    fields = read("jekyll", "_posts/2021-12-09-a.md", {"title": "t", "date": "2021-12-08 10:46:18 +0800"})
    assert (instant(fields), fields.published_from) == ("2021-12-08T02:46:18", "front_matter")
    assert codes(fields) == []


def test_a_post_without_a_date_is_dated_by_its_file_name_on_the_clock_of_the_source() -> None:
    fields = read("jekyll", "_posts/2021-12-08-a.md", {"title": "t"}, time_zone=SHANGHAI)
    assert (instant(fields), fields.published_from) == ("2021-12-07T16:00:00", "file_name")
    assert fields.published is not None and fields.published.precision == "day"
    assert codes(fields) == ["date_from_file_name"]


@pytest.mark.parametrize("date", ["2021-02-30", "1638931578", "soon", ["2021-12-08"]])
def test_a_date_that_is_none_is_warned_about_and_the_file_name_counts(date: Value) -> None:
    fields = read("jekyll", "_posts/2021-12-08-a.md", {"title": "t", "date": date})
    assert instant(fields) == "2021-12-08T00:00:00"
    assert codes(fields) == ["date_invalid", "date_from_file_name"]


def test_a_post_dated_nowhere_has_no_date() -> None:
    fields = read("jekyll", "_posts/-202205262391921712.md", {"date": "+0800", "title": ""})
    assert (fields.published, fields.published_from) == (None, None)
    assert codes(fields) == ["date_invalid", "date_missing", "title_empty"]


def test_a_date_in_a_file_name_that_is_no_day_of_the_calendar_dates_nothing() -> None:
    assert codes(read("plain", "20219999 a.md", {"title": "t"})) == ["date_missing"]
    assert codes(read("jekyll", "_posts/2021-02-30-a.md", {"title": "t"})) == ["date_missing"]


def test_times_without_a_zone_are_of_the_source_or_utc_as_the_settings_say() -> None:
    front_matter: dict[str, Value] = {"title": "t", "date": "2021-12-08 10:46:18"}
    local = read("jekyll", "_posts/2021-12-08-a.md", front_matter, time_zone=SHANGHAI)
    as_jekyll = read("jekyll", "_posts/2021-12-08-a.md", front_matter, time_zone=SHANGHAI, naive_dates="utc")
    assert (instant(local), instant(as_jekyll)) == ("2021-12-08T02:46:18", "2021-12-08T10:46:18")


def test_a_day_of_jekyll_is_local_even_where_its_times_are_utc() -> None:
    for front_matter in ({"date": "2021-12-08"}, {}):
        fields = read("jekyll", "_posts/2021-12-08-a.md", front_matter, time_zone=SHANGHAI, naive_dates="utc")
        assert instant(fields) == "2021-12-07T16:00:00"
    hugo = read("hugo", "content/a.md", {"date": "2021-12-08"}, time_zone=SHANGHAI, naive_dates="utc")
    assert instant(hugo) == "2021-12-08T00:00:00"


@pytest.mark.parametrize(
    ("path", "day", "slug"),
    [
        ("2016-07-29-live-demos.md", "2016-07-29", "live-demos"),
        ("2022-12-10 Whiteboard Canvas.md", "2022-12-10", "Whiteboard Canvas"),
        ("20180514 A CLI Game.md", "2018-05-14", "A CLI Game"),
        ("20230410.1 A command.md", "2023-04-10", "A command"),
        ("2023-04-10.md", "2023-04-10", "2023-04-10"),
        ("2024-02-03-bundle/index.md", "2024-02-03", "bundle"),
        ("202205262391921712.md", None, "202205262391921712"),
        ("２０２１-12-08-a.md", None, "２０２１-12-08-a"),
    ],
)
def test_plain_names_that_start_with_a_day_state_it(path: str, day: str | None, slug: str) -> None:
    fields = read("plain", path, {"title": "t"})
    assert (instant(fields), fields.slug) == (f"{day}T00:00:00" if day else None, slug)


def test_zola_dates_a_post_by_the_days_in_its_path() -> None:
    fields = read("zola", "content/Rust-1.29.md", {"title": "t", "path": "inside-rust/2018/09/13/Rust-1.29"})
    assert (instant(fields), fields.published_from) == ("2018-09-13T00:00:00", "path")
    assert fields.url == "/inside-rust/2018/09/13/Rust-1.29/"
    assert codes(fields) == []


def test_hugo_takes_the_first_of_its_dates_and_no_date_from_the_file_name() -> None:
    stated: dict[str, Value] = {
        "publishDate": "2024-01-02",
        "lastmod": "2024-01-03",
        "expiryDate": "2030-01-01T00:00:00Z",
    }
    fields = read("hugo", "content/2020-01-01-a.md", stated)
    assert instant(fields) == "2024-01-02T00:00:00"
    assert fields.updated is not None and fields.updated.instant == 1_704_240_000_000_000
    assert fields.expires is not None and fields.expires.instant == 1_893_456_000_000_000
    unstated = read("hugo", "content/2020-01-01-a.md")
    assert (unstated.published, unstated.slug) == (None, "2020-01-01-a")


def test_a_bad_update_is_warned_about_with_its_key() -> None:
    fields = read("hugo", "content/a.md", {"title": "t", "date": "2024-01-02", "lastmod": "yesterday"})
    assert fields.updated is None
    assert [(w.code, w.detail) for w in fields.warnings] == [("date_invalid", "lastmod: yesterday")]


def test_published_says_when_or_whether() -> None:
    fields = read("plain", "a.md", {"published": "2024-01-02"})
    assert (instant(fields), fields.status) == ("2024-01-02T00:00:00", "published")
    assert read("plain", "a.md", {"published": "false", "date": "2024-01-02"}).status == "draft"
    assert codes(read("plain", "a.md", {"title": "t", "published": "false"})) == ["date_missing"]


# Titles.


def test_a_title_is_kept_exactly_as_written() -> None:
    assert read("hugo", "content/a.md", {"title": "Thiruvengadam Mudaliar "}).title == "Thiruvengadam Mudaliar "


@pytest.mark.parametrize("title", [None, "", "  ", ["a"], {"a": "b"}])
def test_no_title_is_a_warning_and_none_is_made_up(title: Value) -> None:
    fields = read("jekyll", "_posts/2021-12-08-my-post.md", {"title": title}, heading="A heading")
    assert fields.title is None
    assert "title_empty" in codes(fields)


def test_a_plain_file_is_titled_by_its_first_heading() -> None:
    assert read("plain", "a.md", heading="每周分享第 23 期").title == "每周分享第 23 期"
    assert read("plain", "a.md", {"Title": "Stated"}, heading="Heading").title == "Stated"
    assert read("plain", "a.md", {"subject": "English"}, heading="译文").title == "译文"
    assert read("plain", "a.md", {"subject": "English"}).title == "English"
    assert read("plain", "notes/Garden tools.md").title == "Garden tools"
    assert read("plain", "garden/index.md").title == "garden"


def test_a_note_of_obsidian_is_titled_by_its_name_in_the_end() -> None:
    assert read("obsidian", "People/kerry.md", heading="A Person").title == "A Person"
    assert read("obsidian", "People/kerry.md").title == "kerry"


# Terms.


@pytest.mark.parametrize(
    ("front_matter", "tags"),
    [
        ({"tags": "东财 滚动\t新闻"}, ["东财", "滚动", "新闻"]),
        ({"tags": "东财　新闻"}, ["东财　新闻"]),
        ({"tags": ["A股", "A股", " A股 "]}, ["A股"]),
        ({"tags": ["NO", "on", "true", None]}, ["NO", "on", "true"]),
        ({"tags": ["000001", "0700", "1.10"]}, ["000001", "0700", "1.10"]),
        ({"tags": []}, []),
        ({"tags": None}, []),
        ({"tags": {"b": None, "a": None}}, ["b", "a"]),
        ({"tags": ["x'); DROP TABLE article;--", "%s", "$1"]}, ["x'); DROP TABLE article;--", "%s", "$1"]),
        ({"tag": "two words", "tags": "a b"}, ["two words"]),
        ({"tag": ["a", "b"]}, ["a", "b"]),
        ({"tags": [["a"], ["b", ["c"]]]}, ["a", "b", "c"]),
    ],
)
def test_tags_of_jekyll(front_matter: dict[str, Value], tags: list[str]) -> None:
    assert read("jekyll", "_posts/2021-12-08-a.md", front_matter).tags == tags


@pytest.mark.parametrize(
    ("path", "front_matter", "categories"),
    [
        ("_posts/a.md", {"categories": "news sport"}, ["news", "sport"]),
        ("_posts/a.md", {"category": "news sport"}, ["news sport"]),
        ("_posts/a.md", {"categories": 'a"; DROP TABLE article; --'}, ['a"; DROP TABLE article; --']),
        ("_posts/a.md", {"categories": "../../etc/passwd"}, ["../../etc/passwd"]),
        ("en/news/_posts/a.md", {}, ["en", "news"]),
        ("en/news/_posts/deep/a.md", {"categories": ["x", "en"], "category": "y"}, ["en", "news", "x", "y"]),
        ("en/_drafts/a.md", {}, ["en"]),
        ("_posts/en/a.md", {}, []),
        ("old_post/a.md", {}, []),
        ("_posts/a.md", {"categories": [f"a{NESTING}b"]}, ["a b"]),
    ],
)
def test_categories_of_jekyll_are_folders_then_keys(
    path: str, front_matter: dict[str, Value], categories: list[str]
) -> None:
    assert read("jekyll", path, front_matter).categories == categories


@pytest.mark.parametrize(
    ("dialect", "front_matter", "tags"),
    [
        ("hugo", {"Tags": "This Week, in Rust"}, ["This Week, in Rust"]),
        ("hugo", {"tags": ["a b", "404"]}, ["a b", "404"]),
        ("hugo", {"taxonomies": {"tags": ["a"]}}, ["a"]),
        ("hexo", {"tags": "one tag"}, ["one tag"]),
        ("hexo", {"tag": ["a"]}, ["a"]),
        ("zola", {"taxonomies": {"tags": ["rust", "web dev"]}}, ["rust", "web dev"]),
        ("pelican", {"Tags": "one, two words , three"}, ["one", "two words", "three"]),
        ("pelican", {"Tags": "Last, First; other"}, ["Last, First", "other"]),
        ("pelican", {"Tags": "甲, 乙，丙"}, ["甲", "乙，丙"]),
        ("obsidian", {"tags": "#a, b c"}, ["a", "b", "c"]),
        ("obsidian", {"tags": [None]}, []),
        ("plain", {"tags": "This Week in Rust, TiDB，社区"}, ["This Week in Rust", "TiDB", "社区"]),
        ("plain", {"tag": "one"}, ["one"]),
    ],
)
def test_tags_of_the_other_dialects(dialect: str, front_matter: dict[str, Value], tags: list[str]) -> None:
    assert read(dialect, "a.md", front_matter).tags == tags


def test_a_list_of_categories_in_hexo_is_a_path_and_the_post_is_in_every_part() -> None:
    path = [NESTING.join(("A", "B")), NESTING.join(("A", "B", "C"))]
    assert read("hexo", "source/_posts/a.md", {"categories": ["A", "B", "C"]}).categories == ["A", *path]
    several = read("hexo", "source/_posts/a.md", {"categories": [["A", "B"], ["X"], "Y"]})
    assert several.categories == ["A", path[0], "X", "Y"]
    assert read("hexo", "source/_posts/a.md", {"categories": "A B"}).categories == ["A B"]
    assert read("hexo", "source/_posts/a.md", {"categories": ["A", "", "A"]}).categories == ["A", NESTING.join("AA")]


def test_the_folder_is_the_category_of_a_pelican_post_that_states_none() -> None:
    assert read("pelican", "content/news/a.md").categories == ["news"]
    assert read("pelican", "content/a.md").categories == []
    assert read("pelican", "content/news/a.md", {"Category": "This Week in Rust"}).categories == ["This Week in Rust"]


def test_the_taxonomies_of_a_hugo_site_name_the_keys_of_its_terms(tmp_path: Path) -> None:
    (tmp_path / "hugo.toml").write_text('[taxonomies]\ntag = "Topics"\ncategory = "categories"\nauthor = "by"\n')
    stated: dict[str, Value] = {"topics": ["a"], "tags": ["b"], "categories": ["c"], "by": ["d"]}
    fields = read("hugo", "content/a.md", stated, location=tmp_path)
    assert (fields.tags, fields.categories, fields.authors) == (["a"], ["c"], ["d"])


def test_a_language_of_a_hugo_site_may_have_taxonomies_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hugo.toml").write_text(
        '[languages.en]\n[languages.fr]\n[languages.fr.taxonomies]\ntag = "etiquettes"\n', encoding="utf-8"
    )
    fields = FieldReader(pinned(Source(name="s", location=tmp_path, dialect="hugo")), Limits())
    assert fields.read("content/a.fr.md", {"etiquettes": ["é"]}, first_heading=None).tags == ["é"]
    assert fields.read("content/a.md", {"tags": ["e"]}, first_heading=None).tags == ["e"]


def test_authors_are_read_from_texts_lists_and_tables() -> None:
    assert read("plain", "a.md", {"by": ["Damien Neil", "Max"]}).authors == ["Damien Neil", "Max"]
    assert read("plain", "a.md", {"author": {"name": "Max", "mail": "m@example.org"}}).authors == ["Max"]
    assert read("jekyll", "a.md", {"author": "Manuel Ramos Caro"}).authors == ["Manuel Ramos Caro"]
    assert read("zola", "content/a.md", {"extra": {"author": "Max"}}).authors == ["Max"]


def test_tags_in_the_body_of_a_note_are_tags_outside_code_comments_and_addresses() -> None:
    body = (
        "#first text #nested/tag, (#no) #2024 #y2k\n# Heading\n`#code` %% #hidden\n%% <!-- #hidden -->\n"
        "```\n#fenced\n```\nhttps://example.org/#part #日本語\n"
    )
    fields = read("obsidian", "a.md", {"tags": ["first"]}, body=body)
    assert fields.tags == ["first", "nested/tag", "y2k", "日本語"]
    assert read("plain", "a.md", body="#first").tags == []


# Status, language, layout, excerpt.


@pytest.mark.parametrize(
    ("dialect", "path", "front_matter"),
    [
        ("jekyll", "_drafts/a.md", {}),
        ("jekyll", "en/_drafts/a.md", {}),
        ("jekyll", "_posts/a.md", {"published": "false"}),
        ("jekyll", "_posts/a.md", {"draft": "true"}),
        ("hugo", "content/a.md", {"Draft": "true"}),
        ("hexo", "source/_drafts/a.md", {}),
        ("hexo", "source/_posts/a.md", {"published": "false"}),
        ("zola", "content/a.md", {"draft": "true"}),
        ("pelican", "content/a.md", {"Status": "draft"}),
        ("pelican", "content/a.md", {"Status": "hidden"}),
        ("obsidian", "a.md", {"publish": "false"}),
        ("plain", "a.md", {"isDraft": "true"}),
        ("plain", "a.md", {"Published": "false"}),
    ],
)
def test_drafts(dialect: str, path: str, front_matter: dict[str, Value]) -> None:
    assert read(dialect, path, front_matter).status == "draft"
    assert read(dialect, "content/a.md").status == "published"


def test_only_the_status_makes_a_draft_in_pelican() -> None:
    assert read("pelican", "content/a.md", {"Draft": "True", "Published": "false"}).status == "published"


def test_the_language_is_stated_or_of_the_folder_or_of_the_source() -> None:
    assert read("jekyll", "_posts/a.md", {"lang": "zh"}, language="en").language == "zh"
    assert read("jekyll", "_posts/a.md", language="en").language == "en"
    assert read("hexo", "source/zh-cn/docs/a.md").language == "zh-cn"
    assert read("hugo", "content/en/a.md").language == "en"
    assert read("hugo", "content/ab/a.md").language is None
    assert read("plain", "en/a.md").language is None


def test_a_layout_is_a_name_and_no_truth_value() -> None:
    assert read("plain", "a.md", {"layout": "blog-post"}).layout == "blog-post"
    assert read("plain", "a.md", {"template": "true"}).layout is None


def test_an_excerpt_is_at_most_300_characters() -> None:
    assert read("jekyll", "_posts/a.md", {"excerpt": "é" * 400}).excerpt == "é" * 300
    assert read("hugo", "content/a.md", {"summary": " short "}).excerpt == "short"


# Whatever the text.

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(max_size=20) | st.sampled_from(["2024-01-01", "true", "0001-01-01", ":title", "/:year/"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    sorted({key for d in DIALECTS.values() for key in (*d.title, *d.date, *d.url, *d.slug, *d.tags, *d.categories)})
)
paths = st.lists(st.text(st.characters(exclude_characters="/\x00", exclude_categories=("Cs",)), min_size=1), min_size=1)


@given(st.sampled_from(sorted(DIALECTS)), paths.map("/".join), st.dictionaries(keys, values), st.text())
def test_no_front_matter_and_no_path_stop_the_reader(
    dialect: str, path: str, front_matter: dict[str, Value], body: str
) -> None:
    fields = reader(dialect).read(path, front_matter, first_heading=None, body=body)
    assert fields.url is None or fields.url.startswith("/")
    for names in (fields.categories, fields.tags, fields.authors):
        assert len(set(names)) == len(names) and all(name and name == name.strip() for name in names)


def test_huge_values_take_no_time() -> None:
    many = [f"t{i}" for i in range(50_000)]
    start = time.process_time()
    read("obsidian", "a.md", {"tags": many}, body="#a <!-- %% ``` " * 20_000)
    read("jekyll", "_posts/a.md", {"tags": "a " * 30_000, "permalink": ":" * 60_000, "slug": "-" * 60_000})
    read("hugo", "content/a.md", {"url": ":" * 60_000, "title": " " * 60_000, "slug": " -" * 30_000})
    assert time.process_time() - start < 2


def test_a_changed_settings_file_changes_the_fingerprint_of_the_site(tmp_path: Path) -> None:
    jekyll = DIALECTS["jekyll"]
    seen = {site_fingerprint(PinnedFolder(tmp_path), jekyll)}
    for text in ("permalink: pretty", "permalink: none"):
        (tmp_path / "_config.yml").write_text(text)
        seen.add(site_fingerprint(PinnedFolder(tmp_path), jekyll))
    assert len(seen) == 3
    assert site_fingerprint(PinnedFolder(tmp_path), jekyll) in seen


def test_nothing_is_kept_of_long_texts_which_thousands_of_posts_may_have() -> None:
    fields = reader("jekyll")
    for long in ("x " * 5_000, "2021-12-08" + " " * 5_000):
        front_matter: dict[str, Value] = {"title": "t", "date": long, "categories": long}
        given = fields.read("_posts/2021-12-09-a.md", front_matter, first_heading=None)
        assert given.categories and given.published
    assert fields._read_day.cache_info().currsize == 1, "that of the name of the file"
    assert fields._names_in_folders.cache_info().currsize == 0  # type: ignore[attr-defined]
