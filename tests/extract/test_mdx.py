from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.extract.body.content import Body
from etl_project.extract.body.mdx import convert_mdx
from etl_project.extract.body.read import BodyReader

READER = BodyReader()


def read(body: str) -> Body:
    return READER.read(body, "mdx")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('import A from "a";\nimport { B } from "b";\n\nText.', "Text."),
        ("import {\n  A,\n\n  B,\n} from 'x'\n\nText.", "Text."),
        ("export const m = {\n  title: 'a',\n\n  tags: ['b'],\n};\n\nText.", "Text."),
        ("export default ({ children }) => (\n  <div>\n\n    {children}\n  </div>\n)\n\nText.", "Text."),
        ("# Title\n\nimport A from 'a'\n## Part\n\nText.", "Title\n\nPart\n\nText."),
        ("Words\nimport duties rose.", "Words import duties rose."),
        ("a {/* note */} b {props.x} c {' '}{\"d*e*\"} {3} \\{f\\}", "a b c d*e* 3 {f}"),
        ("{/*\n\n## Hidden\n\n*/}\n\nShown", "Shown"),
        ("{list.map((x) => (\n  <li key={x}>{`it's ${x}`}</li>\n))}\n\nText.", "Text."),
        ("<Tabs>\n  <Tab title='One'>\n    Inside **b**.\n\n    - a\n    - b\n  </Tab>\n</Tabs>", "Inside b.\n\na\nb"),
        ("<Box render={() => <b>x</b>} note=\"a > b\">In a *box*.</Box>\n\nAfter.", "In a box.\n\nAfter."),
        ("<>\nFragment\n</>\n\n<Ui.Card />\n\n<Empty/>text", "Fragment\n\ntext"),
        ("<div className=\"n\" style={{display: 'none'}}>\n**seen**\n</div>", "seen"),
        ("<Note>\n    ```js\n    a {b} <C/>\n    ```\n</Note>", "a {b} <C/>"),
        ("`{a}` ``<B>`{c}`` and", "{a} <B>`{c} and"),
        ("```jsx\nimport x from 'x'\n\n<D>{e}</D>\n```", "import x from 'x'\n<D>{e}</D>"),
        ("1. one\n\n   <Note>\n   two\n   </Note>\n\n2. three", "one\n\ntwo\n\nthree"),
        ("a < b and c > d, {open", "a < b and c > d, {open"),
        ("## Part {#id}\n\nx <br/> y", "Part\n\nx\ny"),
        ("export const t = `\na\n\n{ b }\n`\nexport const u = `c`\n\nText.", "Text."),
        ("{'it\\'s'} {\"a \\\"*b*\\\"\"} {`c \\` d`} {`e ${f}`}g", "it's a \"*b*\" c ` d g"),
        ("<A>**a**</A>**b**<B/> *c*\n\n<A /> \n# d", "ab c\n\nd"),
        ("{'\\u4e2d\\n文'} {-1.5}", "中 文 -1.5"),
    ],
)  # fmt: skip
def test_a_reader_of_mdx_sees_what_is_no_javascript(body: str, text: str) -> None:
    assert read(body).text == text


def test_links_and_pictures_in_elements_and_components_count() -> None:
    body = read(
        '<Card>\n[a](/a)\n</Card>\n\n<a href="/b">b</a> <a href={\'/c\'}>c</a> <a href={d}>d</a>\n\n<img src="e.png" />'
    )
    assert body.link_urls == ["/a", "/b", "/c", "e.png"]


def test_a_component_with_an_address_is_a_link_and_one_that_is_named_so_a_picture() -> None:
    body = read(
        '<Link to="/a">*a*</Link> <Button x={1} href={"/b"}>b</Button> <To to="c">d <Link href={e}>f</Link></To>\n\n'
        '<LinkCard title="t" href="/g" />\n\n<Image src="/h.png" alt="h > i" />\n<ThemedImage sources={{a: "b"}} />\n\n'
        '<Card href="/j">\n  # K\n\n  l\n</Card>'
    )
    assert body.text == "a b d f\n\nK\n\nl"
    assert body.link_urls == ["/a", "/b", "/g", "/h.png", "/j"]
    assert body.link_texts[0] == "a"
    assert body.link_texts[3] == "h > i"


def test_only_mdx_is_read_as_mdx() -> None:
    body = "import this\n\n{x} <b>y</b>"
    assert READER.read(body).text == "import this\n\n{x} y"


@given(
    st.lists(
        st.sampled_from(
            ["import a\n", "export ", "{", "}", "<A ", "<b>", "</b>", "/>", ">", "`", "\n", "x", "'", "```\n"]
        )
    )
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_no_mdx_raises_and_text_without_its_signs_stays(pieces: list[str]) -> None:
    convert_mdx("".join(pieces))
    plain = "".join(piece for piece in pieces if piece in ("\n", "x"))
    assert "".join(convert_mdx(plain).split()) == "".join(plain.split())


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "<A ",
        "<A {",
        "`a``",
        "import x {\n\n",
        '<A b="',
        "{'",
        "<A>",
        "export (\n",
        "export `",
        '<A href="/b">',
        "{'\\",
    ],
)
def test_hostile_mdx_takes_no_longer_than_it_is_long(piece: str) -> None:
    start = time.process_time()
    convert_mdx(piece * 3_000)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('<div className="x">**b**</div>\nmore *x*', "b\n\nmore x"),
        ("<ul>\n  <li>a *b*</li>\n  <li>c</li>\n</ul>", "a b\nc"),
        ("<details>\n<summary>S</summary>\nPara **b**\n</details>", "S\n\nPara b"),
        ("<p>a [l](/l)</p>\n\n<h2>H *x*</h2>", "a l\n\nH x"),
        ("- <div>a *b*</div>\n- c", "a b\n\nc"),
        ("<table>\n<tr>\n<td>a</td>\n</tr>\n</table>", "a"),
    ],
)
def test_what_a_tag_encloses_on_its_line_is_markdown(body: str, text: str) -> None:
    assert BodyReader().read(body, "mdx").text == text
