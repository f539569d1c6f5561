"""Articles with links in the tables of a work file, without files or refreshes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb
import polars as pl
from shelf import Shelf

from etl_project.database.arrow import registered
from etl_project.database.contract import LINK_KEYS
from etl_project.related.links import relate_links
from etl_project.sources.source import Source
from etl_project.transform.link_keys import link_keys

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Page:
    """An article, as far as links depend on it."""

    url: str | None = None
    links: tuple[str, ...] = ()
    front_matter: str = "{}"
    status: str = "published"


@dataclass
class PageShelf:
    """Articles of one source, which are replaced as a merge replaces them; their ids are their paths."""

    source: Source
    shelf: Shelf = field(default_factory=Shelf.empty)

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        return self.shelf.con

    def change(self, pages: Mapping[str, Page | None]) -> None:
        """Replace articles, by their paths; None deletes one."""
        ids = [f"{self.source.name}:{path}" for path in pages]
        self.con.execute("DELETE FROM articles_to_replace")
        self.con.executemany("INSERT INTO articles_to_replace VALUES (?)", [[article_id] for article_id in ids])
        self.con.execute("INSERT INTO internal.articles_to_relate FROM articles_to_replace")
        for table in ("articles", "article_links", LINK_KEYS):
            self.con.execute(f"DELETE FROM {table} WHERE article_id IN (FROM articles_to_replace)")
        there = {f"{self.source.name}:{path}": (path, page) for path, page in pages.items() if page}
        posts = pl.DataFrame(
            [(key, path, page.url, page.front_matter, page.status) for key, (path, page) in there.items()],
            schema=dict.fromkeys(("article_id", "path", "url", "front_matter", "status"), pl.String),
            orient="row",
        )
        links = pl.DataFrame(
            [(key, n, url, "internal") for key, (_, page) in there.items() for n, url in enumerate(page.links, 1)],
            schema={"article_id": pl.String, "position": pl.Int32, "url": pl.String, "kind": pl.String},
            orient="row",
        )
        with registered(self.con, posts=posts, links=links, keys=link_keys(posts, links, self.source)):
            self.con.execute(
                "INSERT INTO articles BY NAME SELECT *, $source AS source_id, '' AS text_hash, '{}' AS extra "
                "FROM posts",
                {"source": self.source.name},
            )
            self.con.execute("INSERT INTO article_links BY NAME FROM links")
            self.con.execute(f"INSERT INTO {LINK_KEYS} BY NAME FROM keys")

    def relate(self) -> Rows:
        """Bring the targets up to date with what changed since, and give them."""
        relate_links(self.con)
        self.con.execute("DELETE FROM internal.articles_to_relate")
        return self.targets()

    def targets(self) -> Rows:
        return self.con.execute("FROM link_targets ORDER BY ALL").fetchall()

    def related_anew(self) -> Rows:
        """What relating the same articles from nothing gives; it is not kept."""
        self.con.execute("BEGIN; DELETE FROM internal.relations")
        relate_links(self.con)
        rows = self.targets()
        self.con.execute("ROLLBACK")
        return rows

    def broken(self) -> Rows:
        return self.con.execute(
            "SELECT split_part(article_id, ':', 2), link, because FROM broken_links ORDER BY ALL"
        ).fetchall()
