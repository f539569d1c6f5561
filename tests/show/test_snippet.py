"""A snippet shows where the words of a query stand, and marks them."""

from __future__ import annotations

import time

import pytest

from etl_project.show.snippet import SNIPPET_CHARACTERS, make_snippet


@pytest.mark.parametrize(
    ("text", "needles", "snippet"),
    [
        ("今日芯片，芯片", ["芯片"], "今日«芯片»，«芯片»"),
        ("Ｍarkets and Marketing", [" market"], "«Ｍarkets» and «Marketing»"),
        ("用GPT-4写", [" gpt 4 "], "用«GPT-4»写"),
        ("GPT-40 and GPT 4.", [" gpt 4 "], "GPT-40 and «GPT 4»."),
        ("A股涨停，AA股", [" a 股"], "«A股»涨停，AA股"),
        ("go Goa ago GO", [" go "], "«go» Goa ago «GO»"),
        ("a.b (c)* [d]", [" c "], "a.b («c»)* [d]"),
        ("Cafe\u0301 x", [" café"], "«Café» x"),
        ("nothing\n\nhere", ["芯片"], "nothing here"),
        ("", ["芯片"], ""),
        ("word", [], "word"),
    ],
)
def test_every_place_is_marked(text: str, needles: list[str], snippet: str) -> None:
    assert make_snippet(text, needles) == snippet


def test_the_piece_is_the_first_with_most_of_the_words() -> None:
    text = f"芯片 {'字' * 200} 涨停 芯片 {'字' * 200} 芯片 涨停 {'字' * 200}"
    made = make_snippet(text, ["芯片", "涨停"])
    assert made.startswith("… 字") and "«涨停» «芯片»" in made and made.endswith("字 …")
    assert len(made) < SNIPPET_CHARACTERS + 30


@pytest.mark.parametrize("text", ["芯" * 500_000, "a-" * 250_000, "a " * 250_000, "-" * 500_000 + "a"])
def test_it_takes_little_time_whatever_the_text(text: str) -> None:
    began = time.process_time()
    make_snippet(text, ["芯", " a b ", " a a a b ", "芯片"])
    assert time.process_time() - began < 3
