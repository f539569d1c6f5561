"""Search in the file: every hit and no other, best first, whatever is asked."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from etl_project.database.contract import create_contract
from etl_project.transform.search_text import search_text

POSTS = {
    "chips": ("芯片工厂", "英特尔将建设更多芯片工厂，芯片很多。"),
    "chip-later": ("半导体", "文中说到芯片。"),
    "draft": ("芯片草稿", "未发表的芯片。"),
    "a-share": ("A股涨停", "A股今日涨停，GPT-4 也涨。"),
    "ab-share": ("AB股", "这里只有 GPT 和 40。"),
    "market": ("The market", "Markets rose. Regulation of marketing, in a market."),
    "price": ("Prices", "The price of 3.14 apples in 2024; go on."),
    "application": ("Applications", "An application for studies; C++ and Goa."),
    "empty": (None, ""),
    "cafe": ("Café", "Ｋｎｉｔｒ draws 軟件 with 软件; ΟΔΥΣΣΕΥΣ. рубли"),
    "long": ("一", "中" * 4_000),
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        create_contract(con)
        fill(con, [(f"s:{name}", title, text) for name, (title, text) in POSTS.items()])
        con.execute("UPDATE articles SET status = 'draft' WHERE article_id = 's:draft'")
        yield con


def fill(con: duckdb.DuckDBPyConnection, posts: list[tuple[str, str | None, str]]) -> None:
    frame = pl.DataFrame(posts, schema=["article_id", "title", "text"], orient="row")
    con.register("posts", frame.to_arrow())
    con.register("forms", search_text(frame).to_arrow())
    con.execute(
        """
        INSERT INTO articles BY NAME SELECT article_id, 's' AS source_id, article_id AS path, title,
            TIMESTAMPTZ '2024-01-01 00:00:00+00' AS published_at, DATE '2024-01-01' AS published_on,
            'published' AS status, '' AS text_hash, '{}' AS front_matter, '{}' AS extra FROM posts;
        INSERT INTO search_text BY NAME FROM forms;
        INSERT INTO refreshes BY NAME SELECT 1 AS refresh_id, now() AS as_of, now() AS started_at, now() AS loaded_at,
            0 AS list_milliseconds, 0 AS extract_milliseconds, 0 AS load_milliseconds, 0 AS files_listed,
            0 AS files_read, 0 AS files_loaded, 0 AS files_rejected, 0 AS files_missed, 0 AS bytes_read
        """
    )


def hits(con: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    rows = con.execute("SELECT article_id FROM search_hits($1)", [query]).fetchall()
    assert len(rows) == len(set(rows))
    return {row[0].removeprefix("s:") for row in rows}


@pytest.mark.parametrize(
    ("query", "needles"),
    [
        ("A股 涨停", {" a 股", "涨停"}),
        ("ＧＰＴ-4", {" gpt 4 "}),
        ("markets regulation", {" market", " regul"}),
        ("C++ 语言", {" c ", "语言"}),
        ("bring apple apples class news", {" bring", " apple", " class", " news"}),
        ("studies study prices trading glasses watches", {" stud", " price", " trad", " glass", " watch"}),
        ("Go 2024 rust Café рубль", {" go ", " 2024 ", " rust", " café", " рубль"}),
        ("中国，经济\u3000中国\u00a0中国", {"中国 经济", "中国"}),
        ("5G手机 手机5G", {" 5g 手机", "手机 5g "}),
        ("  \n", set()),
        ("!!! ++", set()),
        ("", set()),
    ],
)
def test_each_chunk_becomes_one_needle(con: duckdb.DuckDBPyConnection, query: str, needles: set[str]) -> None:
    row = con.execute("SELECT search_needles($1)", [query]).fetchone()
    assert row is not None and sorted(row[0]) == sorted(needles)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("芯片", {"chips", "chip-later", "draft"}),
        ("芯", {"chips", "chip-later", "draft"}),
        ("芯片 英特尔", {"chips"}),
        ("A股", {"a-share"}),
        ("GPT-4", {"a-share"}),
        ("gpt", {"a-share", "ab-share"}),
        ("4", {"a-share"}),
        ("market", {"market"}),
        ("regulations MARKETS", {"market"}),
        ("apple", {"price"}),
        ("go", {"price"}),
        ("3.14", {"price"}),
        ("C++", {"application"}),
        ("knitr", {"cafe"}),
        ("软件", {"cafe"}),
        ("軟件", {"cafe"}),
        ("软體", set()),
        ("οδυσσευς", {"cafe"}),
        ("cafe", set()),
        ("cafe\u0301", {"cafe"}),
        ("涨停GPT", {"a-share"}),
        ("涨停 GPT-40", set()),
        ("", set()),
        ("?!", set()),
        ("中" * 4_000, {"long"}),
        ("中" * 10_000, set()),
        (" ".join(f"w{n}" for n in range(2_000)), set()),
        (" ".join("芯片工厂建设更多英特尔很将") + " 工厂 更多 建设 特尔", {"chips"}),
        (" ".join("芯片工厂建设更多英特尔很将") + " 工厂 更多 建设 软件", set()),
        ("'; DROP TABLE articles; --", set()),
        ("% _ [a-z]* (a|b)", set()),
    ],
)  # fmt: skip
def test_a_hit_holds_every_chunk(con: duckdb.DuckDBPyConnection, query: str, found: set[str]) -> None:
    assert hits(con, query) == found


def test_the_live_ones_come_best_first_and_filters_come_before_a_limit(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute("SELECT article_id, score FROM search('芯片')").fetchall()
    assert [row[0] for row in found] == ["s:chips", "s:chip-later"] and found[0][1] > found[1][1] > 0
    few = con.execute("SELECT article_id FROM search('芯片') WHERE title <> '芯片工厂' LIMIT 1").fetchall()
    assert few == [("s:chip-later",)]


def test_a_common_word_has_as_many_hits_as_there_are() -> None:
    with duckdb.connect() as con:
        create_contract(con)
        fill(con, [(f"s:{n}", "新闻", f"第 {n} 条新闻") for n in range(5_000)])
        assert con.execute("SELECT count(*), count(DISTINCT article_id) FROM search('新闻')").fetchone() == (
            5_000,
            5_000,
        )
        assert len(hits(con, "新闻 4999")) == 1


ENDING = re.compile(r"([a-z]{4,}?)(?:ations|ation|ings|ing|ed|ies|ly|([sxz]|ch|sh)es)")


def finds(word: str, text: str) -> bool:
    """Whether a Latin word finds a text: written anew, token by token, without a folded text."""
    tokens = [t for t in re.split(r"[^a-z0-9]+", unicodedata.normalize("NFC", text).lower()) if t]
    if len(word) < 3 or word.isdigit():
        return word in tokens
    start = word
    if len(word) >= 5 and word.isalpha():
        if ended := ENDING.fullmatch(word):
            start = ended[1] + (ended[2] or "")
        if re.fullmatch(r"[a-z]{3,}[^siu]s", start):
            start = start[:-1]
        if (start[-1] == "y" and len(start) >= 5) or (start[-1] in "ei" and len(start) >= 6):
            start = start[:-1]
    return any(token.startswith(start) for token in tokens)


def test_latin_words_find_what_a_matcher_of_tokens_finds() -> None:
    chance = random.Random(7)
    stems = ["market", "price", "study", "stud", "go", "c", "class", "apple", "us", "gas", "regulat", "ring"]
    endings = ["", "s", "es", "ies", "ed", "ing", "ings", "ly", "y", "e", "ation", "ations", "2", "ss"]
    words = sorted({stem + ending for stem in stems for ending in endings} | {"2024", "20", "x1"})
    texts = {
        f"s:{n}": chance.choice([" ", ", ", "，", "-"]).join(
            chance.choice([w, w.upper()]) for w in chance.sample(words, 4)
        )
        for n in range(100)
    }
    with duckdb.connect() as con:
        create_contract(con)
        fill(con, [(key, None, text) for key, text in texts.items()])
        found = con.execute(
            """
            WITH q AS MATERIALIZED (SELECT word, search_needles(word) AS needles FROM (SELECT unnest($words) AS word))
            SELECT word, list(article_id) FROM q, search_text
            WHERE list_bool_and([contains(form, x) for x in needles]) GROUP BY word
            """,
            {"words": words},
        ).fetchall()
        expected = {word: {key for key, text in texts.items() if finds(word, text)} for word in words}
        assert {word: set(keys) for word, keys in found} == {word: keys for word, keys in expected.items() if keys}
        assert {word: hits(con, word) for word in words[::19]} == {
            word: {key.removeprefix("s:") for key in expected[word]} for word in words[::19]
        }
