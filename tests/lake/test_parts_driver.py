"""What the driver of a lake's refresh promises: moves, the guard, the files that it removes, checks before commits."""

from __future__ import annotations

import pytest

pytest.importorskip("deltalake", reason="needs the extra lake")

from conftest import Site
from part_twins import PARTS, Twins, run_stages

from etl_project.database.sql import quoted
from etl_project.engines.batch import Batch, ManifestRow
from etl_project.engines.local import LocalEngine, run_batch
from etl_project.lake.driver import LakeRefresh
from etl_project.lake.part_of import part_of
from etl_project.sources.signature import SourceUnavailable

# The twins of these proofs in `make test` are in test_parts_twins.py.
pytestmark = [pytest.mark.prove("lake"), pytest.mark.timeout(1200)]


@pytest.fixture
def twins(site: Site) -> Twins:
    """Twelve posts, in both warehouses, none of them young."""
    for n in range(12):
        site.write(f"_posts/2026-01-{n + 1:02}-p{n}.md", body=f"Text number {n}.")
    twins = Twins(site, seconds=10)
    twins.refresh()
    twins.seconds += 10
    return twins


def part(twins: Twins, path: str) -> int:
    lake = twins.lake
    with lake.connect(None, ["sources"]) as con:
        row = con.execute(f"SELECT {part_of(quoted(f'site:{path}'), PARTS)}").fetchone()
    assert row
    return int(row[0])


def test_a_move_to_another_part_is_a_move_also_where_only_the_bytes_tell(twins: Twins) -> None:
    posts = twins.site.posts / "_posts"
    old = "_posts/2026-01-01-p0.md"
    new = next(
        f"_posts/2026-01-01-n{n}.md" for n in range(99) if part(twins, f"_posts/2026-01-01-n{n}.md") != part(twins, old)
    )
    (twins.site.posts / old).rename(twins.site.posts / new)
    # Another inode and another time: no signature tells of this one.
    content = (posts / "2026-01-02-p1.md").read_bytes()
    (posts / "2026-01-02-p1.md").unlink()
    twins.site.write("_posts/2026-01-02-copied.md", content, age=600)
    loaded = twins.refresh()
    assert loaded and loaded.changes == {"moved": 2}
    twins.assert_equal()


def test_new_posts_remove_no_file_and_an_edit_those_of_its_part_alone(twins: Twins) -> None:
    before = twins.paths()
    for n in range(6):
        twins.site.write(f"_posts/2026-02-01-new{n}.md", body=f"New {n}.")
    twins.refresh()
    after = twins.paths()
    divided = [name for name in before if name.startswith(("article", "post_files", "search", "internal.i"))
               and name not in after.keys() - before.keys() and not name.startswith("articles_by")]  # fmt: skip
    assert "article_bodies" in divided and "internal.inventory" in divided and "article_history" in divided
    for name in divided:
        assert before[name] <= after[name], name
    twins.seconds += 10
    edited = "_posts/2026-01-05-p4.md"
    twins.site.write(edited, body="Edited.", age=30)
    twins.refresh()
    gone = {name: after[name] - paths for name, paths in twins.paths().items()}
    for name in ("article_bodies", "articles", "post_files", "internal.inventory"):
        assert gone[name] and {path.partition("/")[0] for path in gone[name]} == {f"part={part(twins, edited)}"}, name
    twins.assert_equal()


def test_nothing_to_do_commits_nothing_and_all_is_made_anew_when_asked(twins: Twins) -> None:
    pins = twins.lake.pins()
    assert twins.refresh() is None
    assert twins.lake.pins() == pins
    (twins.site.posts / "_posts/2026-01-05-p4.md").unlink()
    before = twins.paths()["articles"]
    twins.refresh(full=True)
    assert not before & twins.paths()["articles"]
    twins.assert_equal()


def test_a_renamed_source_is_built_anew_and_keeps_what_was_observed(twins: Twins) -> None:
    text = twins.site.config.read_text("utf-8")
    text = text.replace('name = "site"', 'name = "blog"\nrenamed_from = "site"')
    twins.site.config.write_text(text, "utf-8")
    with twins.one_instant():
        twins.site.refresh(full=True)
        run_stages(twins.lake_refresh())
    twins.assert_equal()


def test_what_another_driver_published_is_where_the_next_refresh_begins(twins: Twins) -> None:
    # The driver's copy is lost, as on another machine.
    for file in (twins.site.folder / "of_lake/.work").glob("posts.lake.*"):
        file.unlink()
    assert twins.refresh() is None
    twins.site.write("_posts/2026-01-05-p4.md", body="Edited.", age=30)
    twins.refresh()
    twins.assert_equal()


def test_a_refresh_that_another_driver_beat_begins_anew_on_what_that_published(twins: Twins) -> None:
    twins.site.write("_posts/2026-01-05-p4.md", body="Edited.", age=30)
    twins.seconds += 10
    with twins.one_instant():
        slow = twins.lake_refresh()
        slow.load_tables(slow.plan())
        # The other edits another post, of which the slow one knows nothing.
        twins.site.write("_posts/2026-01-06-p5.md", body="Edited, too.", age=30)
        settings = twins.settings
        elsewhere = settings.warehouse.model_copy(update={"path": twins.site.folder / "elsewhere/posts.duckdb"})
        run_stages(LakeRefresh(settings.model_copy(update={"warehouse": elsewhere}), engine=LocalEngine(1)))
        for stage in ("tables", "related"):
            slow.run_checks(stage)
        slow.build_aggregates()
        slow.run_checks("aggregates")
        slow.publish()
        slow.work.close()
        twins.site.refresh()
    lake = twins.lake
    numbers = [pins.n for pins in lake.publications()]
    assert numbers == [1, 2], "each number was published once; the slow one had nothing left to do"
    twins.assert_equal()


def test_a_source_that_fails_while_parts_read_it_is_left_as_it_was(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = twins.site.folder / "notes"
    notes.mkdir()
    for n in range(8):
        (notes / f"n{n}.md").write_text(f"# Note {n}\n", "utf-8")
    twins.site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    twins.refresh()
    twins.seconds += 10
    for n in range(8):
        (notes / f"n{n}.md").write_text(f"# Note {n}, edited\n", "utf-8")
    twins.site.write("_posts/2026-01-05-p4.md", body="Edited.", age=30)

    def fail_at_one_note(batch: Batch) -> ManifestRow:
        if any(task.path == "n5.md" for task in batch.tasks):
            raise SourceUnavailable("the disk of the notes is gone")
        return run_batch(batch)

    with monkeypatch.context() as patch:
        patch.setattr("etl_project.engines.local.run_batch", fail_at_one_note)
        loaded = twins.refresh()
    assert loaded and loaded.unavailable == {"notes": "the disk of the notes is gone"}
    assert loaded.changes == {"changed": 1}
    twins.assert_equal()
    twins.seconds += 10
    loaded = twins.refresh()
    assert loaded and loaded.changes == {"changed": 8}
    twins.assert_equal()


def test_another_identity_retains_no_article_whose_file_is_there(site: Site) -> None:
    source = 'dialect = "jekyll"\ninclude = ["_posts/**", "old_post/**"]\non_missing = "keep"\n'
    site.configure(source)
    for n in range(4):
        site.write(f"_posts/2026-01-0{n + 1}-p{n}.md", body=f"Text number {n}.")
        site.write(f"old_post/2026-01-0{n + 1}-p{n}.md", body=f"Older text number {n}.")
    twins = Twins(site, seconds=10)
    twins.refresh()
    twins.seconds += 10
    site.configure(f'{source}identity = "file_name"\n')
    loaded = twins.refresh(allow_deletes=True)
    assert loaded and loaded.changes == {"deleted": 4, "moved": 4} and loaded.rows["articles"] == 4
    twins.assert_equal()
