from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest

from etl_project.transform.article_words import article_words, find_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("新能源汽车的销量大增", "新能源 汽车 销量 大增"),
        ("港股 gpt-4 涨近8%！2021年 12.5", "港股 涨近 gpt"),
        ("don't stop the 3d café, don't", "don't stop the 3d café"),
        ("it’s 2024: a b c", "it’s"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),
        ("カタカナ と 日本", "日本 カタカナ"),
        ("北 京", ""),
        ("_a_ __ 42 4 !?", ""),
        ("", ""),
    ],
)
def test_words_have_two_characters_and_are_no_bare_numbers(text: str, words: str) -> None:
    assert find_words(text) == words


def test_words_are_those_of_title_and_excerpt_folded() -> None:
    posts = pl.DataFrame(
        {"article_id": ["s:a", "s:b"], "title": ["ＡＰＰＬＥ Pie", None], "excerpt": [None, "Cafe\u0301 CAFÉ"]},
        schema={"article_id": pl.String, "title": pl.String, "excerpt": pl.String},
    )
    assert article_words(posts).rows() == [("s:a", "apple pie"), ("s:b", "café")]


def test_no_dictionary_is_loaded_for_texts_without_han() -> None:
    code = (
        "import sys; from etl_project.transform.article_words import find_words; find_words('no han'); "
        "print('rjieba' in sys.modules); find_words('新能源'); print('rjieba' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == ["False", "True"]
