"""Checks of one part's rows run in the task that wrote them; of other parts only where all rows are to be checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from conftest import Site
from part_twins import Twins, run_stages

from etl_project.checks.run import CHECKS
from etl_project.database.sql import quoted
from etl_project.lake import driver
from etl_project.lake.part_checks import checks_of_parts
from etl_project.lake.part_of import part_of

PARTS = 2

LINKS = "every_row_of_article_links_has_its_article"


@pytest.fixture
def twins(site: Site) -> Twins:
    """A lake of twelve posts, none of them young."""
    for n in range(12):
        site.write(f"_posts/2026-01-{n + 1:02}-p{n}.md", body=f"Text number {n}, [l](https://a.example/).")
    twins = Twins(site, parts=PARTS, seconds=10)
    refresh(twins)
    return twins


def refresh(twins: Twins, **options: Any) -> None:
    with twins.one_instant():
        assert run_stages(twins.lake_refresh(**options))
    twins.seconds += 10


def part(twins: Twins, article: str) -> int:
    lake = twins.lake
    with lake.connect(None, ["sources"]) as con:
        row = con.execute(f"SELECT {part_of(quoted(article), PARTS)}").fetchone()
    assert row
    return int(row[0])


def edit_a_post(twins: Twins, is_wanted: Callable[[int], bool]) -> None:
    """Edit a post of a part that is wanted."""
    names = [f"_posts/2026-01-{n + 1:02}-p{n}.md" for n in range(12)]
    path = next(name for name in names if is_wanted(part(twins, f"site:{name}")))
    twins.site.write(path, body=f"Edited {twins.seconds}.", age=30)


def publish_a_link_of_no_article(twins: Twins) -> int:
    """Damage the lake: add a row to its table of links. Returns the part that it is in."""
    lake, number = twins.lake, part(twins, "site:ghost")
    pins = lake.pins()
    assert pins
    with lake.connect(pins, ["article_links"]) as con, lake.lease("damages"):
        rows = con.sql("SELECT * REPLACE ('site:ghost' AS article_id) FROM article_links LIMIT 1")
        file = lake.write("article_links", number, rows, "damages")
        assert file
        lake.publish(lake.commit(pins.n, pins, [file], [], "damages"))
    for copy in (twins.site.folder / "of_lake/.work").glob("posts.lake.*"):
        copy.unlink()
    return number


def test_the_checks_of_a_part_are_most_checks_of_tables_and_none_across_parts() -> None:
    names = {check.name for check in checks_of_parts()}
    blocking = {check.name for check in CHECKS if check.stage == "tables" and check.is_blocking}
    assert names <= blocking
    assert {name for name in blocking - names if not name.endswith(("_and_term", "_and_used"))} == {
        "file_paths_are_unique"
    }


def test_a_part_that_breaks_a_check_is_found_by_its_task_and_nothing_is_committed(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = publish_a_link_of_no_article(twins)
    edit_a_post(twins, lambda number: number != damaged)
    with pytest.raises(AssertionError, match=LINKS):
        refresh(twins)  # the driver's copy was made anew, so that all rows are checked
    monkeypatch.setattr(driver, "may_check_touched_rows", lambda *_: True)
    refresh(twins)
    pins = twins.lake.pins()
    edit_a_post(twins, lambda number: number == damaged)
    with pytest.raises(AssertionError, match=LINKS):
        refresh(twins)
    assert twins.lake.pins() == pins
