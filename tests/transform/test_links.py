from __future__ import annotations

import polars as pl
import pytest

from etl_project.transform.links import article_headings, article_links, article_mentions


def links(urls: list[str], texts: list[str] | None = None, kinds: list[str] | None = None) -> pl.DataFrame:
    texts = texts if texts is not None else ["t"] * len(urls)
    kinds = kinds if kinds is not None else ["link"] * len(urls)
    return pl.DataFrame(
        {
            "article_id": ["s:none", "s:a"],
            "link_urls": [[], urls],
            "link_texts": [[], texts],
            "link_kinds": [[], kinds],
        },
        schema={
            "article_id": pl.String,
            **dict.fromkeys(("link_urls", "link_texts", "link_kinds"), pl.List(pl.String)),
        },
    )


@pytest.mark.parametrize(
    ("url", "host", "kind"),
    [
        ("http://Other.Example/a", "other.example", "external"),
        ("https://example.com", "example.com", "internal"),
        ("//EXAMPLE.com/a", "example.com", "internal"),
        ("//www.example.com/", "www.example.com", "internal"),
        ("https://example.com:8080/a", "example.com", "internal"),
        ("https://user:p@ss@example.com./a", "example.com", "internal"),
        ("https://notexample.com/", "notexample.com", "external"),
        ("https://example.com.evil.example/", "example.com.evil.example", "external"),
        ("https://evil.example/@example.com", "evil.example", "external"),
        ("http://[2001:DB8::1]:80/", "[2001:db8::1]", "external"),
        ("http://例子.测试/路径", "例子.测试", "external"),
        ("http://xn--fsqu00a.xn--0zwm56d", "xn--fsqu00a.xn--0zwm56d", "external"),
        ("http:\\\\example.com\\a", "example.com", "internal"),
        ("ftp://files.example/a", "files.example", "external"),
        ("/about", None, "internal"),
        ("../emnews/", None, "internal"),
        ("a.md?x=http://b.example", None, "internal"),
        ("{{ site.url }}/a", None, "internal"),
        ("#top", None, "anchor"),
        ("mailto:a@example.com", None, "external"),
        ("javascript:alert(1)", None, "external"),
        ("http://", None, "external"),
    ],
)
def test_an_address_has_a_host_and_a_kind(url: str, host: str | None, kind: str) -> None:
    assert article_links(links([url]), "Example.com").select("host", "kind").row(0) == (host, kind)


def test_without_a_site_only_relative_addresses_are_internal() -> None:
    rows = article_links(links(["/a", "http://b.example/"]), None)
    assert rows["kind"].to_list() == ["internal", "external"]


def test_links_are_numbered_from_one_and_a_post_without_links_has_no_row() -> None:
    rows = article_links(links(["/a", "b.png", "/c"], ["x", "", ""], ["link", "image", "link"]), None)
    assert rows.columns == ["article_id", "position", "url", "host", "kind", "text"]
    assert rows.rows() == [
        ("s:a", 1, "/a", None, "internal", "x"),
        ("s:a", 2, "b.png", None, "image", None),
        ("s:a", 3, "/c", None, "internal", None),
    ]
    assert rows.schema["position"] == pl.Int32


def test_no_posts_give_no_rows_of_the_same_columns() -> None:
    assert article_links(links([]).clear(), None).schema == article_links(links(["/a"]), None).schema


def test_headings_and_mentions_are_rows_too() -> None:
    posts = pl.DataFrame(
        {
            "article_id": ["s:a", "s:none"],
            "heading_levels": [[2, 3], []],
            "heading_texts": [["A", "B"], []],
            "mention_kinds": [["stock", "board"], []],
            "mention_keys": [["600160", "BK0493"], []],
            "mention_labels": [["巨化股份", "新能源"], []],
            "mention_counts": [[3, 1], []],
        }
    )
    assert article_headings(posts).rows() == [("s:a", 1, 2, "A"), ("s:a", 2, 3, "B")]
    assert article_headings(posts).columns == ["article_id", "position", "level", "text"]
    assert article_mentions(posts).rows() == [
        ("s:a", "stock", "600160", "巨化股份", 3),
        ("s:a", "board", "BK0493", "新能源", 1),
    ]
    assert article_mentions(posts).columns == ["article_id", "kind", "key", "label", "count"]
    assert article_headings(posts).schema["level"] == article_mentions(posts).schema["count"] == pl.Int32
