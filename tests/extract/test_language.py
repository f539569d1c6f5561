from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.extract.body.language import detect_language
from etl_project.extract.body.read import BodyReader

RUBY = Path(__file__).parents[2] / "../shared/sites/ruby-lang"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("祝贺开站", "zh"),
        ("ST天润、ST中捷上演天地板", "zh"),
        ("日本の「の」と書く店：优衣库在中国大陆和香港地区的门店数量继续增加，销售额也随之上升。", "zh"),
        ("FF全球CFO Chuck McBride表示，公司预计总资产约为11亿美元", "zh"),
        ("これはOSSの話です", "ja"),
        ("カタカナ", "ja"),
        ("한국어 뉴스입니다", "ko"),
        ("Сегодня мы выпускаем новую версию языка программирования.", "ru"),
        ("Сьогодні ми випускаємо нову версію мови програмування.", "uk"),
        ("The quick brown fox jumps over the lazy dog and runs away.", "en"),
        ("Nous sommes heureux de vous annoncer la sortie de cette version.", "fr"),
        ("Wir freuen uns, die neue Version dieser Sprache bekannt zu geben.", "de"),
        ("Chúng tôi vui mừng thông báo phiên bản mới đã được phát hành.", "vi"),
    ],
)
def test_the_language_of_a_sentence_is_told(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "12:30",
        "hello",
        "Ruby 3.0.0",
        "https://example.org/a-long/path/of-english/words",
        "[" * 300,
        "x" * 300,
    ],
)
def test_nothing_is_guessed_where_there_is_too_little_to_tell(text: str) -> None:
    assert detect_language(text) is None


def test_posts_are_in_the_language_of_their_folder() -> None:
    files = sorted(RUBY.glob("*/news/_posts/*.md"))
    if not files:
        pytest.skip(f"needs ../shared: {RUBY}")
    reader = BodyReader()
    wrong = []
    for file in files:
        stated = file.relative_to(RUBY).parts[0]
        found = detect_language(reader.read(file.read_text(encoding="utf-8").split("\n---", 1)[1]).text)
        if found != stated[:2]:
            wrong.append((file.name, stated, found))
    assert len(wrong) <= len(files) // 50, wrong


MIXED = st.lists(
    st.text(st.sampled_from("中国新闻\u3400\uf900\U00020000"), max_size=30)
    | st.text(st.sampled_from("がカｶ한국어，。、1２ -\n\u2fff\ua000"), max_size=8)
).map("".join)


@given(text=MIXED)
@settings(max_examples=300, deadline=None)
def test_a_text_with_han_is_chinese_japanese_or_korean_by_its_counts_of_characters(text: str) -> None:
    def count(*ranges: tuple[str, str]) -> int:
        return sum(any(first <= character <= last for first, last in ranges) for character in text[:500])

    han = count(("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"), ("\U00020000", "\U0003ffff"))
    kana, hangul = count(("が", "が"), ("カ", "カ"), ("ｶ", "ｶ")), count(("가", "힣"))
    # No other letter is in the text but U+A000, of which there are too few for a guess.
    expected = "ko" if hangul > han + kana else "ja" if kana > han // 5 else "zh"
    if 2 * (han + kana + hangul) >= text[:500].count("\ua000") and han + kana + hangul:
        assert detect_language(text) == expected
