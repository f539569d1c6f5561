"""Processes that read posts are started beside the listing where every post will be read and there are many."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from conftest import Site

from etl_project.cli import refresh as command
from etl_project.cli.recorder import Recorder
from etl_project.engines.local import LocalEngine
from etl_project.refresh import Refresh, foresee, planner
from etl_project.sources.signature import SourceUnavailable


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with as many posts as are many."""
    monkeypatch.setattr(foresee, "MANY_POSTS", 3)
    site = Site(tmp_path)
    site.configure()
    for n in range(3):
        site.write(f"_posts/2026-01-02-{n}.md")
    return site


class Seen(LocalEngine):
    """Notes what it is told to be ready for, and starts nothing."""

    def __init__(self) -> None:
        super().__init__(1)
        self.events: list[str] = []

    def warm(self, total_bytes: int) -> None:
        self.events.append("warm")

    def close(self) -> None:
        self.events.append("close")


def events_of_plan(site: Site, monkeypatch: pytest.MonkeyPatch, **options: bool) -> list[str]:
    """Plan, and tell what the engine was asked for, and when the sources were listed."""
    engine = Seen()
    refresh = Refresh(site.settings, engine=engine, **options)
    refresh.foresees = partial(foresee.start_readers, engine)
    walk = planner.walk_sources
    with monkeypatch.context() as patch:
        patch.setattr(planner, "walk_sources", lambda sources: engine.events.append("list") or walk(sources))
        refresh.plan().close()
    return engine.events


def test_readers_of_a_first_build_start_before_the_sources_are_listed(
    many: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert events_of_plan(many, monkeypatch) == ["warm", "list"]


def test_of_few_posts_none_are_started(many: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (many.posts / "_posts" / "2026-01-02-0.md").rename(many.posts / "picture.png")
    many.write(".git/2026-01-02-0.md")
    assert events_of_plan(many, monkeypatch) == ["list"]


def test_once_there_is_a_warehouse_they_are_started_only_where_every_post_is_read_again(
    many: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.refresh()
    many.write("_posts/2026-01-03-new.md")
    assert events_of_plan(many, monkeypatch) == ["list"]
    assert events_of_plan(many, monkeypatch, verify=True) == ["list"]
    assert events_of_plan(many, monkeypatch, full=True) == ["warm", "list"]
    many.configure(extra="[limits]\nfile_bytes = 20000\n")
    assert events_of_plan(many, monkeypatch) == ["warm", "list"], "other settings"


def test_a_folder_that_cannot_be_read_has_few_posts(many: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not list(foresee._names_below(many.folder / "missing"))


def test_a_plan_alone_starts_none(many: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Seen()
    Refresh(many.settings, engine=engine).plan().close()
    Refresh(many.settings, engine=engine).preview().close()
    assert engine.events == []


def test_the_command_starts_them_and_ends_them_where_the_listing_fails(
    many: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Refresh(many.settings, engine=LocalEngine(2))

    def fail(sources: object) -> None:
        assert work.engine._pool is not None  # type: ignore[attr-defined]
        raise SourceUnavailable("the disk is gone")

    monkeypatch.setattr(planner, "walk_sources", fail)
    with pytest.raises(SourceUnavailable):
        command._plan(work, Recorder())
    assert work.engine._pool is None  # type: ignore[attr-defined]
