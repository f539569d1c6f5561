"""Flat headers are read by one pattern, as the other readers read them, and most headers of a site are."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.corpus.site import Site, Variant, render
from etl_project.dialects import DIALECTS
from etl_project.extract.decode import decode
from etl_project.extract.front_matter.flat_header import FlatHeaders, FlatPost
from etl_project.extract.front_matter.read import front_matter_json, read_front_matter
from etl_project.limits import Limits

POST = "---\nlayout: post\ntitle: \"一二三\"\ndate: 2021-12-08 10:46:18 +0800\ntags: '电报'\n---\n正文\n"
JEKYLL = DIALECTS["jekyll"]


def read_flat(*posts: str | bytes, limits: Limits | None = None) -> list[FlatPost]:
    """Read posts by their shapes. Returns what was read of those that are flat."""
    given = [("_posts/a.md", post.encode() if isinstance(post, str) else post) for post in posts]
    return [read for read in FlatHeaders(limits or Limits(), JEKYLL).read(given) if read]


def is_flat(post: str | bytes, limits: Limits | None = None) -> bool:
    """Whether the front matter of a post is read by its shape."""
    return bool(read_flat(post, limits=limits))


def assert_is_right(reader: FlatHeaders, dialect: str, posts: list[tuple[str, bytes]]) -> int:
    """Hold what is read of posts against the other readers. Returns how many were read."""
    rules, count = DIALECTS[dialect], 0
    for (path, data), read in zip(posts, reader.read(posts), strict=True):
        if read is None:
            continue
        decoded, front_matter, as_json = read
        expected = decode(data, ())
        assert (decoded.encoding, decoded.warnings, decoded.is_verbatim) == (expected.encoding, (), True), path
        assert expected[2:] == ((), True), path
        header = read_front_matter(
            expected.text,
            Limits(),
            required=rules.front_matter_required,
            formats=rules.formats_of(path),
            rules=rules.header_rules,
        )
        assert front_matter == header and list(front_matter.fields) == list(header.fields), path
        assert as_json in (None, front_matter_json(front_matter.fields)), path
        count += 1
    return count


@pytest.mark.parametrize("variant", ["repetitive", "entropy"])
def test_nearly_all_generated_posts_are_read_so(variant: Variant) -> None:
    site = Site(Path(), 100_000, variant)
    posts = [render(site, index)[1] for index in range(0, 100_000, 250)]
    assert len(read_flat(*posts)) >= 0.95 * len(posts)


@pytest.mark.parametrize(("site", "share"), [("finews", 0.9), ("yihui", 0.9), ("nodejs", 0.9), ("ruby-lang", 0.8)])
def test_most_posts_of_real_sites_are_read_so(site: str, share: float, shared: Path) -> None:
    posts = [file.read_bytes() for file in sorted((SHARED / "sites" / site).rglob("*.md"))]
    assert len(read_flat(*posts)) >= share * len(posts)


def test_a_post_is_read_as_by_the_other_readers() -> None:
    (read,) = read_flat(POST)
    decoded, front_matter, as_json = read
    expected = read_front_matter(decode(POST.encode(), ()).text, Limits(), required=True)
    assert front_matter == expected and list(front_matter.fields) == ["layout", "title", "date", "tags"]
    assert as_json == front_matter_json(expected.fields)
    assert decoded.is_verbatim


@pytest.mark.parametrize("dialect", DIALECTS)
def test_real_and_hostile_posts_are_read_as_by_the_other_readers(dialect: str, shared: Path) -> None:
    files = [file for name in ("sites", "hostile") for file in sorted((shared / name).rglob("*")) if file.is_file()]
    posts = [(file.name, file.read_bytes()) for file in files if file.stat().st_size < 1_000_000]
    read = assert_is_right(FlatHeaders(Limits(), DIALECTS[dialect]), dialect, posts)
    assert read > 200 or DIALECTS[dialect].formats_of("a.md")[0] != "yaml"


def test_a_list_of_words_is_a_value() -> None:
    (_, one, as_json), (_, other, _) = read_flat(*["---\ntitle: a\ntags: [b c, d]\n---\n"] * 2)
    assert one.fields["tags"] == ["b c", "d"]
    assert as_json == '{"title":"a","tags":["b c","d"]}'
    assert one.fields["tags"] is not other.fields["tags"]


@pytest.mark.parametrize(
    "text",
    [
        POST.encode("gb18030"),
        "\ufeff" + POST,
        POST.replace("\n", "\r\n"),
        POST.replace("正文", "正\x07文"),
        POST.replace("正文", "正\x85文"),
        POST.replace("正文", "\0"),
        POST.replace("---\n", "--- \n", 1),
        POST.replace("---\n正", "----\n正"),
        POST.replace('"一二三"', "一: 二"),
        POST.replace('"一二三"', "一 # 二"),
        POST.replace('"一二三"', '"一\\n二"'),
        POST.replace('"一二三"', "~"),
        POST.replace('"一二三"', "null"),
        POST.replace('"一二三"', ""),
        POST.replace('"一二三"', "|\n  一"),
        POST.replace("layout", "tags"),
        POST.replace("layout", "版"),
        POST.replace("post\n", "post\n\n"),
        "---\n---\n",
        "---\n",
        "title: a\n---\n",
    ],
)
def test_whatever_is_not_plain_is_left(text: str | bytes) -> None:
    assert is_flat(POST)
    assert not is_flat(text)


def test_a_post_with_controls_does_not_keep_the_others_from_being_read() -> None:
    assert len(read_flat(POST, "\0" + POST, POST.replace("正", "\x85"), POST.encode("gb18030"), POST)) == 2


@pytest.mark.parametrize(
    "limits", [Limits(number_digits=40), Limits(front_matter_bytes=200), Limits(events=20)], ids=str
)
def test_headers_near_a_limit_are_left(limits: Limits) -> None:
    assert not is_flat(POST, limits)


def test_after_many_headers_without_a_shape_none_is_looked_for() -> None:
    reader = FlatHeaders(Limits(), JEKYLL)
    odd, plain = ("a.md", b"---\na: |\n  b\n---\n"), ("a.md", POST.encode())
    assert [bool(read) for read in reader.read([odd, plain])] == [False, True]
    assert not any(reader.read([odd] * 600))
    assert reader.read([plain])[0]
    assert reader.read([("a.md", b"---\nb: c\n---\n")]) == [None]


KEYS = st.sampled_from(
    [
        *("title", "date", "layout", "tags", "categories", "category", "tag", "author", "slug", "permalink", "url"),
        *("draft", "published", "description", "lang", "updated", "lastmod", "status", "Title", "aliases", "x-y", "键"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            *("a", "一二", '"a"', "'b c'", '"a # b"', "a: b", "a #b", "a#b", "[a, b]", "[a,b c]", "[]", "[~]", "", " "),
            *("~", "null", "true", "yes", "no", "false", "off", "1", "012", "1e3", "0x1f", '""', "''", "'it''s'"),
            *(
                '"\\t"',
                "a\\b",
                'a"b',
                "|",
                ">",
                "- a",
                "&a b",
                "*a",
                "!!str a",
                "{a: b}",
                "@a",
                "%a",
                "`a`",
                "a:",
                ":a",
            ),
            *(
                "2021-12-08",
                "2021-12-08 10:46",
                "2021-12-08 10:46:18",
                "2021-12-08T10:46:18Z",
                "2021-02-30",
                "1969-01-01",
            ),
            *(
                "2021-12-08 10:46:18 +0800",
                "2021-12-08 25:00:00",
                "2100-01-01",
                "2021-03-28 02:30:00",
                "+0800",
                "today",
            ),
            *(
                "2021-12-08 10:46:18.123456",
                "8 Dec 2021",
                "2021-12-08 10:46:18 Peking",
                "\u3000",
                "a\u3000",
                "a\u2028b",
            ),
            *(
                "a\x85b",
                "a\u00a0",
                "\u00a0a",
                "a\tb",
                "\ta",
                "/a/b/",
                "https://example.com/a",
                "a/b",
                "draft",
                "hidden",
            ),
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
LINES = st.builds(
    "{}{}{}{}{}".format,
    KEYS,
    st.sampled_from([": ", ":", ":  ", ":\t", "： ", " : "]),
    VALUES,
    st.sampled_from(["", " ", "  ", "\t", " # c"]),
    st.sampled_from(["\n", "\n", "\n", "\n", "\r\n", "\n\n", "\u2028"]),
)
HEADERS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["---\n", "---\n", "---\n", "--- \n", "\ufeff---\n", "\n---\n", "---\r\n"]),
    st.lists(LINES, max_size=6).map("".join),
    st.sampled_from(["---\n", "---\n", "---\n", "---", "--- \n", "...\n", "----\n", ""]),
    st.sampled_from(["", "正文\n", "# One\n\nText.\n", "a\n---\ntitle: b\ndate: c\n---\n", "---\n"]),
    st.sampled_from(["", "", "", "\0", "\x07", "\x85"]),
)
PATHS = st.sampled_from(["_posts/2021-12-08-a.md", "_posts/b.md", "en/2021/index.md", "content/C d.md", "e.html"])


@settings(max_examples=300, deadline=None)
@given(headers=st.lists(st.tuples(PATHS, HEADERS), min_size=1, max_size=8), dialect=st.sampled_from(sorted(DIALECTS)))
@example(headers=[("_posts/a.md", POST)], dialect="jekyll")
def test_any_headers_are_read_as_by_the_other_readers(headers: list[tuple[str, str]], dialect: str) -> None:
    posts = [(path, text.encode()) for path, text in headers]
    assert_is_right(FlatHeaders(Limits(), DIALECTS[dialect]), dialect, posts)
