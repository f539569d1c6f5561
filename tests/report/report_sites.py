"""A site for tests of the page: two sources, and one of everything that the page shows or must not show."""

from __future__ import annotations

from pathlib import Path

import duckdb
from conftest import Site

HOSTILE = "</script><script>alert(1)</script>"

_STORY = "The harbour office said on Monday that the ferry to the far island sails again from the first of the month. "


def hostile_site(folder: Path) -> Site:
    """Build the warehouse of a site with 44 live articles, and with terms and broken links as other stages leave them.

    Categories: news and sea, some articles in both, some in none; one article without a date, one told twice, one with
    a hostile title, category and tag, a draft, one to come, and one file that is rejected.
    """
    site = Site(folder)
    site.configure(
        extra=f'[[source]]\nname = "other"\nlocation = "{folder}/other"\ndialect = "jekyll"\nurl = "https://o.example"\n'
        'time_zone = "Asia/Shanghai"\n'
    )
    for n in range(30):
        month, day = n % 10 + 1, n % 28 + 1
        site.write(
            f"_posts/2025-{month:02}-{day:02}-{n}.md", title=f"Post {n}", tags="ferry" if n % 3 else "ferry nets",
            date=f"2025-{month:02}-{day:02} {n % 24:02}:30:00 +0800", body="word " * (n + 1),
            categories=("news", "[news, sea]", "sea", "")[n % 4],
        )  # fmt: skip
    for n in range(10):
        site.write(f"../other/_posts/2026-01-{n + 1:02}-{n}.md", date=f"2026-01-{n + 1:02}", categories="news", tags="")
    for hour, medium in ((9, "first"), (12, "second")):
        site.write(
            f"_posts/2026-01-05-{medium}.md", title="Sails again", date=f"2026-01-05 {hour}:00:00", body=_STORY * 5
        )
    site.write("_posts/undated.md", "---\ntitle: Undated\n---\nNo day.\n")
    site.write(
        "../other/_posts/2026-01-20-h.md", title=f'"{HOSTILE}"', date="2026-01-20 10:00:00 +0800",
        categories='["<img src=x onerror=alert(2)>"]', tags=f'["{HOSTILE}"]', body="[gone](/nowhere/)",
    )  # fmt: skip
    site.write("_posts/2026-01-06-draft.md", "---\ntitle: Secret draft\npublished: false\n---\nNot yet.\n")
    site.write("_posts/2999-01-06-later.md", title="Secret to come", date="2099-01-06")
    site.write("_posts/2026-01-07-secret-rejected.md", b"---\ntitle: open\n\nno end\n")
    site.refresh()
    add_relations(site.published)
    return site


_TERMS = """
SELECT * FROM (VALUES
    ('site', DATE '2026-01-05', 'word', 'ferry', 9, 1.5, 4.5),
    ('site', DATE '2026-01-05', 'tag', 'nets', 4, 2.0, 2.1),
    ('site', DATE '2026-01-05', 'word', 'usual', 9, 7.0, 1.9),
    ('site', DATE '2025-12-29', 'word', 'earlier', 9, 0.0, 9.0),
    ('other', DATE '2026-01-05', 'word', 'few', 1, 0, NULL)
) AS t(source_id, week, kind, term, n, expected, score)
"""


def add_relations(published: Path) -> None:
    """Put rising terms and broken links into a published file, whatever it had of them."""
    _replace(published, "trending_terms", _TERMS)
    _replace(published, "broken_links", "SELECT article_id, position FROM article_links WHERE kind <> 'external'")


def remove_relations(published: Path) -> None:
    """Take both out again."""
    for name in ("trending_terms", "broken_links"):
        _replace(published, name, None)


def _replace(published: Path, name: str, query: str | None) -> None:
    published.chmod(0o644)
    with duckdb.connect(str(published)) as con:
        for kind, names in (("VIEW", "duckdb_views()"), ("TABLE", "duckdb_tables()")):
            column = f"{kind.lower()}_name"
            if con.execute(f"SELECT {column} FROM {names} WHERE {column} = $name", {"name": name}).fetchall():
                con.execute(f"DROP {kind} {name}")
        if query:
            con.execute(f"CREATE TABLE {name} AS {query}")
