"""Sources that are not listed at every check: `look_every`."""

from __future__ import annotations

import datetime as dt

import pytest
from conftest import Site, equals_full_build, rewrite_last_plan

from etl_project.database.last_plan import Looked
from etl_project.database.work_file import WorkFile
from etl_project.refresh.due import describe_not_due
from etl_project.settings import SettingsError

ARCHIVE = """
[[source]]
name = "archive"
location = "old"
dialect = "plain"
look_every = "{every}"
"""


@pytest.fixture
def two(site: Site) -> Site:
    """A site, and an archive that is listed every six hours; both are loaded, and not published."""
    site.write("_posts/2026-01-02-one.md")
    (site.folder / "old").mkdir()
    (site.folder / "old/a.md").write_text("# a\n")
    site.configure(extra=ARCHIVE.format(every="6 hours"))
    site.load()
    return site


def titles(site: Site) -> list[str]:
    return site.column_of_work("SELECT title FROM articles ORDER BY title")


def let_pass(site: Site, **time: int) -> None:
    """Write down that the archive was listed so much earlier."""
    work = WorkFile(site.published)
    last = work.last_plan.read()
    assert last
    row = last.looked["archive"]
    earlier = dt.datetime.fromisoformat(row.at) - dt.timedelta(**time)
    rewrite_last_plan(work, looked={"archive": Looked(earlier.isoformat(timespec="seconds"), row.inputs)})


def test_a_source_is_listed_when_its_time_has_come_and_not_before(two: Site) -> None:
    two.refresh()
    (two.folder / "old/b.md").write_text("# b\n")
    assert two.refresh() is None
    assert two.last_plan and list(two.last_plan.not_due) == ["archive"]
    let_pass(two, hours=5)
    two.write("_posts/2026-01-02-two.md")
    loaded = two.load()
    assert loaded and loaded.changes == {"added": 1}, "the other source goes on"
    assert "b" not in titles(two)
    let_pass(two, hours=1)
    loaded = two.refresh()
    assert loaded and loaded.changes == {"added": 1} and "b" in titles(two)
    assert two.last_plan and not two.last_plan.not_due
    equals_full_build(two)


def test_nothing_of_a_source_that_is_not_listed_is_lost(two: Site) -> None:
    (two.folder / "old/a.md").unlink()
    two.write("_posts/2026-01-02-two.md")
    two.load()
    assert "a" in titles(two)


@pytest.mark.parametrize("options", [{"sources": ["archive"]}, {"verify": True}, {"full": True}])
def test_who_asks_for_a_source_gets_it_listed(two: Site, options: dict[str, object]) -> None:
    (two.folder / "old/b.md").write_text("# b\n")
    two.load(**options)
    assert "b" in titles(two)


def test_other_settings_are_heeded_at_once(two: Site) -> None:
    (two.folder / "old/b.txt.md").write_text("# b\n")
    two.configure(extra=ARCHIVE.format(every="6 hours") + 'title = "The archive"\n')
    two.load()
    assert "b" in titles(two)


def test_without_a_warehouse_everything_is_listed(two: Site) -> None:
    two.refresh()
    for path in sorted((two.published.parent / ".work").glob("posts.duckdb*")):
        if path.suffix == ".duckdb":
            path.unlink()
    two.published.unlink()
    two.load()
    assert "a" in titles(two)


def test_a_clock_that_was_set_back_keeps_no_source_from_being_listed(two: Site) -> None:
    (two.folder / "old/b.md").write_text("# b\n")
    let_pass(two, days=-30)
    two.load()
    assert "b" in titles(two)


def test_a_source_that_could_not_be_read_is_tried_at_every_check(two: Site) -> None:
    let_pass(two, hours=7)
    (two.folder / "old").rename(two.folder / "away")
    assert two.plan()[1].diff.unavailable.keys() == {"archive"}
    (two.folder / "away").rename(two.folder / "old")
    (two.folder / "old/b.md").write_text("# b\n")
    two.load()
    assert "b" in titles(two)


def test_checks_that_leave_a_source_out_are_checks_all_the_same(two: Site) -> None:
    """The file is not called stale while a source waits for its time."""
    two.refresh()
    last_plan = WorkFile(two.published).last_plan
    before = last_plan.read()
    assert before
    rewrite_last_plan(WorkFile(two.published), planned_at="2026-01-01T00:00:00+00:00")
    assert two.refresh() is None
    after = last_plan.read()
    assert after and after.planned_at >= before.planned_at
    assert after.looked == before.looked and after.no_op is None


def test_the_sentence_names_the_time_and_the_way_round() -> None:
    due = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
    assert describe_not_due({"archive": due}) == [
        "The source archive is listed again after 2026-03-01 12:30 UTC (look_every); `--source archive` lists it now."
    ]


@pytest.mark.parametrize("every", ["1m", "90 min", "1 minute", "6 hours", "6h", "1 Day", " 30 days "])
def test_times_as_people_write_them(site: Site, every: str) -> None:
    site.configure(extra=ARCHIVE.format(every=every))
    assert site.settings.sources[1].look_interval >= dt.timedelta(minutes=1)


@pytest.mark.parametrize("every", ["", "6", "six hours", "0 h", "-1 h", "1.5 h", "999 days", "6 hours 3", "1 week"])
def test_other_times_are_named_with_their_line(site: Site, every: str) -> None:
    site.configure(extra=ARCHIVE.format(every=every))
    with pytest.raises(SettingsError, match=r"line \d+: '.*write a "):
        _ = site.settings
