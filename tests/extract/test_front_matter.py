from __future__ import annotations

import time
from typing import Any

import pytest

from etl_project.extract.front_matter.read import (
    FORMATS,
    FrontMatter,
    Value,
    YAMLHeader,
    front_matter_json,
    read_front_matter,
)
from etl_project.limits import Limits
from etl_project.reasons import Rejection

LIMITS = Limits()


def read(text: str, *, required: bool = True, **options: Any) -> FrontMatter:
    return read_front_matter(text, LIMITS, required=required, **options)


def fields(block: str) -> dict[str, Value]:
    return read(f"---\n{block}\n---\n").fields


def reason(text: str, *, required: bool = True, limits: Limits = LIMITS) -> str:
    with pytest.raises(Rejection) as caught:
        read_front_matter(text, limits, required=required)
    return caught.value.reason


# Where front matter begins and ends


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: t\n---\nbody\n",
        "---  \ntitle: t\n---\t\nbody\n",
        "\n \n---\ntitle: t\n---\nbody\n",
        "-----\ntitle: t\n-----\nbody\n",
        "---\ntitle: t\n...\nbody\n",
        "--- yaml\ntitle: t\n---\nbody\n",
        "title: t\n---\nbody\n",
        '---json\n{"title": "t"}\n---\nbody\n',
        '---\n{"title": "t"}\n---\nbody\n',
        '+++\ntitle = "t"\n+++\nbody\n',
        '---toml\ntitle = "t"\n---\nbody\n',
        '{"title": "t"}\nbody\n',
        '{\n"title": "t"\n}\nbody\n',
        '"title": "t"\n;;;\nbody\n',
        ';;;\n"title": "t"\n;;;\nbody\n',
        ';;;\n{"title": "t"}\n;;;\nbody\n',
        '<!--{\n"title": "t"\n}-->\nbody\n',
        "[#]: title: (t)\nbody\n",
        '[#]: title: "t"\nbody\n',
    ],
)
def test_front_matter_in_many_forms_and_the_body_as_it_is_written(text: str) -> None:
    post = read(text)
    assert post.fields == {"title": "t"}
    assert post.body == "body\n"
    assert post.body_line == text[: text.index("body")].count("\n") + 1


def test_front_matter_alone_has_an_empty_body() -> None:
    assert read("---\ntitle: t\n---").body == ""


def test_a_body_keeps_its_white_space_and_its_horizontal_rules() -> None:
    assert read("---\ntitle: t\n---\n\n  a\n\n---\n\nb  \n\n").body == "\n  a\n\n---\n\nb  \n\n"


def test_indented_dashes_do_not_close_front_matter() -> None:
    assert read("---\ndesc: |\n  a\n  ---\n  b\n---\nbody").fields == {"desc": "a\n---\nb\n"}


def test_no_front_matter_is_a_rejection_only_where_it_is_required() -> None:
    for text in ("# 标题\n", "%YAML 1.2\n---\ntitle: t\n---\n", "<!DOCTYPE html>\n", "{{ liquid }}\n", "{% raw %}\n"):
        assert reason(text) == "no_front_matter"
        assert read(text, required=False) == FrontMatter(None, {}, text, 1, [])


@pytest.mark.parametrize("text", ["---\ntitle: t\n\nbody\n", "---\ntitle: t", '+++\ntitle = "t"\n', ';;;\n"a": 1\n'])
def test_unclosed_front_matter_is_refused_even_where_it_is_not_required(text: str) -> None:
    assert reason(text, required=False) == "unterminated_front_matter"


@pytest.mark.parametrize("text", ["---\nJust text\n", "---\n", "---\njust text\n---\nmore\n", "---\n- a\n---\nb\n"])
def test_horizontal_rules_are_text_where_front_matter_is_not_required(text: str) -> None:
    post = read(text, required=False)
    assert (post.format, post.body) == (None, text)


def test_a_heading_underlined_with_dashes_is_no_front_matter() -> None:
    assert read("Note: this\n---\nbody\n", required=False).format is None


def test_an_example_of_front_matter_in_the_body_does_not_cut_a_post_in_two() -> None:
    body = "\nWrite this:\n\n``` yaml\ntitle: a\ndate: 2013-07-13\n---\n```\n"
    assert read(f"---\ntitle: t\n---\n{body}").body == body


def test_pelican_headers_are_read_only_where_the_dialect_has_them() -> None:
    text = "Title: This Week in Rust 571\nDate: 2024-10-30\nSummary: This Week\n    in Rust\n\nHello: world\n"
    post = read(text, required=False, formats=("pelican",))
    assert post.fields == {
        "Title": "This Week in Rust 571",
        "Date": "2024-10-30",
        "Summary": "This Week in Rust",
    }
    assert (post.body, post.body_line) == ("Hello: world\n", 6)
    assert read(text, required=False).format is None


def test_handlers_are_python_frontmatter_handlers() -> None:
    import frontmatter

    handler = YAMLHeader()
    assert handler.detect("---\na: 000725\n---\nb")
    assert handler.split("---\na: 000725\n---\nb") == ("a: 000725\n", "b")
    assert frontmatter.loads("---\na: 000725\n---\nb", handler=handler).metadata == {"a": "000725"}


# Scalars stay text


def test_scalars_are_their_text_as_written() -> None:
    block = "a: 000725\nb: 12:30:45\nc: NO\nd: 3.10\ne: 0x1F\nf: 2021-12-08\ng: 1_000\nh: [000001, 1e3, on]"
    assert fields(block) == {
        "a": "000725",
        "b": "12:30:45",
        "c": "NO",
        "d": "3.10",
        "e": "0x1F",
        "f": "2021-12-08",
        "g": "1_000",
        "h": ["000001", "1e3", "on"],
    }


def test_plain_nulls_are_none_and_quoted_ones_are_text() -> None:
    assert fields("a: null\nb: ~\nc:\nd: 'null'\ne: \"\"\nf: [~, x]") == {
        "a": None,
        "b": None,
        "c": None,
        "d": "null",
        "e": "",
        "f": [None, "x"],
    }


def test_nested_keys_and_lists_keep_their_shape() -> None:
    block = "a:\n  b:\n  - c: 1\n    d: [2, {e: 3}]\n  f: >-\n    x\n    y"
    assert fields(block) == {"a": {"b": [{"c": "1", "d": ["2", {"e": "3"}]}], "f": "x y"}}


def test_anchors_aliases_and_merge_keys_are_followed_and_own_keys_win() -> None:
    block = "base: &b {title: 基, layout: post}\nagain: *b\n<<: *b\ntitle: 自己"
    base: Value = {"title": "基", "layout": "post"}
    assert fields(block) == {"base": base, "again": base, "title": "自己", "layout": "post"}


def test_core_tags_are_fine_and_sets_keep_their_order() -> None:
    assert fields("a: !!str 1\nb: !!set {y, x}\nc: !!int 007") == {"a": "1", "b": ["y", "x"], "c": "007"}


def test_toml_values_stay_as_written() -> None:
    text = (
        '+++\ntitle = "t"\na = 0x1F\nb = 2.50\nc = 1979-05-27 07:32:00\nd = true\ne = [1, [2, "x"], {f = 3}]\n'
        "menu.main.weight = 1_000\n[extra]\n1 = 2021-12-08\n[[extra.x]]\ny = inf # z = 1\n+++\n"
    )
    assert read(text).fields == {
        "title": "t",
        "a": "0x1F",
        "b": "2.50",
        "c": "1979-05-27 07:32:00",
        "d": "true",
        "e": ["1", ["2", "x"], {"f": "3"}],
        "menu": {"main": {"weight": "1_000"}},
        "extra": {"1": "2021-12-08", "x": [{"y": "inf"}]},
    }


def test_json_values_stay_as_written() -> None:
    post = read(
        '{"title": "他说\\"好\\"", "n": 1.50, "b": true, "x": null, "l": [1e3, {"a": 007e0}]}'.replace("007e0", "7")
    )
    assert post.fields == {"title": '他说"好"', "n": "1.50", "b": "true", "x": None, "l": ["1e3", {"a": "7"}]}


# Rejections


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("- a\n- b", "front_matter_not_mapping"),
        ("just text", "front_matter_not_mapping"),
        ("title: !!python/object/apply:os.system ['x']", "unsafe_tag"),
        ("title: !secret abc", "unsafe_tag"),
        ("title: t\nx: !ruby/object:A\n  i: x", "unsafe_tag"),
        ('title: @x\ny: !secret "a" b', "unsafe_tag"),
        ("tags: &t [a, *t]", "alias_limit"),
        ("title: t\n\tdate: 2021-12-08", "syntax"),
        ("title: t\n? [a, b]\n: 1", "syntax"),
        ('title: "\\ud83d\\ude00"', "syntax"),
        ('title: "a\ufffeb"', "syntax"),
        ("n: " + "9" * 5000, "value_limit"),
        ("n: 1" + ":59" * 20_000, "value_limit"),
        ("x: " + "[" * 1000 + "]" * 1000, "depth_limit"),
        ("x: " + "[" * 30_000, "depth_limit"),
        ("x: " + "{a: " * 15_000, "depth_limit"),
        ("\n".join(" " * depth + "- a: @b" for depth in range(300)), "syntax"),
        ("x: [" + "a," * 30_000 + "]", "value_limit"),
        ("x: " + "a" * 70_000, "front_matter_size_limit"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_a_reason(block: str, expected: str) -> None:
    started = time.process_time()
    assert reason(f"---\n{block}\n---\n") == expected
    assert time.process_time() - started < 2


def test_alias_and_merge_bombs_are_refused() -> None:
    lol = "a0: &a0 [lol,lol]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    merge = "m0: &m0 {k: v}\n" + "".join(
        f"m{n}: &m{n} {{<<: [{','.join([f'*m{n - 1}'] * 10)}]}}\n" for n in range(1, 10)
    )
    assert reason(f"---\n{lol}---\n") == "alias_limit"
    assert reason(f"---\n{merge}---\n") == "alias_limit"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('+++\ntitle = """\na\n+++\nb"""\n+++\n', "syntax"),
        ("+++\na = 1\na = 2\n+++\n", "syntax"),
        ("+++\nn = " + "9" * 5000 + "\n+++\n", "value_limit"),
        ("+++\nx = " + "[" * 30_000 + "\n+++\n", "depth_limit"),
        ("+++\n" + "a." * 30_000 + "b = 1\n+++\n", "depth_limit"),
        ("+++\n[" + "a." * 30_000 + "b]\n+++\n", "depth_limit"),
        ('+++\nx = {"a"' + '."a"' * 10_000 + " = 1}\n+++\n", "depth_limit"),
        ('{"a": ' + "[" * 30_000, "depth_limit"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "depth_limit"),
        ('{"n": ' + "9" * 5000 + "}", "value_limit"),
        ('{"title": "\\ud800"}', "encoding"),
        ('{"a": 1', "syntax"),
        ('<!--{"a": 1}\n', "unterminated_front_matter"),
    ],
)
def test_toml_and_json_have_the_same_limits(text: str, expected: str) -> None:
    started = time.process_time()
    assert reason(text) == expected
    assert time.process_time() - started < 2


def test_the_limits_are_settings() -> None:
    assert reason("---\na: [[x]]\n---\n", limits=Limits(depth=2)) == "depth_limit"
    assert reason("---\na: [1, 2, 3]\n---\n", limits=Limits(events=5)) == "value_limit"
    assert reason("---\na: 中中\n---\n", limits=Limits(front_matter_bytes=9)) == "front_matter_size_limit"


@pytest.mark.parametrize(
    "text", ["\n" * 2_000_000 + "x", " " * 2_000_000 + "x", "---\n" + "a" * 2_000_000, "-" * 300_000]
)
def test_long_runs_of_anything_take_no_time(text: str) -> None:
    started = time.process_time()
    for required in (True, False):
        try:
            read_front_matter(text, LIMITS, required=required, formats=tuple(FORMATS))
        except Rejection:
            continue
    assert time.process_time() - started < 2


def test_json_of_the_fields_is_compact_and_keeps_order_and_characters() -> None:
    assert front_matter_json(fields("b: 中\na: [1, ~]")) == '{"b":"中","a":["1",null]}'
