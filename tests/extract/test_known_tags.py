"""Tags that every site of a generator has show what they show there. Asked of Hexo 8.1 and Hugo 0.168."""

from __future__ import annotations

import time

import pytest

from etl_project.extract.body.read import BodyReader

HEXO = BodyReader(markdown="marked", templates="nunjucks")
HUGO = BodyReader(markdown="goldmark", templates="hugo")


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("a {% link Some text https://a.test/x true Title %} b", "a Some text b", ["https://a.test/x"]),
        ("{% link Some text /x %}", "Some text /x", []),
        ('see {% post_link 2024-03-05-a "Its <title>" %}.', "see Its <title>.", ["{% post_link 2024-03-05-a %}"]),
        ("{% post_link a %}", "", ["{% post_link a %}"]),
        ("{% asset_link a.pdf The file %} {% asset_link b.zip %}", "The file b.zip", ["a.pdf", "b.zip"]),
        ('x\n\n{% img left big /i.png 200 100 "Title" "Alt" %}\n\ny', "x\n\ny", ["/i.png"]),
        ("{% image https://a.test/i %} {% asset_img wide a.png '\"t\" alt' %}", "", ["https://a.test/i", "a.png"]),
        ("{% blockquote %}\nq *b*\n{% endblockquote %}\nx", "q b\n\nx", []),
        ("{% blockquote Ann, Book %}\nq\n{% endblockquote %}", "q\n\nAnn, Book", []),
        ("{% quote Ann https://a.test/b Its page %}\nq [l](/l)\n{% endquote %}", "q l\n\nAnn Its page", ["/l", "https://a.test/b"]),
        ("{% quote Ann https://a.test/b/ %}\nq\n{% endquote %}", "q\n\nAnn a.test/b", ["https://a.test/b/"]),
        ("{% include_code a.js %} {% unknown https://a.test %}", "", []),
        ("`{% link a https://a.test %}`", "{% link a https://a.test %}", []),
        ('<img src="{% asset_path a.png %}">', "", ["{% asset_path a.png %}"]),
    ],
)  # fmt: skip
def test_tags_of_hexo(body: str, text: str, urls: list[str]) -> None:
    read = HEXO.read(body)
    assert (read.text, read.link_urls) == (text, urls)


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("a {% label primary@b *c* %}d {% label e blue %}", "a b *c*d e", []),
        ("{% btn https://a.test, b c, fa %} {% button /d,e %} {% btn ,f %}", "b c e", ["https://a.test", "/d"]),
        ("{% note info no-icon A b %}\nc *d*\n{% endnote %}", "A b\n\nc d", []),
        ("{% note warn A %}\nc\n{% endnote %}", "A\n\nc", []),
        ("{% note blue 'fas fa-car' modern %}\nc\n{% endnote %}", "c", []),
        ("{% hideToggle A b,red %}\nc\n{% endhideToggle %}\nx {% hideInline d,e %}", "A b\n\nc\n\nx e d", []),
        ("{% span red, a b %} {% u c d %} {% p center, e %}", "a b c d e", []),
        ("{% tabs t %}\n<!-- tab A@icon -->\na\n<!-- endtab -->\n<!-- tab -->\nb\n{% endtabs %}", "A\n\na\n\nb", []),
        ("{% timeline 2024,red %}\n<!-- timeline 03-05 -->\na\n{% endtimeline %}", "2024\n\n03-05\n\na", []),
        ("{% label @a %} *b* [c](/c)\n*d*\n\n- {% label @e %} *f*", "a *b* [c](/c)\n\nd\n\ne *f*", []),
        ("*g* {% label @h %} *i*", "g h i", []),
        ("`{% label @a %}` <!-- tab b --> <!-- timeline c -->", "{% label @a %}", []),
    ],
)  # fmt: skip
def test_tags_of_the_themes_of_hexo(body: str, text: str, urls: list[str]) -> None:
    read = HEXO.read(body)
    assert (read.text, read.link_urls) == (text, urls)


@pytest.mark.parametrize(
    ("options", "text", "urls"),
    [
        ("", "x", []),
        ("lang:js line_number:false", "x", []),
        ("A <b> lang:js", "A <b>\n\nx", []),
        ("A https://a.test/b its page", "A its page\n\nx", ["https://a.test/b"]),
        ("A https://a.test/b", "A link\n\nx", ["https://a.test/b"]),
    ],
)
def test_code_of_hexo_has_a_caption(options: str, text: str, urls: list[str]) -> None:
    read = HEXO.read(f"{{% codeblock {options} %}}\nx\n{{% endcodeblock %}}\ny")
    assert (read.text, read.link_urls, read.code_blocks) == (f"{text}\n\ny", urls, 1)
    assert read.first_paragraph == "y"


@pytest.mark.parametrize(
    ("words", "alternative"),
    [
        ("""'"t t" "a a"'""", "a a"),
        ("""10 20 "'t' 'a'\"""", "a"),
        ('"t" "a"', ""),
        ("t a", ""),
    ],
)
def test_the_alternative_text_of_a_picture_stands_in_quotes_of_its_own(words: str, alternative: str) -> None:
    assert HEXO.read(f"{{% img /a.png {words} %}}").link_texts == [alternative]


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("a {% raw %}<b>*x*</b> {{ y }} &amp; 1. z{% endraw %} b", "a *x* {{ y }} & 1. z b", []),
        ("{% raw %}\n- a\n- <a href='/x_y_z'\n title=t>b</a>\n\n# c\n{% endraw %}", "- a - b # c", ["/x_y_z"]),
        ("p\n{% raw %}*x*{% endraw %}\n[l]: /d\n\n[l]", "p\n\n*x*\n\nl", ["/d"]),
        ("{% raw %}<pre>\n*a*\n  b\n</pre>{% endraw %}", "*a*\n  b", []),
    ],
)
def test_what_hexo_is_told_to_leave_raw_is_html_and_no_markdown(body: str, text: str, urls: list[str]) -> None:
    read = HEXO.read(body)
    assert (read.text, read.link_urls) == (text, urls)


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ('a\n\n{{< figure src="/a.png" alt="alt" >}}\n\nb', "a\n\nb", ["/a.png"]),
        ('{{< figure src=a.png link="/b" >}}', "", ["/b", "a.png"]),
        (
            '{{< figure\n  src="/a.png"\n  title="T"\n  caption="see [l](/c) and *e* \\"q\\""\n'
            '  attr="W"\n  attrlink="/w"\n>}}\nb',
            'T see l and e "q" W b',
            ["/a.png", "/c", "/w"],
        ),
        ("{{< figure `a.png` >}} {{< fig src=b.png >}}", "", []),
        ('`{{</* figure src="a.png" */>}}`', '{{< figure src="a.png" >}}', []),
    ],
)
def test_a_figure_of_hugo(body: str, text: str, urls: list[str]) -> None:
    read = HUGO.read(body)
    assert (" ".join(read.text.split()) if "caption" in body else read.text, read.link_urls) == (text, urls)


@pytest.mark.parametrize(
    ("opening", "text"),
    [
        ('{{< details summary="A *b* \\"c\\"" >}}', 'A b "c"\n\nd'),
        ("{{< details summary=`A` open=true >}}", "A\n\nd"),
        ('{{% details title="A" %}}', "A\n\nd"),
        ('{{< details "A b" open >}}', "A b\n\nd"),
        ("{{< details >}}", "d"),
    ],
)
def test_the_summary_of_details_of_hugo_is_text(opening: str, text: str) -> None:
    closing = "{{% /details %}}" if "%" in opening else "{{< /details >}}"
    assert HUGO.read(f"{opening}\n*d*\n{closing}").text == text


def test_a_caption_is_no_first_paragraph() -> None:
    assert HUGO.read('{{< figure src="/a.png" caption="Cap" >}}\n\nThe text.').first_paragraph == "The text."


@pytest.mark.parametrize(
    "piece", ["{% quote ", '{% img "', "{% raw %}<", '{{< figure a="', "{% link a ", "{{< figure a=`"]
)
def test_hostile_tags_take_time_in_proportion_to_their_length(piece: str) -> None:
    start = time.process_time()
    HEXO.read(piece * 20_000 + "%}")
    HUGO.read(piece * 20_000 + ">}}")
    assert time.process_time() - start < 4  # each takes some tenths of a second; this guards against squares
