"""Kramdown and Python-Markdown beyond CommonMark. Right values were asked of kramdown 2.4 with its parser for GFM."""

from __future__ import annotations

import re
import time

import pytest

from etl_project.extract.body.kramdown import convert_kramdown
from etl_project.extract.body.kramdown_tables import write_kramdown_tables
from etl_project.extract.body.read import BodyReader

JEKYLL = BodyReader(markdown="kramdown", templates="liquid")
PELICAN = BodyReader(markdown="python-markdown")
HUGO = BodyReader(markdown="goldmark", templates="hugo")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('[m](/m){:target="_blank"} *e*{:.x} `c`{:.l} **b**{: .z #q}.', "m e c b."),
        ("text{:.y} and `{:.x}`", "text{:.y} and {:.x}"),
        ("Para\n{: .x}\nNext", "Para\n\nNext"),
        ("{:.center}\nMiddle.", "Middle."),
        ("- {:.first} c\n- d", "c\nd"),
        ("1. toc\n{:toc}\n\nWords.", "Words."),
        ("> A tip\n{: .prompt-tip }\nafter", "A tip\n\nafter"),
        ("```\n{: .x}\n```\n{: .y}", "{: .x}"),
        ("a {::comment}hid{:/comment} b {::nomarkdown}<i>c</i>{:/}", "a b c"),
        ('{::options toc="1" /}\n\n{::comment}\nhid\n\nhid\n{:/}\n\nShown', "Shown"),
        ("The HTML.\n\n*[HTML]: Hyper Text", "The HTML."),
        ("term\n: def **x**", "term\ndef x"),
        ("推出**利率（LPR）**的新闻，他说：**“好呀！”**这是", "推出利率（LPR）的新闻，他说：“好呀！”这是"),
        ("***粗斜：***后，前***（粗斜）***后\n\n- ***注：***x", "粗斜：后，前（粗斜）后\n\n注：x"),
        ("**粗 *斜* 体：**后，前**（粗 *斜*）**后，**a *“b”*c d**", "粗 斜 体：后，前（粗 斜）后，a “b”c d"),
        ("~~旧价，~~新价 前~~（**中：**[l](/x)）~~后 `~~a，~~b`", "旧价，新价 前（中：l）后 ~~a，~~b"),
        ('~完~ （~5~） ~**a**~ ~~b~~ `~c~` [~d~](/~e/~f "~") <i title="~g~">~h~</i>', "~完~ （~5~） ~a~ b ~c~ ~d~ ~h~"),
        ("~~~\n~a~\n~~~\n\n~ b ~ 1~2 3~4", "~a~\n\n~ b ~ 1~2 3~4"),
        ("~a\nb~ c", "~a b~ c"),
        ("- 字*\\*星\\*！x", "字**星*！x"),
        ("5 * 3 * 2 `**“x”**y`", "5 * 3 * 2 **“x”**y"),
        ('<div markdown="1">\nSome **bold**\n\n- li\n</div>', "Some bold\n\nli"),
        ("<div>\n\n**raw**\n\n    x\n\n</div>\n**b**", "**raw** x\n\nb"),
        ('<img src="/a.png">\ntext **b**', "text b"),
        (r"2\*3\*4 and \*\*not\*\*", "2*3*4 and **not**"),
        ("$$ a*b*c $$ and $$x_1 \\\\ y_2$$\n\n$$\na*b*\n$$", "$$ a*b*c $$ and $$x_1 \\\\ y_2$$\n\n$$ a*b* $$"),
        ("* a\n* b\n{:toc}\n\n{:toc}\n- x\n\nWords.", "Words."),
        ("Text\n{::comment}\nhid\n{:/comment}\nmore", "Text more"),
        ("{::nomarkdown}\n<b>*x* [y]</b>\n{:/nomarkdown}", "*x* [y]"),
        ("text\n1) a\n2) b", "text 1) a 2) b"),
        ("> a\n> :x: y\n\n- b\n  :z: c\n\n      :d\n      :e", "a :x: y\n\nb :z: c\n\n:d\n:e"),
        ("Term\n:x y\n\nb\n:-) c\n\nd\n: e", "Term :x y\n\nb :-) c\n\nd\ne"),
        ("one\\\\\ntwo\n\n- a\n^\n- b", "one\ntwo\n\na\n\nb"),
        (r"50\% of $x\,y\;z$ \& \* \# `\,` \\,", r"50\% of $x\,y\;z$ \& * # \, \,"),
        (
            "<code>__init__</code> <kbd>*</kbd> <samp>[a](b)</samp> <b>*i*</b> `<code>*x*`",
            "__init__ * [a](b) i <code>*x*",
        ),
        ("```\n<code>*x*</code>\n```", "<code>*x*</code>"),
        ("<font color=red>**x**</font> *y*\n\nz <font>[a](b)</font> **<font>c</font>**", "**x** y\n\nz [a](b) c"),
        ('{::options parse_block_html="true" /}\n\n<div>\n*a*\n\n- b\n</div>', "a\n\nb"),
        ('<div>\n*a*\n</div>\n\n{::options parse_block_html="true" /}\n\n<section>\n*b*\n</section>', "*a*\n\nb"),
    ],
)
def test_a_reader_of_jekyll_sees_no_sign_of_kramdown(body: str, text: str) -> None:
    assert JEKYLL.read(body).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('<div markdown="0">\n*a*\n\n*b*\n</div>\n*c*', "*a* *b*\n\nc"),
        ("<p>\na *b*\n\nc *d*\n</p>\n\ne *f*", "a *b* c *d*\n\ne f"),
        ("<p>a</p>\nb *c*\n\n<p>d</p> e *f*", "a\n\nb c\n\nd\n\ne f"),
        ("<h2>a *b*</h2>\nc *d*\n\n<hr>\n*e*", "a *b*\n\nc d\n\ne"),
        ('<iframe src="https://i.test"></iframe>\ntext *x*', "text x"),
        ('<div>\n\n*a*\n\n<div markdown="1">\n*b*\n</div>\n\n*c*\n\n</div>\n*d*', "*a*\n\nb\n\n*c*\n\nd"),
        ('<div markdown="1">\na\n\n<div>\n*r*\n\n*s*\n</div>\n\n*b*\n</div>\n*c*', "a\n\n*r* *s*\n\nb\n\nc"),
        ('<details markdown="1"><summary>S *x*</summary>\n*y*\n</details>', "S *x*\n\ny"),
        ('<div markdown="1">\n```\n*x*\n\n</div>\n```\n</div>\n\n*y*', "*x*\n</div>\n\ny"),
        ("- a\n\n  <div>\n\n  *b*\n\n  </div>\n\n- c", "a\n\n*b*\n\nc"),
    ],
)
def test_a_block_of_html_is_no_markdown_but_where_it_says_so(body: str, text: str) -> None:
    assert JEKYLL.read(body).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("| a | b |\n| c | d |\n\ntext", "a b\nc d\n\ntext"),
        ("a | b\nc | d", "a b\nc d"),
        ("|---\n| a | b\n|:-|-:\n| 1 | 2\n|---\n| 3 | 4\n|===\n| f | g", "a b\n1 2\n3 4\nf g"),
        ("| a | b |\n|---|---|\n| x `c|d` | y \\| z |\n| w |", "a b\nx c|d y | z\nw"),
        ("text\n\n|a|b|\n|c|d|\n{: .t}\n\nend", "text\n\na b\nc d\n\nend"),
        ("with | pipe\nwithout", "with | pipe without"),
        ("`a | b` text and {{ x | y }}", "a | b text and {{ x | y }}"),
        ("```\n\na | b\n\n```", "a | b"),
    ],
)
def test_tables_of_kramdown_need_no_line_of_dashes(body: str, text: str) -> None:
    assert JEKYLL.read(body).text == text


def test_definitions_of_links_are_taken_as_each_generator_does() -> None:
    definitions = "[a]: http://w.test/A_(b 'T'\n[b]: /a b (1).png \"Zed\"\n\n[a] [b] text"
    assert JEKYLL.read(definitions).link_urls == ["/a b (1).png"]
    assert JEKYLL.read(definitions.replace("[a] [b]", "[a], [b]")).link_urls == ["http://w.test/A_(b", "/a b (1).png"]
    for markdown in ("goldmark", "marked", "python-markdown"):
        assert BodyReader(markdown=markdown).read("[a]: http://w.test/A_(b\n\n[a]").text == "a"
    assert JEKYLL.read("words\n[Update]: it is done\n").text == "words [Update]: it is done"
    tasks = "- [ ] [b]\n- [x] [b]\n\n[b]: /b"
    assert (JEKYLL.read(tasks).text, JEKYLL.read(tasks).link_urls) == ("b\nb", ["/b", "/b"])
    assert PELICAN.read("[one] [r] and [two]\n[r]\n\n[r]: /r").link_texts == ["one", "two"]


def test_an_address_of_kramdown_keeps_its_backslashes() -> None:
    assert JEKYLL.read(r"[x](https://w.test/a\_b\_c) \[y\](z\_) `](a\_`").link_urls == [r"https://w.test/a\_b\_c"]
    assert JEKYLL.read("[x] y\n\n[x]: https://w.test/a\\_b 'T'").link_urls == [r"https://w.test/a\_b"]
    assert HUGO.read(r"[x](https://w.test/a\_b)").link_urls == ["https://w.test/a_b"]


def test_addresses_may_hold_blanks_in_kramdown_and_python_markdown() -> None:
    body = '![p](/img/my photo.png) [d](/a b.pdf "t") [e](/a (1) b.png) [f](/x "a b")'
    assert JEKYLL.read(body).link_urls == ["/img/my photo.png", "/a b.pdf", "/a (1) b.png", "/x"]
    assert PELICAN.read(body).link_urls == JEKYLL.read(body).link_urls
    assert HUGO.read(body).link_urls == ["/x"]


def test_a_title_may_hold_quotes_in_kramdown_and_python_markdown() -> None:
    body = """[a](/a "x "y" z") [b](/b 'it's') [c](/c "d") ![e](/e "f"g")"""
    for reader in (JEKYLL, PELICAN):
        assert reader.read(body).link_urls == ["/a", "/b", "/c", "/e"]
        assert reader.read(body).text == "a b c"
    assert HUGO.read(body).link_urls == ["/c"]


@pytest.mark.parametrize(
    ("heading", "kramdown", "goldmark"),
    [
        ("GET /users/{id}", "GET /users/{id}", "GET /users/{id}"),
        ("The set {1, 2}", "The set {1, 2}", "The set {1, 2}"),
        ("Use ${var}", "Use ${var}", "Use ${var}"),
        ("Named {#anchor}", "Named", "Named"),
        ("Bad {#1x y}", "Bad {#1x y}", "Bad {#1x y}"),
        ("Ids \\{#name}", "Ids {#name}", "Ids {#name}"),
        ("Release {#v1.0}", "Release", "Release"),
        ("安装 {#安装}", "安装", "安装"),
        ('Mix {.a #b k="v"}', 'Mix {.a #b k="v"}', "Mix"),
        ("Code `{#x}`", "Code {#x}", "Code {#x}"),
        ("Span {:.cls}", "Span {:.cls}", "Span {:.cls}"),
        ("Tight{#x}", "Tight{#x}", "Tight"),
        ("Tight{x}", "Tight{x}", "Tight{x}"),
    ],
)
def test_braces_at_the_end_of_a_heading_are_text_unless_they_are_attributes(
    heading: str, kramdown: str, goldmark: str
) -> None:
    assert JEKYLL.read(f"## {heading}").heading_texts == [kramdown]
    assert HUGO.read(f"## {heading}").heading_texts == [goldmark]
    assert BodyReader(markdown="marked").read(f"## {heading}").heading_texts == [re.sub(r"[`\\]", "", heading)]


def test_pelican_takes_attributes_with_and_without_a_colon() -> None:
    assert PELICAN.read("A [l](/l){: .x} [m](/m){.y} {z}\n\n# T { #id }").text == "A l m {z}\n\nT"


def test_a_title_of_pelican_may_hold_escaped_quotes() -> None:
    body = PELICAN.read(r"""[a](/a "T \"q\"") [b](/b 'T \'q\'') ![c](/c "T "q" \"r\"")""")
    assert (body.text, body.link_urls) == ("a b", ["/a", "/b", "/c"])


def test_signs_that_close_a_heading_of_pelican_may_stand_before_its_attributes() -> None:
    assert PELICAN.read("## H ## {#id}\n\n## C# x {#c}\n\n### K### {: .k}").heading_texts == ["H", "C# x", "K"]


def test_pelican_shows_what_python_markdown_does_not_know() -> None:
    assert PELICAN.read("~~a~~ 2\\*3\\*4\n\n- [ ] b\n- [x] c").text == "~~a~~ 2*3*4\n\n[ ] b\n[x] c"
    assert PELICAN.read("##标题\n文\n\n#!x").heading_texts == ["标题", "!x"]
    assert PELICAN.read("a | b\n--|--\nc | `d|e`").text == "a b\nc d|e"
    assert PELICAN.read("a\\\nb\\: c\\$").text == "a\\ b: c\\$"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (":::python\nx", "x"),
        ("#!python\nx", "x"),
        (':::c++ hl_lines="1 2"\nx', "x"),
        ("#!/bin/sh\nx", "#!/bin/sh\nx"),
        ("::: x\ny", "::: x\ny"),
        ("x\n:::python", "x\n:::python"),
    ],
)
def test_the_line_that_names_the_language_of_code_is_not_shown_in_pelican(code: str, text: str) -> None:
    indented = "    " + code.replace("\n", "\n    ")
    assert PELICAN.read(f"a\n\n{indented}\n\nb").text == f"a\n\n{text}\n\nb"
    assert JEKYLL.read(f"a\n\n{indented}\n\nb").text == f"a\n\n{code}\n\nb"


def test_a_list_of_contents_of_pelican_is_no_text() -> None:
    assert PELICAN.read("[TOC]\n\n# A\n\nText [TOC]\n\n    [TOC]").text == "A\n\nText [TOC]\n\n[TOC]"


def test_white_space_of_any_kind_ends_the_sign_of_a_heading_in_pelican_and_hexo() -> None:
    for reader in (PELICAN, BodyReader(markdown="marked")):
        assert reader.read("##\u3000标题\n\n`#\u3000x`\n\n#\u00a0B").heading_texts == ["标题", "B"]
    assert HUGO.read("##\u3000标题").heading_texts == []


@pytest.mark.parametrize(
    "piece",
    [
        "{::comment}",
        "](a ",
        "**a“",
        "<div>\n\n",
        "- {:",
        "_{:.a}",
        "* toc\n",
        "<a markdown",
        "$$a",
        "\n\n|a",
        "`|",
        "[a] [b",
        "[a]: b c\n",
        '<div markdown="1">\n\n',
        '](a "',
        "<code>*",
        "\\,",
        '{::options parse_block_html="true" /}<div>',
    ],
)
def test_hostile_kramdown_takes_time_in_proportion_to_its_length(piece: str) -> None:
    start = time.process_time()
    convert_kramdown(piece * 4_000 + "{: **“x”**y")
    assert time.process_time() - start < 2  # each takes some hundredths of a second; this guards against squares


def test_tables_of_more_borders_than_any_author_writes_are_left_as_they_are() -> None:
    many = "\n\na|b" * 50_001
    assert write_kramdown_tables(many) is many
    assert write_kramdown_tables("\n\na|b" * 500).count("|-|-|") == 500
