"""A source with another name: a lake is built anew for it, and keeps every row that refreshes observed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

from conftest import Site
from part_twins import Twins, run_stages

from etl_project.database.contract import OBSERVED

SOURCE = '[[source]]\nname = "{}"\nlocation = "{}"\ndialect = "jekyll"\non_missing = "{}"\n'


def write_settings(site: Site, sources: str) -> None:
    site.config.write_text(
        f'[warehouse]\npath = "{site.warehouse}"\nhistory = true\n\n[limits]\ndeletes_share = 1.0\n\n{sources}', "utf-8"
    )


def refresh(twins: Twins, *changes: Callable[[], object]) -> None:
    for change in changes:
        change()
    twins.seconds += 10
    twins.refresh()


def write(site: Site, name: str, title: str, **options: float) -> None:
    site.write(f"_posts/2026-01-0{name}.md", title=title, body=f"[x](2026-01-01-a.md) {title} words", **options)  # type: ignore[arg-type]


@pytest.fixture
def begun(tmp_path: Path) -> Twins:
    """Two sources, refreshed once."""
    site = Site(tmp_path)
    sources = SOURCE.format("old", "site", "keep") + SOURCE.format("other", "other", "delete")
    write_settings(site, sources)
    twins = Twins(site, parts=2)
    other = site.folder / "other/_posts"
    other.mkdir(parents=True)
    (other / "2026-01-01-a.md").write_text("---\ntitle: Other\n---\n\nWords of another.\n")
    (other / "2026-01-09-z.md").write_text("---\ntitle: Gone soon\n---\n\nWords that go.\n")
    for name in ("1-a", "2-b", "3-c", "4-d", "5-e"):
        write(site, name, f"Post {name}")
    refresh(twins)
    return twins


def changes(site: Site) -> list[Callable[[], object]]:
    """An edit, a move, an article that is retained, a rejection, and a delete in the other source."""
    posts = site.posts / "_posts"
    return [
        lambda: write(site, "1-a", "Edited once", age=40),
        lambda: (posts / "2026-01-02-b.md").rename(posts / "2026-02-02-moved.md"),
        (posts / "2026-01-03-c.md").unlink,
        lambda: site.write("_posts/2026-01-04-d.md", "---\n- a list\n---\n", age=40),
        (site.folder / "other/_posts/2026-01-09-z.md").unlink,
    ]


@pytest.fixture
def told(begun: Twins) -> Twins:
    """Two sources with a history of every kind: edits, moves, a retained article, deletes, rejections and restorals."""
    site = begun.site
    refresh(begun, *changes(site))
    refresh(begun, lambda: write(site, "1-a", "Edited twice", age=20), lambda: write(site, "4-d", "Restored", age=20))
    begun.assert_equal()
    return begun


def rename(twins: Twins, sources: str) -> None:
    """Rename sources in both: the file is read again whole, as the lake always is for it."""
    write_settings(twins.site, sources)
    twins.seconds += 10
    with twins.one_instant():
        twins.site.refresh(full=True)
        run_stages(twins.lake_refresh())
    twins.assert_equal()


@pytest.mark.prove("lake")
@pytest.mark.timeout(900)
def test_every_observed_row_survives_a_rename_as_in_one_file(told: Twins) -> None:
    site = told.site
    assert all(site.query(f"SELECT count(*) FROM {table}")[0][0] for table in OBSERVED)
    other = SOURCE.format("other", "other", "delete")
    # Posts that move and change as their source gets its name.
    (site.posts / "_posts/2026-01-04-d.md").rename(site.posts / "_posts/2026-02-04-moved.md")
    site.write("_posts/2026-01-05-e.md", title="Edited as it was renamed", age=10)
    rename(told, SOURCE.format("new", "site", "keep") + 'renamed_from = "old"\n' + other)
    refresh(told, lambda: site.write("_posts/2026-01-05-e.md", title="After", age=1))
    told.assert_equal()


def take_the_name(twins: Twins, *edits: Callable[[], object]) -> None:
    """Remove the source `other` among some edits, and give its name to the source `old`."""
    refresh(twins, *edits, lambda: write_settings(twins.site, SOURCE.format("old", "site", "keep")))
    twins.assert_equal()
    posts = twins.site.posts / "_posts"
    (posts / "2026-01-01-a.md").rename(posts / "2026-02-01-moved.md")
    rename(twins, SOURCE.format("other", "site", "keep") + 'renamed_from = "old"\n')
    ids = twins.site.query("SELECT count(*), count(DISTINCT article_id) FROM article_history")
    assert ids[0][0] == ids[0][1]


def test_a_name_that_a_removed_source_had_is_taken_as_in_one_file(begun: Twins) -> None:
    take_the_name(begun, *changes(begun.site))


@pytest.mark.prove("lake")
@pytest.mark.timeout(900)
def test_so_it_is_after_a_history_of_every_kind(told: Twins) -> None:
    take_the_name(told)
