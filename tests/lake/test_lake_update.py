"""The published file with all rows of a lake is brought up to date: only what differs is written, and it all agrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from conftest import Site
from part_twins import Twins, run_stages

from etl_project.database.work_file import WorkFile
from etl_project.lake import publish
from etl_project.lake.maintain import maintain_warehouse
from etl_project.lake.publish import publish_file
from etl_project.lake.tables import lake_tables

POSTS = 16


def filled(site: Site) -> Twins:
    """A lake of four parts, of which a file with all rows is published."""
    site.configure()
    for n in range(POSTS):
        site.write(f"_posts/2026-01-{n + 1:02}-p{n}.md", body=f"Text number {n}.", title=f"Post {n}", tags=f"t{n % 5}")
    twins = Twins(site, seconds=10)
    refresh(twins)
    return twins


@pytest.fixture
def twins(site: Site) -> Twins:
    return filled(site)


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """The same for tests that add posts of their own to it, and leave its file as a full copy."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        return filled(Site(tmp_path_factory.mktemp("growing")))


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How files are made from now on: `update`, or `_fill`."""
    calls: list[str] = []

    def note(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values: (calls.append(name), original(*values))[1]

    for name in ("update", "_fill"):
        monkeypatch.setattr(publish, name, note(name, getattr(publish, name)))
    return calls


def refresh(twins: Twins) -> None:
    with twins.one_instant():
        assert run_stages(twins.lake_refresh())
    twins.seconds += 10


def all_rows(file: Path) -> dict[str, Any]:
    with duckdb.connect(f"duckdb:{file}", read_only=True) as con:
        return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in lake_tables()}


def assert_equals_a_full_copy(twins: Twins) -> None:
    lake = twins.lake
    pins = lake.pins()
    assert pins
    copy = twins.site.folder / f"copy{twins.seconds}/posts.duckdb"
    publish_file(lake, pins, WorkFile(copy), "file")
    assert all_rows(twins.settings.warehouse.path) == all_rows(copy)


def test_new_and_edited_posts_are_written_into_a_copy_of_the_file(growing: Twins, done: list[str]) -> None:
    growing.site.write("_posts/2026-02-01-new.md", tags="new")
    growing.site.write("_posts/2026-01-05-p4.md", body="Edited [l](2026-01-06-p5.md).", tags="other", age=30)
    refresh(growing)
    assert done == ["update"]
    assert_equals_a_full_copy(growing)


@pytest.mark.prove("lake")
@pytest.mark.timeout(600)
def test_so_are_several_and_then_an_edit(twins: Twins, done: list[str]) -> None:
    for n in range(3):
        twins.site.write(f"_posts/2026-02-01-new{n}.md", tags="new")
    refresh(twins)
    twins.site.write("_posts/2026-01-05-p4.md", body="Edited [l](2026-01-06-p5.md).", tags="other", age=30)
    refresh(twins)
    assert done == ["update", "update"]
    assert_equals_a_full_copy(twins)


def test_a_publication_of_the_same_refresh_is_no_reason_to_miss_what_it_changed(
    growing: Twins, done: list[str]
) -> None:
    """A refresh that only makes sure of files that were young publishes the same number once more."""
    twins = growing
    lake = twins.lake
    pins = lake.pins()
    assert pins
    files = lake.files(pins, "internal.inventory")
    with lake.connect(pins, ["internal.inventory"]) as con, lake.lease("again"):
        for file in files[:1]:
            address = lake.place.address(f"internal/inventory/{file.path}")
            rows = con.sql(f"SELECT * REPLACE (size + 1 AS size) FROM read_parquet('{address}')")
            written = lake.write("internal.inventory", file.part, rows, "again")
            assert written
            lake.publish(lake.commit(pins.n, pins, [written], [file], "again"))
    twins.site.write("_posts/2026-02-01-again.md")
    refresh(twins)
    assert done == ["update"]
    assert_equals_a_full_copy(twins)


@pytest.mark.prove("lake")
@pytest.mark.timeout(600)
def test_so_are_deletes_moves_and_rejections(twins: Twins, done: list[str]) -> None:
    posts = twins.site.posts / "_posts"
    changes: list[Callable[[], object]] = [
        (posts / "2026-01-06-p5.md").unlink,
        lambda: (posts / "2026-01-07-p6.md").rename(posts / "2026-01-07-moved.md"),
        lambda: (posts / "2026-01-08-p7.md").write_bytes(b""),
    ]
    for change in changes:
        done.clear()
        change()
        refresh(twins)
        assert done == ["update"]
        assert_equals_a_full_copy(twins)


def rewrite_most(twins: Twins) -> None:
    for n in range(POSTS):
        twins.site.write(f"_posts/2026-01-{n + 1:02}-p{n}.md", body=f"Written anew {n}.", age=30)


def write_into_it(twins: Twins) -> None:
    file = twins.settings.warehouse.path
    file.chmod(0o644)
    with duckdb.connect(f"duckdb:{file}") as con:
        con.execute("DELETE FROM articles")


def take_that_of_another_lake(twins: Twins) -> None:
    """It has the same number, and was made at another instant."""
    other = Site(twins.site.folder / "other")
    other.configure()
    other.write("_posts/2026-01-01-other.md")
    elsewhere = Twins(other, parts=1, seconds=twins.seconds + 5)
    refresh(elsewhere)
    work, of_other = (WorkFile(each.settings.warehouse.path) for each in (twins, elsewhere))
    of_other.published.replace(work.published)
    work.publication.write(work.published)


def test_of_a_file_that_is_none_of_the_lake_nothing_is_kept(twins: Twins, done: list[str]) -> None:
    take_that_of_another_lake(twins)
    assert_all_rows_are_copied(twins, done)


@pytest.mark.prove("lake")
@pytest.mark.parametrize("spoil", [rewrite_most, write_into_it])
def test_where_much_differs_or_the_file_was_written_into_all_rows_are_copied(
    twins: Twins, done: list[str], spoil: Callable[[Twins], None]
) -> None:
    spoil(twins)
    assert_all_rows_are_copied(twins, done)


def assert_all_rows_are_copied(twins: Twins, done: list[str]) -> None:
    done.clear()
    twins.site.write("_posts/2026-02-01-new.md")
    refresh(twins)
    assert done == ["_fill"]
    assert_equals_a_full_copy(twins)


@pytest.mark.prove("lake")
def test_maintaining_makes_the_file_anew_and_keeps_the_one_of_the_refresh_before(twins: Twins, done: list[str]) -> None:
    twins.site.write("_posts/2026-02-01-new.md")
    refresh(twins)
    work = WorkFile(twins.settings.warehouse.path)
    before = all_rows(work.published), all_rows(work.previous)
    assert before[0] != before[1]
    done.clear()
    maintain_warehouse(twins.settings, work)
    work.close()
    assert done == ["_fill"] and (all_rows(work.published), all_rows(work.previous)) == before
