"""What must hold for any text: nothing is invented, nothing is lost, nothing crashes."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from etl_project.extract.decode import decode
from etl_project.extract.front_matter.read import FORMATS, FrontMatter, front_matter_json, read_front_matter
from etl_project.extract.front_matter.yaml_events import Budget
from etl_project.extract.front_matter.yaml_flat import read_flat
from etl_project.limits import Limits
from etl_project.reasons import Rejection

LIMITS = Limits()
SHARED = Path(__file__).parents[2] / "../shared"

QUOTED = (
    '---\nlayout: post\ntitle: "{}"\ndate: 2021-12-08 10:46:18 +0800\n'
    "categories: emnews\ntags: 东财滚动新闻\n---\n\nbody"
)
UNQUOTED = QUOTED.replace('"{}"', "{}")
TEMPLATE = {"date": "2021-12-08 10:46:18 +0800", "categories": "emnews", "tags": "东财滚动新闻"}

SPECIAL = st.text(
    st.sampled_from("\"'\\#:-[]{}&*!|>%@`?,=<~ \n\tab中0\u2028\u2029\ufeff\u200b\u3000…\U00020bb7")
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
)
PIECES = st.lists(
    st.sampled_from(
        [
            '"',
            "\\",
            '" ',
            '": ',
            ' "',
            ": ",
            " #",
            "#",
            "\n",
            "- ",
            "date: ",
            "---",
            "...",
            "\u2028",
            "'",
            "中",
            "a b",
        ]
    ),
    max_size=7,
).map("".join)


def read(template: str, title: str) -> FrontMatter | None:
    try:
        text = decode(template.format(title).encode(), ("utf-8",)).text
        return read_front_matter(text, LIMITS, required=True)
    except Rejection:
        return None


def is_clean(title: str) -> bool:
    """No controls, line breaks or backslashes, and no white space at the ends."""
    import unicodedata

    return title.strip() == title and not any(
        unicodedata.category(char) in ("Cc", "Zl", "Zp") or char == "\\" for char in title
    )


def yaml_title(template: str, title: str) -> object:
    """Ask YAML; the text itself when it refuses the block."""
    try:
        return yaml.load(template.format(title)[4:].rsplit("---", 1)[0], Loader=yaml.CBaseLoader)["title"]
    except (yaml.YAMLError, KeyError, TypeError):
        return title


@settings(max_examples=600, deadline=None)
@given(SPECIAL | PIECES | st.text())
@example('foo" # bar')
@example('a" #"b')
@example('"#')
@example("a\ufffeb")
@example('他说"好"了')
@example("…" * 30_000)
def test_a_title_pasted_between_quotes_is_exactly_that_text(title: str) -> None:
    assume(is_clean(title))
    post = read(QUOTED, title)
    if post is not None:
        assert post.fields["title"] == title
        assert {key: post.fields[key] for key in TEMPLATE} == TEMPLATE


# The same examples every time: a few texts that no reader can tell apart remain, such as a title with the line
# `author: "x` in it, which looks like a title whose last quote was forgotten.
@settings(max_examples=600, deadline=None, derandomize=True)
@given(SPECIAL | PIECES)
@example("a\n---\nb")
@example('a"\n---\nb')
@example("a\n---\n\nb")
@example("a\n...\n")
@example('a\nb: c" d')
@example('a\n#b" c')
@example('a" x\nb: c')
@example("a\ndate: 1999")
@example('"\n- b')
@example('a"\u2028---\u2028b: "c')
@example('a"\u2028date: "b')
@example("沪指\\")
@example('"\nA:')
@example("0\n---\n---")
@example("0\n---\n---\n")
@example("0\n---\n- ")
@example('"\nA0: ""')
@example('"\nA0: """')
@example('""\n0: "')
@example("0\n---\n\n---")
@example("0\n---\n\n---\n")
@example('""\n#')
def test_any_other_title_is_the_text_or_what_yaml_says_or_a_rejection(title: str) -> None:
    assume(not any("\x7f" <= char <= "\x9f" or (char < " " and char != "\n") for char in title))
    post = read(QUOTED, title)
    if post is None:
        return
    assert {key: post.fields.get(key) for key in TEMPLATE} == TEMPLATE
    assert post.fields["title"] in (title, yaml_title(QUOTED, title))


@settings(max_examples=600, deadline=None)
@given(SPECIAL | PIECES)
def test_an_unquoted_title_never_costs_another_field(title: str) -> None:
    assume(is_clean(title) and title)
    post = read(UNQUOTED, title)
    if post is None:
        return
    assert {key: post.fields.get(key) for key in TEMPLATE} == TEMPLATE
    if title[0] not in "\"'!" and title not in ("~", "null", "Null", "NULL"):
        assert post.fields["title"] in (title, yaml_title(UNQUOTED, title))


KEYS = st.sampled_from(["title", "date", "tags", "a-b", "_x", "A1", "on", "null"])
VALUES = SPECIAL | st.sampled_from(
    ["[a, b c,d]", "[NO, ~]", '"x y"', "'x'", "~", "null", "12:30", "http://x/#y", "a #b", "0x1F", "- a", ""]
)


@settings(max_examples=800, deadline=None)
@given(st.lists(st.tuples(KEYS, st.sampled_from([": ", ":", ":  "]), VALUES), min_size=1, max_size=4))
def test_the_fast_path_agrees_with_the_events(rows: list[tuple[str, str, str]]) -> None:
    block = "".join(f"{key}{colon}{value}\n" for key, colon, value in rows)
    flat = read_flat(block, LIMITS)
    if flat is None:
        return
    budget = Budget(LIMITS)
    assert flat == FORMATS["yaml"].read(block, budget, fast_path=False)
    assert not budget.warnings


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"---\n", b"+++\n", b"{", b"<!--{", b"[#]: a: ", b"\xff\xfe"]),
)
def test_any_bytes_are_read_or_rejected(data: bytes, start: bytes) -> None:
    for required in (True, False):
        try:
            text = decode(start + data, ("utf-8", "gb18030", "utf-16")).text
            post = read_front_matter(text, LIMITS, required=required, formats=tuple(FORMATS))
        except Rejection:
            continue
        assert text.endswith(post.body)
        front_matter_json(post.fields).encode()


STRUCTURE = st.lists(
    st.sampled_from(
        ["a: b\n", "a:\n", "- x\n", "  - y\n", "  c: d\n", "title: ", ">-\n", "---\n", "...\n", "&a ", "*a", "<<: "]
    )
    | st.sampled_from("[]{}\"'#%!?:|\n\t x"),
    max_size=25,
).map("".join)


@settings(max_examples=600, deadline=None)
@given(STRUCTURE)
def test_any_front_matter_is_read_or_rejected(block: str) -> None:
    for opening in ("---\n", "+++\n", ""):
        try:
            text = f"{opening}{block}\n{opening}body"
            post = read_front_matter(text, LIMITS, required=False, formats=tuple(FORMATS))
        except Rejection:
            continue
        assert text.endswith(post.body)
        json.loads(front_matter_json(post.fields))


def test_mutated_hostile_posts_are_read_or_rejected() -> None:
    cases_file = SHARED / "hostile/cases.json"
    if not cases_file.exists():
        pytest.skip("needs ../shared: the hostile cases")
    cases = json.loads(cases_file.read_text())["cases"]
    seeds = [base64.b64decode(case["content_base64"]) for case in cases if case["kind"] == "file"]
    seeds = [seed for seed in seeds if 0 < len(seed) < 3000]
    rng = random.Random(20211208)
    for _ in range(1500):
        data = bytearray(rng.choice(seeds))
        other = rng.choice(seeds)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data) + 1)
            match rng.randrange(4):
                case 0:
                    data[at : at + 1] = bytes([rng.randrange(256)])
                case 1:
                    del data[at : at + rng.randint(1, 20)]
                case 2:
                    data[at:at] = rng.choice([b'"', b"\n", b"\\", b"---\n", b"\t", b"[", b"*a ", b"&a ", b"!!", b": "])
                case _:
                    start = rng.randrange(len(other))
                    data[at:at] = other[start : start + rng.randint(1, 60)]
            if not data:
                data += b"x"
        for fast_path in (True, False):
            try:
                text = decode(bytes(data), ("utf-8", "gb18030")).text
                post = read_front_matter(text, LIMITS, required=True, fast_path=fast_path)
            except Rejection as rejection:
                assert rejection.suggestion
                continue
            assert text.endswith(post.body)
            front_matter_json(post.fields).encode()
