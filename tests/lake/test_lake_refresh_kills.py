"""Whole refreshes of a lake that are killed anywhere: who reads pins sees the site before or after, the next heals."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from subprocess import TimeoutExpired

import duckdb
import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from conftest import Site
from killing import Forks, Process, forks

from etl_project.lake.commits import open_table
from etl_project.lake.store import Lake, Pins
from etl_project.lake.tables import lake_tables

pytest_plugins = ["graph_fixtures"]

KILLS = int(os.environ.get("ETL_LAKE_KILLS", "20"))

POSTS = 8

QUICK_LEASES = "from etl_project.lake.store import Lake; Lake.lease.__defaults__ = (0.2,)"
"""What a process begins with, so that its lease expires soon after its death: the next refresh waits for that."""

EDITIONS = {
    "articles": "title",
    "article_bodies": "body",
    "article_tags": "tag_id",
    "tags": "tag_id",
    "categories": "category_id",
    "articles_by_tag": "tag_id",
}
"""Table -> column whose every value names the edition of the site."""

Digests = dict[str, tuple[object, ...] | None]
"""Table -> (rows, sum of their hashes)."""


@dataclass
class Editions:
    """A site whose every post names its edition, and a lake of it."""

    site: Site
    edition: int = 0

    @property
    def lake(self) -> Lake:
        return Lake.open(str(self.site.folder / "lake"), parts=2)

    def pins(self) -> Pins:
        pins = self.lake.pins()
        assert pins
        return pins

    def change(self) -> None:
        """Write every post anew, delete one and add another."""
        self.edition += 1
        told = f"edition-{self.edition}"
        paths = [*(f"_posts/2026-01-0{n + 1}-p{n}.md" for n in range(POSTS)), f"_posts/2026-02-01-{told}.md"]
        for path in paths:
            self.site.write(path, title=told, categories=told, tags=told, body=told)
        (self.site.posts / f"_posts/2026-02-01-edition-{self.edition - 1}.md").unlink(missing_ok=True)

    def log_entries(self) -> int:
        """How many commits there are, of all tables, after those that created them."""
        entries = (self.site.folder / "lake").rglob("_delta_log/*.json")
        return sum(1 for entry in entries if int(entry.stem))

    def digests(self) -> Digests:
        """All rows of the newest publication, but for what a later refresh makes sure of in files that were young."""
        with self.lake.connect(self.pins()) as con:
            return {
                name: con.execute(f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {name} AS t").fetchone()
                for name in lake_tables().keys() - {"internal.inventory"}
            }

    def seen(self, pins: Pins) -> set[int]:
        """Editions that the rows are of: one, where they are whole."""
        with self.lake.connect(pins, EDITIONS) as con:
            return editions(con)

    def published(self) -> set[int]:
        """Editions that the published file shows."""
        with duckdb.connect(f"duckdb:{self.site.published}", read_only=True) as con:
            return editions(con)

    def newest(self) -> Pins:
        """The newest version of each table, as a reader without pins takes it."""
        lake = self.lake
        versions = {name: open_table(lake.place, table.folder).version() for name, table in lake_tables().items()}
        return replace(self.pins(), versions=versions)


def editions(con: duckdb.DuckDBPyConnection) -> set[int]:
    columns = " UNION ".join(f"SELECT {column} AS told FROM {table}" for table, column in EDITIONS.items())
    rows = con.execute(f"SELECT DISTINCT regexp_extract(told, 'edition-(\\d+)', 1)::BIGINT FROM ({columns})")
    return {edition for (edition,) in rows.fetchall()}


@pytest.fixture
def changing(site: Site, empty_home: Path) -> Editions:
    keys = '[warehouse]\nkind = "lake"\nlocation = "lake"\nparts = 2\n'
    site.configure(extra="[limits]\ndeletes_share = 1.0\n")
    site.config.write_text(site.config.read_text("utf-8").replace("[warehouse]\n", keys), "utf-8")
    shutil.copytree(empty_home, site.settings.dagster_home)
    return Editions(site)


@pytest.fixture
def ready(changing: Editions) -> Iterator[Forks]:
    with forks(changing.site, QUICK_LEASES) as ready:
        yield ready


def kill(process: Process, *, with_children: bool) -> bool:
    """Kill a refresh. Returns whether it was alive until then."""
    if process.poll() is None:
        (os.killpg if with_children else os.kill)(process.pid, signal.SIGKILL)
    return process.wait(60) == -signal.SIGKILL


def kill_at_any_moment(process: Process, whole_seconds: float, chance: random.Random) -> bool:
    with suppress(TimeoutExpired):
        process.wait(chance.uniform(0, whole_seconds))
    return kill(process, with_children=chance.random() < 0.5)


def kill_while_it_commits(process: Process, changing: Editions, commits: int, chance: random.Random) -> bool:
    """Kill a refresh when it has committed some of its tables."""
    wanted = changing.log_entries() + chance.randrange(1, commits)
    while process.poll() is None and changing.log_entries() < wanted:
        time.sleep(0.001)
    return kill(process, with_children=True)


def kill_refreshes(
    changing: Editions, start: Callable[..., Process], kills: int, chance: random.Random
) -> tuple[int, int]:
    """Kill refreshes by turns while they commit and at any moment; the next one heals each.

    On a busy machine one may have published before it is killed: then the next is killed while it commits, too.

    Args:
        changing: the site, which changes before each.
        start: starts a refresh.
        kills: how many refreshes are killed at work.
        chance: chooses the moments.

    Returns:
        How many kills left tables ahead of the publication, and how many reads without pins were mixed.
    """

    def refresh() -> Digests:
        """Refresh whole; returns what it published."""
        assert start().wait(300) == 0, (changing.site.folder / "said.txt").read_text("utf-8")
        pins = changing.pins()
        assert pins.n == changing.edition, "each edition is one refresh"
        assert changing.seen(pins) == changing.seen(changing.newest()) == {changing.edition}
        assert changing.published() == {changing.edition}
        return changing.digests()

    began = time.monotonic()
    changing.change()
    before = refresh()
    whole_seconds, commits = time.monotonic() - began, changing.log_entries()
    killed = tried = ahead = mixed = 0
    while killed < kills or not mixed:
        changing.change()
        # Every batch and every part goes to a process of its own, at times.
        process = start(with_workers=tried % 5 == 2)
        if ahead * 2 > killed:
            was_alive = kill_at_any_moment(process, whole_seconds, chance)
        else:
            was_alive = kill_while_it_commits(process, changing, commits, chance)
        killed += was_alive
        seen, pins, newest = changing.digests(), changing.pins(), changing.newest()
        assert changing.seen(pins) == {pins.n} <= {changing.edition - 1, changing.edition}
        # It is made of the publication, after it: a kill between the two leaves it as it was.
        assert changing.published() in ({changing.edition - 1}, {pins.n})
        ahead += any(newest.versions[name] > version for name, version in pins.versions.items())
        mixed += len(changing.seen(newest)) > 1
        after = refresh()
        differing = [{name for name in seen if seen[name] != other[name]} for other in (before, after)]
        assert not all(differing), f"between a before and an after: {differing}"
        before, tried = after, tried + 1
        assert tried < 3 * kills + 5, "most refreshes end before they are killed: the moments are badly chosen"
    numbers = [pins.n for pins in changing.lake.publications()]
    assert sorted(numbers) == numbers and {*numbers} == {*range(1, changing.edition + 1)}
    print(f"{killed} of {tried} refreshes were killed at work, {ahead} left tables ahead, {mixed} reads were mixed")
    return ahead, mixed


def test_a_refresh_of_a_lake_that_is_killed_leaves_a_before_or_an_after(changing: Editions, ready: Forks) -> None:
    ahead, mixed = kill_refreshes(changing, partial(ready.start, "stages"), 1, random.Random(3))
    assert ahead and mixed, "or the kills prove nothing"


@pytest.mark.prove("lake")
@pytest.mark.timeout(3600)
def test_twenty_killed_refreshes_of_a_lake_leave_befores_and_afters(changing: Editions, ready: Forks) -> None:
    ahead, mixed = kill_refreshes(changing, partial(ready.start, "refresh"), KILLS, random.Random(4))
    assert ahead and mixed, "or the kills prove nothing"
