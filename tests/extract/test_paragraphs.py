"""Where paragraphs end. Right values were asked of Pelican 4.12 with Python-Markdown 3, and of kramdown 2.4."""

from __future__ import annotations

import time

import pytest

from etl_project.extract.body.read import BodyReader

JEKYLL = BodyReader(markdown="kramdown", templates="liquid")
HEXO = BodyReader(markdown="marked", templates="nunjucks")
HUGO = BodyReader(markdown="goldmark", templates="hugo")
PELICAN = BodyReader(markdown="python-markdown")
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("text\n- a\n- [b](/b)\n\n- c\n- d", "text - a - b\n\nc\nd"),
        ("text:\n1. a\n2. b\n* c **d**", "text: 1. a 2. b * c d"),
        ("# h\n- a\n\nh\n---\n- b\n\ntext\n***\n- c", "h\n\na\n\nh\n\nb\n\ntext\n\nc"),
        ("text\n```\n- a\n```\n- b", "text\n\n- a\n\nb"),
        ("text\n    - a\n\n- b\n    - c\n\n        - d", "text - a\n\nb\n\nc\n\nd"),
        ("-1 a\n-b\n\n-1\n- c", "-1 a -b\n\n-1 - c"),
        (f"text\n{TABLE}\n\n{TABLE}\n\nc|d\n-|-\n3|4", "text | a | b | |---|---| | 1 | 2 |\n\na b\n1 2\n\nc d\n3 4"),
        ("<div>\na\n- b\n</div>\n\n    code\n    - c", "a - b\n\ncode\n- c"),
    ],
)
def test_no_list_and_no_table_ends_a_paragraph_of_pelican(body: str, text: str) -> None:
    assert PELICAN.read(body).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("text\n- a\n- b", "text\n\na\nb"),
        (f"text\n{TABLE}\nmore\n\n{TABLE}", "text | a | b | |---|---| | 1 | 2 | more\n\na b\n1 2"),
        ("text\nmore\na | b\n--|--\n1 | 2", "text more a | b --|-- 1 | 2"),
        ("text\n- a\n\n```\nb\n|--|\n```", "text\n\na\n\nb\n|--|"),
        (f"## h\n{TABLE}", "h\n\n| a | b | |---|---| | 1 | 2 |"),
        (
            "- a\n  | b | c |\n  |---|---|\n\n- d\n\n  | e | f |\n  |---|---|\n  | 1 | 2 |",
            "a | b | c | |---|---|\n\nd\n\ne f\n1 2",
        ),
        ("a | b\nc | d\n--|--\n1 | 2", "a b\nc d\n1 2"),
        (f"{TABLE}\nmore\n\n{TABLE}\n{{: .x}}", "| a | b | |---|---| | 1 | 2 | more\n\na b\n1 2"),
        (
            f"- c\n\n  | a |\n  |---|\n  | 1 |\n- d\n\n{TABLE}\n- e",
            "c\n\na\n1\n\nd\n\n| a | b | |---|---| | 1 | 2 |\n\ne",
        ),
    ],
)
def test_no_table_of_jekyll_is_without_blank_lines_around_it(body: str, text: str) -> None:
    assert JEKYLL.read(body).text == text


@pytest.mark.parametrize("reader", [HUGO, HEXO])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"- a\n- b\n{TABLE}", "a\nb\n\na b\n1 2"),
        (f"> a\n{TABLE}\nmore", "a\n\na b\n1 2\nmore"),
        ("1. a\n   - b\nc | d\n:-:|--\n1 | 2", "a\n\nb\n\nc d\n1 2"),
        (f"text\n{TABLE}", "text\n\na b\n1 2"),
        ("text\nmore\nc | d\n--|--\n1 | 2\n--|--\n3 | 4", "text more\n\nc d\n1 2\n-- --\n3 4"),
        (f"```\n- a\n{TABLE}\n```", f"- a\n{TABLE}"),
    ],
)
def test_a_table_straight_below_a_list_or_quote_ends_it_in_hugo_and_hexo(
    reader: BodyReader, body: str, text: str
) -> None:
    assert reader.read(body).text.replace("text\nmore", "text more") == text


def test_a_table_ends_a_paragraph_of_a_plain_file_that_is_in_no_list() -> None:
    assert BodyReader().read("text\na | b\n--|--\n1 | 2").text == "text\n\na b\n1 2"
    assert BodyReader().read("- c\na | b\n--|--\n1 | 2").text == "c a | b --|-- 1 | 2"


@pytest.mark.parametrize("reader", [HUGO, HEXO])
def test_what_is_no_table_stays_in_its_list(reader: BodyReader) -> None:
    text = reader.read("- a\n| a | b | c |\n|---|---|\n| 1 | 2 |").text
    assert " ".join(text.split()) == "a | a | b | c | |---|---| | 1 | 2 |"


def test_a_fence_straight_below_html_is_code_in_hexo() -> None:
    read = HEXO.read(
        "</div>\n```js\na *b*\n\n<i>\n```\n\n<br>\nx\n~~~\n<b>\n~~~\n<p>\n\n```html\n<div>\n```\n<i>\n```\n<u>\n```"
    )
    assert (read.text, read.code_blocks) == ("a *b*\n<i>\n\nx\n\n<b>\n\n<div>\n\n<u>", 4)


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("a\n\n```ruby\nb *c*\n\n# d\n\n[e](/e) {% x %}f", "a\n\n```ruby b c\n\nd\n\ne f", ["/e"]),
        ("~~~\na *b*\n\n[c](/c)", "~~~ a b\n\nc", ["/c"]),
        ("- a\n\n  ```sh\n  b *c*\n\n- [d](/d)", "a\n\n```sh b c\n\nd", ["/d"]),
        ("```\n{% raw %}{{ a }}{% endraw %}\n```\n\n```\nb [c](/c)", "{{ a }}\n\n``` b c", ["/c"]),
        ("````\n```\n````\n\n    ```\n    a", "```\n\n```\na", []),
    ],
)
def test_a_fence_of_jekyll_that_nothing_closes_is_text(body: str, text: str, urls: list[str]) -> None:
    read = JEKYLL.read(body)
    assert (read.text, read.link_urls) == (text, urls)
    assert HUGO.read("a\n\n```ruby\nb *c*").text == "a\n\nb *c*"


@pytest.mark.parametrize("reader", [JEKYLL, PELICAN])
@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("a\n\n<!--more-->b **c** [d](/d)", "a\n\nb c d", ["/d"]),
        ("<!-- a\nb --> c *d*\n\n- <!-- e -->[f](/f)", "c d\n\nf", ["/f"]),
        ("<!-- a -->\nb *c*\n\n<!-- d --><div>*e*</div>", "b c\n\n*e*", []),
        ("```\n<!-- a -->b\n```\n\n`<!-- c -->d`", "<!-- a -->b\n\n<!-- c -->d", []),
    ],
)
def test_text_after_a_comment_is_markdown_in_jekyll_and_pelican(
    reader: BodyReader, body: str, text: str, urls: list[str]
) -> None:
    read = reader.read(body)
    assert (read.text, read.link_urls) == (text, urls)


@pytest.mark.parametrize("reader", [JEKYLL, PELICAN])
def test_a_definition_straight_below_a_note_is_one_in_jekyll_and_pelican(reader: BodyReader) -> None:
    read = reader.read("a[^1] [b][r] [c]\n\n[^1]: note [c]\n[r]: /r\n[c]: /c")
    assert (read.text, read.link_urls) == ("a b c\n\nnote c", ["/r", "/c", "/c"])


def test_a_list_of_jekyll_ends_a_paragraph_whatever_its_first_number_is() -> None:
    body = "1. a\n\n![i](/i)\n2. b\n\n  text\n3. c\n4. d\n\n- e\n  f\n\n```\ng\n5. h\n```\n\ni\n6.j"
    assert JEKYLL.read(body).text == "a\n\nb\n\ntext\n\nc\nd\n\ne f\n\ng\n5. h\n\ni 6.j"
    assert HUGO.read("text\n2. b").text == "text 2. b"


def test_only_one_line_of_text_is_underlined_as_a_heading_in_jekyll_and_pelican() -> None:
    body = "a\nb\n---\n\nc\nd\n===\n\ne\n---\n\n# f\ng\n---\n\n```\nh\ni\n---\n```\n\n<div>\nj\n---\n</div>"
    rest = "\n\nh\ni\n---\n\nj ---"
    read = JEKYLL.read(body)
    assert read.text == f"a b ---\n\nc d ===\n\ne\n\nf\n\ng ---{rest}"
    assert read.heading_texts == ["e", "f"]
    read = PELICAN.read(body)
    assert read.text == f"a b\n\nc d ===\n\ne\n\nf\n\ng{rest}"
    assert read.heading_texts == ["e", "f", "g"]
    assert HUGO.read("a\nb\n---").heading_texts == ["a b"]


def test_a_fence_of_pelican_that_nothing_closes_is_text() -> None:
    assert PELICAN.read("```python\na *b*\n\n[c](/c)").link_urls == ["/c"]


def test_a_task_of_hugo_needs_no_blank_behind_its_box() -> None:
    body = "- [x]完成 *a*\n- [ ]待办\n\n> 1. [X][b](/b)\n\n[x]c `- [x]d`\n\n[x]: e"
    assert HUGO.read(body).text == "完成 a\n待办\n\nb\n\nxc - [x]d"
    assert HEXO.read("- [x]完成").text == "[x]完成"


def test_signs_in_a_block_of_html_are_text() -> None:
    body = "<div>\n**粗。**后 **a *b。*c**\n</div>\n\n<p>~~删。~~后</p>\n\n**粗。**<b>后</b>"
    assert JEKYLL.read(body).text == "**粗。**后 **a *b。*c**\n\n~~删。~~后\n\n粗。后"
    assert HEXO.read("<p>~~删。~~后</p>\n\n~~删。~~后 <b>x</b>").text == "~~删。~~后\n\n删。后 x"


@pytest.mark.parametrize("reader", [JEKYLL, HUGO, PELICAN])
def test_each_line_above_a_definition_is_a_term(reader: BodyReader) -> None:
    assert reader.read("甲 *a*\n乙\n: 丙\n\n丁\n: 戊\n  己").text == "甲 a\n乙\n丙\n丁\n戊己"


@pytest.mark.parametrize(
    "piece",
    [
        "a\n- b\n",
        "a\n|-|\n",
        "- a\n|-|\n|-|\n",
        "<b>\n```\n",
        "a|\n-|\n\n",
        "- ",
        "a\n- b\n\n",
        "-|",
        "\na\n-",
        "* * * \n",
    ],
)
def test_hostile_paragraphs_take_time_in_proportion_to_their_length(piece: str) -> None:
    start = time.process_time()
    for reader in (JEKYLL, PELICAN, HUGO, HEXO, BodyReader()):
        reader.read("text\n" + piece * 20_000)
    assert time.process_time() - start < 4  # each takes some tenths of a second; this guards against squares
