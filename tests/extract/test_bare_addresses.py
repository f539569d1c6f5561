"""Bare addresses; the right answers were asked of Hugo 0.111, marked 15 and micromark-extension-gfm 3."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.dialects import Markdown
from etl_project.extract.body.bare_addresses import link_gfm_addresses, link_goldmark_addresses, link_marked_addresses
from etl_project.extract.body.read import BodyReader

READERS = {name: BodyReader(markdown=name) for name in ("goldmark", "marked", "gfm", "obsidian")}
GOLDMARK, MARKED, GFM = ["goldmark"], ["marked"], ["gfm"]
ALL = ["goldmark", "marked", "gfm"]


@pytest.mark.parametrize(
    ("flavours", "body", "urls"),
    [
        (ALL, "See https://w.test/a_b_c?x=1&y=[2] now.", ["https://w.test/a_b_c?x=1&y=[2]"]),
        (ALL, "See https://w.test/a, https://w.test/b! **https://w.test/c**", [f"https://w.test/{x}" for x in "abc"]),
        (ALL, "(https://w.test/x_(y)) _https://w.test/_z", ["https://w.test/x_(y)", "https://w.test/_z"]),
        (GOLDMARK, "https://w.test/a*b https://w.test/c\\_d", ["https://w.test/a", "https://w.test/c"]),
        (["gfm", "marked"], "https://w.test/a*b https://w.test/c\\_d", ["https://w.test/a*b", "https://w.test/c\\_d"]),
        (ALL, "- https://w.test/a\n- > https://w.test/b", ["https://w.test/a", "https://w.test/b"]),
        (ALL, "# Heading https://w.test/c\nhttps://w.test/d", ["https://w.test/c", "https://w.test/d"]),
        (ALL, "|a|b|\n|-|-|\n|https://w.test/a|https://w.test/b|", ["https://w.test/a", "https://w.test/b"]),
        (ALL, "https://w.test/n&copy; x", ["https://w.test/n"]),
        (ALL, "a.b+c@w.test. and a@w.test, not a@b", ["mailto:a.b+c@w.test", "mailto:a@w.test"]),
        (ALL, "`https://w.test/a` [https://w.test/b](c) ![https://w.test/e](f)", ["c", "f"]),
        (ALL, "<https://w.test/d>", ["https://w.test/d"]),
        (ALL, "    https://w.test/a\n\n```\nhttps://w.test/b\n```\n\n<div>\nhttps://w.test/c\n</div>", []),
        (ALL, "<a href='https://w.test/a'>https://w.test/a</a>", ["https://w.test/a"]),
        (ALL, "[r] https:// text\n\n[r]: https://w.test/a", ["https://w.test/a"]),
        (ALL, "<b>https://w.test/a</b><br>https://w.test/b", ["https://w.test/a", "https://w.test/b"]),
        (["gfm", "marked"], "见https://w.test/路，后面 了", ["https://w.test/路，后面"]),
        (GOLDMARK, "见https://w.test/ 和 https://w.test/a路", ["https://w.test/a"]),
        (["gfm", "marked"], "http://localhost:80/x http://127.0.0.1/y", ["http://localhost:80/x", "http://127.0.0.1/y"]),
        (GOLDMARK, "http://localhost:80/x http://127.0.0.1/y", []),
        (["gfm", "marked"], "www.w.test/a", ["http://www.w.test/a"]),
        (GOLDMARK, "www.w.test/a xwww.w.test", ["https://www.w.test/a"]),
        (["gfm", "goldmark"], "[see https://w.test/a] https://w.test/b", ["https://w.test/b"]),
        (MARKED, "[see https://w.test/a] x https://w.test/b", ["https://w.test/a]", "https://w.test/b"]),
        (GOLDMARK, '(https://w.test/a). "https://w.test/b"', ["https://w.test/a", 'https://w.test/b"']),
        (GOLDMARK, "(https://w.test/a), (https://w.test/(b)): https://w.test/c;", ["https://w.test/a", "https://w.test/(b)",
         "https://w.test/c;"]),
        (["gfm", "marked"], '(https://w.test/a). "https://w.test/b"', ["https://w.test/a", "https://w.test/b"]),
        (["gfm", "goldmark"], "xhttps://w.test/a", []),
        (MARKED, "xhttps://w.test/a", ["https://w.test/a"]),
        (GFM, "https://a_b.test/ https://a_b.c.test/", ["https://a_b.c.test/"]),
        (["obsidian"], "https://w.test/a, www.w.test a@w.test [[https]]", ["https://w.test/a", "https"]),
    ],
)  # fmt: skip
def test_a_bare_address_is_a_link_where_the_generator_makes_one(
    flavours: list[Markdown], body: str, urls: list[str]
) -> None:
    assert {flavour: READERS[flavour].read(body).link_urls for flavour in flavours} == dict.fromkeys(flavours, urls)


@pytest.mark.parametrize("flavour", ["kramdown", "pulldown-cmark", "python-markdown"])
def test_only_pointed_brackets_make_links_of_addresses_in_other_markdown(flavour: Markdown) -> None:
    body = BodyReader(markdown=flavour).read("https://w.test/a www.w.test a@w.test <https://w.test/b>")
    assert body.link_urls == ["https://w.test/b"]


@given(
    st.lists(
        st.sampled_from(["https://", "w.test", "/a_b", "www.", "@", "*", "`", "[", "](", ")", "é", " ", "\n", "|"])
    )
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_link_adds_and_loses_no_letter(pieces: list[str]) -> None:
    body = "".join(pieces)
    linked, plain = READERS["gfm"].read(body), BodyReader(markdown="pulldown-cmark").read(body)
    urls = "".join(linked.link_urls)
    assert {*linked.text} <= {*plain.text, *body}
    assert all(part in body for part in urls.replace("mailto:", " ").replace("http://", " ").split(" "))


@pytest.mark.parametrize(
    "piece", ["`https://a`y", "https://a.b ", "[https://a.b", "|https://a.b|\n", "www.", "a@b.", ")"]
)
def test_hostile_addresses_take_no_longer_than_they_are_long(piece: str) -> None:
    start = time.process_time()
    for link in (link_goldmark_addresses, link_marked_addresses, link_gfm_addresses):
        link(piece * 2_000)
    assert time.process_time() - start < 5


def test_an_address_in_what_is_no_link_is_bare() -> None:
    body = '[x](https://a.test/a b) [y](https://b.test/c "t") [z](https://c.test)'
    for name in ("goldmark", "marked", "gfm"):
        links = READERS[name].read(body).link_urls
        assert links == ["https://a.test/a", "https://b.test/c", "https://c.test"]


def test_a_backslash_before_an_address_stays() -> None:
    for markdown in ("gfm", "marked"):
        body = BodyReader(markdown=markdown).read("x\\https://a.test/b c\n\n\\a@b.test \\\\https://d.test")
        assert body.text == "x\\https://a.test/b c\n\n\\a@b.test \\https://d.test"
        assert body.link_urls == ["https://a.test/b", "mailto:a@b.test", "https://d.test"]
