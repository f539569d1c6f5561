"""Kramdown and Python-Markdown beyond CommonMark. Right values were asked of kramdown 2.4 with its parser for GFM."""

from __future__ import annotations

import time

import pytest

from etl_project.extract.body.kramdown import convert_kramdown
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
        ("5 * 3 * 2 `**“x”**y`", "5 * 3 * 2 **“x”**y"),
        ('<div markdown="1">\nSome **bold**\n\n- li\n</div>', "Some bold\n\nli"),
        ("<div>\n\n**raw**\n\n    x\n\n</div>\n**b**", "**raw** x\n\nb"),
        ('<img src="/a.png">\ntext **b**', "text b"),
    ],
)
def test_a_reader_of_jekyll_sees_no_sign_of_kramdown(body: str, text: str) -> None:
    assert JEKYLL.read(body).text == text


def test_addresses_may_hold_blanks_in_kramdown_and_python_markdown() -> None:
    body = '![p](/img/my photo.png) [d](/a b.pdf "t") [e](/a (1) b.png) [f](/x "a b")'
    assert JEKYLL.read(body).link_urls == ["/img/my photo.png", "/a b.pdf", "/a (1) b.png", "/x"]
    assert PELICAN.read(body).link_urls == JEKYLL.read(body).link_urls
    assert HUGO.read(body).link_urls == ["/x"]


@pytest.mark.parametrize(
    ("heading", "kramdown", "goldmark"),
    [
        ("GET /users/{id}", "GET /users/{id}", "GET /users/{id}"),
        ("The set {1, 2}", "The set {1, 2}", "The set {1, 2}"),
        ("Use ${var}", "Use ${var}", "Use ${var}"),
        ("Named {#anchor}", "Named", "Named"),
        ("Bad {#1x y}", "Bad {#1x y}", "Bad {#1x y}"),
        ('Mix {.a #b k="v"}', 'Mix {.a #b k="v"}', "Mix"),
        ("Code `{#x}`", "Code {#x}", "Code {#x}"),
        ("Span {:.cls}", "Span {:.cls}", "Span {:.cls}"),
    ],
)
def test_braces_at_the_end_of_a_heading_are_text_unless_they_are_attributes(
    heading: str, kramdown: str, goldmark: str
) -> None:
    assert JEKYLL.read(f"## {heading}").heading_texts == [kramdown]
    assert HUGO.read(f"## {heading}").heading_texts == [goldmark]
    assert BodyReader(markdown="marked").read(f"## {heading}").heading_texts == [heading.replace("`", "")]


def test_pelican_takes_attributes_with_and_without_a_colon() -> None:
    assert PELICAN.read("A [l](/l){: .x} [m](/m){.y} {z}\n\n# T { #id }").text == "A l m {z}\n\nT"


@pytest.mark.parametrize(
    "piece", ["{::comment}", "](a ", "**a“", "<div>\n\n", "- {:", "_{:.a}", "* toc\n", "<a markdown"]
)
def test_hostile_kramdown_takes_time_in_proportion_to_its_length(piece: str) -> None:
    start = time.perf_counter()
    convert_kramdown(piece * 4_000 + "{: **“x”**y")
    assert time.perf_counter() - start < 2  # each takes some hundredths of a second; this guards against squares
