"""Bodies that repeat one sign of each pass are read in time that grows with their length, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from etl_project.dialects import DIALECTS
from etl_project.extract.body.note_tags import find_note_tags
from etl_project.extract.body.read import BodyReader, Form

SMALL_CHARACTERS, LARGE_CHARACTERS = 2_000, 12_000
MOST_TIMES_LONGER = 16
"""Six times the characters; what grows with the square takes 36 times as long."""
LEAST_SECONDS = 0.0005
"""What is faster is taken to be as slow as this, so that noise does not count."""
MEASUREMENTS = 5
"""One that is disturbed is repeated: what grows with the square fails every time."""

KRAMDOWN = [
    "{: .a}", "[x](u){: .a}", "* toc\n{:toc}\n", "{::comment}", "{::nomarkdown}x", "*[HTML]: x\n", "](a b ", "*“",
    '<div markdown="1">', "<div>\n\n", "<p>a\n", "$$ ", "a|b\n", "\n\n|", "[a]: b (\n", "[a] [b] ", "\n:", "{% ",
    "{% raw %}", "](a{%", '<a href="{{',
]  # fmt: skip
SHAPES: list[tuple[str, Form, str]] = [
    *[("jekyll", "markdown", piece) for piece in KRAMDOWN],
    *[("pelican", "markdown", piece) for piece in ("{a}", "1) a\n", "](a b ", '<div markdown="1">', "a|`b\n")],
    *[
        ("hugo", "markdown", piece)
        for piece in ("{{< a ", "{{% a", "{{< highlight >}}", "{{</* a ", "http://a.b", "a@")
    ],
    *[("hexo", "markdown", piece) for piece in ("{# a", "{% code %}", "www.a.b ", "`http://a.b` ", "<http://a.b")],
    *[("zola", "markdown", piece) for piece in ("{{ a(", '{{ a("', "{% a(`", "[^1]: a\n")],
    *[("obsidian", "markdown", piece) for piece in ("%%", "==a", "^[a", "^a\n", "![[a|1", "> [!note] a\n", "$a")],
    *[("plain", "markdown", piece) for piece in (":::a\n", "[^a]: b\n\n", "[a](http://a.b)", "<a href=x>http://a.b")],
    *[("plain", "mdx", piece) for piece in ("<!--", "{`", "{/*", '<A b="', "import a from {\n", "export {", "<a>")],
    *[("plain", "org", piece) for piece in ("#+begin_src\n", "[[a][b", "*a", "| a |\n", ":a:\n", "- a :: b\n")],
]


@pytest.mark.parametrize(("dialect", "form", "piece"), SHAPES)
def test_a_body_of_one_sign_takes_time_in_proportion_to_its_length(dialect: str, form: Form, piece: str) -> None:
    reader = BodyReader(markdown=DIALECTS[dialect].markdown, templates=DIALECTS[dialect].templates)
    assert_linear(lambda body: reader.read(body, form), "", piece, "")


@pytest.mark.parametrize("piece", ["#a ", "**#a**", "[[#a]]", "%% #a\n\n", "#a\u200d", "`#a "])
def test_tags_of_notes_take_time_in_proportion_to_their_number(piece: str) -> None:
    assert_linear(find_note_tags, "", piece, "")


@pytest.mark.parametrize(("head", "piece", "tail"), [("a</p>", " ", "<"), ("<p>", "\n ", "<"), ("](", "(", "b c")])
def test_a_run_of_one_sign_takes_time_in_proportion_to_its_length(head: str, piece: str, tail: str) -> None:
    reader = BodyReader(markdown="kramdown", templates="liquid")
    assert_linear(lambda body: reader.read(body), f"\n<div>\n<p>{head}", piece, tail)


def assert_linear(read: Callable[[str], object], head: str, piece: str, tail: str) -> None:
    small, large = (head + piece * (size // len(piece)) + tail for size in (SMALL_CHARACTERS, LARGE_CHARACTERS))
    measured: list[tuple[float, float]] = []
    while len(measured) < MEASUREMENTS:
        measured.append((_seconds(read, small), _seconds(read, large)))
        if measured[-1][1] < MOST_TIMES_LONGER * max(measured[-1][0], LEAST_SECONDS):
            return
    pytest.fail(f"six times the characters took more than {MOST_TIMES_LONGER} times as long: {measured}")


def _seconds(read: Callable[[str], object], body: str) -> float:
    began = time.thread_time()
    read(body)
    return time.thread_time() - began
