"""Drivers that die anywhere, or only seem to: a reader of a publication sees one refresh whole, whatever they leave."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("deltalake", reason="needs deltalake: pip install 'etl-project[lake]'")

from driver_program import TABLES, refresh, rows_of
from drivers import Driver, seen, seen_without_pins, start_driver
from lakes import new_lake

from etl_project.lake.store import Beaten, Lake, Pins

KILLS = int(os.environ.get("ETL_LAKE_KILLS", "20"))

BEAT = 0.2

QUICK_BEAT = 0.05
"""Of drivers that are alone: a lease that expires while its driver lives would disturb nobody."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


def refresh_here(lake: Lake, run_id: str) -> Pins:
    with lake.lease(run_id, BEAT):
        refresh(lake, run_id, dict.fromkeys(TABLES, 0))
    pins = lake.pins()
    assert pins
    return pins


def assert_whole(lake: Lake) -> set[str]:
    """Every publication shows the rows of its own refresh; returns those of the newest."""
    for pins in lake.publications():
        assert seen(lake, pins) == {str(pins.n)}
    return seen(lake, lake.pins())


def test_a_driver_that_dies_between_its_steps_shows_nothing_and_is_undone(lake: Lake) -> None:
    """It dies after its files and after each commit. The next refresh goes on from what was there."""
    before, mixed = refresh_here(lake, "first"), 0
    for commits in range(len(TABLES)):
        driver = start_driver(lake, f"dies{commits}", BEAT, 1, dies_after=commits)
        assert driver.published() == [] and driver.wait() == -signal.SIGKILL
        assert lake.pins() == before and assert_whole(lake) == {str(before.n)}
        mixed += len(seen_without_pins(lake)) > 1
        after = refresh_here(lake, f"heals{commits}")
        assert after.n == before.n + 1 and assert_whole(lake) == {str(after.n)} == seen_without_pins(lake)
        before = after
    assert mixed == len(TABLES) - 1, "or the tables were never ahead, and this proves nothing"


def kill(driver: Driver, chance: random.Random, longest_seconds: float, *, while_it_commits: bool) -> None:
    """Kill a driver at a random moment of its refreshes, or of the time that the commits of its second one may take."""
    driver.wait_until("began")
    if while_it_commits:
        wrote = driver.wait_until("wrote")
        took = driver.wait_until("published") - wrote
        driver.wait_until("wrote", 2)
        time.sleep(chance.uniform(0, took))
    else:
        # It waits for the lease of the one before, and then refreshes many times.
        time.sleep(chance.uniform(0.2, longest_seconds))
    driver.process.kill()
    driver.wait()


def kill_between_commits(lake: Lake, name: str, chance: random.Random) -> None:
    """Let a driver kill itself in its second refresh, when it has committed some tables: no clock has a part in it."""
    commits = len(TABLES) + chance.randrange(1, len(TABLES))
    driver = start_driver(lake, name, QUICK_BEAT, 2, dies_after=commits)
    assert len(driver.published()) == 1 and driver.wait() == -signal.SIGKILL


def kill_drivers(lake: Lake, kills: int, chance: random.Random, longest_seconds: float) -> tuple[int, int]:
    """Kill drivers while a reader of pins reads, and heal after the last.

    By turns they die at any moment, between two commits, and at a random moment while they commit.

    Returns:
        Kills that left tables ahead, and reads without pins that were mixed.
    """
    refresh_here(lake, "first")
    ended, wrong = threading.Event(), []

    def read() -> None:
        while not ended.is_set():
            pins = lake.pins()
            assert pins
            if (found := seen(lake, pins)) != {str(pins.n)}:
                wrong.append((pins, found))
            ended.wait(0.25)

    reader = threading.Thread(target=read)
    reader.start()
    ahead = mixed = 0
    try:
        for number in range(kills):
            name = f"killed{number}"
            if number % 3 == 1:
                kill_between_commits(lake, name, chance)
            else:
                driver = start_driver(lake, name, QUICK_BEAT, 1_000)
                kill(driver, chance, longest_seconds, while_it_commits=number % 3 == 2)
            pins = lake.pins()
            assert pins and seen(lake, pins) == {str(pins.n)}
            newest = seen_without_pins(lake)
            ahead += newest != {str(pins.n)}
            mixed += len(newest) > 1
    finally:
        ended.set()
        reader.join()
    assert not wrong
    last = lake.pins()
    assert last
    after = refresh_here(lake, "heals")
    assert after.n == last.n + 1 and assert_whole(lake) == {str(after.n)} == seen_without_pins(lake)
    numbers = [pins.n for pins in lake.publications()]
    assert numbers == list(range(1, len(numbers) + 1))
    return ahead, mixed


def test_a_driver_that_is_killed_at_any_moment_leaves_a_refresh_whole(lake: Lake) -> None:
    ahead, mixed = kill_drivers(lake, 2, random.Random(1), 1.5)
    assert ahead and mixed, "or the kills prove nothing"


@pytest.mark.prove("lake")
@pytest.mark.timeout(1200)
def test_twenty_kills_leave_refreshes_whole_and_some_tables_ahead(lake: Lake) -> None:
    ahead, mixed = kill_drivers(lake, KILLS, random.Random(2), 4)
    between_commits = len(range(1, KILLS, 3))
    assert ahead >= between_commits <= mixed, "or the kills prove nothing"


@pytest.mark.prove("lake")
def test_of_two_drivers_at_once_each_number_is_published_once(lake: Lake) -> None:
    drivers = [start_driver(lake, name, 1, 10) for name in ("one", "other")]
    said = [number for driver in drivers for number in driver.published()]
    assert [driver.wait() for driver in drivers] == [0, 0]
    numbers = [pins.n for pins in lake.publications()]
    assert sorted(said) == numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 10
    assert assert_whole(lake) == {str(numbers[-1])}


def test_two_drivers_that_touch_different_parts_do_not_mix_either(lake: Lake) -> None:
    """Delta Lake alone would let both through: each table is whole, and yet no refresh made what they show together."""
    refresh_here(lake, "first")
    drivers = {part: start_driver(lake, f"part{part}", 1, 3, part=part) for part in (1, 2)}
    said = {part: driver.published() for part, driver in drivers.items()}
    numbers = [pins.n for pins in lake.publications()]
    assert sorted([1, *said[1], *said[2]]) == numbers == list(range(1, len(numbers) + 1))
    with lake.connect(lake.pins(), {"internal.article_words"}) as con:
        rows = {int(words) for (words,) in con.execute("SELECT words FROM internal.article_words").fetchall()}
    # A driver may be beaten each time, and then its part has no row.
    assert rows == {1, *(max(published) for published in said.values() if published)} and len(rows) > 1


def test_a_slow_driver_that_lives_is_not_undone(lake: Lake) -> None:
    """Another waits for it, however long it takes, is beaten once it has published, and begins anew."""
    first = refresh_here(lake, "first")
    with lake.lease("slow", BEAT):
        tables = {table: lake.write(table, 0, rows_of(table, 2), "slow") for table in TABLES}
        adds = [file for file in tables.values() if file]
        pins = lake.commit(2, first, adds, [file for table in TABLES for file in lake.files(first, table)], "slow")
        other = start_driver(lake, "fast", BEAT, 2)
        other.wait_until("began 2")
        time.sleep(3 * 6 * BEAT)  # three times what an expired lease takes
        assert other.process.exitcode is None and lake.pins() == first
        lake.publish(pins)
    assert other.wait() == 0
    assert other.lines() == ["began 2", "wrote 2", "beaten", "began 3", "wrote 3", "published 3"]
    assert assert_whole(lake) == {"3"} and [pins.n for pins in lake.publications()] == [1, 2, 3]


def test_a_driver_that_was_taken_for_dead_is_beaten_and_changes_nothing(lake: Lake) -> None:
    first = refresh_here(lake, "first")
    adds = [lake.write(table, 0, rows_of(table, 2), "frozen") for table in TABLES]
    removes = [file for table in TABLES for file in lake.files(first, table)]
    frozen = lake.commit(2, first, [file for file in adds if file], removes, "frozen")
    second = refresh_here(lake, "second")  # no lease of the other: it is undone
    with pytest.raises(Beaten, match="published first"):
        lake.publish(frozen)
    with pytest.raises(Beaten):
        lake.commit(2, first, [file for file in adds if file], removes, "frozen")
    assert lake.pins() == second and assert_whole(lake) == {"2"}
