"""The no-op fingerprint: a plan like the last one ends at once; whatever could change it makes it compare again."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from built_sites import BuiltSites
from conftest import Site

from etl_project.database.generation import GenerationState
from etl_project.engines.local import LocalEngine
from etl_project.refresh import Refresh, planner, unchanged
from etl_project.scan.clock import Clock
from etl_project.sources import signature

FUTURE = "2031-01-02 03:04:05 +0800"
COMES_OUT = dt.datetime(2031, 1, 1, 19, 4, 5, tzinfo=dt.UTC)


def old_posts(folder: Path) -> Site:
    """Build the warehouse of posts that are old, and of one that is to come."""
    site = Site(folder)
    site.configure()
    for n in range(3):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.write("_posts/2031-01-02-future.md", date=FUTURE)
    site.refresh()
    return site


@pytest.fixture
def idle(built_sites: BuiltSites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose posts are old and whose warehouse is built, and nothing has happened since the last plan."""
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    site = built_sites.copy(old_posts, tmp_path)
    assert site.refresh() is None
    return site


def move(site: Site) -> None:
    folder = site.posts / "_posts"
    (folder / "2026-01-02-1.md").rename(folder / "2026-01-02-9.md")


def compares_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Plan, and tell whether the files were compared with the inventory."""
    compared = []
    compare = planner.compare
    with monkeypatch.context() as patch:
        patch.setattr(planner, "compare", lambda *given: compared.append(1) or compare(*given))
        site.plan(allow_deletes=True)[1].close()
    return bool(compared)


def test_a_plan_like_the_last_opens_no_database(idle: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*given: object, **values: object) -> None:
        raise AssertionError("a database is opened")

    (generation,) = idle.column("SELECT max(refresh_id) FROM refreshes")
    _, before = idle.plan()
    with monkeypatch.context() as patch:
        patch.setattr(duckdb, "connect", connect)
        _, plan = idle.plan()
    assert plan.is_no_op and plan.state is GenerationState.CHECKED and not plan.waits_for_a_person
    assert (plan.generation, plan.diff.listed, plan.diff.unavailable) == (generation, {"site": 4}, {})
    assert before.generation == generation and before.diff.listed == plan.diff.listed
    # And it is remembered on.
    assert not compares_anew(idle, monkeypatch)


def append(site: Site) -> None:
    with (site.posts / "_posts/2026-01-02-1.md").open("a") as file:
        file.write("More.\n")


def touch(site: Site) -> None:
    os.utime(site.posts / "_posts/2026-01-02-1.md", (1, 1))


def replace_by_its_like(site: Site) -> None:
    file = site.posts / "_posts/2026-01-02-1.md"
    info = file.stat()
    shutil.copy2(file, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def change_the_site_settings(site: Site) -> None:
    (site.posts / "_config.yml").write_text("permalink: /:title/\n")


def change_a_byte_of_the_published_file(site: Site) -> None:
    data = bytearray(site.published.read_bytes())
    data[-1] ^= 1
    site.published.write_bytes(data)


CHANGES: dict[str, Callable[[Site], object]] = {
    "a post was written to": append,
    "a post was touched": touch,
    "a post was replaced by its like": replace_by_its_like,
    "a post came": lambda site: site.write("_posts/2026-01-02-3.md"),
    "a post went": lambda site: (site.posts / "_posts/2026-01-02-1.md").unlink(),
    "a post was moved": move,
    "the settings of the site changed": change_the_site_settings,
    "the source reads other files": lambda site: site.configure('include = ["_posts/*-1.md"]'),
    "a setting that no post depends on changed": lambda site: site.configure(extra="[checks]\nrejected_share = 0.5\n"),
    "the published file went": lambda site: site.published.unlink(),
    "the published file was damaged": change_a_byte_of_the_published_file,
    "a log lies beside the published file": lambda site: Path(f"{site.published}.wal").touch(),
    "the work file went": lambda site: (site.folder / "warehouse/.work/posts.duckdb").unlink(),
    "what the last look wrote down is damaged": lambda site: (
        site.folder / "warehouse/.work/posts.last_plan.json"
    ).write_text("{"),
    "the source went": lambda site: site.posts.rename(site.folder / "away"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_a_plan_depends_on_makes_it_compare_again(
    idle: Site, monkeypatch: pytest.MonkeyPatch, change: Callable[[Site], object]
) -> None:
    assert not compares_anew(idle, monkeypatch)
    change(idle)
    assert compares_anew(idle, monkeypatch)


@pytest.mark.parametrize("options", [{"full": True}, {"verify": True}], ids=["full", "verify"])
def test_what_a_person_asks_for_is_done(idle: Site, monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]) -> None:
    plan = idle.plan
    monkeypatch.setattr(idle, "plan", lambda **given: plan(**given, **options))
    assert compares_anew(idle, monkeypatch)


def test_another_version_of_the_code_compares_again(
    idle: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "rules.py").write_text("1")
    monkeypatch.setattr(unchanged, "_PACKAGE", code)
    assert compares_anew(idle, monkeypatch) and not compares_anew(idle, monkeypatch)
    (code / "rules.py").write_text("12")
    assert compares_anew(idle, monkeypatch)


def is_told_early(site: Site, **options: object) -> bool:
    """Plan, and tell whether it was known that files differ before they were compared."""
    refresh = Refresh(site.settings, **options)
    told: list[bool] = []
    refresh.differs = lambda: told.append(True)
    refresh.plan().close()
    return bool(told)


def test_that_files_differ_is_known_before_they_are_compared_right_after_a_refresh_too(idle: Site) -> None:
    assert not is_told_early(idle)
    append(idle)
    assert is_told_early(idle)
    idle.refresh()
    assert not is_told_early(idle), "they are as they were loaded"
    move(idle)
    assert is_told_early(idle, allow_deletes=True)
    assert is_told_early(idle, full=True), "whatever is listed, every post is read"


class Watched(LocalEngine):
    """An engine that tells for how many bytes it was warmed, and whether it was closed."""

    bytes_warmed = 0
    is_closed = False

    def warm(self, total_bytes: int) -> None:
        self.bytes_warmed = total_bytes

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("full", [False, True], ids=["first build", "all anew"])
def test_who_will_read_every_post_starts_before_files_are_compared(
    idle: Site, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    monkeypatch.setattr("etl_project.refresh.refresh.IN_PROCESS_BYTES", 1)
    if not full:
        shutil.rmtree(idle.published.parent)
    engine = Watched()

    def stop(*given: object) -> None:
        assert engine.bytes_warmed == sum(file.stat().st_size for file in idle.posts.rglob("*.md"))
        raise InterruptedError

    monkeypatch.setattr(planner, "compare", stop)
    with pytest.raises(InterruptedError):
        Refresh(idle.settings, full=full, engine=engine).plan()
    assert engine.is_closed


def test_a_source_that_cannot_be_read_tells_nothing_early(idle: Site) -> None:
    idle.posts.rename(idle.folder / "away")
    assert not is_told_early(idle)


def test_a_post_that_comes_out_is_seen_at_its_instant(idle: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(now: dt.datetime) -> None:
        monkeypatch.setattr(Clock, "now", lambda: Clock(now, round(now.timestamp()) * 10**9))

    at(COMES_OUT - dt.timedelta(microseconds=1))
    assert not compares_anew(idle, monkeypatch)
    at(COMES_OUT)
    _, plan = idle.plan()
    assert plan.reasons == ["1 article goes live or expires"]
    plan.close()


def test_a_clock_set_back_is_not_trusted(idle: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    now = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    monkeypatch.setattr(Clock, "now", lambda: Clock(now, round(now.timestamp()) * 10**9))
    assert compares_anew(idle, monkeypatch)
    assert not compares_anew(idle, monkeypatch), "from that time on it is remembered"


def test_young_posts_are_not_taken_for_settled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine may take three seconds for all this.
    monkeypatch.setattr(signature, "YOUNG_NS", 10 * signature.YOUNG_NS)
    site.write("_posts/2026-01-02-1.md", age=0)
    site.refresh()
    assert site.refresh() is None, "its bytes are the same"
    assert compares_anew(site, monkeypatch), "and could be others by the next look, its signature the same"
