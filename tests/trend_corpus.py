"""Weeks of stories with known bursts of terms, generated: what rises in the last week, and what only seems to."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

import duckdb
import polars as pl
from shelf import Shelf

from etl_project.database.arrow import registered

STORIES_A_WEEK, TERMS, TERMS_A_STORY = 3_000, 4_000, 2
FIRST_MONDAY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
WEEK = dt.timedelta(weeks=1)
HOLIDAYS = (4, 9)
"""Weeks before the last with two fifths of the usual stories."""


@dataclass(frozen=True)
class Burst:
    """A term that is in more stories of the last week than the usual."""

    term: str
    rank: int | None
    """Its place among the terms by how common they are; None for one that never was before."""
    stories: int
    """Stories of the last week that have it."""


BURSTS = (Burst("middling", 32, 52), Burst("small", 400, 8), Burst("new", None, 12))
"""Those that are clear: four times, fifteen times, and from nothing."""

LARGE = Burst("large", 6, 66)
"""Half as much again as the usual of a common term: worth a look."""

TRAPS = (Burst("once", None, 1), Burst("twice", None, 2))


def fill(con: duckdb.DuckDBPyConnection, weeks: int = 30, seed: int = 1) -> dt.datetime:
    """Write articles and their words, the last of the weeks half over.

    Returns:
        The instant at which the last week is half over.
    """
    rng = random.Random(seed)
    names = {burst.rank: burst.term for burst in (*BURSTS, LARGE) if burst.rank}
    terms = [names.get(rank, f"t{rank}") for rank in range(1, TERMS + 1)]
    weights = [1 / (rank + 5) for rank in range(TERMS)]
    rows: list[tuple[str, dt.datetime, set[str]]] = []
    for week in range(weeks):
        before = weeks - 1 - week
        size = STORIES_A_WEEK // 2 if before == 0 else STORIES_A_WEEK * (2 if before in HOLIDAYS else 5) // 5
        drawn = rng.choices(terms, weights, k=size * TERMS_A_STORY)
        length = WEEK / 2 if before == 0 else WEEK
        for n in range(size):
            told = FIRST_MONDAY + week * WEEK + length * (n / size)
            rows.append((f"s:{week:02}-{n:04}", told, set(drawn[n * TERMS_A_STORY : (n + 1) * TERMS_A_STORY])))
    last = rows[-STORIES_A_WEEK // 2 :]
    for burst in (*BURSTS, LARGE, *TRAPS):
        _inject(burst, [words for *_, words in last], rng)
    frame = pl.DataFrame(
        [(key, told, " ".join(sorted(words))) for key, told, words in rows],
        schema={"article_id": pl.String, "published_at": pl.Datetime("us", "UTC"), "words": pl.String},
        orient="row",
    )
    with registered(con, told=frame):
        con.execute(
            "INSERT INTO articles BY NAME SELECT article_id, 's' AS source_id, article_id AS path, "
            "'published' AS status, published_at, published_at::TIMESTAMP AS published_local, "
            "published_local::DATE AS published_on, '' AS text_hash, '{}' AS front_matter, '{}' AS extra FROM told"
        )
        con.execute("INSERT INTO internal.article_words SELECT article_id, words FROM told")
        con.execute("INSERT INTO internal.relations VALUES ('terms', '')")
    return FIRST_MONDAY + (weeks - 1) * WEEK + WEEK / 2


def _inject(burst: Burst, stories: list[set[str]], rng: random.Random) -> None:
    """Let as many stories as the burst says have its term."""
    having = [words for words in stories if burst.term in words]
    for words in having[burst.stories :]:
        words.discard(burst.term)
    for words in rng.sample(
        [words for words in stories if burst.term not in words], max(0, burst.stories - len(having))
    ):
        words.add(burst.term)


def trending_shelf(weeks: int = 30, seed: int = 1) -> Shelf:
    """A work file in memory with the corpus, at the instant at which its last week is half over."""
    shelf = Shelf.empty()
    as_of = fill(shelf.con, weeks, seed)
    shelf.con.execute("UPDATE refreshes SET as_of = ?", [as_of])
    return shelf
