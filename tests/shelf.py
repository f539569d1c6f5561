"""Articles and their sketches in the tables of a work file, without files or refreshes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb
import polars as pl
from retellings import Told

from etl_project.database.arrow import registered
from etl_project.database.contract import SKETCHES
from etl_project.database.in_flight import create_in_flight_tables
from etl_project.database.template import create_tables
from etl_project.insight import Insight
from etl_project.load.relate import relate
from etl_project.load.sketches import note_articles_to_relate
from etl_project.related.stories import relate_stories
from etl_project.transform.sketches import article_sketches

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Post:
    """An article, as far as stories depend on it."""

    told: Told
    day: int | None = 1
    status: str = "published"


@dataclass
class Shelf:
    """Articles in the tables of a work file, which are replaced as a merge replaces them."""

    con: duckdb.DuckDBPyConnection
    posts: dict[str, Post] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Shelf:
        con = duckdb.connect(config={"threads": 1})
        con.execute("ATTACH ':memory:' AS work; USE work")
        create_tables(con)
        create_in_flight_tables(con)
        shelf = cls(con)
        shelf.set_clock(0)
        return shelf

    def emptied(self) -> Shelf:
        """The same tables without rows: to create them takes longer than most tests."""
        query = "SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
        for name in self.con.execute(query).fetchall():
            self.con.execute(f"DELETE FROM {'.'.join(name)}")
        shelf = Shelf(self.con)
        shelf.set_clock(0)
        return shelf

    def set_clock(self, day: int) -> None:
        """Set the instant at which it is decided what is live."""
        self.con.execute("DELETE FROM refreshes")
        self.con.execute(
            "INSERT INTO refreshes BY NAME SELECT 1 AS refresh_id, ? AS as_of, as_of AS started_at, as_of AS loaded_at,"
            " 0 AS list_milliseconds, 0 AS extract_milliseconds, 0 AS load_milliseconds, 0 AS files_listed, "
            "0 AS files_read, 0 AS files_loaded, 0 AS files_rejected, 0 AS files_missed, 0 AS bytes_read",
            [_instant(day)],
        )

    def note(self, ids: Iterable[str]) -> None:
        self.con.execute("DELETE FROM articles_to_replace")
        self.con.executemany(
            "INSERT INTO articles_to_replace VALUES (?)", [[article_id] for article_id in ids] or [[""]]
        )
        self.con.execute("DELETE FROM changing_articles;INSERT INTO changing_articles FROM articles_to_replace")
        note_articles_to_relate(self.con)

    def change(self, posts: dict[str, Post | None]) -> None:
        """Replace articles; None deletes one."""
        self.note(posts)
        for table in ("articles", SKETCHES):
            self.con.execute(f"DELETE FROM {table} WHERE article_id IN (FROM articles_to_replace)")
        there = {article_id: post for article_id, post in posts.items() if post}
        self.posts = {k: v for k, v in self.posts.items() if k not in posts} | there
        if not there:
            return
        frame = pl.DataFrame(
            {
                "article_id": [*there],
                "title": [post.told.title for post in there.values()],
                "text": [post.told.text for post in there.values()],
                "published_at": [None if post.day is None else _instant(post.day) for post in there.values()],
                "status": [post.status for post in there.values()],
            },
            schema_overrides={"published_at": pl.Datetime("us", "UTC")},
        )
        with registered(self.con, posts=frame, sketched=article_sketches(frame)):
            self.con.execute(
                "INSERT INTO articles BY NAME SELECT article_id, 's' AS source_id, article_id AS path, title, "
                "published_at, published_at::DATE AS published_on, status, '' AS text_hash, '{}' AS front_matter, "
                "'{}' AS extra FROM posts"
            )
            self.con.execute(f"INSERT INTO {SKETCHES} BY NAME FROM sketched")

    def relate(self) -> tuple[Rows, Rows]:
        relate(self.con, Insight())
        return self.rows()

    def rows(self) -> tuple[Rows, Rows]:
        return (
            self.con.execute("FROM story_pairs ORDER BY ALL").fetchall(),
            self.con.execute("FROM stories ORDER BY ALL").fetchall(),
        )

    def related_anew(self) -> tuple[Rows, Rows]:
        """What relating the same articles from nothing gives; it is not kept."""
        self.con.execute("BEGIN; DELETE FROM internal.relations")
        relate_stories(self.con)
        rows = self.rows()
        self.con.execute("ROLLBACK")
        return rows

    def story_of(self, article_id: str) -> str:
        row = self.con.execute("SELECT story_id FROM stories WHERE article_id = ?", [article_id]).fetchone()
        assert row
        return str(row[0])

    def firsts(self) -> list[str]:
        rows = self.con.execute("SELECT article_id FROM stories WHERE is_first ORDER BY 1").fetchall()
        return [row[0] for row in rows]


def _instant(day: int) -> dt.datetime:
    return dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day)
