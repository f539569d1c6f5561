"""The schedule asks for a run when there is something to do, and says why when there is not."""

from __future__ import annotations

import signal

import dagster as dg
import duckdb
import pytest
from conftest import CHECK_ALL_ROWS_NEXT, Site
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from graph_runs import program, run_job

from assets import dead_runs
from assets.automation import automation
from assets.jobs import MAINTAIN, REFRESH
from etl_project.definitions import defs
from etl_project.servers.orphans import OWNER
from etl_project.settings import SettingsError, read_settings

AT_WORK = dg.RunsFilter(statuses=[dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])

pytest_plugins = ["graph_fixtures"]


def evaluated(instance: dg.DagsterInstance) -> ScheduleExecutionData:
    """Evaluate the schedule once."""
    (schedule, _), _ = automation(read_settings())
    with dg.build_schedule_context(instance=instance) as context:
        found = schedule.evaluate_tick(context)
    assert bool(found.run_requests) != bool(found.skip_message)
    return found


def tick(instance: dg.DagsterInstance) -> str | None:
    """Evaluate the schedule once: the reason for no run, or None when it asks for one."""
    return evaluated(instance).skip_message


def test_the_schedule_is_on_from_the_start_at_the_time_of_the_settings(posts: Site) -> None:
    posts.configure(extra="[schedule]\ncron = '7 * * * *'\n")
    schedules = [schedule for schedule in defs().schedules or [] if isinstance(schedule, dg.ScheduleDefinition)]
    assert {schedule.default_status for schedule in schedules} == {dg.DefaultScheduleStatus.RUNNING}
    assert [(schedule.cron_schedule, schedule.job_name) for schedule in schedules] == [
        ("7 * * * *", "refresh"),
        ("30 3 * * 0", "maintain"),
    ]


@pytest.mark.usefixtures("first_run")
def test_twice_in_a_row_without_a_change_asks_for_no_run_the_second_time(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    assert "nothing to do" in str(tick(instance))
    assert "nothing to do" in str(tick(instance))
    posts.write("_posts/2026-03-01-four.md", title="Four")
    assert tick(instance) is None


def test_a_look_while_another_process_refreshes_names_it(posts: Site, instance: dg.DagsterInstance) -> None:
    holder = program("print('held', flush=True); sys.stdin.read()")
    assert holder.stdin and holder.stdout
    with holder:
        assert holder.stdout.readline() == "held\n"
        said = str(tick(instance))
        assert said.startswith(f"another refresh is running: a test, process {holder.pid} on ")
        assert said.endswith("; the schedule checks again at its next tick")
        holder.stdin.close()
    assert tick(instance) is None, "nothing was built yet"


@pytest.mark.usefixtures("first_run")
def test_a_refresh_killed_before_publish_is_reported_and_asked_for_again(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    posts.write("_posts/2026-03-01-four.md", title="Four")
    killed = program(
        "def die(*_): until_recorded(); os.kill(os.getpid(), signal.SIGKILL)\nRefresh.build_aggregates = die\nrun()"
    )
    assert killed.wait(60) == -signal.SIGKILL
    (dead,) = instance.get_runs(AT_WORK)
    assert tick(instance) is None
    assert instance.get_runs(AT_WORK) == []
    reported = instance.get_run_by_id(dead.run_id)
    assert reported and reported.status == dg.DagsterRunStatus.FAILURE
    assert run_job(posts).success
    assert posts.column("SELECT count(*) FROM articles WHERE title = 'Four'") == [1]
    assert "nothing to do" in str(tick(instance))


@pytest.mark.usefixtures("first_run")
def test_a_run_killed_before_it_could_say_who_it_is_is_reported_in_time(
    posts: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = program(
        "refresh.work.lock.release()\n"
        "from assets import resources\n"
        "from dagster._cli import main\n"
        "resources.process_tags = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = 'dagster job execute -m etl_project.definitions -a defs -j refresh'.split()\n"
        "main()",
        DAGSTER_HOME=str(posts.settings.dagster_home.absolute()),
    )
    assert killed.wait(60) == -signal.SIGKILL
    (silent,) = instance.get_runs(AT_WORK)
    assert silent.status == dg.DagsterRunStatus.STARTED and dead_runs.PID not in silent.tags
    assert "nothing to do" in str(tick(instance))
    assert [run.run_id for run in instance.get_runs(AT_WORK)] == [silent.run_id], "it may be about to say who it is"
    monkeypatch.setattr(dead_runs, "START_TIMEOUT_SECONDS", 0)
    assert "nothing to do" in str(tick(instance))
    assert instance.get_runs(AT_WORK) == []


@pytest.mark.parametrize(
    ("elsewhere", "is_gone"),
    [
        ({}, True),
        ({dead_runs.HOST: "another-name"}, True),
        ({dead_runs.BOOT: "the one before"}, True),
        ({dead_runs.SPACE: "pid:[1]"}, False),
        ({dead_runs.HOST: "another-name", dead_runs.SPACE: "pid:[1]"}, False),
        ({dead_runs.HOST: "another-name", dead_runs.BOOT: "of another machine"}, False),
    ],
    ids=["here", "renamed host", "restarted machine", "restarted container", "new container", "another machine"],
)
def test_a_run_whose_process_cannot_be_seen_is_given_the_time_that_runs_wait(
    posts: Site,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: dict[str, str],
    is_gone: bool,
) -> None:
    run = instance.create_run_for_job(dg.GraphDefinition("nothing").to_job(), status=dg.DagsterRunStatus.STARTED)
    no_process = {dead_runs.PID: "4194305"}
    instance.add_run_tags(run.run_id, {**dead_runs.process_tags(run.run_id), **no_process, **elsewhere})
    record = instance.get_run_record_by_id(run.run_id)
    assert record and dead_runs.is_gone(record) == is_gone
    assert dead_runs.report_dead_runs(instance) == ([run.run_id] if is_gone else []), "it may wait for the lock"
    monkeypatch.setattr(dead_runs, "WAIT_SECONDS", 0)
    assert not dead_runs.is_gone(record) or is_gone, "who does not hold the lock cannot know"
    assert dead_runs.report_dead_runs(instance) == ([] if is_gone else [run.run_id])


def test_a_run_of_this_process_is_not_gone(posts: Site, instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(dg.GraphDefinition("nothing").to_job(), status=dg.DagsterRunStatus.STARTED)
    instance.add_run_tags(run.run_id, dead_runs.process_tags(run.run_id))
    assert dead_runs.report_dead_runs(instance) == []


@pytest.mark.usefixtures("first_run")
def test_a_run_of_a_process_that_lives_is_left_alone(posts: Site, instance: dg.DagsterInstance) -> None:
    running = program(
        "def wait(*_):\n"
        "    until_recorded(); refresh.work.lock.release()\n"
        "    print('at work', flush=True); sys.stdin.read(); os._exit(0)\n"
        "Refresh.load_tables = wait\n"
        "run()"
    )
    assert running.stdin and running.stdout
    posts.write("_posts/2026-03-01-four.md", title="Four")
    with running:
        assert running.stdout.readline() == "at work\n"
        tick(instance)
        assert instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])) == 1
        running.stdin.close()


def test_a_run_that_is_starting_is_not_asked_for_a_second_time(posts: Site, instance: dg.DagsterInstance) -> None:
    waiting = instance.create_run_for_job(defs().resolve_job_def("refresh"), status=dg.DagsterRunStatus.STARTING)
    assert "already queued or starting" in str(tick(instance))
    instance.report_run_failed(waiting)
    assert tick(instance) is None


@pytest.mark.usefixtures("first_run")
def test_failed_checks_wait_for_a_change(posts: Site, instance: dg.DagsterInstance) -> None:
    with duckdb.connect(str(posts.published.parent / ".work" / "posts.duckdb")) as con:
        con.execute(f"DELETE FROM article_metrics; {CHECK_ALL_ROWS_NEXT}")
    posts.write("_posts/2026-03-01-four.md", title="Four")
    assert tick(instance) is None
    assert not run_job(posts).success
    assert "checks of generation 2 failed" in str(tick(instance))
    posts.write("_posts/2026-03-02-five.md", title="Five")
    assert tick(instance) is None


@pytest.mark.usefixtures("first_run")
def test_a_stop_by_the_guard_is_shown_once_as_a_run_and_then_repeated_as_the_reason(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    for post in posts.posts.glob("_posts/*.md"):
        post.unlink()
    (request,) = evaluated(instance).run_requests or []
    job = defs().resolve_job_def("refresh")
    failed = job.execute_in_process(instance=instance, tags=dict(request.tags), raise_on_error=False)
    assert not failed.success
    assert "no longer there" in str(tick(instance))


def test_settings_that_cannot_be_used_fail_the_look_with_their_sentence(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    posts.config.write_text("[[source]]\nname = 1\n", "utf-8")
    with pytest.raises(Exception) as failed:
        tick(instance)
    causes = [failed.value, failed.value.__cause__]
    assert any(isinstance(cause, SettingsError) and "etl.toml, line" in str(cause) for cause in causes)


def test_servers_whose_settings_become_wrong_show_the_jobs_and_runs_and_looks_fail_with_the_sentence(
    posts: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts.config.write_text("[[source]]\nname = 1\n", "utf-8")
    with pytest.raises(SettingsError, match="line 2"):
        defs()
    monkeypatch.setenv(OWNER, "the servers of an etl ui")
    loaded = defs()
    assert [schedule.name for schedule in loaded.schedules or []] == ["look_for_changes", "maintain_regularly"]
    for name in (REFRESH, MAINTAIN):
        failed = loaded.resolve_job_def(name).execute_in_process(instance=instance, raise_on_error=False)
        assert not failed.success
        assert "etl.toml, line 2" in " ".join(str(e.event_specific_data) for e in failed.all_events if e.is_failure)
    (look, _) = loaded.schedules or []
    with dg.build_schedule_context(instance=instance) as context, pytest.raises(Exception) as told:
        look.evaluate_tick(context)
    assert "etl.toml, line 2" in f"{told.value} {told.value.__cause__}"
