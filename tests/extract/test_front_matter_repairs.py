"""Front matter that no strict reader takes: keys written twice, titles pasted unescaped, and their warnings."""

from __future__ import annotations

from typing import Any

import pytest

from etl_project.extract.front_matter.read import FrontMatter, Value, read_front_matter
from etl_project.limits import Limits


def read(text: str, **options: Any) -> FrontMatter:
    return read_front_matter(text, Limits(), required=True, **options)


def fields(block: str) -> dict[str, Value]:
    return read(f"---\n{block}\n---\n").fields


def codes(block: str) -> list[str]:
    return [warning.code for warning in read(f"---\n{block}\n---\n").warnings]


def test_of_a_duplicate_key_the_last_counts_and_equal_values_are_no_matter() -> None:
    assert fields("title: 一\ntitle: 二") == {"title": "二"}
    assert codes("title: 一\ntitle: 二") == ["duplicate_key"]
    assert codes("title: 一\ntitle: 一") == []


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ('{"title": "a", "title": "b", "x": 1, "x": 1}\n', "json"),
        ('---json\n{"title": "a", "title": "b"}\n---\n', "json"),
        ("[#]: title: (a)\n[#]: title: (b)\n", "lctt"),
        ("Title: a\nTitle: b\n\n", "pelican"),
    ],
)
def test_a_duplicate_key_is_named_in_every_format(text: str, format: str) -> None:
    post = read(text, formats=[format, "yaml"])
    assert [warning.code for warning in post.warnings] == ["duplicate_key"]
    assert post.fields[next(iter(post.fields))] == "b"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('"他说"好"了"', '他说"好"了'),
        ('""""', '""'),
        ('"5.5"屏手机"', '5.5"屏手机'),
        ('"央行": 降准 "来了"', '央行": 降准 "来了'),
        ('"C:\\Windows"', "C:\\Windows"),
        ('"\\alpha"', "\\alpha"),
        ('"沪指收跌\\"', "沪指收跌\\"),
        ('""新" # 基建""', '"新" # 基建"'),
        ('"新" # "基建"', '新" # "基建'),
        ("'it's so'", "it's so"),
        ('"Forgotten at the end', "Forgotten at the end"),
    ],
)
def test_a_title_with_inner_quotes_is_the_text_between_the_first_and_last_quote(line: str, title: str) -> None:
    block = f"layout: post\ntitle: {line}\ndate: 2021-12-08"
    assert fields(block) == {"layout": "post", "title": title, "date": "2021-12-08"}
    assert codes(block) == ["repaired_quotes"]


def test_other_quoted_fields_do_not_stand_in_the_way_of_a_repair() -> None:
    block = 'title: "他说"好"了"\ncover: ""\nimage: "x.png"\nexcerpt: "a "b" c"\nnote: see "d"'
    assert fields(block) == {
        "title": '他说"好"了',
        "cover": "",
        "image": "x.png",
        "excerpt": 'a "b" c',
        "note": 'see "d"',
    }


def test_a_line_that_yaml_would_swallow_into_the_title_stays_a_line() -> None:
    block = 'title: "沪指收跌\\"\ndate: 2021-12-08\nsource: "'
    assert fields(block) == {"title": "沪指收跌\\", "date": "2021-12-08", "source": ""}


@pytest.mark.parametrize(
    "title",
    [
        "#快讯# 沪指涨1%",
        "沪指 #3000点 保卫战",
        "[图解] 北向资金",
        "[图解]",
        "{{ page.title }}",
        "&quot;双碳&quot; 目标",
        "&R 公告",
        "*ST中珠 复牌",
        "*ST",
        "!重要 公告",
        "@所有人 开盘提醒",
        "%涨幅",
        "`code`",
        "- 一",
        "? 什么",
        "a: b: c",
        "央行:",
        "=",
        "<<",
        "|",
        "> 5%",
        "'tis the season",
        '"Ruby Hacking Guide" is out',
    ],
)
def test_a_plain_title_that_yaml_refuses_or_changes_is_taken_as_written(title: str) -> None:
    block = f"layout: post\ntitle: {title}\ndate: 2021-12-08"
    assert fields(block) == {"layout": "post", "title": title, "date": "2021-12-08"}
    assert codes(block) == ["repaired_plain_scalar"]


def test_a_comment_after_a_date_or_a_word_stays_a_comment() -> None:
    block = "date: 2021-12-08 #first\nroot: /blog/ # example\nweight: 10 #x\n# alone\nempty: # empty"
    assert fields(block) == {"date": "2021-12-08", "root": "/blog/", "weight": "10", "empty": None}
    assert codes(block) == []


def test_lines_at_the_left_margin_continue_the_value_before_them() -> None:
    block = "title: t\nsummary: first line\nsecond (line).\ntags: x"
    assert fields(block) == {"title": "t", "summary": "first line second (line).", "tags": "x"}
    assert codes(block) == ["repaired_plain_scalar"]


def test_a_key_without_a_space_after_its_colon_is_a_key() -> None:
    assert fields("layout:post\ntitle: t") == {"layout": "post", "title": "t"}
    assert fields("layout:post\ntitle:t") == {"layout": "post", "title": "t"}
    assert fields("title: t\ntags:['a', 'b']") == {"title": "t", "tags": ["a", "b"]}
    assert fields("title: t\n分类：x\nCategory：出行")["Category"] == "出行"


@pytest.mark.parametrize(
    "title",
    ['title:"x y"', "title:'x y'", 'title :"x y"', '"title":"x y"', '"title":"x y",', "title： x y", "title ：x y"],
)
def test_a_key_is_one_however_its_colon_is_written(title: str) -> None:
    block = f'layout: post\n{title}\ndate："2021-12-08"\nauthor: "b"\ntags：\n- a'
    fields_read = {"layout": "post", "title": "x y", "date": "2021-12-08", "author": "b", "tags": ["a"]}
    assert fields(block) == fields_read
    assert set(codes(block)) <= {"repaired_plain_scalar", "repaired_quotes"}


def test_a_colon_in_quotes_straight_behind_a_key_is_no_part_of_the_key() -> None:
    assert fields('layout: post\ntitle:"C#: 入门"\ndate: 2021-12-08') == {
        "layout": "post",
        "title": "C#: 入门",
        "date": "2021-12-08",
    }
    assert codes("title:'a: b'") == ["repaired_plain_scalar"]
    assert fields("title:Vue3: 入门\ndate:2021-12-08 10:00: x")["title"] == "Vue3: 入门"
    assert fields("a:b: c") == {"a:b": "c"}


def test_a_first_key_that_is_indented_is_a_key() -> None:
    assert fields(" title: a\ndate: 2021-12-08\n") == {"title": "a", "date": "2021-12-08"}
    assert fields("  title: a\n  tags:\n  - b\ndate: 2021-12-08\n") == {
        "title": "a",
        "tags": ["b"],
        "date": "2021-12-08",
    }
    assert fields("title :a\ndate: 2021-12-08") == {"title": "a", "date": "2021-12-08"}


def test_a_tight_line_in_quotes_makes_no_title_ambiguous() -> None:
    assert fields('title: "x"y"\nauthor:"b"') == {"title": 'x"y', "author": "b"}
    assert fields('date:"2021-12-08"\ntitle:"a "b" c"') == {"date": "2021-12-08", "title": 'a "b" c'}


@pytest.mark.parametrize("written", ['"a", "b"', "'a', 'b',", '"a"，"b"', "\n  * a\n  * b", "\n* a\n* b"])
def test_terms_in_quotes_or_behind_asterisks_are_a_list(written: str) -> None:
    assert fields(f"title: t\ntags: {written}\ndate: 2021-12-08")["tags"] == ["a", "b"]
    assert fields('title: "a", "b"') == {"title": 'a", "b'}


def test_list_items_are_repaired_one_by_one() -> None:
    assert fields('aliases:\n- @name\n- b\ntags:\n  - "a"b"\n  - #股票\n') == {
        "aliases": ["@name", "b"],
        "tags": ['a"b', "#股票"],
    }


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("""[C#, @x, "a, b", 'it''s', 'c" d', "中，文"]""", ["C#", "@x", "a, b", "it's", 'c" d', "中，文"]),
        ('["a", @b],', ["a", "@b"]),
        ("[a, b", ["a", "b"]),
        ("[a,\n  b", ["a", "b"]),
        ('["甲", 乙', ["甲", "乙"]),
    ],
)
def test_a_list_in_brackets_that_yaml_refuses_is_split_at_commas_outside_quotes(written: str, tags: list[str]) -> None:
    block = f"title: t\ntags: {written}\ndate: 2021-12-08"
    assert fields(block) == {"title": "t", "tags": tags, "date": "2021-12-08"}
    assert codes(block) == ["repaired_plain_scalar"]


def test_only_a_list_of_terms_may_lack_its_closing_bracket() -> None:
    assert fields("title: [a, b\nnote: [c, d\ntags: [e] f") == {"title": "[a, b", "note": "[c, d", "tags": "[e] f"}


def test_items_at_uneven_margins_are_one_list() -> None:
    assert fields("tags:\n    - a\n  - b\n   - c\ntitle: t") == {"tags": ["a", "b", "c"], "title": "t"}
    assert codes("tags:\n    - a\n  - b\n   - c\ntitle: t") == ["repaired_plain_scalar"]


def test_nested_mappings_are_repaired_key_by_key() -> None:
    block = "praise:\n  - url: x\n    text: a: b\n  - text: @c\nextra:\n  note: @d\n  deep:\n    e: 5: 6"
    assert fields(block) == {
        "praise": [{"url": "x", "text": "a: b"}, {"text": "@c"}],
        "extra": {"note": "@d", "deep": {"e": "5: 6"}},
    }


def test_an_indented_key_is_a_key_and_not_part_of_the_title() -> None:
    assert fields("title: a\n date: 2021-12-08") == {"title": "a", "date": "2021-12-08"}


def test_an_alias_is_followed_in_a_block_that_needs_repair() -> None:
    assert fields("a: &x [1, 2]\ntitle: @t\nb: *x") == {"a": ["1", "2"], "title": "@t", "b": ["1", "2"]}


def test_toml_with_forgotten_or_inner_quotes_is_repaired() -> None:
    post = read('+++\na = 1\ntitle = "Call for Testing v2\nb = "他说"好"了"\n+++\n')
    assert post.fields == {"a": "1", "title": "Call for Testing v2", "b": '他说"好"了'}
    assert [(warning.code, warning.line) for warning in post.warnings] == [
        ("repaired_quotes", 3),
        ("repaired_quotes", 4),
    ]


def test_a_warning_names_the_line_of_the_file() -> None:
    post = read("\n---\nlayout: post\ntitle: @x\n---\n")
    assert [warning.line for warning in post.warnings] == [4]
