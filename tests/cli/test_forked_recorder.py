"""A refresh is recorded by a process forked before it began: the same run, and the refresh does not depend on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import psutil
import pytest
from conftest import Site
from graph_runs import GoodRun
from test_beside import last_run, run_alone, twins
from test_beside import refresh as refresh_here

from assets.dead_runs import PID
from assets.records import records_of
from etl_project.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home

pytest_plugins = ["graph_fixtures"]

# What a test lets happen in the process of `etl refresh`; `helper` is the process that records.
_PROGRAM = """
import os, signal, sys, time
import etl_project.timing
from etl_project.cli import main
from etl_project.cli.forked_recorder import ForkedRecorder
from etl_project.refresh import Refresh
made = []
real = ForkedRecorder.__init__
def init(self, refresh):
    real(self, refresh)
    made.append(self)
    print("helper", self._process, flush=True)
ForkedRecorder.__init__ = init
def helper(): return made[0]._process
{code}
sys.argv = ["etl", "--debug", "refresh"]
main()
"""


def start(site: Site, code: str = "") -> subprocess.Popen[str]:
    """Start `etl refresh` with a piece of code of a test, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.format(code=code)],
        env=os.environ | {"ETL_CONFIG": str(site.config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def refresh(site: Site, code: str = "") -> tuple[int, str, int]:
    """Run `etl refresh` with a piece of code of a test. Returns exit code, output and the number of the helper."""
    process = start(site, code)
    output, _ = process.communicate(timeout=120)
    helper, _, said = output.partition("\n")
    return process.returncode, said, int(helper.removeprefix("helper "))


def at(stage: str, code: str) -> str:
    """Run code as a stage begins."""
    return f"""
real_stage = Refresh.{stage}
def stage(self, *given, **named):
    {code}
    return real_stage(self, *given, **named)
Refresh.{stage} = stage
"""


def test_its_run_has_the_events_of_a_run_whose_steps_take_the_stages(good_run: GoodRun, tmp_path: Path) -> None:
    forked, alone = twins(good_run, tmp_path)
    run_alone(alone)
    code, said, helper = refresh(forked)
    assert code == 0 and "Warning" not in said, said
    (newest, events), (_, expected) = last_run(forked), last_run(alone)
    assert newest.is_success and len(events) > 200 and events == expected
    assert newest.tags[PID] == str(helper) and not psutil.pid_exists(helper)


def test_a_stage_that_fails_fails_the_run_with_its_trace(good_run: GoodRun, tmp_path: Path) -> None:
    forked, alone = twins(good_run, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Refresh, "relate", lambda refresh: int("none"))
        run_alone(alone)
    code, said, _ = refresh(forked, at("relate", "raise ValueError('a fault') from OSError('its cause')"))
    assert code == 1 and "The refresh failed: a fault (ValueError)" in said and "Warning: there is no" not in said, said
    (newest, events), (_, expected) = last_run(forked), last_run(alone)
    assert newest.status == dg.DagsterRunStatus.FAILURE and events == expected
    with records_of(prepare_home(forked.settings)) as instance:
        shown = [entry.dagster_event for entry in instance.all_logs(newest.run_id) if entry.dagster_event]
    told = str([event.step_failure_data.error for event in shown if event.is_step_failure])
    assert "a fault" in told and "its cause" in told and "in stage" in told, told


def test_where_there_is_nothing_to_do_it_is_left_without_a_run(good_run: GoodRun, tmp_path: Path) -> None:
    site, _ = twins(good_run, tmp_path)
    assert refresh_here(site).exit_code == 0
    before = last_run(site)[0].run_id
    code, said, helper = refresh(site)
    assert code == 0 and "Nothing to do" in said and not psutil.pid_exists(helper)
    assert last_run(site)[0].run_id == before


def kill_it_at(posts: Site, stage: str) -> None:
    """Kill the process that records as a stage begins: the refresh is good, and the next one reports the run."""
    posts.write("_posts/2026-03-01-four.md", title="Four")
    with records_of(prepare_home(posts.settings)) as instance:
        before = instance.get_runs_count()
    # From the load on the run has begun by then.
    has_begun = stage in ("relate", "publish")
    wait = (
        "import sqlite3; runs = sqlite3.connect(self.settings.dagster_home / 'runs.db')\n"
        "    while not runs.execute(\"SELECT count(*) FROM runs WHERE status = 'STARTED'\").fetchone()[0]: "
        "time.sleep(0.05)\n    "
    )
    code, said, _ = refresh(posts, at(stage, f"{wait if has_begun else ''}os.kill(helper(), signal.SIGKILL)"))
    assert code == 0 and "published" in said and "ended before its time" in " ".join(said.split()), said
    assert posts.column("SELECT title FROM articles WHERE title = 'Four'") == ["Four"]
    posts.write("_posts/2026-03-02-five.md", title="Five")
    assert refresh_here(posts).exit_code == 0
    with records_of(prepare_home(posts.settings)) as instance:
        runs = instance.get_runs()
    assert len(runs) == before + 1 + has_begun
    assert [run.status for run in runs[: 1 + has_begun]] == [
        dg.DagsterRunStatus.SUCCESS, *[dg.DagsterRunStatus.FAILURE] * has_begun
    ]  # fmt: skip


@pytest.mark.usefixtures("first_run")
@pytest.mark.parametrize("stage", ["plan", "relate"])
def test_where_it_is_killed_the_refresh_is_good_and_its_run_is_reported_later_or_never_began(
    posts: Site, stage: str
) -> None:
    kill_it_at(posts, stage)


@pytest.mark.prove("servers")
@pytest.mark.usefixtures("first_run")
@pytest.mark.parametrize("stage", ["plan", "load_tables", "relate", "publish"])
def test_at_whatever_stage_it_is_killed_the_refresh_is_good(posts: Site, stage: str) -> None:
    kill_it_at(posts, stage)


@pytest.mark.usefixtures("first_run")
def test_it_ends_with_a_refresh_that_is_killed_and_leaves_the_lock(posts: Site) -> None:
    posts.write("_posts/2026-03-01-four.md", title="Four")
    process = start(posts, at("relate", "os.kill(os.getpid(), signal.SIGKILL)"))
    assert process.stdout
    helper = psutil.Process(int(process.stdout.readline().removeprefix("helper ")))
    process.wait(60)
    helper.wait(20)
    process.stdout.close()
    assert Refresh(posts.settings).work.lock.holder() is None
    assert refresh_here(posts).exit_code == 0


@pytest.mark.usefixtures("first_run")
def test_a_ctrl_c_at_the_terminal_is_recorded_by_it(posts: Site) -> None:
    posts.write("_posts/2026-03-01-four.md", title="Four")
    code, said, _ = refresh(posts, at("relate", "os.killpg(0, signal.SIGINT); time.sleep(60)"))
    assert code == 130 and "Stopped. The published file is as it was" in said, said
    newest, events = last_run(posts)
    assert newest.status == dg.DagsterRunStatus.FAILURE and ("related", "STEP_FAILURE", []) in events
