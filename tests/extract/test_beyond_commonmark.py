"""What kinds of Markdown have beyond CommonMark: footnotes, callouts, containers, signs of Obsidian."""

from __future__ import annotations

import time

import pytest

from etl_project.dialects import Markdown
from etl_project.extract.body.callouts import strip_callout_signs, strip_container_marks
from etl_project.extract.body.content import Body
from etl_project.extract.body.footnotes import gather_footnotes, gather_inline_notes
from etl_project.extract.body.obsidian import mark_embedded_pages, strip_block_ids, strip_highlights, write_formulas
from etl_project.extract.body.read import BodyReader

READERS = {
    name: BodyReader(markdown=name)
    for name in ("kramdown", "goldmark", "marked", "pulldown-cmark", "python-markdown", "obsidian", "gfm")
}


def read(body: str, markdown: Markdown = "gfm") -> Body:
    return READERS[markdown].read(body)


@pytest.mark.parametrize(
    ("body", "paragraph"),
    [
        ("# Title\n\nFirst *words*\nhere.\n\nMore.", "First words here."),
        ("Title\n=====\n\n```\ncode\n```\n\n    code\n\nWords.", "Words."),
        ("![alt](a.png)\n\n[![badge](b.svg)](c)\n\nWords.", "Words."),
        ("- [One](#one)\n\n  loose\n- Two\n\n1. three\n\nWords.", "Words."),
        ("|a|b|\n|-|-|\n|1|2|\n\nWords.", "Words."),
        ("> Quoted.\n\nWords.", "Words."),
        ("> Quoted.\n\n- item", "Quoted."),
        ("[TOC]\n\n[[_TOC_]]\n\n***\n\n——\n\nWords.", "Words."),
        ("[^1]: Note.\n\nWords[^1].", "Words."),
        ("<figure><img src=a><figcaption>Caption</figcaption></figure>\n\n<nav><p>x</p></nav><p>一<br>二</p>", "一 二"),
        ("<!-- c -->\n<style>p {}</style>\n\n<div><h2>T</h2>Bare text</div>", "Bare text"),
        ("<details><summary>More</summary>\n\nFolded\n\n</details>\n\n**目录**\n\n- [a](#a)\n\nWords.", "Words."),
        ("# Only\n\n- a list", ""),
        ("- a\n\n  > b\n\n  # c\n\nlast", "last"),
    ],
)
def test_the_first_paragraph_is_the_first_that_a_reader_meets(body: str, paragraph: str) -> None:
    assert read(body).first_paragraph == paragraph


def test_furniture_is_no_first_paragraph() -> None:
    from etl_project.sources.source import Rule

    assert BodyReader([Rule("h2, p", "Ad")]).read("## Ad\n\nAd\n\nWords.").first_paragraph == "Words."


def test_a_mark_of_a_footnote_is_no_part_of_the_text_and_notes_stand_at_the_end() -> None:
    body = read("In 2021[^b] 价格[^a]上涨[^b]。\n\n[^a]: 注 [x](/x)。\n[^b]: See.\n\n    More.\n\nEnd.")
    assert body.text == "In 2021 价格上涨。\n\nEnd.\n\nSee.\n\nMore.\n\n注 x。"
    assert body.link_urls == ["/x"]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("kramdown", "a [^n]\n\nseen"),
        ("goldmark", "a [^n]\n\nseen"),
        ("gfm", "a [^n]\n\nseen"),
        ("pulldown-cmark", "a [^n]\n\nseen\n\nunseen note"),
        ("python-markdown", "a [^n]\n\nseen\n\nunseen note"),
        ("marked", "a[^1] [^n]\n\n[^1]: seen, it is\n\n[^2]: unseen note"),
    ],
)
def test_footnotes_are_those_of_the_generator(markdown: Markdown, text: str) -> None:
    seen = "seen, it is" if markdown == "marked" else "seen"
    assert read(f"a[^1] [^n]\n\n[^1]: {seen}\n\n[^2]: unseen note", markdown).text == text


@pytest.mark.parametrize("markdown", ["kramdown", "goldmark", "gfm", "python-markdown", "obsidian"])
def test_brackets_behind_a_mark_make_no_link_of_it(markdown: Markdown) -> None:
    body = read("a[^1](b) c[^2][d](/d) e[^1][f] `[^1](g)` [^x](h)\n\n[^1]: note\n[^2]: second", markdown)
    assert body.text == "a(b) cd e[f] [^1](g) ^x\n\nnote\n\nsecond"
    assert body.link_urls == ["/d", "h"]


def test_notes_in_the_text_of_obsidian_stand_at_the_end() -> None:
    body = read("In 2021^[See [the *book*](/b).] it^[x] grew `^[y]`.\n\nEnd ^[", "obsidian")
    assert body.text == "In 2021 it grew ^[y].\n\nEnd ^[\n\nSee the book.\n\nx"


def test_a_note_that_does_not_close_its_html_loses_nothing() -> None:
    assert read("a[^1]\n\n[^1]: <div>x\n\nb").text == "a\n\nx\n\nb"


@pytest.mark.parametrize("markdown", ["gfm", "obsidian", "goldmark"])
def test_the_sign_of_a_callout_is_no_text_and_its_title_a_paragraph(markdown: Markdown) -> None:
    body = read(
        "> [!NOTE]\n> Mind.\n\n> [!tip]- Look *out*\n> Text.\n\n> [!x|y]+ Only\n\n> > [!z] In\n> > it", markdown
    )
    assert body.text == "Mind.\n\nLook out\n\nText.\n\nOnly\n\nIn\n\nit"


@pytest.mark.parametrize("markdown", ["kramdown", "pulldown-cmark", "marked", "python-markdown"])
def test_where_a_generator_knows_no_callouts_its_sign_is_text(markdown: Markdown) -> None:
    assert read("> [!NOTE]\n> Mind.", markdown).text.split() == ["[!NOTE]", "Mind."]


def test_marks_of_containers_are_no_text_and_their_titles_are() -> None:
    body = read(
        ":::tip\nUse *it*.\n:::\n\n::::note[Did *you* know?]{.x}\n:::danger Watch: out\nx\n:::\n::::\n\n"
        "::: details Click {open}\ny\n:::\n\n```\n:::tip\n```\n\n- a\n\n  :::tip\n  b\n  :::\n\n::: {.w}\nz :::"
    )
    assert body.text == ("Use it.\n\nDid you know?\n\nWatch: out\n\nx\n\nClick\n\ny\n\n:::tip\n\na\n\nb\n\nz :::")
    assert read(":::tip\nUse\n:::", "pulldown-cmark").text == ":::tip Use :::"


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (
            "- Home ^home\n- b ^b-2\n  - c ^c\n\nA thought. ^t1\n\n> q\n\n^q1\n\n## T ^tt",
            "Home\nb\n\nc\n\nA thought.\n\nq\n\nT",
        ),
        ("| a | b |\n|---|---|\n| c | ^2 |\n^t2", "a b\nc ^2"),
        ("x^2 and y ^ z `a ^b` and ^mid word", "x^2 and y ^ z a ^b and ^mid word"),
        ("a ==b== ==**c**== ==d *e* f== `==g==`", "a b c d e f ==g=="),
        ("1 == 2 == 3, x==y and ===z===\n\n==open\n\n==", "1 == 2 == 3, x==y and ===z===\n\n==open\n\n=="),
        ("$a*b*c$ $\\{a\\}$ $x==y==z$ costs $5 and $6", "$a*b*c$ $\\{a\\}$ $x==y==z$ costs $5 and $6"),
        ("$$\n\\sum_{i} *a*\n$$", "$$ \\sum_{i} *a* $$"),
        ("[[A]] [[A#b]] [[A#b#c]] [[#d]] [[A#^e]] [[A#b|f#g]] [h#i](A#b)", "A A > b A > b > c d A > ^e f#g h#i"),
        ("- [/] a\n- [-] b\n- [x] c\n- [yz] d\n\n1. [>] e\n\n[!] f", "a\nb\nc\n[yz] d\n\ne\n\n[!] f"),
    ],
)
def test_a_note_shows_neither_ids_nor_signs_of_highlights_and_keeps_formulas(note: str, text: str) -> None:
    assert read(note, "obsidian").text == text


def test_only_a_picture_that_is_embedded_is_an_image() -> None:
    body = read(
        "![[Other note]] ![[doc.pdf#page=2]] ![[p.png|200]] ![[一 图.JPG|cap|20x30]] ![w](https://w.test/i) "
        "![[N#^b]] ![v|9](v.mp4)",
        "obsidian",
    )
    assert list(zip(body.link_kinds, body.link_urls, strict=True)) == [
        ("link", "Other note"), ("link", "doc.pdf#page=2"), ("image", "p.png"), ("image", "一 图.JPG"),
        ("image", "https://w.test/i"), ("link", "N#^b"), ("link", "v.mp4"),
    ]  # fmt: skip
    assert body.link_texts[2:4] == ["", "cap"] and body.text == ""


@pytest.mark.parametrize(
    ("body", "urls"),
    [
        ("[a](/路径) [b](https://w.test/%E8%B7%AF)", ["/路径", "https://w.test/%E8%B7%AF"]),
        (
            "[a](/路径/a%20b) [b](路%20%E8%B7%AF路) ![c](<a b%2Fc.png>)",
            ["/路径/a%20b", "路%20%E8%B7%AF路", "a b%2Fc.png"],
        ),
        (
            "<a href='/路%20x'>a</a> <https://w.test/%E6路> [b](c%zz路%41)",
            ["/路%20x", "https://w.test/%E6路", "c%zz路%41"],
        ),
        ("[a](b&amp;c%20 'T') [d](e\\*%2f'\"<路) 100%25", ["b&c%20", "e*%2f'\"<路"]),
        ("[a][r] [b]\n\n[r]: <x y%20.md>\n[b]: 路", ["x y%20.md", "路"]),
    ],
)
def test_an_address_is_as_written_beside_others(body: str, urls: list[str]) -> None:
    assert read(body).link_urls == urls
    assert "\ufdd0" not in read(body).text


def test_escapes_outside_of_addresses_are_text() -> None:
    assert read("50%ab and `%20` \\%20 &percnt;41 [%E6](x%20)").text == "50%ab and %20 %20 %41 %E6"


@pytest.mark.parametrize(
    "piece",
    ["<blockquote>\n<p>[!x", "\n:::a {", "\n```\n:::a\n", '<div class="footnote-definition" id="a">', "==a", " ^a",
     "^[", "^[<",
     '<img src="', '<span class="math math-inline">'],
)  # fmt: skip
def test_hostile_bodies_take_each_pass_no_longer_than_they_are_long(piece: str) -> None:
    start = time.process_time()
    for change in (
        strip_callout_signs, strip_container_marks, gather_footnotes, gather_inline_notes, strip_highlights,
        strip_block_ids, write_formulas, mark_embedded_pages,
    ):  # fmt: skip
        change(piece * 5_000)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("markdown", ["marked", "obsidian"])
def test_hexo_and_obsidian_end_a_line_where_the_post_does(markdown: Markdown) -> None:
    body = read("一\n二 *三\n四*\\\n五\n\n- a\n  b\n- c\n\n```\nx\n  y\n```\n\n[r]: /r\n  't'\n\nH\n=", markdown)
    assert body.text == "一\n二 三\n四\n五\n\na\nb\nc\n\nx\n  y\n\nH"
    assert body.first_paragraph == "一 二 三 四 五"
    assert read("一\n二", "goldmark").text == "一二"


def test_text_is_struck_beside_signs_where_the_generator_strikes_it() -> None:
    body = "~~旧价，~~新价\n\n`~~a，~~b`\n\n```\n~~c，~~d\n```\n\n~~e\n\nf，~~g"
    for markdown in ("marked", "kramdown"):
        assert read(body, markdown).text == "旧价，新价\n\n~~a，~~b\n\n~~c，~~d\n\n~~e\n\nf，~~g"
    assert read(body, "goldmark").text.startswith("~~旧价，~~新价")
