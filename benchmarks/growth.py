"""Measure how Dagster's records grow with idle checks and with days of refreshes, and shrink with `maintain`.

    .venv/bin/python -m benchmarks.growth idle FOLDER CHECKS
    .venv/bin/python -m benchmarks.growth days FOLDER REFRESHES

FOLDER is created, and may be deleted afterwards. Each command prints its measurements as one line of JSON.
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

from assets.automation import evaluate_tick
from assets.records import purge, records_of
from benchmarks.bench import PYTHON, ROOT, Bench
from benchmarks.measure import run
from benchmarks.results import Result, Target
from etl_project.alerts.alerts import Alerts
from etl_project.cli.beside import run_beside
from etl_project.cli.recorder import Recorder
from etl_project.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home
from etl_project.settings import Settings, read_settings

POST = "---\ntitle: Post {n}\ndate: 2026-01-02 03:04:05\ncategories: c{c}\ntags: [a, t{c}]\n---\n\nBody of post {n}.\n"

DAYS = 3
POSTS = 1_000
"""Posts of the site: the records do not grow with their number."""


def records(bench: Bench) -> Iterator[Result]:
    """Measure the records after idle checks for changes, after days of refreshes and after `maintain`."""
    idle = _run_in_process(bench, "idle", bench.idle_checks)
    what = f"{bench.idle_checks:,} idle checks of {POSTS:,} files"
    target = Target(5, "less than 5 MB")
    yield Result(
        f"{what}: growth of the records", f"{idle['grown']:.2f} MB", target.words, target.verdict(idle["grown"]),
        f"{idle['seconds']:.2f} s CPU each",
    )  # fmt: skip
    verdict = "reached" if idle["runs"] == 0 else "**missed**"
    yield Result(f"{what}: runs started", f"{idle['runs']:.0f}", "none", verdict)
    days = _run_in_process(bench, "days", bench.refreshes)
    for day in range(1, DAYS + 1):
        size, before = days[f"day {day}"], days[f"day {day - 1}"]
        # The last run of each day stays, which is half a megabyte.
        target = Target(60, "less than 60 MB") if day == 1 else Target(1, "at most 1 MB more than the day before")
        yield Result(
            f"day {day} of {bench.refreshes} refreshes with a change: size of the records", f"{size:.1f} MB",
            target.words, target.verdict(size - before), f"{days[f'seconds {day}']:.2f} s CPU each",
        )  # fmt: skip
    yield Result("after `maintain` with every record old", f"{days['maintained']:.1f} MB")


def _run_in_process(bench: Bench, subject: str, size: int) -> dict[str, float]:
    """Run this module as a command, `idle` or `days`, in a process of its own. Returns its measurements."""
    folder = bench.folder / f"records-{subject}"
    command: list[str | Path] = [PYTHON, "-m", "benchmarks.growth", subject, folder, str(size)]
    measured: dict[str, float] = json.loads(run(command, ROOT, limit=10_000).output.splitlines()[-1])
    shutil.rmtree(folder)
    return measured


def after_idle_checks(folder: Path, checks: int) -> dict[str, float]:
    """Measure idle checks for changes of a site.

    Returns:
        `grown` (MB of the records), `runs` (runs started) and `seconds` (CPU seconds of a check).
    """
    settings, home = _site(folder)
    with records_of(home) as instance:
        before, runs = _size(home), instance.get_runs_count()
        began = time.process_time()
        for number in range(checks):
            answer = evaluate_tick(instance, settings)
            assert isinstance(answer, dg.SkipReason), answer
            # The record that the daemon keeps of a tick.
            tick = TickData("o" * 40, "look_for_changes", InstigatorType.SCHEDULE, TickStatus.STARTED, 1e9 + number)
            skipped = instance.create_tick(tick).with_status(TickStatus.SKIPPED, skip_reason=answer.skip_message)
            instance.update_tick(skipped)
        seconds = (time.process_time() - began) / max(1, checks)
        return {"grown": _size(home) - before, "runs": instance.get_runs_count() - runs, "seconds": seconds}


def after_days(folder: Path, refreshes: int) -> dict[str, float]:
    """Measure `DAYS` days of refreshes, each with one more post.

    Returns:
        `day N` (MB of the records at its end), `seconds N` (CPU seconds of a refresh), `maintained` (MB after a purge).
    """
    settings, home = _site(folder)
    measured = {"day 0": _size(home)}
    for day in range(1, DAYS + 1):
        began = time.process_time()
        for number in range(refreshes):
            _write(folder, POSTS + day * refreshes + number)
            _refresh(settings)
        measured |= {f"day {day}": _size(home), f"seconds {day}": (time.process_time() - began) / max(1, refreshes)}
        _let_a_day_pass(home)
    with records_of(home) as instance:
        purge(instance, 0)
    return measured | {"maintained": _size(home)}


def _site(folder: Path) -> tuple[Settings, Path]:
    """Make a site with a built warehouse, such that the next refresh has nothing to do."""
    for n in range(POSTS):
        _write(folder, n)
    (folder / "etl.toml").write_text('[[source]]\nname = "site"\nlocation = "posts"\n', "utf-8")
    os.environ["ETL_CONFIG"] = str(folder / "etl.toml")
    settings = read_settings()
    home = prepare_home(settings)
    _refresh(settings)
    # At the second refresh the files are not young any more.
    time.sleep(4)
    _refresh(settings)
    return settings, home


def _write(folder: Path, n: int) -> None:
    """Write post number n; each folder gets a thousand posts."""
    file = folder / "posts" / f"{n // 1000:03}" / f"{n:06}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(POST.format(n=n, c=n % 20), "utf-8")


def _refresh(settings: Settings) -> None:
    """Run one refresh, as `etl refresh` does."""
    refresh = Refresh(settings)
    refresh.work.lock.acquire("benchmark")
    try:
        plan = refresh.plan()
        if not plan.is_no_op:
            alerts = Alerts(settings.alerts, refresh.work, print)
            assert run_beside(refresh, plan, Recorder(), alerts, lambda done, total: None).success
    finally:
        refresh.work.lock.release()


def _let_a_day_pass(home: Path) -> None:
    """Make every run a day older."""
    with closing(sqlite3.connect(home / "runs.db")) as con, con:
        con.execute("UPDATE runs SET create_timestamp = datetime(create_timestamp, '-1 day')")


def _size(home: Path) -> float:
    return sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) / 1e6


def main() -> None:
    """Measure the subject named on the command line."""
    subject, folder, size = sys.argv[1:]
    measure = after_idle_checks if subject == "idle" else after_days
    print(json.dumps(measure(Path(folder).absolute(), int(size))))


if __name__ == "__main__":
    main()
