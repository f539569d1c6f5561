"""Commits to one table: of other columns, of the same version, and those that cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

import polars as pl
from lakes import new_lake, publish_tags, tag_ids, tags

from etl_project.lake import store
from etl_project.lake.commits import NotNext, commit_next, open_table
from etl_project.lake.data_files import LakeFile
from etl_project.lake.place import LakeUnavailable
from etl_project.lake.store import Beaten, Lake
from etl_project.lake.tables import LakeTable, lake_tables


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


def written(lake: Lake, run_id: str, *names: str) -> LakeFile:
    file = lake.write("tags", 0, tags(*names), run_id)
    assert file
    return file


def test_a_rebuild_changes_the_columns_and_pins_before_it_are_read_as_they_were(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update of the program: of what another version wrote, a column that it lacks is NULL."""
    first = publish_tags(lake, "first", "one")
    other = LakeTable("tags", {"tag_id": "VARCHAR", "name": "VARCHAR", "hue": "UBIGINT"}, "")
    monkeypatch.setattr(store, "lake_tables", lambda: {**lake_tables(), "tags": other})
    with lake.connect(first, {"tags"}) as con:
        assert con.execute("SELECT tag_id, hue, typeof(hue) FROM tags").fetchall() == [("one", None, "UBIGINT")]
    hues = tags("new").with_columns(hue=pl.lit(2**64 - 1, pl.UInt64))
    file = lake.write("tags", 0, hues, "rebuilds")
    assert file
    with pytest.raises(ValueError, match="the columns of tags have changed, and not all of its files are replaced"):
        lake.commit(2, first, [file], [], "rebuilds")
    second = lake.commit(2, first, [file], lake.files(first, "tags"), "rebuilds")
    lake.publish(second)
    with lake.connect(second, {"tags"}) as con:
        assert con.execute("SELECT tag_id, hue FROM tags").fetchall() == [("new", 2**64 - 1)]
    monkeypatch.undo()
    assert tag_ids(lake, first) == ["one"] and tag_ids(lake, second) == ["new"]


def test_a_commit_is_the_next_version_or_none(lake: Lake) -> None:
    """Of two from one version, to different parts, one is refused, which Delta Lake alone would let through."""
    one, other = (open_table(lake.place, "tags") for _ in range(2))
    table = lake_tables()["tags"]
    first = LakeFile("tags", "part=1/a-1.parquet", 1, 1, 1)
    second = LakeFile("tags", "part=2/b-1.parquet", 2, 1, 1)
    assert commit_next(lake.place, table, one, [first], [], n=1, run_id="a") == 1
    with pytest.raises(NotNext):
        commit_next(lake.place, table, other, [second], [], n=2, run_id="b")
    assert open_table(lake.place, "tags").version() == 1


def test_what_was_made_of_older_pins_is_refused_before_anything_is_committed(lake: Lake) -> None:
    first = publish_tags(lake, "first", "one")
    publish_tags(lake, "second", "two")
    version = open_table(lake.place, "authors").version()
    file = lake.write("authors", 0, pl.DataFrame({"author_id": ["a"], "name": ["A"]}), "late")
    assert file
    with pytest.raises(Beaten):
        lake.commit(2, first, [file], [], "late")
    assert open_table(lake.place, "authors").version() == version


def test_a_log_that_cannot_be_written_ends_in_a_sentence_and_not_in_another_try(lake: Lake) -> None:
    base = publish_tags(lake, "first", "one")
    log = Path(lake.place.address("tags/_delta_log"))
    entries = {entry.name: entry.read_bytes() for entry in log.iterdir() if entry.is_file()}
    file = written(lake, "second", "two")
    handle = open_table(lake.place, "tags")
    for entry in log.iterdir():
        entry.unlink()
    log.rmdir()
    log.write_text("no folder", "utf-8")
    with pytest.raises(LakeUnavailable, match=r"cannot be used: .* Make the folder readable and writable"):
        commit_next(lake.place, lake_tables()["tags"], handle, [file], [], n=2, run_id="second")
    log.unlink()
    log.mkdir()
    for name, data in entries.items():
        (log / name).write_bytes(data)
    assert tag_ids(lake, base) == ["one"] == tag_ids(lake, lake.pins())


def test_rows_without_columns_of_the_table_are_no_file(lake: Lake) -> None:
    assert lake.write("tags", 0, tags(), "run") is None
    assert not [file for file in lake.place.list("tags") if "/part=" in file.path]
