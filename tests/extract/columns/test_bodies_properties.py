"""Bodies by chance, which are nearly plain: what is read by columns is what the reader of one says."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from columns_of_bodies import MENTIONS, RULES, share_read
from few_bodies import _few_bodies_are_enough  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.dialects import Markdown
from etl_project.extract.body.read import BodyReader
from etl_project.extract.columns.body_grammar import ELEMENTS, VOID
from etl_project.extract.columns.first_characters import first_characters

READERS = {markdown: BodyReader(RULES, MENTIONS, markdown) for markdown in get_args(Markdown)}
PLAIN = BodyReader()

TEXTS = st.sampled_from(
    [
        "a", "word ", " b", "中", "国", "、", "\n", " \n ", "  ", "\t", "\xa0", "\u2028", "\u3000", "\x1c", "\x85",
        "\f", "",
        "&amp;", "&lt;b&gt;", "&nbsp;", "&quot;", "&mdash;", "&#39;", "&#x41;", "&copy", "& ", "&", "AT&T",
        "&bogus;", "%20",
        "%E4%B8%AD", "100%", "返回x新闻 返回首页", "（文章来源：甲）",
        "http://a.b/c", "<>", "目录", "toc", "_", "…", "}", "{%",
        "[x]", ">", "\\", "é", "\ufdd0", "\U0001f600", "x!", "''", "`",
    ]
)  # fmt: skip
ATTRIBUTES = st.sampled_from(
    [
        "", "", "", ' class="em_media"', " class='page' href='/p'", ' href="/a%20b"',
        ' href=" http://a.b/?c=1&amp;d=2 "',
        ' href="/?a=1&b=2"', ' href="/?a&lt=2"', ' href="&#47;x"', ' href=""', " href", " href=/bare", ' src="i.png"',
        ' src="/%e4" alt=" two  words "', ' class="internal-embed" src="n"', ' data-code="1,600000"',
        ' data-code="90,BK1" class="page" href="q"', " hidden", ' style="display:none"', ' style="color:red"',
        ' style="DISPLAY : none"', ' ID="a"', ' a="1" a="2"', ' title="a>b"', ' title="a<b"', "/", " /", ' x="1"y="2"',
        '\nhref="/n"', " disabled",
    ]
)  # fmt: skip
NAMES = st.sampled_from(sorted({*ELEMENTS, *VOID} - {"script", "style", "iframe"}))
OFTEN = st.sampled_from(["p", "p", "p", "a", "a", "b", "em", "span", "code", "h2", "div", "blockquote", "li", "pre"])
ODD = st.sampled_from(
    [
        "<p>", "</p>", "<b>", "</b>", "<a href='/odd'>", "</a>", "<li>", "<br>", "</br>", "<!-- c -->", "<!-->",
        "<!--->",
        "<!-- > -->", "<P>", "</P >", "<td>", "<tr>", "<hr>", "<img>", "<x-y>", "</div>", "<script>", "</script>", "<",
        "<style>p</style>", "<iframe src='a'></iframe>", "<script>a<b</script>", "<svg>", "<br/>", "<hr />",
        "<table>", "</table>", "<select>", "<plaintext>", "<form>", "<nobr>", "<button>", "<ruby>a<rt>b</ruby>",
    ]
)  # fmt: skip


def element(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def write(name: str, attributes: str, content: list[str]) -> str:
        return f"<{name}{attributes}>" + ("" if name in VOID else f"{''.join(content)}</{name}>")

    return st.builds(write, st.one_of(OFTEN, NAMES), ATTRIBUTES, st.lists(inside, max_size=4))


def table(cells: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    row = st.lists(cells, max_size=3).map(
        lambda each: "<tr>" + "\n".join(f"<td>{cell}</td>" for cell in each) + "</tr>"
    )
    return st.lists(row, max_size=3).map(lambda rows: f"<table>\n<tbody>{' '.join(rows)}</tbody></table>")


def items(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inside, max_size=3).map(
        lambda each: "<ul>" + "".join(f"<li>{item}</li>\n" for item in each) + "</ul>"
    )


STRICT = st.recursive(TEXTS, lambda inside: st.one_of(element(inside), items(inside), table(inside)), max_leaves=12)
HTML = st.lists(st.one_of(STRICT, STRICT, STRICT, ODD), max_size=8).map("".join)
MARKDOWN = st.lists(
    st.one_of(
        TEXTS,
        HTML,
        st.sampled_from(
            [
                "# ", "## ", "\n\n", "\n", "* ", "- [ ] ", "1. ", "    ", "> ", "```\n", "~~~ x\n", "`", "**", "*",
                "~~", "[",
                "](/u)", "![", "](/i.png 't')", "<https://a.b/c%20d>", "[[n|m]]", "![[n]]", "|", "|-|\n", "---\n",
                "\\\n",
                "  \n", "[^1]", "[^1]: ", ": ", "{: .x}", "#tag ", "$x$", "==m==", "%%c%%", "^id\n", "term\n: d\n",
            ]
        ),
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(HTML, min_size=8, max_size=40))
def test_html_that_is_nearly_plain_is_read_alike(bodies: list[str]) -> None:
    share_read(READERS["gfm"], bodies, "html")
    share_read(PLAIN, bodies, "html")


@pytest.mark.parametrize("markdown", READERS)
@settings(max_examples=15, deadline=None)
@given(bodies=st.lists(MARKDOWN, min_size=8, max_size=40))
def test_markdown_is_read_alike(markdown: Markdown, bodies: list[str]) -> None:
    share_read(READERS[markdown], bodies)


PATTERNS = [
    "（a：(.+)）",
    r"<>|((?:b|c?):\S*)",
    "(ab|)c*",
    "[a-c]+|x",
    "^a$",
    "",
    "a*?b",
    "(?:a|b)+c",
    "(a)?b",
    "(?i:a)b",
    "(?=a).",
    ".",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=100, deadline=None)
@given(text=st.text("abcdxAB:（）<>：\n", max_size=5))
def test_a_text_that_matches_begins_with_a_character_that_is_known(pattern: str, text: str) -> None:
    compiled = re.compile(pattern, re.DOTALL)
    first = first_characters(compiled)
    assert first is None or text[:1] in first or not compiled.fullmatch(text)


def test_the_first_characters_of_usual_patterns_are_known() -> None:
    assert first_characters(re.compile("（文章来源：(.+)）")) == {"（"}
    assert first_characters(re.compile(r"<>|((?:https?|javascript):\S*)")) == {"<", "h", "j"}
    assert first_characters(re.compile(r"\s*x")) is None
    assert first_characters(re.compile("a", re.IGNORECASE)) is None
