"""What the page names: live articles only, in words of both languages, and nothing that ends its own script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Site
from report_sites import HOSTILE, remove_relations

from etl_project.reasons import SUGGESTIONS
from etl_project.report.content import json_for_html, read_content
from etl_project.report.lists import address_of
from etl_project.report.words import CHINESE, ENGLISH, describe_reasons
from etl_project.show.query import open_published

pytest_plugins = ["report_fixtures"]

PAGE = Path(__file__).parents[2] / "etl_project/report/page"
USED = "\n".join(file.read_text("utf-8") for file in sorted(PAGE.iterdir()))


def read(site: Site, *, is_internal: bool = False) -> dict[str, Any]:
    with open_published(site.published) as con:
        return read_content(con, "en", {}, 0, is_internal=is_internal)


@pytest.fixture(scope="module")
def content(published_site: Site) -> dict[str, Any]:
    return read(published_site)


def test_both_languages_have_the_same_words_with_the_same_fields() -> None:
    assert list(ENGLISH) == list(CHINESE)
    for key, text in ENGLISH.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", CHINESE[key])), key


COMPOSED = {
    "days": ("day", "week", "month", "year"),
    "mean": ("day", "week", "month", "year"),
    "months": ("month", "quarter", "year"),
    "whole": ("week", "month", "quarter", "year"),
    "kind": ("word", "tag", "mention", "host"),
    "because": ("draft", "to_come", "expired", "missing"),
}
"""Words whose key the script puts together: its beginning -> how it may go on."""


def test_every_word_that_the_page_asks_for_is_there_and_none_is_left_over() -> None:
    asked = set(re.findall(r"\bwords\.(\w+)(?=[^\w(]|$)", USED)) | set(re.findall(r'\bsay\("(\w+)"', USED))
    assert len(asked) > 60 and asked - ENGLISH.keys() == set()
    composed = {f"{beginning}_{end}" for beginning, ends in COMPOSED.items() for end in ends}
    assert all(f"words[`{beginning}_${{" in USED for beginning in COMPOSED)
    assert composed - ENGLISH.keys() == set()
    left = {key for key in ENGLISH.keys() - composed - asked if f'"{key}"' not in USED}
    assert left == {"as_of", "title"}, "these two are filled in where the page is written"


def test_every_reason_has_a_name_and_a_remedy_in_both_languages() -> None:
    assert describe_reasons("zh").keys() == describe_reasons("en").keys() == SUGGESTIONS.keys()
    assert describe_reasons("en")["no_front_matter"] == ("no front matter", SUGGESTIONS["no_front_matter"])
    assert all(re.search("[一-鿿]", name) for name, _ in describe_reasons("zh").values())


def test_stories_told_more_than_once_are_named_with_who_tells_them(content: dict[str, Any]) -> None:
    [[sources, categories, day, title, _, times, tellers, minutes]] = content["lists"]["told"]
    assert (day, title, times, tellers, minutes) == ("2026-01-05", "Sails again", 2, ["site"], 180)
    assert [content["sources"][number][0] for number in sources] == ["site"]
    assert [content["categories"][number - 1] for number in categories] == ["news"]


def test_rising_terms_are_those_of_the_last_week_that_have_a_score(content: dict[str, Any]) -> None:
    site = [source for source, _ in content["sources"]].index("site")
    assert content["lists"]["rising"] == [
        [site, "2026-01-05", "word", "ferry", 9, 1.5, 4.5],
        [site, "2026-01-05", "tag", "nets", 4, 2.0, 2.1],
    ]


def test_broken_links_are_named_with_the_address_of_their_article(content: dict[str, Any]) -> None:
    [row] = content["lists"]["broken"]
    address = "https://o.example/%3Cimg%20src=x%20onerror=alert(2)%3E/2026/01/20/h.html"
    assert row[2:] == ["2026-01-20", HOSTILE, address, "/nowhere/"]
    assert content["lists"]["broken_counts"] == [[0, 1, 1]]


def test_rejected_files_are_counts_and_articles_that_are_not_live_are_not_there(
    content: dict[str, Any], published_site: Site
) -> None:
    assert content["lists"]["rejected"] == [[1, "unterminated_front_matter", 1]]
    text = json.dumps(content).lower()
    assert "secret" not in text and "not yet" not in text
    internal = json.dumps(read(published_site, is_internal=True))
    for name in ("Secret draft", "Secret to come", "2026-01-07-secret-rejected.md"):
        assert name in internal, name


def test_the_last_refreshes_say_what_came(content: dict[str, Any]) -> None:
    [row] = content["lists"]["refreshes"]
    assert row[0] == 1 and row[2:8] == [47, 47, 1, 44, 0, 0]


def test_an_empty_relation_is_absent_where_it_was_not_looked_for(published_site: Site, tmp_path: Path) -> None:
    poor = Site(tmp_path)
    poor.published.parent.mkdir()
    poor.published.write_bytes(published_site.published.read_bytes())
    with duckdb.connect(str(poor.published)) as con:
        con.execute("DELETE FROM broken_links; DELETE FROM trending_terms; DELETE FROM internal.relations")
    lists = read(poor)["lists"]
    assert lists["broken"] is None and lists["rising"] is None
    with duckdb.connect(str(poor.published)) as con:
        con.execute("INSERT INTO internal.relations VALUES ('links', 'rule'), ('terms', 'rule')")
    lists = read(poor)["lists"]
    assert lists["broken"] == [] and lists["rising"] == []


def test_what_the_file_does_not_hold_is_absent_and_not_empty(published_site: Site, tmp_path: Path) -> None:
    poor = Site(tmp_path)
    poor.published.parent.mkdir()
    poor.published.write_bytes(published_site.published.read_bytes())
    remove_relations(poor.published)
    lists = read(poor)["lists"]
    assert lists["rising"] is None and lists["broken"] is None and lists["broken_counts"] is None
    assert lists["told"]


@pytest.mark.parametrize("text", [HOSTILE, "<!--<script>", "\u2028\u2029", "]]>", "&lt;/script&gt;"])
def test_no_text_ends_the_element_that_holds_it(text: str) -> None:
    written = json_for_html({"title": text})
    assert not re.search("[<>&\u2028\u2029]", written)
    assert json.loads(written) == {"title": text}


@pytest.mark.parametrize(
    ("site", "path", "address"),
    [
        ("https://a.example", "/x.html", "https://a.example/x.html"),
        ("https://a.example/blog/", "/x.html", "https://a.example/blog/x.html"),
        ("https://a.example/blog/", "/blog/x.html", "https://a.example/blog/x.html"),
        ("https://a.example", "https://b.example/x", "https://b.example/x"),
        ("https://a.example", "//b.example/x", None),
        ("https://a.example", "javascript:alert(1)", None),
        ("javascript:alert(1)", "/x.html", None),
        ("https://[", "/x.html", None),
        (None, "/x.html", None),
        ("https://a.example", None, None),
    ],
)
def test_only_addresses_of_the_web_are_links(site: str | None, path: str | None, address: str | None) -> None:
    assert address_of(site, path) == address
