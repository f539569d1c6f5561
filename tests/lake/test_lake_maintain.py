"""`etl maintain` on a lake: fewer files and the same rows; what is pinned or alive stays, and what is dead goes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

import polars as pl
from lakes import new_lake, publish_tags, tag_ids, tags

from etl_project.lake import logs
from etl_project.lake.commits import open_table
from etl_project.lake.maintain import MOST_FILES_A_PART, LakeBusy, maintain_lake
from etl_project.lake.place import LakeUnavailable
from etl_project.lake.store import Beaten, Lake

BEAT = 0.1


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


def data_files(lake: Lake, folder: str = "tags") -> set[str]:
    return {file.path for file in lake.place.list(folder) if file.path.endswith(".parquet") and "/part=" in file.path}


def append_tags(lake: Lake, count: int) -> None:
    """Publish a tag of its own file, again and again."""
    for number in range(count):
        base, run_id = lake.pins(), f"appends{number}"
        file = lake.write("tags", 0, tags(f"tag{number:02}"), run_id)
        assert file
        lake.publish(lake.commit(base.n + 1 if base else 1, base, [file], [], run_id))


def test_many_small_files_of_a_part_become_one_with_the_same_rows(lake: Lake) -> None:
    append_tags(lake, MOST_FILES_A_PART + 1)
    before = lake.pins()
    assert before and len(lake.files(before, "tags")) == MOST_FILES_A_PART + 1
    done = maintain_lake(lake, "maintains", 50)
    after = lake.pins()
    assert after and (after.n, after.sequence) == (before.n, before.sequence + 1), "rows are those of the same refresh"
    assert done.merged == MOST_FILES_A_PART + 1 and len(lake.files(after, "tags")) == 1
    assert tag_ids(lake, after) == tag_ids(lake, before) == [f"tag{number:02}" for number in range(9)]
    assert maintain_lake(lake, "again", 50).merged == 0


def test_publications_that_are_not_kept_are_forgotten_with_their_files(lake: Lake) -> None:
    for number in range(6):
        publish_tags(lake, f"run{number}", f"tag{number}")
    pinned = lake.publications()
    assert len(data_files(lake)) == 6
    done = maintain_lake(lake, "maintains", 3)
    kept = lake.publications()
    assert [pins.n for pins in kept] == [5, 6, 6] and done.forgotten == 4
    assert len(data_files(lake)) == 2 and done.removed >= 4 and done.bytes > 0
    assert [tag_ids(lake, pins) for pins in kept] == [["tag4"], ["tag5"], ["tag5"]]
    assert tag_ids(lake, pinned[4]) == ["tag4"]
    assert len(data_files(lake, "publications")) == 3


def test_polars_reads_the_rows_of_a_pinned_version(lake: Lake) -> None:
    first, second = publish_tags(lake, "first", "one"), publish_tags(lake, "second", "two", "three")
    for pins in (first, second):
        scanned = pl.scan_delta(lake.place.address("tags"), version=pins.versions["tags"])
        assert sorted(scanned.collect()["tag_id"]) == tag_ids(lake, pins)


def test_what_dead_drivers_left_goes_and_the_newest_version_is_the_pinned_one_again(lake: Lake) -> None:
    first = publish_tags(lake, "first", "one")
    written = lake.write("tags", 0, tags("dead"), "dead")
    never_committed = lake.write("authors", 0, pl.DataFrame({"author_id": ["dead"], "name": ["D"]}), "dead")
    assert written and never_committed
    lake.commit(2, first, [written], lake.files(first, "tags"), "dead")
    maintain_lake(lake, "maintains", 2)
    assert tag_ids(lake, lake.pins()) == ["one"]
    newest = open_table(lake.place, "tags")
    assert newest.version() > first.versions["tags"]
    assert pl.scan_delta(lake.place.address("tags")).collect()["tag_id"].to_list() == ["one"]
    assert data_files(lake) == {f"tags/{file.path}" for file in lake.files(first, "tags")}
    assert data_files(lake, "authors") == set()


def test_a_refresh_that_runs_is_not_disturbed(lake: Lake) -> None:
    publish_tags(lake, "first", "one")
    with lake.lease("refreshes", BEAT):
        file = lake.write("tags", 0, tags("new"), "refreshes")
        assert file
        with pytest.raises(LakeBusy, match=r"a refresh of .* is running\. Try again when it has ended"):
            maintain_lake(lake, "maintains", 2)
        base = lake.pins()
        lake.publish(lake.commit(2, base, [file], [], "refreshes"))
    assert tag_ids(lake, lake.pins()) == ["new", "one"]


def test_files_of_a_driver_that_begins_meanwhile_stay(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has written and holds its lease, as the needless files are looked for."""
    publish_tags(lake, "first", "one")
    begun = []
    original = Lake.publish

    def publish(self: Lake, pins: object, **named: object) -> None:
        lease = lake.lease("begins", BEAT)
        lease.__enter__()
        begun.append((lease, lake.write("tags", 0, tags("begun"), "begins")))
        original(self, pins, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "publish", publish)
    maintain_lake(lake, "maintains", 2)
    lease, file = begun[0]
    assert f"tags/{file.path}" in data_files(lake)
    lease.__exit__(None, None, None)


def test_a_driver_that_was_only_slow_cannot_publish_what_was_removed(lake: Lake) -> None:
    """Its lease expired and its files went: the publication that maintaining made beats it."""
    first = publish_tags(lake, "first", "one")
    file = lake.write("tags", 0, tags("slow"), "slow")
    assert file
    pins = lake.commit(2, first, [file], [], "slow")
    maintain_lake(lake, "maintains", 2)
    assert f"tags/{file.path}" not in data_files(lake)
    with pytest.raises(Beaten):
        lake.publish(pins)
    assert tag_ids(lake, lake.pins()) == ["one"]


def test_logs_are_cut_off_before_the_oldest_kept_version_and_it_opens(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_ENTRIES", 5)
    for number in range(9):
        publish_tags(lake, f"run{number}", f"tag{number}")
    maintain_lake(lake, "maintains", 2)
    kept = lake.publications()
    entries = [file.path for file in lake.place.list("tags/_delta_log") if file.path.endswith(".json")]
    assert len([entry for entry in entries if entry[-10:-5].isdigit()]) == 1, entries
    assert [tag_ids(lake, pins) for pins in kept] == [["tag8"], ["tag8"]]
    publish_tags(lake, "after", "new")
    assert tag_ids(lake, lake.pins()) == ["new"]
    assert pl.scan_delta(lake.place.address("tags")).collect()["tag_id"].to_list() == ["new"]
    assert len(lake.publications()) == 3
    with pytest.raises(LakeUnavailable, match=r"Version 1 of .* is not kept any more"):
        open_table(lake.place, "tags", 1)


def test_leases_of_the_dead_go(lake: Lake) -> None:
    publish_tags(lake, "first", "one")
    lake.place.put("leases/dead.json", b'{"beat_seconds": 0.01}')
    time.sleep(0.1)
    maintain_lake(lake, "maintains", 2)
    assert list(lake.place.list("leases")) == []
