"""Crashes between two steps of a refresh: the process is gone, its files stay as they were."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from built_sites import BuiltSites
from changing_site import AT_REST, assert_equals_a_fresh_build, files_beside, write_posts
from conftest import Site, assert_the_change_log_adds_up, pinned

from etl_project.engines.batch import Batch, ManifestRow
from etl_project.engines.local import run_batch
from etl_project.scan.compare import tasks_to_read

CRASHES = """
import gc, importlib, json, os, signal, sys
from pathlib import Path
import duckdb, polars
from etl_project.database.contract import contract
from etl_project.engines import stage
from etl_project.extract.body.language import detect_language
from etl_project.refresh.refresh import Refresh
from etl_project.settings import read_settings

# What every fork would load again, and copy.
contract(), detect_language("Words and other words of a language, " * 20)
gc.freeze()

def refresh_until(config, step, options):
    module, _, name = step.partition(":")
    assert callable(getattr(importlib.import_module(module), name)), "there is no such step any more"
    setattr(sys.modules[module], name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    refresh = Refresh(read_settings(Path(config)), full="--full" in options)
    refresh.load_tables(refresh.plan())
    refresh.run_checks("tables")
    refresh.build_aggregates()
    refresh.run_checks("aggregates")
    refresh.publish()

print("ready", flush=True)
for line in sys.stdin:
    if (pid := os.fork()) == 0:
        try:
            refresh_until(*json.loads(line))
        finally:
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Refreshes until a step whose place SIGKILL takes, each in a fork of a process that has imported everything."""

STEPS = {
    "after files were staged": "etl_project.load.merge:merge",
    "within the transaction": "etl_project.load.merge:log_changes",
    "between commit and checkpoint": "etl_project.refresh.describe_load:TablesLoaded",
    "between load and checks": "etl_project.checks.run:run_checks",
    "between checks and aggregates": "etl_project.load.aggregates:build_aggregates",
    "between the last checks and publishing": "etl_project.database.publish:publish",
    "before the copy": "etl_project.database.publish:_copy",
    "between the copy and its publication": "etl_project.database.publish:_keep_previous",
}

SOME_STEPS = ("within the transaction", "between load and checks", "between the copy and its publication")

Crash = Callable[..., None]


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    write_posts(site, 12)
    site.refresh()
    return site


@pytest.fixture
def built(built_sites: BuiltSites, tmp_path: Path) -> Site:
    site = built_sites.copy(build, tmp_path)
    write_posts(site, 3, begin=12)
    write_posts(site, 2, edition=1, age=30)
    (site.posts / "_posts").joinpath(sorted(p.name for p in (site.posts / "_posts").iterdir())[5]).unlink()
    return site


@pytest.fixture(scope="module")
def crash() -> Iterator[Crash]:
    """Refreshes a site in another process until a step."""
    with subprocess.Popen(
        [sys.executable, "-c", CRASHES], text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        told, answers = process.stdin, process.stdout
        assert told and answers and answers.readline() == "ready\n"

        def crash(site: Site, step: str, *options: str) -> None:
            told.write(json.dumps([str(site.config), STEPS[step], options]) + "\n")
            assert answers.readline() == f"{-signal.SIGKILL}\n"

        yield crash
        process.kill()


def crash_and_heal(built: Site, crash: Crash, fresh: Path, steps: Iterable[str]) -> None:
    for number, step in enumerate(steps):
        write_posts(built, 2, begin=20 + number, edition=number, age=30)
        before = built.published.read_bytes()
        crash(built, step)
        assert built.published.read_bytes() == before, step
        built.refresh()
        assert files_beside(built) <= AT_REST, step
        assert built.refresh() is None, step
    assert_equals_a_fresh_build(built, fresh)
    assert_the_change_log_adds_up(built)


def test_a_crash_at_some_steps_leaves_the_published_file_and_the_next_refresh_heals(
    built: Site, crash: Crash, tmp_path: Path
) -> None:
    crash_and_heal(built, crash, tmp_path / "fresh", SOME_STEPS)


@pytest.mark.prove("kills")
def test_a_crash_at_any_step_leaves_the_published_file_and_the_next_refresh_heals(
    built: Site, crash: Crash, tmp_path: Path
) -> None:
    crash_and_heal(built, crash, tmp_path / "fresh", STEPS)


def test_a_crash_of_the_first_build_is_healed_by_the_next_refresh(site: Site, crash: Crash, tmp_path: Path) -> None:
    write_posts(site, 3)
    healed = []
    for step in ("after files were staged", "within the transaction", "between commit and checkpoint"):
        shutil.rmtree(site.published.parent, ignore_errors=True)
        crash(site, step)
        assert not site.published.exists(), step
        site.refresh()
        assert files_beside(site) <= AT_REST, step
        assert_the_change_log_adds_up(site)
        healed.append(site.derived())
    assert healed[0] == healed[1] == healed[2]
    assert_equals_a_fresh_build(site, tmp_path / "fresh")


def test_a_full_build_after_a_crash_takes_nothing_of_the_log_that_was_left(
    built: Site, crash: Crash, tmp_path: Path
) -> None:
    for number, crashed in enumerate([(), ("--full",)]):
        write_posts(built, 1, begin=20 + number)
        crash(built, "between commit and checkpoint", *crashed)
        built.refresh(full=True)
        write_posts(built, 1, begin=30 + number)
        built.refresh()
        assert files_beside(built) <= AT_REST, crashed
        assert_equals_a_fresh_build(built, tmp_path / f"fresh{number}")
        assert_the_change_log_adds_up(built)


def test_a_log_whose_work_file_is_gone_is_not_played_onto_the_next_one(
    built: Site, crash: Crash, tmp_path: Path
) -> None:
    crash(built, "between commit and checkpoint")
    work = built.published.parent / ".work" / "posts.duckdb"
    assert Path(f"{work}.wal").exists()
    work.unlink()
    built.refresh()
    assert_equals_a_fresh_build(built, tmp_path / "fresh")


def test_a_worker_that_outlives_a_killed_refresh_cannot_write_among_the_files_of_the_next(
    built: Site, crash: Crash, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, old_look = built.plan()
    tasks = next(tasks_to_read(old_look.connection, "site", may_defer=True))
    old_look.close()
    staged: list[Path] = []

    def run_with_a_stranger(batch: Batch) -> ManifestRow:
        row = run_batch(batch)
        staged.append(batch.staging)
        return row

    monkeypatch.setattr("etl_project.engines.local.run_batch", run_with_a_stranger)
    crash(built, "after files were staged")
    (orphaned,) = (built.published.parent / ".work" / "posts.staging").iterdir()
    late = Batch("001-site-000000", pinned(built.settings.sources[0]), built.settings.limits, tuple(tasks), 0, orphaned)
    built.refresh()
    assert staged and orphaned not in staged
    with pytest.raises(OSError, match="No such file"):
        run_batch(late)
    assert files_beside(built) <= AT_REST
    assert_equals_a_fresh_build(built, tmp_path / "fresh")
