"""Search is switched on and off in etl.toml, and follows every change of posts."""

from __future__ import annotations

import pytest
from conftest import Site
from loaded_tables import equals_a_full_load

OFF, ON = "[insight]\nsearch = false\n", "[insight]\nsearch = true\n"
KEEPS = 'dialect = "jekyll"\non_missing = "keep"\n'


def found(site: Site, query: str) -> list[str]:
    return sorted(site.column_of_work(f"SELECT article_id FROM search_hits('{query}')"))


def test_search_follows_posts_that_come_change_and_go(site: Site) -> None:
    for name, body in (("one", "芯片"), ("two", "芯片 market"), ("three", "rust")):
        site.write(f"_posts/2026-01-02-{name}.md", body=body, title=name)
    site.load()
    assert [key.rpartition("-")[2] for key in found(site, "芯片")] == ["one.md", "two.md"]
    site.write("_posts/2026-01-02-one.md", body="nothing", title="one")
    (site.posts / "_posts/2026-01-02-two.md").unlink()
    site.write("_posts/2026-01-02-four.md", body="新芯片", title="four")
    site.load(allow_deletes=True)
    assert [key.rpartition("-")[2] for key in found(site, "芯片")] == ["four.md"]
    equals_a_full_load(site)


@pytest.mark.parametrize(("first", "then", "rows"), [(ON, OFF, 0), (OFF, ON, 2)])
def test_after_a_switch_every_article_has_a_row_or_none(site: Site, first: str, then: str, rows: int) -> None:
    """Also one whose file went, and that is kept."""
    site.configure(KEEPS, first)
    for name in ("one", "two"):
        site.write(f"_posts/2026-01-02-{name}.md", body="芯片", title=name)
    site.load()
    assert site.column_of_work("SELECT count(*) FROM search_text") == [2 - rows]
    (site.posts / "_posts/2026-01-02-two.md").unlink()
    site.configure(extra=then)
    site.load(allow_deletes=True)
    assert site.column_of_work("SELECT count(*) FROM articles") == [2]
    assert site.column_of_work("SELECT count(*) FROM search_text") == [rows] and len(found(site, "芯片")) == rows
    _, plan = site.plan()
    assert plan.reasons == ["the tables of the last refresh have not been checked"], "nothing is left to load"
    equals_a_full_load(site)
