from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from news_rules import RULES

from etl_project.extract.body.content import Body
from etl_project.extract.body.read import BodyReader
from etl_project.sources.source import MentionRule, Rule

FINEWS = Path(__file__).parents[2] / "../shared/sites/finews"

MENTIONS = (
    MentionRule("stock", "[data-code]", r"data-code~(?:K )?(?:[0-9]+,)?((?!BK[0-9])[0-9A-Z._]+)(?:\|.*)?"),
    MentionRule("board", "[data-code]", r"data-code~(?:K )?(?:90,)?(BK[0-9]+)(?:\|.*)?"),
)


def read(body: str) -> Body:
    return BodyReader(markdown="kramdown", templates="liquid").read(body)


def finews(body: str) -> Body:
    return BodyReader(RULES, MENTIONS, "kramdown", "liquid").read(body)


def post(path: str) -> str:
    file = FINEWS / path
    if not file.exists():
        pytest.skip(f"needs ../shared: {file}")
    return file.read_text(encoding="utf-8").split("---\n", 2)[2]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("第一段\n\n第二段", "第一段\n\n第二段"),
        ("# Title\n\ntext\n", "Title\n\ntext"),
        ("证<a href='x'>券</a>报", "证券报"),
        ("<p>证<span><b>券</b></span>报</p>", "证券报"),
        ("one\ntwo", "one two"),
        ("第一行\n第二行", "第一行第二行"),
        ("第一行，\n“第二行”", "第一行， “第二行”"),
        ("中文\nenglish", "中文 english"),
        ("한국어\n문장", "한국어 문장"),
        ("a<br>b  \nc", "a\nb\nc"),
        ("<p>\u3000\u3000缩进&nbsp; 段落</p>", "缩进 段落"),
        ("- one\n- two\n\nafter", "one\ntwo\n\nafter"),
        ("|a|b|\n|-|-|\n|1|2|", "a b\n1 2"),
        ("> quoted\n\nsaid", "quoted\n\nsaid"),
        ("a & b &lt; &copy;", "a & b < ©"),
        ("~~gone~~ *soft* **hard** `code`", "gone soft hard code"),
        ("```py\nif x:\n\n    y()\n```\n\nafter", "if x:\n    y()\n\nafter"),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees(body: str, text: str) -> None:
    assert read(body).text == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- 不见 -->",
        "<script>var 不见 = 1</script>",
        "<style>.不见 {}</style>",
        "<template>不见</template>",
        "<noscript>不见</noscript>",
        "<p style='display:none'>不见</p>",
        "<p STYLE='color:red; DISPLAY : NONE;'>不见</p>",
        "<div hidden><p>不见</p></div>",
        "<span style='visibility:hidden'>不见</span>",
        "{% include 不见.html %}",
        "{%- if 不见 -%}{% endif %}",
        "{% comment %}不见{% endcomment %}",
    ],
)
def test_what_a_reader_does_not_see_is_not_text(hidden: str) -> None:
    assert read(f"前\n\n{hidden}\n\n后").text == "前\n\n后"
    assert read(f"<p>前</p>{hidden}<p>后</p>").text == "前\n\n后"


def test_what_template_tags_enclose_is_text() -> None:
    assert read("{% note %}inside{% endnote %} it").text == "inside it"
    assert BodyReader(templates="hugo").read("and {{% tip %}}this{{% /tip %}}").text == "and this"


def test_template_tags_in_code_are_text() -> None:
    assert read("Write `{% include x %}`.\n\n    {% raw %}\n").text == "Write {% include x %}.\n\n{% raw %}"


def test_an_unclosed_template_comment_loses_nothing() -> None:
    assert read("{% comment %}before\n\nafter").text == "before\n\nafter"


def test_a_highlight_tag_is_a_code_block() -> None:
    body = read("{% highlight ruby linenos %}\nputs  1 * 2 * 3\n{% endhighlight %}\n\nafter")
    assert body.text == "puts  1 * 2 * 3\n\nafter"
    assert body.code_blocks == 1


def test_links_and_images_stand_in_reading_order() -> None:
    body = read("[a **b**](/x) ![alt](y.png)\n\n<div><a href='//h/z'><p>c</p><p>d</p></a></div>\n\n<http://e.f/g>")
    assert list(zip(body.link_kinds, body.link_urls, body.link_texts, strict=True)) == [
        ("link", "/x", "a b"),
        ("image", "y.png", "alt"),
        ("link", "//h/z", "c d"),
        ("link", "http://e.f/g", "http://e.f/g"),
    ]


def test_an_anchor_without_an_address_is_no_link() -> None:
    assert read("<a name='x'>here</a> <a href=''>there</a> <img alt='x'>").link_urls == []


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ("[x](http://a.b/测试.png)", "http://a.b/测试.png"),
        ("[x](http://a.b/%E6%B5%8B)", "http://a.b/%E6%B5%8B"),
        ("[x](<a b.md>)", "a b.md"),
        ("[x]({{ site.url }}/a)", "{{ site.url }}/a"),
        ("[x]({% link _posts/a.md %})", "{% link _posts/a.md %}"),
        ('[x]({{ "/a/" | relative_url }} "title")', '{{ "/a/" | relative_url }}'),
        ("<a href=' ../a '>x</a>", "../a"),
    ],
)
def test_an_address_stays_as_written(body: str, url: str) -> None:
    read_body = read(body)
    assert (read_body.link_urls, read_body.link_texts, read_body.text) == ([url], ["x"], "x")


def test_wikilinks_are_links_where_they_are_asked_for() -> None:
    assert BodyReader(markdown="obsidian").read("[[Note|label]]").link_urls == ["Note"]
    assert BodyReader().read("[[Note|label]]").text == "[[Note|label]]"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a %% b %% c", "a c"),
        ("a\n\n%%\nb\n\n```\n\nc\n%%\n\nd", "a\n\nd"),
        ("100%% sure\n\nb\n\n100%% sure", "100%% sure\n\nb\n\n100%% sure"),
        ("a %% b", "a %% b"),
        ("`%%` b `%%`", "%% b %%"),
        ("```\n%%time\n```\n\na %% b %%", "%%time\n\na"),
    ],
)
def test_comments_of_a_note_are_not_text(body: str, text: str) -> None:
    assert BodyReader(markdown="obsidian").read(body).text == text


def test_percent_signs_are_text_where_notes_are_not_obsidian_s() -> None:
    assert read("a %% b %% c").text == "a %% b %% c"


def test_a_wikilink_names_its_page_as_written() -> None:
    vault = BodyReader(markdown="obsidian")
    assert vault.read("[x](https://a.example/b%20c) [[True Black]] ![[一 图.png]]").link_urls == [
        "https://a.example/b%20c", "True Black", "一 图.png",
    ]  # fmt: skip
    table = vault.read("| a | b |\n|---|---|\n| [[page\\|label]] | c |")
    assert (table.link_urls, table.link_texts) == (["page"], ["label"])


def test_headings_have_a_level_and_one_line_of_text() -> None:
    body = read("# A *b*\n\n### C {#id}\n\nSet\n===\n\n<h6>D<br>e</h6><h2></h2>\n\n#标签")
    assert body.heading_levels == [1, 3, 1, 6]
    assert body.heading_texts == ["A b", "C", "Set", "D e"]


def test_code_blocks_are_counted_once_each() -> None:
    assert read("```\na\n```\n\n    b\n\n<pre>c</pre>\n\n`d`").code_blocks == 3


def test_furniture_is_left_out_and_its_value_kept() -> None:
    body = BodyReader((Rule("div.share", "分享到：(.+)", "shared"), Rule("p", "广告"))).read(
        "正文\n\n<div class='x share'>分享到：\n<a href='/w'>微博</a><h2>热</h2><pre>x</pre></div>\n\n广告\n\n广告部"
    )
    assert body.text == "正文\n\n广告部"
    assert body.values == {"shared": "微博 热 x"}
    assert (body.link_urls, body.heading_texts, body.code_blocks) == ([], [], 0)


def test_of_several_matches_the_last_one_counts() -> None:
    assert BodyReader((Rule("em", ".+", "x"),)).read("*a* b *c*").values == {"x": "c"}


def test_the_text_of_furniture_must_match_as_a_whole() -> None:
    body = BodyReader((Rule("p", "返回首页"),)).read("请返回首页\n\n返回首页！\n\n返回首页")
    assert body.text == "请返回首页\n\n返回首页！"


@pytest.mark.parametrize(
    "selector",
    [
        "p.note",
        "p[class~=note]",
        ".note",
        "p.note, h1.note",
        "#n",
        "[id]",
        "[ID='n']",
        "p[class^=no]",
        "div > p",
        "p:first-child",
    ],
)
def test_selectors_mean_what_they_mean_in_css(selector: str) -> None:
    html = "<div><p class='note big' id=n>x</p></div><p class=other>y</p>"
    assert BodyReader((Rule(selector, "x|y", "found"),)).read(html).values == {"found": "x"}


def test_a_selector_or_pattern_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p\[ is not a CSS selector|'p\['"):
        BodyReader((Rule("p["),))
    with pytest.raises(ValueError, match="not a regular expression"):
        BodyReader((Rule("p", "("),))


def test_the_source_line_gives_the_medium_though_a_link_splits_its_name() -> None:
    body = finews(
        '<p>正文。</p><p class="em_media">（文章来源：上海<span id="bk_90.BK0473"><a href="http://q/" '
        'class="keytip" data-code="90,BK0473">证券</a></span><span id="q"></span>报）</p>'
    )
    assert body.values == {"medium": "上海证券报"}
    assert (body.text, body.link_urls, body.mention_keys) == ("正文。", [], [])


@pytest.mark.parametrize("link", ["<>", "<javascript:alert(1)>", "<http://>"])
def test_a_source_link_that_leads_nowhere_is_warned_about(link: str) -> None:
    body = finews(f"正文\n\n{link}\n")
    assert body.values == {"original_url": None}
    assert [warning.code for warning in body.warnings] == ["link_empty"]
    assert body.text == "正文"


def test_of_several_source_links_the_last_one_counts() -> None:
    body = finews("正文\n\n<http://a.b/1>\n\n<http://a.b/2,3.html>\n\n[返回x新闻](//h/)｜[返回首页](//h/)")
    assert body.values == {"original_url": "http://a.b/2,3.html"}
    assert (body.warnings, body.text, body.link_urls) == ([], "正文", [])


def test_spellings_of_one_entity_are_one_mention_with_its_count() -> None:
    body = finews(
        '<p><span id="stock_1.600160"><a href="h" class="keytip" data-code="1,600160">巨化股份</a></span>与'
        '<span web="1" class="em_stock_key_common" data-code="1,600160">巨化</span>、'
        '<a data-code="600160|1|1" data-code2="600160|1|2|"><img src="k.png" data-code="K 600160|1|1"></a>，'
        '<a data-code="1,600160">巨化股份</a>属<a data-code="90,BK0493">新能源</a></p>'
    )
    found = zip(body.mention_kinds, body.mention_keys, body.mention_labels, body.mention_counts, strict=True)
    assert list(found) == [("stock", "600160", "巨化股份", 4), ("board", "BK0493", "新能源", 1)]


def test_labels_that_tie_are_decided_by_code_points() -> None:
    body = finews('<b data-code="NIO|106|7">蔚来</b> <b data-code="106,NIO">NIO</b>')
    assert (body.mention_labels, body.mention_counts) == (["NIO"], [2])


def test_a_mention_without_a_pattern_takes_the_attribute_and_without_text_the_key() -> None:
    reader = BodyReader((), (MentionRule("tag", "img[data-tag]", "data-tag"),))
    body = reader.read("<img data-tag=' x '><img data-tag=''>")
    assert (body.mention_keys, body.mention_labels, body.mention_counts) == (["x"], ["x"], [1])


def test_a_post_of_the_news_site_reads_without_its_furniture() -> None:
    body = finews(post("_posts/2022-04-12-NW202204122339420971.md"))
    assert body.values == {
        "medium": "中国税务报",
        "original_url": "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204122339420971",
    }
    assert body.text.startswith("壹引其纲，万目皆张。")
    assert body.text.endswith("迎接党的二十大胜利召开。")
    assert body.link_urls == []


def test_the_post_with_the_empty_link_mentions_its_stocks() -> None:
    body = finews(post("_posts/-202205262391921712.md"))
    mentions = dict(zip(body.mention_keys, zip(body.mention_labels, body.mention_counts, strict=True), strict=True))
    assert mentions["600160"] == ("巨化股份", 3)
    assert mentions["NIO"] == ("蔚来", 3)
    assert [warning.code for warning in body.warnings] == ["link_empty"]
    assert body.values == {"medium": "上海证券报", "original_url": None}


def test_no_footer_of_the_news_site_is_left_in_any_of_its_posts() -> None:
    files = [f for folder in ("_posts", "old_post") for f in sorted((FINEWS / folder).glob("*.md"))]
    if not files:
        pytest.skip(f"needs ../shared: {FINEWS}")
    bodies = {file.name: finews(file.read_text(encoding="utf-8").split("---\n", 2)[2]) for file in files}
    assert not [name for name, body in bodies.items() if "返回" in body.text or "http" in body.text]
    without = {name for name, body in bodies.items() if not body.values.get("original_url")}
    assert without == {"-202205262391921712.md", "2021-12-01-init.md"}
    assert len([body for body in bodies.values() if "文章来源" in body.text]) == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * 300_000,
        lambda: "[" * 50_000,
        lambda: "![" * 50_000 + "](a" * 50_000,
        lambda: ">" * 5_000 + " a",
        lambda: "<div>" * 50_000 + "a",
        lambda: "<p>".join(f"<b><i><u><font size={i}>" for i in range(3_000)),
        lambda: "<p " + " ".join(f"a{i}=1" for i in range(200_000)) + ">x",
        lambda: "{%" * 150_000,
        lambda: "{% comment %}" * 50_000,
        lambda: "](a{{x" * 50_000,
        lambda: "<a " * 100_000,
        lambda: '<a "' * 100_000,
        lambda: "<" + "a" * 300_000,
        lambda: "中\n" * 150_000,
        lambda: "<i data-code=1>" * 50_000,
        lambda: "- a\n" * 100_000,
    ],
)
def test_hostile_bodies_take_no_longer_than_they_are_long(make: Callable[[], str]) -> None:
    body = make()
    start = time.process_time()
    finews(body)
    assert time.process_time() - start < 10  # each takes less than half a second; this guards against hangs


@pytest.mark.parametrize(
    "block", ["word [l](http://a.b) *w*\n\n", "- item\n", "<div><div>x</div></div>\n\n", "> q\n\n"]
)
def test_a_body_read_in_pieces_holds_the_same_as_its_parts(block: str) -> None:
    one, many = read(block), read(block * 100_000)
    assert "".join(many.text.split()) == "".join(one.text.split()) * 100_000
    assert many.link_urls == one.link_urls * 100_000


def test_rows_of_a_table_read_in_pieces_stay_rows() -> None:
    text = read("|a|b|\n|-|-|\n" + "|x|y|\n" * 60_000).text
    assert set(text.split("\n")) == {"a b", "x y", ""}


def test_deeply_nested_text_is_kept() -> None:
    assert read("<blockquote>" * 5_000 + "底" + "</blockquote>" * 5_000).text == "底"
    assert read("<b><span>" * 5_000 + "底" + "</span></b>" * 5_000 + "<p>后</p>").text == "底\n\n后"


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_raises_or_leaves_a_break_in_the_text(text: str) -> None:
    body = finews(text)
    assert "\0" not in body.text
    assert len(body.link_urls) == len(body.link_texts) == len(body.link_kinds)


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<b>", "<a href=x>", "</a>", "<table>", "<td>", "{%", "%}", "正", "\n", "[", "](", ")"]
        ),
        max_size=30,
    )
)
@settings(max_examples=200, deadline=None)
def test_one_body_never_depends_on_the_one_before(pieces: list[str]) -> None:
    body, reader = "".join(pieces), BodyReader(RULES, MENTIONS, "kramdown", "liquid")
    reader.read("<table><b><a href=y>")
    assert reader.read(body) == finews(body)


def test_lone_surrogates_are_replaced() -> None:
    assert read("a\udc80b").text == "a?b"
