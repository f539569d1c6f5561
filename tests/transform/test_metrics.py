from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl_project.transform import metrics as definitions
from etl_project.transform.metrics import article_metrics


def metrics(
    text: str, levels: list[int] | None = None, kinds: list[str] | None = None, code: int = 0, language: str = "en"
) -> dict[str, Any]:
    posts = pl.DataFrame(
        {
            "article_id": ["s:a"],
            "language": [language],
            "text": [text],
            "heading_levels": [levels or []],
            "link_kinds": [kinds or []],
            "code_blocks": [code],
        },
        schema_overrides={"heading_levels": pl.List(pl.Int64), "link_kinds": pl.List(pl.String)},
    )
    return article_metrics(posts).row(0, named=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("don't can’t", 2),
        ("3.14 1,000,000.50", 2),
        ("U.S. U.S.A.", 2),
        ("e-mail", 2),
        ("12:30", 2),
        ("10;20", 1),
        ("a:b col·lecció", 2),
        ("snake_case __ _x_", 2),
        ("'quoted' (words), and… more!", 4),
        ("cafe\u0301 naïve", 2),
        ("C++ x86 4K", 3),
        ("http://example.com/a", 3),
        ("🙂 ½ — *", 0),
        ("Привет, мир", 2),
        ("مرحبا بالعالم", 2),
        ("नमस्ते दुनिया", 2),
        ("1.2a.b3", 1),
        ("a.1", 2),
        ("A股涨3.5%", 4),
        ("条块合力", 4),
        ("々〇", 2),
        ("日本語とEnglish", 5),
        ("データ ﾃﾞｰﾀ", 6),
        ("한국어 말", 4),
        ("𠀀𠀁", 2),
    ],
)
def test_words_are_those_of_uax_29_and_single_cjk_characters(text: str, words: int) -> None:
    assert metrics(text)["words"] == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", 0),
        ("你好。他说：“好！”然后走了？", 3),
        ("等等……再说", 2),
        ("One. Two! Three?", 3),
        ("It costs 3.14 at example.com.", 1),
        ("He said “yes.” She left.", 2),
        ("标题没有句号\n\n第二段也没有", 2),
        ("第一行\n第二行。", 2),
        ("!!! ...", 0),
        ("क्या? हाँ।", 2),
    ],
)
def test_sentences_end_at_their_marks_or_at_the_end_of_a_line(text: str, sentences: int) -> None:
    assert metrics(text)["sentences"] == sentences


def test_characters_leave_white_space_out_and_han_counts_han_alone() -> None:
    row = metrics("沪指 3600 点，\n\n涨　了🙂")
    assert (row["characters"], row["han_characters"]) == (11, 5)


def test_paragraphs_are_the_blocks_of_the_text() -> None:
    assert [metrics(text)["paragraphs"] for text in ("", "a", "a\nb", "a\n\nb\n\nc")] == [0, 1, 1, 3]


def test_structure_is_counted() -> None:
    row = metrics("x", [1, 2, 2], ["link", "image", "link"], 4)
    assert [row[name] for name in ("headings", "links", "images", "code_blocks")] == [3, 2, 1, 4]


def test_reading_takes_two_minutes_for_five_hundred_characters_and_238_words() -> None:
    assert metrics("字" * 500 + " " + "word " * 238)["reading_minutes"] == 2.0
    assert metrics("字" * 5)["reading_minutes"] == 0.01


def test_the_columns_are_those_of_the_contract() -> None:
    posts = pl.DataFrame(
        {
            "article_id": ["s:a"],
            "language": ["en"],
            "text": ["x"],
            "heading_levels": [[1]],
            "link_kinds": [["link"]],
            "code_blocks": [0],
        }
    )
    schema = article_metrics(posts).schema
    assert list(schema) == [
        "article_id", "characters", "words", "han_characters", "sentences", "paragraphs",
        "headings", "links", "images", "code_blocks", "reading_minutes",
    ]  # fmt: skip
    assert set(list(schema.values())[1:-1]) == {pl.Int64}
    assert schema["reading_minutes"] == pl.Float64


def count_one_by_one(text: str) -> dict[str, int]:
    """The counts of a text by their definitions: each of them asked of the whole text."""
    whole = pl.lit(text)
    cjk = whole.str.count_matches(rf"[{definitions._CJK}]")
    row = pl.select(
        characters=whole.str.count_matches(r"(?s)\S"),
        words=cjk + whole.str.count_matches(definitions._WORD),
        han_characters=whole.str.count_matches(r"\p{Han}"),
        sentences=whole.str.count_matches(definitions._SENTENCE),
        paragraphs=whole.str.count_matches("\n\n", literal=True) + (whole != ""),
    )
    return row.row(0, named=True)


HOSTILE = (
    "aZ_'’.．:·,;5٣½ªﾞ°\t\n\r \u0085\u00a0\u2028\u3000。！？…॥\"”』）]"
    "字一鿿々〇⺀㐀豈𠀀〆ぁカｶーﾟ가ᄀ㈀㋐ไทยé\u0301ש״\u200b🙂\U000e0100"
)
"""Signs that a rule of words, sentences, white space or scripts names, and neighbours of common Han."""


@given(st.text(st.one_of(st.sampled_from(HOSTILE), st.sampled_from("字一鿿中文"), st.characters(codec="utf-8"))))
@example("字")
@example("字字")
@example("字\n\n字")
@example("。字.字")
def test_texts_with_their_han_shortened_have_the_counts_of_the_whole_text(text: str) -> None:
    for language in ("zh", "zh-Hans", "en"):
        row = metrics(text, language=language)
        assert {name: row[name] for name in count_one_by_one(text)} == count_one_by_one(text)


def test_common_han_is_letters_of_han_alone_and_no_part_of_a_word() -> None:
    every = "".join(chr(code) for code in range(0x4E00, 0xA000))
    for pattern in (r"\p{Han}", r"\p{L}", rf"[{definitions._COMMON_HAN}]"):
        assert pl.select(pl.lit(every).str.count_matches(pattern)).item() == len(every)
    assert pl.select(pl.lit(every).str.count_matches(definitions._WORD)).item() == 0


def test_posts_of_several_languages_are_counted_alike_in_one_batch() -> None:
    texts = ["沪指报3600点。涨了", "", "字", "Don't panic. Really", "データ 한국어 汉字"]
    one = {"heading_levels": [[1]] * 5, "link_kinds": [["link"]] * 5, "code_blocks": [0] * 5}
    for languages in (["zh"] * 5, ["zh", None, "zh", "en", "zh"], [None] * 5):
        posts = pl.DataFrame({"article_id": list("abcde"), "language": languages, "text": texts, **one})
        rows = article_metrics(posts.cast({"language": pl.String})).to_dicts()
        for text, row in zip(texts, rows, strict=True):
            assert {name: row[name] for name in count_one_by_one(text)} == count_one_by_one(text)
