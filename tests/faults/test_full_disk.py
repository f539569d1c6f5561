"""A disk that takes no more, at every stage of a refresh."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Callable, Iterator

import pytest
from changing_site import write_posts
from conftest import Site

from etl_project.database.lock import RefreshLock
from etl_project.load import merge as load
from etl_project.refresh import Refresh
from etl_project.refresh.disk_full import DiskFull


class SmallDisk:
    """A disk of 128 MB that the warehouse lies on."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ballast = site.published.parent / "ballast"

    def fill(self) -> None:
        with self.ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                return

    def empty(self) -> None:
        self.ballast.unlink(missing_ok=True)


@pytest.fixture
def disk(site: Site) -> Iterator[SmallDisk]:
    warehouse = site.published.parent
    warehouse.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(warehouse)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs root: a small disk is mounted")
    try:
        yield SmallDisk(site)
    finally:
        subprocess.run(["umount", "--lazy", str(warehouse)], check=True)


def every_stage(site: Site, before: Callable[[str], None]) -> None:
    """Run the stages of a refresh; `before` is told the name of each before it begins."""
    refresh = Refresh(site.settings)
    plan = refresh.plan()
    before("staging")
    refresh.load_tables(plan)
    before("checks")
    refresh.run_checks("tables")
    before("aggregates")
    refresh.build_aggregates()
    refresh.run_checks("aggregates")
    before("publish")
    refresh.publish()


def test_a_disk_that_fills_up_at_any_stage_is_named_and_with_room_the_next_refresh_heals(
    disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = disk.site
    write_posts(site, 8)
    site.refresh()
    write_posts(site, 8, edition=1)
    site.refresh()
    previous = site.published.with_name("posts.previous.duckdb")
    merge = load.merge

    def full_before_merge(*arguments: object) -> int:
        disk.fill()
        return merge(*arguments)  # type: ignore[arg-type]

    sentences = {
        "staging": "no room to load the tables",
        "load": "no room to load the tables",
        "checks": "no room to run the checks",
        "aggregates": "no room to build the aggregates",
        "publish": "no room to publish",
    }
    for number, (stage, sentence) in enumerate(sentences.items()):
        write_posts(site, 2, begin=20 + number, edition=number)
        before = site.published.read_bytes()
        with monkeypatch.context() as patched:
            if stage == "load":
                patched.setattr(load, "merge", full_before_merge)
            # With a reader it must be copied for publication; without one its blocks would be used again.
            with previous.open("rb"), pytest.raises(DiskFull) as full:
                every_stage(site, lambda name, stage=stage: disk.fill() if name == stage else None)  # type: ignore[misc]
        assert f"The disk of {site.published.parent} is full: there was {sentence}." in str(full.value), stage
        assert site.published.read_bytes() == before, stage
        del full
        gc.collect()  # the error held the frames, and those the connection
        disk.empty()
        site.refresh()
        assert site.column("SELECT count(*) FROM articles") == [8 + number + 2], stage


def test_a_full_disk_keeps_nobody_from_taking_and_letting_go_of_the_lock(disk: SmallDisk) -> None:
    disk.fill()
    lock = RefreshLock(disk.site.published.parent / ".work" / "posts.lock")
    lock.acquire("a test")
    assert lock.holder() is not None
    lock.release()
    assert lock.holder() is None
