"""Keys, names and titles as people and their tools write them in notes and plain folders."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from conftest import pinned

from etl_project.extract.body.read import BodyReader
from etl_project.extract.fields import FieldReader, Fields
from etl_project.extract.front_matter.read import Value
from etl_project.extract.keys import fold_keys
from etl_project.extract.term_names import linked_names, listed_names
from etl_project.extract.title_heading import find_title_heading
from etl_project.limits import Limits
from etl_project.sources.source import Source


def read(dialect: str, front_matter: dict[str, Any], path: str = "a.md") -> Fields:
    source = Source(name="s", location=Path("/no/such/site"), dialect=dialect)
    return FieldReader(pinned(source), Limits()).read(path, front_matter, first_heading=None)


def day(date: Any) -> str | None:
    return None if date is None else str((dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=date.instant)).date())


# Keys


@pytest.mark.parametrize(
    "key",
    [
        *("pubDatetime", "publishedAt", "published_at", "Published At", "published-at", "pubDate", "createdAt"),
        *("created_at", "date_created", "dateCreated", "publish_date", "publishDate", "datePublished", "created"),
    ],
)
def test_a_plain_post_is_dated_by_the_keys_that_people_use(key: str) -> None:
    assert day(read("plain", {key: "2023-04-05"}).published) == "2023-04-05"


@pytest.mark.parametrize(
    "key",
    [
        *("modDatetime", "updatedAt", "updated_at", "updatedDate", "lastmod", "lastModified", "last_modified_at"),
        *("date_modified", "lastUpdated", "Last Updated", "modified"),
    ],
)
def test_a_plain_post_is_updated_by_the_keys_that_people_use(key: str) -> None:
    assert day(read("plain", {key: "2023-04-06"}).updated) == "2023-04-06"


@pytest.mark.parametrize("key", ["date created", "created", "Created", "date-created", "creation date", "created_at"])
def test_a_note_is_dated_by_the_keys_that_plugins_write(key: str) -> None:
    assert day(read("obsidian", {key: "2023-04-04T09:15:30"}).published) == "2023-04-04"


@pytest.mark.parametrize(
    "key", ["date modified", "updated", "modified", "last-modified", "Date Modified", "updated_at"]
)
def test_a_note_is_updated_by_the_keys_that_plugins_write(key: str) -> None:
    assert day(read("obsidian", {key: "2023-04-05"}).updated) == "2023-04-05"


@pytest.mark.parametrize(
    "value",
    ["2023-04-05", "[[2023-04-05]]", [["2023-04-05"]], "[[log/2023-04-05|today]]", ["[[2023-04-05]]"], ["2023-04-05"]],
)
def test_a_note_may_link_to_its_day(value: Value) -> None:
    fields = read("obsidian", {"created": value, "updated": value, "title": "t"})
    assert (day(fields.published), day(fields.updated), fields.warnings) == ("2023-04-05", "2023-04-05", [])


@pytest.mark.parametrize(("dialect", "status"), [("hexo", "published"), ("jekyll", "draft"), ("plain", "draft")])
def test_no_is_false_where_yaml_is_of_version_1_1(dialect: str, status: str) -> None:
    path = "_posts/2023-04-05-a.md" if dialect == "jekyll" else "a.md"
    for word in ("no", "Off"):
        assert read(dialect, {"published": word}, path).status == status
    assert read(dialect, {"published": "false"}, path).status == "draft"
    assert read(dialect, {"published": "true"}, path).status == "published"


def test_docusaurus_tells_the_day_in_a_table_and_a_flag_is_no_day() -> None:
    assert day(read("plain", {"last_update": {"date": "2023-04-06", "author": "Pat"}}).updated) == "2023-04-06"
    for flag in ("true", "false"):
        fields = read("plain", {"date": "2023-04-05", "lastUpdated": flag, "title": "t"})
        assert (fields.updated, fields.warnings) == (None, [])


def test_a_key_goes_before_another_spelling_of_it() -> None:
    folded = fold_keys({"Created At": "1", "created_at": "2", "createdAt": "3", "createdat": "4"}, separators=True)
    assert (folded["createdat"], folded["created_at"], folded["Created At"]) == ("4", "2", "1")
    assert fold_keys({"Date": "1", "date": "2"}, separators=False) == {"Date": "1", "date": "2"}
    assert "createdat" not in fold_keys({"created_at": "1"}, separators=False)


def test_a_day_in_the_name_of_a_note_counts_last() -> None:
    assert day(read("obsidian", {}, "20230405 topic 1.md").published) == "2023-04-05"
    assert day(read("obsidian", {"date": "2023-04-06"}, "log/20230405 topic 1.md").published) == "2023-04-06"
    assert read("obsidian", {}, "Meeting 2023-04-05.md").slug == "Meeting 2023-04-05"


# Names of terms


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ([{"label": "Rust", "permalink": "/rust"}, "web"], ["Rust", "web"]),
        ([{"name": "Rust", "slug": "rust"}], ["Rust"]),
        ([{"title": "Rust", "slug": "rust"}], ["Rust"]),
        ([{"slug": "rust"}], ["rust"]),
        ([{"key": "pat", "title": "Editor"}], ["pat"]),
        ({"name": "Pat Doe", "title": "Editor", "url": "x"}, ["Pat Doe"]),
        ({"display_name": "Pat", "login": "pd", "email": "x"}, ["Pat"]),
        ({"b": None, "a": None}, ["b", "a"]),
        ({"url": "x"}, []),
        ([{"C++": "入门"}, {"标题": "副题"}, {"url": "x"}, "a"], ["C++: 入门", "标题: 副题", "a"]),
    ],
)
def test_a_table_is_the_name_that_it_states(value: Value, names: list[str]) -> None:
    assert listed_names(value) == names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("[[Pat Doe]]", ["Pat Doe"]),
        ([["Pat Doe"]], ["Pat Doe"]),  # author: [[Pat Doe]]
        ([["Doe", "Pat"]], ["Doe, Pat"]),  # author: [[Doe, Pat]]
        ([[["Pat"]], [["Kim"]]], ["Pat", "Kim"]),  # a list of such links
        (["[[Books]]", "[[Lists/Good films|Films]]"], ["Books", "Films"]),
        ([["Lists/Good films|Films"]], ["Films"]),
        ("[[Pat]], [[Kim]] and [[Lee|L.]]", ["Pat", "Kim", "L."]),
        ("by [[Pat]] alone", ["by Pat alone"]),
        (["plain", "[[ Pat ]]"], ["plain", "Pat"]),
        ("a [b] c", ["a [b] c"]),
        (None, []),
    ],
)
def test_a_link_of_a_note_is_the_name_it_shows(value: Value, names: list[str]) -> None:
    assert listed_names(linked_names(value)) == names
    note = read("obsidian", {"author": value, "categories": value})
    assert note.authors == note.categories == names


def test_brackets_are_no_link_elsewhere() -> None:
    assert read("plain", {"author": "[[Pat Doe]]"}).authors == ["[[Pat Doe]]"]


# Titles


@pytest.mark.parametrize(
    ("text", "shown", "top"),
    [
        ("# A title\n\nText\n", "A title", "A title"),
        ("\n\n# A title #\n", "A title", "A title"),
        ("A title\n=======\n\nText\n", "A title", "A title"),
        ("%% a comment %%\n<!-- b -->\n# A title\n", "A title", "A title"),
        ("Text\n\n# A title\n", None, None),
        ("A title\n\n# Another\n", None, None),
        ("[![Built](b.svg)](https://w.test) ![](l.png)\n\n# A title\n", "A title", None),
        ("<div>\n<img src=l.png>\n<h1>A *title*</h1>\n</div>\n", "A *title*", None),
        ("# A `title` of *two*<br>lines\n\nText\n", "A title of two lines", "A title of two lines"),
        ("- item\n\n# A title\n", None, None),
        ("Text\n\n### Notes\n", None, None),
        ("## Tasks\n\n- [ ] one\n", None, None),
        ("## Part\n\n# A title\n", None, None),
        ("```\n# no title\n```\n\n## Part\n", None, None),
        ("#tag\n\nText\n", None, None),
        ("Text\n", None, None),
        ("<!-- not closed\n# A title\n", None, None),
        ("%%" * 200_000, None, None),
    ],
)
def test_only_a_heading_of_the_first_level_with_which_a_post_begins_is_a_title(
    text: str, shown: str | None, top: str | None
) -> None:
    body = BodyReader((), (), "obsidian", "none").read(text, "markdown")
    assert find_title_heading(body, text, "shown") == shown
    assert find_title_heading(body, text, "top") == top
    assert find_title_heading(body, text, "") is None


def test_a_page_of_html_is_titled_by_its_first_heading() -> None:
    text = "<nav>Home</nav><h1>A title</h1><p>Text</p>"
    body = BodyReader((), (), "gfm", "none").read(text, "html")
    assert find_title_heading(body, text, "shown", is_html=True) == "A title"
    assert find_title_heading(body, text, "shown") is None


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A long title on two lines\n", "A long title on two lines"),
        ("A long title\n\n\n", "A long title"),
        ("A long\n  title\n", "A long title"),
        ("Blank at the end ", "Blank at the end "),
    ],
)
def test_a_title_is_one_line(written: str, title: str) -> None:
    assert read("jekyll", {"title": written}, "_posts/2023-04-05-x.md").title == title


def test_a_note_is_titled_by_its_name_in_the_end() -> None:
    assert read("obsidian", {}, "log/2023-04-05.md").title == "2023-04-05"
    assert read("obsidian", {"title": "Stated"}, "x.md").title == "Stated"
    assert read("plain", {}, "x.md").title == "x"
