"""How Dagster's records grow: idle looks, refreshes with a change, and what `maintain` gives back.

    .venv/bin/python -m benchmarks.growth --files 100000 --looks 1000 --refreshes 288 --days 3 FOLDER

FOLDER is made and may be deleted afterwards. A day is that many refreshes; the records should be level from the second
day on.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorType, TickData, TickStatus

from assets.automation import decide
from assets.records import purge, records_of
from etl_project.dagster_home import prepare_home
from etl_project.definitions import run_refresh
from etl_project.load.compact import compact
from etl_project.refresh import Refresh
from etl_project.settings import Settings, read_settings

POST = "---\ntitle: Post {n}\ndate: 2026-01-02 03:04:05\ncategories: c{c}\ntags: [a, t{c}]\n---\n\nBody of post {n}.\n"


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description="Growth of Dagster's records.")
    asked.add_argument("folder", type=Path)
    for name, default in (("files", 100_000), ("looks", 1_000), ("refreshes", 288), ("days", 1)):
        asked.add_argument(f"--{name}", type=int, default=default)
    given = asked.parse_args()
    folder: Path = given.folder.absolute()
    posts = folder / "posts"
    for n in range(given.files):
        write(posts, n)
    (folder / "etl.toml").write_text('[[source]]\nname = "site"\nlocation = "posts"\n', "utf-8")
    os.environ["ETL_CONFIG"] = str(folder / "etl.toml")
    settings = read_settings()
    home = prepare_home(settings)
    refresh(settings)
    time.sleep(4)
    with records_of(home) as instance:
        # Once the young files have stood still, nothing is left to do.
        while isinstance(decide(instance, settings), dg.RunRequest):
            refresh(settings)
        say("at first", home)
        began = time.process_time()
        for number in range(given.looks):
            look(instance, settings, number)
        seconds = time.process_time() - began
        say(f"after {given.looks} idle looks of {seconds / max(1, given.looks):.2f} s CPU each", home)
        print(f"runs started by them: {instance.get_runs_count() - 1}")
    for day in range(given.days):
        began = time.process_time()
        for number in range(given.refreshes):
            write(posts, given.files + day * given.refreshes + number)
            refresh(settings)
        seconds = time.process_time() - began
        say(f"day {day + 1}, {given.refreshes} refreshes of {seconds / max(1, given.refreshes):.2f} s CPU each", home)
    work = Refresh(settings).work
    work.lock.acquire("benchmark")
    with records_of(home) as instance:
        compacted, purged = compact(work), purge(instance, 0)
    work.lock.release()
    say(f"after maintain of everything, {purged.runs} runs purged", home)
    print(f"work file: {compacted.before:,} bytes, compacted {compacted.after:,}")


def write(posts: Path, n: int) -> None:
    """Write a post, a thousand to a folder."""
    file = posts / f"{n // 1000:03}" / f"{n:06}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(POST.format(n=n, c=n % 20), "utf-8")


def refresh(settings: Settings) -> None:
    """One refresh, as `etl refresh` runs it."""
    work = Refresh(settings)
    work.work.lock.acquire("benchmark")
    try:
        found = work.look()
        assert not found.is_idle
        assert run_refresh(work, found, lambda done, total: None).success
    finally:
        work.work.lock.release()


def look(instance: dg.DagsterInstance, settings: Settings, number: int) -> None:
    """One idle look, and what the daemon writes down of it."""
    answer = decide(instance, settings)
    assert isinstance(answer, dg.SkipReason), answer
    tick = TickData("o" * 40, "look_for_changes", InstigatorType.SCHEDULE, TickStatus.STARTED, time.time() + number)
    instance.update_tick(instance.create_tick(tick).with_status(TickStatus.SKIPPED, skip_reason=answer.skip_message))


def say(when: str, home: Path) -> None:
    """Print the size of the records."""
    size = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    print(f"{size / 1e6:8.2f} MB  {when}", flush=True)


if __name__ == "__main__":
    main()
