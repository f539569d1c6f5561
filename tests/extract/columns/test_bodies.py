from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from columns_of_bodies import MENTIONS, RULES, read_one, share_read
from few_bodies import _few_bodies_are_enough  # noqa: F401

from benchmarks.corpus.dialects import SITES
from benchmarks.corpus.site import Site, Variant, render
from etl_project.dialects import DIALECTS, Markdown, detect_dialect, is_post
from etl_project.extract.body.read import BodyReader, Form
from etl_project.extract.columns import bodies as bodies_by_columns
from etl_project.extract.columns.bodies import BodyColumns
from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.folder import PinnedFolder
from etl_project.sources.place import PinnedSource
from etl_project.sources.source import MentionRule, Rule, Source

NEWS = BodyReader(RULES, MENTIONS, "kramdown", "liquid")


def reader_of(dialect: str, rules: tuple[Rule, ...] = (), mentions: tuple[MentionRule, ...] = ()) -> BodyReader:
    site = DIALECTS[dialect]
    return BodyReader(rules, mentions, site.markdown, site.templates)


def bodies_of(dialect: str, files: Iterable[tuple[str, bytes]]) -> dict[Form, list[str]]:
    """The bodies of those posts that can be read, by their form."""
    source = Source("site", Path("/nowhere"), dialect=dialect, language="en", encodings=("utf-8", "gb18030"))
    reader = PostReader(PinnedSource(source, PinnedFolder(source.location)), Limits())
    bodies: dict[Form, list[str]] = defaultdict(list)
    for path, data in files:
        form: Form = "html" if path.endswith((".html", ".htm")) else "mdx" if path.endswith(".mdx") else "markdown"
        try:
            bodies[form].append(reader.read(path, data).front_matter.body)
        except Rejection:
            continue
    return bodies


def made(variant: Variant, posts: int) -> list[tuple[str, bytes]]:
    site = Site(Path("/nowhere"), posts, variant)
    return [render(site, index) for index in range(posts)]


@pytest.mark.parametrize("variant", ["repetitive", "entropy"])
def test_made_posts_are_read_alike_and_nearly_all_by_columns(variant: Variant) -> None:
    bodies = bodies_of("jekyll", made(variant, 400))["markdown"]
    assert share_read(NEWS, bodies) > 0.95


@pytest.mark.parametrize("name", SITES)
def test_made_posts_of_other_generators_are_read_alike_and_nearly_all_by_columns(name: str) -> None:
    files = [(path.partition("/")[2], data) for path, data in made("mixed", 400) if path.startswith(f"{name}/")]
    bodies = bodies_of(SITES[name][0], files)["markdown"]
    assert share_read(reader_of(SITES[name][0]), bodies) > 0.95


@pytest.mark.parametrize("dialect", DIALECTS)
def test_hostile_posts_are_read_alike(shared: Path, dialect: str) -> None:
    cases = json.loads((shared / "hostile/cases.json").read_text("utf-8"))["cases"]
    contents = [base64.b64decode(case["content_base64"]) for case in cases if case.get("content_base64")]
    bodies = bodies_of(dialect, ((f"_posts/2021-12-08-{number}.md", data) for number, data in enumerate(contents)))
    share_read(reader_of(dialect, RULES, MENTIONS), bodies["markdown"])


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("18f", 0.9), ("bitcoinops", 0.95), ("finews", 0.95), ("go-blog", 0.85), ("hexo-site", 0.9),
        ("hugo-notes", 0.95), ("lctt", 0.75), ("nodejs", 0.75), ("obsidian-hub", 0.1), ("pingcap-cn", 0.9),
        ("plain-til", 0.95), ("plain-weekly", 0.8), ("ruby-lang", 0.9), ("rust-blog", 0.95),
        ("this-week-in-rust", 0.45), ("yihui", 0.9),
    ],
)  # fmt: skip
def test_posts_of_real_sites_are_read_alike_and_most_of_them_by_columns(shared: Path, name: str, share: float) -> None:
    site = shared / "sites" / name
    dialect = detect_dialect(site)
    files = [path for path in sorted(site.rglob("*")) if path.is_file() and is_post(DIALECTS[dialect], path.name)]
    bodies = bodies_of(dialect, ((path.relative_to(site).as_posix(), path.read_bytes()) for path in files))
    reader = reader_of(dialect, RULES, MENTIONS) if name == "finews" else reader_of(dialect)
    shares = [(len(each), share_read(reader, each, form, more=7)) for form, each in bodies.items()]
    assert sum(count * read for count, read in shares) / sum(count for count, _ in shares) > share


@pytest.mark.parametrize(
    "body",
    [
        "Text\n",
        "",
        "第一行\n第二行\nthird line\n  四\n\n五　六\u2028七\x1c八\x85九\n",
        "# One\n\n## [Two](/a) `b` *c*\n\n### \n\n* a\n* b\n    * c\n\n      d\n\n1. e\n\n> f\n> g\n>\n> > h\n",
        "```\n\n  a  \n\n\tb\n\n```\n\n    c\n\n    d\n",
        "|a|b|\n|-|-|\n|中|国|\n|c|\n",
        "![p](/a%20b.png 'x') [q](/ü?a=1&b=2 \"t\") <https://a.b/%E4%B8%AD%20> [](/c) [![r](s)](t)\n",
        "a  \nb\\\nc\n\n---\n\nd<br>e<hr>\n",
        "[目录](#a)\n\n> quoted\n\n- list\n\nFirst **paragraph**\nhere.\n",
        "> Only a quote.\n",
        "…\n\nTable\nof\ncontents\n\ntoc\n\nx\n",
        "<p>a<!-- b --></p><!-- more -->\n<div class='x' hidden>c <a href='/d'>e</a></div>f\n",
        '<p>a</p><p style="display: none">b<img src="c"> <span data-code="1,600000">d</span></p>e\n',
        "<script>a && b</script>\n\n<style>p {}</style>\n\nText<iframe src='a'></iframe>\n",
        '<p><a class="page" href="/a" data-code="1,600001"><img src="b" data-code="1,600001" alt=" c  d "></a></p>\n',
        '<span data-code="0,1">a</span> <span data-code="0,1">b</span> <span data-code="0,1">b</span> '
        '<img data-code="90,BK1" src="x">\n',
        "<p>http://a.b/c</p><p><img src=a></p><p>返回x新闻 <a href='/'>返回首页</a></p><p>&lt;&gt;</p>\n",
        "http://a.b/c\n\njavascript:x\n",
        '<p class="em_media">（文章来源：<b>甲</b>\n乙）</p><p class="em_media">（文章来源：丙）</p>\n',
        "## shout!\n\nText\n\n## not this\n",
        "&amp;lt; &mdash; &#39; &nbsp; AT&T & <b>&quot;x&quot;</b>\n",
        "<dl><dt>a</dt><dd>b <p>c</p></dd></dl><table><caption>d</caption><tr><td>e</td></tr></table>\n",
        "<details><summary>a</summary>b</details><figure><img src=\"c\" /><figcaption>d</figcaption></figure>\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("markdown", get_args(Markdown))
def test_a_body_is_read_alike_in_every_markdown(body: str, markdown: Markdown) -> None:
    read_one(BodyReader(RULES, MENTIONS, markdown), body)
    read_one(BodyReader(RULES, MENTIONS, markdown), body, "html")


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<p>b</p></p>", "<b>a<i>b</b>c</i>", "<p>a", "a</p>", "</br>", "<p>a<div>b</div></p>", "<li>a</li>",
        "<ul><p>a</p></ul>", "<table>a<tr><td>b</td></tr></table>", "<table><td>a</td></table>", "<span/>a",
        "<a href='a'>b<a href='c'>d</a></a>", "<h1>a<h2>b</h2></h1>", "<P>a</P>", "<p CLASS=a>b</p>", "<x-y>a</x-y>",
        "<p title='a>b'>c</p>", "<p a='1' a='2'>b</p>", "&copy a", "&#0;", "&#x41;", "a < b", "<!-- a > b -->", "<!>",
        "<!doctype html>a", "<svg><p>a</p></svg>", "<script>'<b>'</script>", "<em>" * 50 + "a" + "</em>" * 50,
        "<noscript>a</noscript>", "<button>a</button>", "<a href='?a=1&copy=2'>b</a>", "<p style='DISPLAY:none'>a</p>",
        "<p style='d&#105;splay:none'>a</p>", "<textarea>a</textarea>", "<select><option>a</select>", "<col>",
    ],
)  # fmt: skip
def test_html_that_a_parser_would_repair_is_left_to_it(html: str) -> None:
    assert not read_one(NEWS, html, "html")


def test_rules_that_look_beyond_their_element_are_left_to_the_tree() -> None:
    bodies = ["a\n\nb\n"] * 20
    for selector in ("div > p", "*", "p:last-child"):
        frame, others = BodyColumns(BodyReader((Rule(selector, "b"),))).read(bodies, "markdown")
        assert frame.is_empty()
        assert others == dict.fromkeys(range(20))


def test_furniture_that_holds_other_blocks_or_stands_in_a_line_is_left_to_the_tree() -> None:
    reader = BodyReader((Rule("div.share, span.ad", "分享.*", "shared"),))
    assert not read_one(reader, '<div class="share"><p>分享到</p></div>', "html")
    assert not read_one(reader, '<p>a<span class="ad">分享</span></p>', "html")
    assert read_one(reader, '<div class="other"><p>a<span>分享</span></p></div>', "html")


def test_a_form_whose_bodies_are_not_plain_is_not_tried_for_ever() -> None:
    columns = BodyColumns(NEWS)
    for _ in range(3):
        frame, others = columns.read(["<p>a"] * 100, "html")
        assert (len(frame), len(others)) == (0, 100)
    assert others == dict.fromkeys(range(100)), "the third time nothing is rendered"
    assert len(columns.read(["a"] * 100, "markdown")[0]) == 100, "another form is tried on its own"


def test_what_cannot_be_rendered_is_left_to_the_reader_of_one() -> None:
    frame, others = BodyColumns(NEWS).read(["a"] * 10 + ["\ud800"], "markdown")
    assert (len(frame), others) == (10, {10: None})
    frame, others = BodyColumns(NEWS).read(["a"] * 10 + ["<p>\ud800</p>"], "html")
    assert (len(frame), others[10]) == (0, "<p>\ud800</p>")


def test_few_bodies_are_read_one_by_one_as_that_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies_by_columns, "FEWEST_CHARACTERS", 50_000)
    columns = BodyColumns(NEWS)
    assert columns.read(["a"] * 100, "markdown")[1] == dict.fromkeys(range(100))
    assert len(columns.read([f"{'a' * 1_000}\n\n{number}" for number in range(60)], "markdown")[0]) == 60
