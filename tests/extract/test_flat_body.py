"""Flat bodies are read by patterns as they are read from a tree, and most bodies of news are."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import example, given, settings
from hypothesis import strategies as st
from news_rules import RULES

from benchmarks.corpus.site import Site, Variant, render
from etl_project.extract.body.content import Body
from etl_project.extract.body.flavours import FLAVOURS
from etl_project.extract.body.read import BodyReader
from etl_project.sources.source import MentionRule, Rule

MENTIONS = (
    MentionRule("stock", "[data-code]", r"data-code~(?:K )?(?:[0-9]+,)?([0-9A-Z._]+)(?:\|.*)?"),
    MentionRule("board", "a", r"href~.*/(BK[0-9]+)"),
)
WITHOUT_RULES = BodyReader()
WITH_RULES = BodyReader(RULES, MENTIONS)


def read_flat(html: str, reader: BodyReader = WITH_RULES) -> Body | None:
    """Read HTML by patterns: the same as from its tree, or nothing."""
    assert reader.flat_bodies is not None
    body = reader.flat_bodies.read(html, html)
    assert body is None or body == reader.read_tree(html, html)
    return body


@pytest.mark.parametrize(
    ("html", "text", "links"),
    [
        ("<p>一</p>\n<p>二</p>", "一\n\n二", []),
        ("<h2>标题</h2><p>文</p><h3> </h3>", "标题\n\n文", []),
        ('<center><img src="a.png" alt="图 一"></center><p>x</p>', "x", ["a.png"]),
        ("<p>a<br>b<br/>c</p>", "a\nb\nc", []),
        ("<p>证<a href='x'>券</a></p>", None, []),
        ('<p>证<a href="x">券</a>报</p>', "证券报", ["x"]),
        ('<p><a href="u"><img src="v"> 文 <b>字</b></a></p>', "文 字", ["u", "v"]),
        ('<p><strong><a href="u">x</a><em>y</em></strong></p>', "xy", ["u"]),
        ('<p><a href="?a=1&b=2">x</a></p>', "x", ["?a=1&b=2"]),
        ('<p><a href="?a=1&amp;b=2">x</a></p>', "x", ["?a=1&b=2"]),
        ('<p><a href="?a=1&copy">x</a></p>', None, []),
        ('<p><a href=" u ">x</a><a>y</a><a href="">z</a></p>', "xyz", ["u"]),
        ('<p><a href="%E4%BD%A0">x</a></p>', "x", ["%E4%BD%A0"]),
        ('<p><a href="u" href="v">x</a></p>', "x", ["u"]),
        ('<p><img class="internal-embed" src="note" alt="note"></p>', None, []),
        ('<p><img class="internal-embed x" src="note" alt="note"></p>', "", ["note"]),
        ("<p>AT&amp;T &lt;b&gt;&nbsp;&#39;</p>", "AT&T <b> '", []),
        ("<p>&notit;</p>", None, []),
        ("<!-- EM_Start --><p>a<!-- x -->b</p><!---->", "ab", []),
        ("<p>a<!-- <b>x</b> --></p>", None, []),
        ('<p title="<!-- x -->">a</p>', None, []),
        ('<p style="display:none;height:1px"> x </p><p>y</p>', "y", []),
        ('<p>x<span style="display:none">y</span></p>', None, []),
        ("<p>此为 hidden</p>", "此为 hidden", []),
        ("<p hidden>x</p><p>y</p>", "y", []),
        ("<p>一\n二</p><p>a\nb</p>", "一二\n\na b", []),
        ("<p>[TOC]</p><p>first</p>", "[TOC]\n\nfirst", []),
        ("<div>a</div>", "a", []),
        ("<div><p>a</p></div>", None, []),
        ("<p>a", None, []),
        ("<p>a<p>b</p></p>", None, []),
        ("<p>a</P>", None, []),
        ("<p>a<b>b</p>", None, []),
        ("<p>a<b>b</i></b></p>", None, []),
        ('<p><a href="x">y<a href="z">w</a></a></p>', None, []),
        ("<p><script>x</script></p>", None, []),
        ("<p>x</p>y", None, []),
        ("<p\u00a0class='x'>x</p>", None, []),
        ("<p>x\0y</p>", None, []),
        ("", "", []),
        (" \n\u3000", "", []),
    ],
)
def test_what_is_flat_and_what_is_read_of_it(html: str, text: str | None, links: list[str]) -> None:
    for reader in (WITHOUT_RULES, WITH_RULES):
        body = read_flat(html, reader)
        assert (body.text if body else None) == text
        assert (body.link_urls if body else []) == links


def test_furniture_leaves_with_its_links_and_fills_columns() -> None:
    body = read_flat(
        '<p>正文<a href="a">链</a></p><p><a href="https://w.example/1">https://w.example/1</a></p>'
        '<p class="em_media">（文章来源：证券时报）</p><p><a href="/n">返回滚动新闻</a>｜<a href="/">返回首页</a></p>'
    )
    assert body is not None
    assert body.text == "正文链"
    assert body.link_urls == ["a"]
    assert body.values == {"medium": "证券时报", "original_url": "https://w.example/1"}
    assert body.warnings == []


def test_an_address_that_is_none_is_a_warning() -> None:
    body = read_flat("<p>x</p><p>javascript:;</p>")
    assert body is not None
    assert [warning.code for warning in body.warnings] == ["link_empty"]


def test_a_picture_in_a_link_to_the_same_entity_is_the_same_mention() -> None:
    body = read_flat(
        '<p><a href="q" data-code="113966|0|2"><img src="k.png" data-code="K 113966|0|2"></a>'
        '<span data-code="0,600048">迅己</span> <span id="quote"></span><b data-code="0,600048">迅</b></p>'
    )
    assert body is not None
    assert body.mention_keys == ["113966", "600048"]
    assert body.mention_labels == ["113966", "迅"]
    assert body.mention_counts == [1, 2]
    assert body.link_urls == ["q", "k.png"]


def test_a_mention_that_holds_other_elements_is_left_to_the_tree() -> None:
    assert read_flat('<p><span data-code="1"><b>x</b>y</span></p>') is None
    assert read_flat('<p data-code="1">x</p>') is None


@pytest.mark.parametrize("selector", ["div p", "span", "*", "[class]", "ul"])
def test_rules_for_what_is_no_block_are_left_to_the_tree(selector: str) -> None:
    assert BodyReader((Rule(selector, "x"),)).flat_bodies is None


def test_wikilinks_are_left_to_the_tree() -> None:
    assert BodyReader(markdown="obsidian").flat_bodies is None


def test_addresses_are_given_as_the_post_writes_them() -> None:
    reader = BodyReader(markdown="gfm")
    markdown = "[x](a b.html) [y](<a b.html>) [z](你.html) [w](%20a.html) [v](%20你.html)\n"
    html = reader.to_html(markdown)
    assert reader.flat_bodies is not None
    body = reader.flat_bodies.read(markdown, html)
    assert body == reader.read_tree(markdown, html)
    assert body is not None and body.link_urls == ["a b.html", "你.html", "%20a.html", "%20你.html"]


PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            '<p class="em_media">',
            "<h2>",
            "</h2>",
            "<center>",
            "</center>",
            "<div>",
            "</div>",
            "<ul><li>",
        ),
        *(
            '<a href="u">',
            '<a href="BK1&amp;x=%20" data-code="7">',
            "</a>",
            "<b>",
            "</b>",
            '<span data-code="5">',
            "</span>",
        ),
        *(
            '<img src="i" alt="a &quot;b">',
            '<img src="j" data-code="7"/>',
            '<img class="internal-embed" src="n" alt="n">',
            "<br>",
            "<br />",
            "<!-- c -->",
            "<!-- <p> -->",
        ),
        *(
            "一",
            "二\n三",
            "a",
            " ",
            "\n",
            "&amp;",
            "&nbsp;",
            "&",
            "&copy",
            "&#39;",
            "<",
            ">",
            '"',
            "（文章来源：证券报）",
        ),
        *(
            "https://w.example/1",
            ' style="display:none"',
            "<p hidden>",
            "<P>",
            "<p x=y>",
            "</ul>",
            "\u3000",
            "\ufffd",
            "x\0",
        ),
    ]
)
BLOCK = st.builds(
    lambda tag, content: f"<{tag}>{content}</{tag}>",
    st.sampled_from(["p", "h1", "center", "div"]),
    st.lists(
        st.sampled_from(
            [
                *("一", "二\n三", "a b", "&amp;", "<br>", "<b>粗</b>", "<b><i>x</i>y</b>", "<!-- c -->"),
                *(
                    '<a href="u%20v">链</a>',
                    '<a href="BK7"><img src="i" alt="x">文</a>',
                    '<span data-code="5">券</span>',
                ),
                *('<b><a href="u" data-code="5">x</a></b>', '<a data-code="5"><img src="k" data-code="5"></a>'),
                *("https://w.example/1", "返回新新闻", "｜返回首页", '<img data-code="9">'),
            ]
        ),
        max_size=5,
    ).map("".join),
)


@given(st.lists(PIECES, max_size=16).map("".join))
@example("<p>a<br")
@example("<p>a</p><")
@settings(max_examples=600, deadline=None)
def test_whatever_is_written_is_read_as_from_the_tree(html: str) -> None:
    read_flat(html)
    read_flat(html, WITHOUT_RULES)


@given(st.lists(BLOCK, max_size=5).map("\n".join))
@settings(max_examples=200, deadline=None)
def test_flat_blocks_are_read_as_from_the_tree(html: str) -> None:
    assert read_flat(html) is not None
    assert read_flat(html, WITHOUT_RULES) is not None


def body_of(post: bytes) -> str:
    """The body of a post, roughly: what follows its front matter."""
    text = post.decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", "")[:200_000]
    return re.sub(r"\A(---|\+\+\+)\n.*?\n\1\s*\n", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("variant", ["repetitive", "entropy"])
def test_nearly_all_generated_bodies_are_flat(variant: Variant) -> None:
    site = Site(Path(), 100_000, variant)
    reader = BodyReader(RULES, MENTIONS, "kramdown", "liquid")
    assert share_of_flat(reader, [render(site, index)[1] for index in range(0, 100_000, 500)]) > 0.9


def test_most_posts_of_the_news_site_are_flat(shared: Path) -> None:
    reader = BodyReader(RULES, MENTIONS, "kramdown", "liquid")
    posts = [file.read_bytes() for file in sorted((shared / "sites/finews").rglob("*.md"))]
    assert share_of_flat(reader, posts) > 0.9


@pytest.mark.parametrize("markdown", sorted(FLAVOURS.keys() - {"obsidian"}))
def test_real_and_hostile_posts_are_read_as_from_the_tree(markdown: str, shared: Path) -> None:
    posts = [file.read_bytes() for file in sorted((SHARED / "sites").rglob("*.md"))]
    cases = json.loads((SHARED / "hostile/cases.json").read_text("utf-8"))["cases"]
    posts += [base64.b64decode(case["content_base64"]) for case in cases if case.get("content_base64")]
    for reader in (BodyReader(markdown=markdown), BodyReader(RULES, MENTIONS, markdown)):  # type: ignore[arg-type]
        assert share_of_flat(reader, posts) > 0.2


def share_of_flat(reader: BodyReader, posts: list[bytes]) -> float:
    """Hold the bodies of posts against those from the tree. Returns the share of the flat ones."""
    count = 0
    assert reader.flat_bodies is not None
    for post in posts:
        body = body_of(post)
        html = reader.to_html(body)
        read = reader.flat_bodies.read(body, html)
        if read is not None:
            assert read == reader.read_tree(body, html)
            count += 1
    return count / len(posts)
