"""Front matter as the generators read it, where they are not alike or people write what YAML does not expect."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from etl_project.dialects import DIALECTS
from etl_project.extract.front_matter.read import FrontMatter, Value, read_front_matter
from etl_project.limits import Limits
from etl_project.reasons import Rejection

LIMITS = Limits()


def read(text: str, dialect: str = "jekyll", **options: Any) -> FrontMatter:
    rules = DIALECTS[dialect]
    return read_front_matter(
        text,
        LIMITS,
        required=rules.front_matter_required,
        formats=rules.header_formats,
        rules=rules.header_rules,
        **options,
    )


def fields(block: str, dialect: str = "jekyll") -> dict[str, Value]:
    return read(f"---\n{block}\n---\n", dialect).fields


def codes(block: str) -> list[str]:
    return [warning.code for warning in read(f"---\n{block}\n---\n").warnings]


def reason(text: str, dialect: str = "jekyll") -> str:
    with pytest.raises(Rejection) as caught:
        read(text, dialect)
    return caught.value.reason


# A body that shows front matter


@pytest.mark.parametrize(
    "body",
    [
        '```yaml\n---\ntitle: Sample\ndate: 2020-01-01\ntags:\n  - "one"\n---\n```\n',
        "Doubled:\n\n```yaml\n---\ntitle: 'Don''t'\ndate: 2020-01-01\n---\n```\n",
        '{{< highlight yaml >}}\n---\ntitle: A\ndate: 2020\ndescription: He said "yes"\n---\n{{< /highlight >}}\n',
        '{% highlight yaml %}\n---\ntitle: "A" b\nlayout: "x\n---\n{% endhighlight %}\n',
        '<pre>\n---\ntitle: One\ndate: 2020-01-01\nauthor: Pat "P"\n---\n</pre>\n',
        'He said "yes"\n\n---\ntitle: One\ndate: 2020-01-01\n---\n',
        "    ---\n    title: 'x'\n    date: 2020-01-01\n    ---\n\ntags: 'a'\n---\n",
        "~~~\n---\ntitle: It's\nlayout: post'\ndate: 2020\n---\n~~~\n---\n",
        '---\ntitle: u\ndate: "x" y"\n---\n',
        "| a | b |\n| --- | --- |\n| 'c' | d |\n\ntitle: x\ndate: y\n---\n",
    ],
)
@pytest.mark.parametrize("dialect", ["jekyll", "hugo", "hexo", "obsidian", "plain"])
def test_a_body_that_shows_front_matter_stays_whole(body: str, dialect: str) -> None:
    post = read(f"---\ntitle: T\ndate: 2023-04-05\n---\n{body}", dialect)
    assert (post.fields, post.body) == ({"title": "T", "date": "2023-04-05"}, body)


@pytest.mark.parametrize(
    "text",
    [
        '---\ntitle: "a\n---\nb"\ndate: 2020-01-01\ntags: x\n---\nbody\n',
        '---\nlayout: post\ntitle: "a"\n---\nb"\ndate: 2020-01-01\ntags: x\n---\nbody\n',
        "---\ntitle: 'a\nb\n---\n\nc'\ndate: 2020-01-01\ntags: x\n---\nbody\n",
    ],
)
def test_a_title_cut_by_dashes_is_still_refused(text: str) -> None:
    assert reason(text) == "syntax"


# The lines around front matter


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("hugo", " ---\ntitle: t\n---\nbody\n"),
        ("hugo", "\n\t ---\ntitle: t\n---\nbody\n"),
        ("hugo", '  +++\ntitle = "t"\n+++\nbody\n'),
        ("zola", '\n +++\ntitle = "t"\n+++ \nbody\n'),
        ("zola", " ---\ntitle: t\n---\nbody\n"),
        ("hugo", "---\ntitle: t\n----------\nbody\n"),
        ("hexo", "---\ntitle: t\n-----\nbody\n"),
        ("hexo", "-----\ntitle: t\n-----\nbody\n"),
        ("plain", "---\ntitle: t\n----\nbody\n"),
        ("hugo", '+++\ntitle = "t"\n++++\nbody\n'),
        ("jekyll", "---\u3000\ntitle: t\n---\u00a0\nbody\n"),
        ("jekyll", "---\ntitle: t\n...\nbody\n"),
        ("hexo", "title: t\n---\nbody\n"),
        ("hexo", ';;;\n"title": "t"\n;;;\nbody\n'),
    ],
)
def test_the_lines_around_front_matter_are_those_of_the_generator(dialect: str, text: str) -> None:
    post = read(text, dialect)
    assert (post.fields, post.body) == ({"title": "t"}, "body\n")


@pytest.mark.parametrize("dialect", ["hugo", "hexo", "plain"])
@pytest.mark.parametrize("body", ["Text\n\n---\nmore\n", " # Text", "----\n", "Text"])
def test_text_straight_behind_the_closing_dashes_is_the_body(dialect: str, body: str) -> None:
    post = read(f"---\ntitle: A\ntags:\n- b\n---{body}", dialect)
    assert post.fields == {"title": "A", "tags": ["b"]}
    assert post.body == body.removeprefix("----\n")


def test_text_straight_behind_pluses_and_a_header_of_hexo_is_the_body() -> None:
    assert read('+++\ntitle = "A"\n+++Text', "hugo").body == "Text"
    assert read("title: A\n---Text", "hexo").body == "Text"
    assert reason("---\ntitle: A\n---Text") == "unterminated_front_matter"
    assert reason("---\ntitle: A\n\nb | c\n---|---\n", "plain") == "unterminated_front_matter"


def test_a_longer_line_is_text_where_the_generator_wants_three_dashes() -> None:
    post = read("---\ntitle: t\nabout: |\n  x\n---\nHeading\n-------\n\n---\n")
    assert post.body == "Heading\n-------\n\n---\n"
    assert read("---\ntitle: t\n---\nA\n-----\nb\n", "hugo").body == "A\n-----\nb\n"
    assert read("---\ntitle: t\n-----\nbody\n\n---\n", "hugo").body == "body\n\n---\n"


def test_an_indented_opening_line_is_none_in_jekyll() -> None:
    assert reason(" ---\ntitle: t\n---\nbody\n") == "no_front_matter"


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nJust words.\n\n---\n\nMore\n",
        '---\nHe said "yes\n\n- and: no\n---\nMore\n',
        "---\n*emphasis* here\n> quote: x\n---\nMore\n",
    ],
)
@pytest.mark.parametrize("dialect", ["obsidian", "plain", "hugo"])
def test_text_between_two_rules_is_text(text: str, dialect: str) -> None:
    post = read(text, dialect)
    assert (post.format, post.body) == (None, text)


# TABs


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("tags:\n\t- a\n\t- b", {"tags": ["a", "b"]}),
        ("photos:\n\t- /a.png\ntitle: t", {"photos": ["/a.png"], "title": "t"}),
        ("a:\n\tb:\n\t\tc: 1", {"a": {"b": {"c": "1"}}}),
        ("categories:\n\t- [a, b]\n\t- [c]", {"categories": [["a", "b"], ["c"]]}),
        ("text: |\n\tx\n\t\ty\ntitle: t", {"text": "x\n  y\n", "title": "t"}),
        ("title:\tt\t\ntags: [a,\n\tb]", {"title": "t", "tags": ["a", "b"]}),
        ("tags:\n  - a\n\t- b", {"tags": ["a", "b"]}),
    ],
)
def test_hexo_reads_a_tab_as_two_spaces(block: str, expected: dict[str, Value]) -> None:
    assert fields(block, "hexo") == expected


def test_other_generators_refuse_a_tab() -> None:
    assert reason("---\ntags:\n\t- a\n---\n") == reason("---\ntags:\n\t- a\n---\n", "hugo") == "syntax"


# YAML as Ruby 1.9 wrote it


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("title: ! 'Why: a story'", {"title": "Why: a story"}),
        ('title: ! "It\'s: so"', {"title": "It's: so"}),
        ("title: ! 'It''s \"so\"'", {"title": 'It\'s "so"'}),
        ("categories:\n- ! 'a: b'\nexcerpt: ! 'Short: text'", {"categories": ["a: b"], "excerpt": "Short: text"}),
        ("title: ! 'A long\n  title'", {"title": "A long title"}),
        ("title: !binary |-\n  5pel5pys6Kqe", {"title": "日本語"}),
        ("tags:\n- !binary |\n  5pel5pys\n  6Kqe\n- !!binary YQ==", {"tags": ["日本語", "a"]}),
        ("image: !!binary R0lGODlhAQABAAAAACw=", {"image": "R0lGODlhAQABAAAAACw="}),
    ],
)
def test_yaml_that_ruby_wrote_is_the_text_it_stands_for(block: str, expected: dict[str, Value]) -> None:
    assert fields(block) == expected
    assert codes(block) == []


# Comments


def test_a_comment_after_a_value_is_no_part_of_it() -> None:
    block = (
        "layout: post #required\ncategories: trips #main\ndate: #when\nlang: 'en' #x\nslug: a#b\ntags: [a, b] #c\n"
        "list:\n  - a #one\n  - b"
    )
    assert fields(block) == {
        "layout": "post",
        "categories": "trips",
        "date": None,
        "lang": "en",
        "slug": "a#b",
        "tags": ["a", "b"],
        "list": ["a", "b"],
    }
    assert codes(block) == []


def test_a_hash_in_a_title_or_alone_in_a_list_is_text() -> None:
    block = "title: 沪指 #3000点\ntags:\n- #股票\n- b"
    assert fields(block) == {"title": "沪指 #3000点", "tags": ["#股票", "b"]}
    assert codes(block) == ["repaired_plain_scalar", "repaired_plain_scalar"]
    assert fields("title: Ten days # a draft") == {"title": "Ten days"}
    assert fields("title: #abcd") == fields('title: "#abcd"') == {"title": "#abcd"}


# Wide spaces


@pytest.mark.parametrize("space", ["\u3000", "\u00a0", "\u2003", "\u202f", " \u3000", "\u3000 "])
def test_wide_space_after_a_colon_or_before_a_key_is_white_space(space: str) -> None:
    expected = {"title": "你好", "date": "2023-04-05", "tags": ["a", "b　c"]}
    if space[0] != " ":
        assert fields(f"title: 你好\ndate:{space}2023-04-05\ntags: [a, b　c]") == expected
        assert fields(f"title:{space}你好\ndate：{space}2023-04-05\ntags:{space}[a, b　c]") == expected
        assert fields(f"title: 你好\ndate: 2023-04-05\ntags:\n{space}- a\n{space}- b　c") == expected
        assert fields(f"title: 你好\n{space}\ndate: 2023-04-05\ntags:\n  -{space}a\n  -{space}b　c") == expected
        assert "repaired_plain_scalar" in codes(f"title: 你好\ndate:{space}2023-04-05")
        assert fields(f"title: '你好'{space}\ndate: \"2023-04-05\"{space}\ntags: [a, b　c]{space}") == expected


def test_wide_spaces_in_a_value_stay() -> None:
    block = "title: 你好　世界\nabout: |\n  　　第一段\n  　　第二段"
    assert fields(block) == {"title": "你好　世界", "about": "　　第一段\n　　第二段\n"}
    assert codes(block) == []


# Templates


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("created: {{date}}\ntags: [x]", {"created": "{{date}}", "tags": ["x"]}),
        ("created: {{date:YYYY-MM-DD}} {{time}}\ntags: x", {"created": "{{date:YYYY-MM-DD}} {{time}}", "tags": "x"}),
        ("title: {{title}}\ntags:\n  - {{VALUE}}\n  - x", {"title": "{{title}}", "tags": ["{{VALUE}}", "x"]}),
        ("created: <% tp.date.now() %>\ntags: [x]", {"created": "<% tp.date.now() %>", "tags": ["x"]}),
        ("aliases: [{{title}}]\ntags: x", {"aliases": ["{{title}}"], "tags": "x"}),
        ("date: {{ .Date }}\ndraft: true", {"date": "{{ .Date }}", "draft": "true"}),
    ],
)
def test_a_template_in_place_of_a_value_is_its_text(block: str, expected: dict[str, Value]) -> None:
    assert fields(block, "obsidian") == expected


def test_a_key_that_is_a_list_or_a_table_is_still_refused() -> None:
    for block in ("title: t\n? [a, b]\n: 1", "title: t\nx: {[a]: b}", "title: t\nx: { {a: b}: c }"):
        assert reason(f"---\n{block}\n---\n") == "syntax"


@pytest.mark.parametrize("links", ["[[Pat Doe]], [[Kim]]", "[[Pat Doe]] and [[Kim|K.]]", "[[a b]][[c]]"])
def test_links_of_notes_one_after_another_are_their_text(links: str) -> None:
    assert fields(f"author: {links}\ntags: [x]", "obsidian") == {"author": links, "tags": ["x"]}


# Lists that people write


def test_items_without_a_space_and_beside_their_key_are_items() -> None:
    assert fields("title: t\ntags:\n- a\n-b\n- c")["tags"] == ["a", "b", "c"]
    assert fields("title: t\ntags: - a\n  - b")["tags"] == ["a", "b"]
    assert fields("title: t\ntags: [a,\nb,\n  c\n]")["tags"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "---\n" + "\u3000" * 60_000 + "a: b\n---\n",
        "---\n" + "a:\u3000" * 20_000 + "\n---\n",
        "---\ntitle: a\n" + "\u3000\n" * 20_000 + "---\n",
        '---\ntitle: "a"' + "\u3000" * 20_000 + "b\n---\n",
        "---\na: b\n---\n" + "x:\n---\n" * 500_000,
        "\t" * 2_000_000 + "---x",
        "---\n" + "- " * 20_000 + "\n---\n",
        "---\n# " + "a" * 60_000 + "\n" + "\u00a0" * 4_000 + "[\n---\n",
    ],
)
@pytest.mark.parametrize("dialect", ["jekyll", "hugo", "hexo"])
def test_no_shape_of_front_matter_takes_long(text: str, dialect: str) -> None:
    started = time.process_time()
    with contextlib.suppress(Rejection):
        read(text, dialect)
    assert time.process_time() - started < 1
