"""How Dagster's records grow: idle looks, days of refreshes with a change, and what `maintain` gives back.

    .venv/bin/python -m benchmarks.growth looks FOLDER FILES LOOKS
    .venv/bin/python -m benchmarks.growth days FOLDER REFRESHES

FOLDER is made, and may be deleted afterwards. Each prints what it measured as one line of JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorType, TickData, TickStatus

from assets.automation import decide
from assets.records import purge, records_of
from benchmarks.bench import PYTHON, ROOT, Bench
from benchmarks.measure import run
from benchmarks.results import Result, Target
from etl_project.definitions import run_refresh
from etl_project.refresh.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home
from etl_project.settings import Settings, read_settings

POST = "---\ntitle: Post {n}\ndate: 2026-01-02 03:04:05\ncategories: c{c}\ntags: [a, t{c}]\n---\n\nBody of post {n}.\n"

DAYS = 3
_FEW = 1_000
"""Posts of the site that is refreshed: records do not grow with it."""


def records(bench: Bench) -> Iterator[Result]:
    """Measure the records after idle looks, after days of refreshes and after `maintain`."""
    looked = _measured(bench, "looks", bench.posts, bench.looks)
    what = f"{bench.looks:,} idle looks on {bench.posts:,} files"
    target = Target(5, "less than 5 MB")
    yield Result(
        f"{what}: growth of the records", f"{looked['grown']:.2f} MB", target.words, target.verdict(looked["grown"]),
        f"{looked['seconds']:.2f} s CPU each",
    )  # fmt: skip
    verdict = "reached" if looked["runs"] == 0 else "**missed**"
    yield Result(f"{what}: runs started", f"{looked['runs']:.0f}", "none", verdict)
    days = _measured(bench, "days", bench.refreshes)
    for day in range(1, DAYS + 1):
        size, before = days[f"day {day}"], days[f"day {day - 1}"]
        target = Target(60, "less than 60 MB") if day == 1 else Target(2, "at most 2 MB more than the day before")
        yield Result(
            f"day {day} of {bench.refreshes} refreshes with a change: size of the records", f"{size:.1f} MB",
            target.words, target.verdict(size - before), f"{days[f'seconds {day}']:.2f} s CPU each",
        )  # fmt: skip
    yield Result("after `maintain` of all that is old", f"{days['maintained']:.1f} MB")


def _measured(bench: Bench, what: str, *sizes: int) -> dict[str, float]:
    folder = bench.folder / f"records-{what}"
    command: list[str | Path] = [PYTHON, "-m", "benchmarks.growth", what, folder, *map(str, sizes)]
    measured: dict[str, float] = json.loads(run(command, ROOT, limit=10_000).output.splitlines()[-1])
    shutil.rmtree(folder)
    return measured


def after_looks(folder: Path, files: int, looks: int) -> dict[str, float]:
    """Look at a site to which nothing happens. Sizes are in MB."""
    settings, home = _site(folder, files)
    with records_of(home) as instance:
        before, runs = _size(home), instance.get_runs_count()
        began = time.process_time()
        for number in range(looks):
            answer = decide(instance, settings)
            assert isinstance(answer, dg.SkipReason), answer
            # What the daemon writes down of a tick.
            tick = TickData("o" * 40, "look_for_changes", InstigatorType.SCHEDULE, TickStatus.STARTED, 1e9 + number)
            skipped = instance.create_tick(tick).with_status(TickStatus.SKIPPED, skip_reason=answer.skip_message)
            instance.update_tick(skipped)
        seconds = (time.process_time() - began) / max(1, looks)
        return {"grown": _size(home) - before, "runs": instance.get_runs_count() - runs, "seconds": seconds}


def after_days(folder: Path, refreshes: int) -> dict[str, float]:
    """Refresh a site for some days with one more post each time. Sizes are in MB."""
    settings, home = _site(folder, _FEW)
    measured = {"day 0": _size(home)}
    for day in range(1, DAYS + 1):
        began = time.process_time()
        for number in range(refreshes):
            _write(folder, _FEW + day * refreshes + number)
            _refresh(settings)
        measured |= {f"day {day}": _size(home), f"seconds {day}": (time.process_time() - began) / max(1, refreshes)}
        _let_a_day_pass(home)
    with records_of(home) as instance:
        purge(instance, 0)
    return measured | {"maintained": _size(home)}


def _site(folder: Path, files: int) -> tuple[Settings, Path]:
    """Make a site whose warehouse is built, and to which nothing has happened since."""
    for n in range(files):
        _write(folder, n)
    (folder / "etl.toml").write_text('[[source]]\nname = "site"\nlocation = "posts"\n', "utf-8")
    os.environ["ETL_CONFIG"] = str(folder / "etl.toml")
    settings = read_settings()
    home = prepare_home(settings)
    _refresh(settings)
    # The second look is at files that are not young any more.
    time.sleep(4)
    _refresh(settings)
    return settings, home


def _write(folder: Path, n: int) -> None:
    """Write a post, a thousand to a folder."""
    file = folder / "posts" / f"{n // 1000:03}" / f"{n:06}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(POST.format(n=n, c=n % 20), "utf-8")


def _refresh(settings: Settings) -> None:
    """One refresh, as `etl refresh` runs it."""
    refresh = Refresh(settings)
    refresh.work.lock.acquire("benchmark")
    try:
        look = refresh.look()
        if not look.is_idle:
            assert run_refresh(refresh, look, lambda done, total: None).success
    finally:
        refresh.work.lock.release()


def _let_a_day_pass(home: Path) -> None:
    """Make every run a day older."""
    with closing(sqlite3.connect(home / "runs.db")) as con, con:
        con.execute("UPDATE runs SET create_timestamp = datetime(create_timestamp, '-1 day')")


def _size(home: Path) -> float:
    return sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) / 1e6


def main() -> None:
    """Measure what the command line asks for."""
    what, folder, *sizes = sys.argv[1:]
    place = Path(folder).absolute()
    measured = after_looks(place, *map(int, sizes)) if what == "looks" else after_days(place, *map(int, sizes))
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
