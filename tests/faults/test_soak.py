"""Soak: writers, readers and two refreshers at once, each in processes of its own, and nobody is troubled."""

from __future__ import annotations

import collections
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from changing_site import BY_NAME, assert_equals_a_fresh_build, write_posts
from conftest import Site, assert_the_change_log_adds_up
from killing import Forks, forks
from soaking import readers, writers

pytest_plugins = ["graph_fixtures"]

SECONDS = int(os.environ.get("ETL_SOAK_SECONDS", "600"))
FEW_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Size:
    posts: int
    writers: int
    readers: int


SMALL, FULL = Size(100, 2, 3), Size(400, 4, 8)


def refresh_again_and_again(ready: Forks, stop: threading.Event, ends: collections.Counter[int]) -> None:
    while not stop.is_set():
        ends[ready.start("refresh").wait(120)] += 1
        stop.wait(0.2)


def soak(site: Site, empty_home: Path, fresh: Path, seconds: int, size: Size) -> None:
    """Let writers, readers and two refreshers work on a site for some seconds, and assert what they saw."""
    site.configure(BY_NAME)
    write_posts(site, size.posts)
    (site.posts / "old_post").mkdir()
    shutil.copytree(empty_home, site.settings.dagster_home)
    site.refresh()
    ends: collections.Counter[int] = collections.Counter()
    stop = threading.Event()
    with (
        forks(site) as one,
        forks(site) as other,
        writers(str(site.posts), size.writers, "soak", size.posts) as writing,
        readers(str(site.published), size.readers) as reading,
    ):
        refreshers = [
            threading.Thread(target=refresh_again_and_again, args=(ready, stop, ends)) for ready in (one, other)
        ]
        for refresher in refreshers:
            refresher.start()
        time.sleep(seconds)
        written: list[dict[str, Any]] = writing.end()
        stop.set()
        for refresher in refreshers:
            refresher.join()
        seen: list[dict[str, Any]] = reading.end()
    counts = sum((collections.Counter(told["counts"]) for told in written), collections.Counter())
    print(f"writes {dict(counts)}, exits {dict(ends)}, opens {sum(told['opens'] for told in seen):,}")
    print(f"refreshes seen by each reader {[told['refreshes'] for told in seen]}")

    assert [error for told in seen for error in told["failed"]] == []
    assert [what for told in seen for what in told["wrong"]] == []
    assert sum(told["opens"] for told in seen) > size.readers * seconds / 10
    assert set(ends) == {0, 3}, (site.folder / "said.txt").read_text("utf-8")[-3000:]

    time.sleep(3.1)  # now every file is at rest
    site.refresh()
    titles = dict(site.query("SELECT parse_filename(path), title FROM articles"))
    assert sorted(titles) == sorted(name for told in written for name in told["posts"])
    last = {name: title for told in written for name, title in told["titles"].items()}
    assert {name: titles[name] for name in last} == last, "the last that was written of every post is there"
    assert_equals_a_fresh_build(site, fresh)
    assert_the_change_log_adds_up(site)


def test_a_few_seconds_of_writers_readers_and_two_refreshers_lose_nothing_and_trouble_nobody(
    site: Site, empty_home: Path, tmp_path: Path
) -> None:
    soak(site, empty_home, tmp_path / "fresh", FEW_SECONDS, SMALL)


@pytest.mark.prove("soak")
@pytest.mark.timeout(300 + 2 * SECONDS)
def test_writers_readers_and_two_refreshers_at_once_lose_nothing_and_trouble_nobody(
    site: Site, empty_home: Path, tmp_path: Path
) -> None:
    soak(site, empty_home, tmp_path / "fresh", SECONDS, FULL)
