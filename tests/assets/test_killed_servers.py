"""Whatever is killed, nothing needs a hand: the servers come back, the run is reported, the next one goes on."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import dagster as dg
import psutil
import pytest
from conftest import Site
from graph_runs import asked, launch, run_job, served

from etl_project.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home
from etl_project.servers.orphans import OWNER, end_orphans
from etl_project.servers.ui import CannotServe, serve

pytest_plugins = ["graph_fixtures"]

pytestmark = [pytest.mark.timeout(600), pytest.mark.prove("servers")]

Found = TypeVar("Found")

JOBS = "{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { jobs { name } } } } }"


def until(found: Callable[[], Found | None], seconds: float = 150, pause: float = 0.3) -> Found:
    """Ask until there is an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, psutil.Error):
            if answer := found():
                return answer
        time.sleep(pause)
    pytest.fail(f"nothing within {seconds} seconds")


def processes_of(site: Site, *words: str) -> list[psutil.Process]:
    """Processes of the servers of a site whose command holds some words."""
    home = str(prepare_home(site.settings))
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            of = process.environ().get(OWNER, "").partition(" ")[2].partition(" ")[2]
            if of == home and set(words) <= set(process.cmdline()):
                found.append(process)
    return found


@pytest.fixture
def minutely(posts: Site) -> Iterator[Site]:
    """A site that is looked at every minute, and leaves no server behind."""
    posts.configure(extra="[schedule]\ncron = '* * * * *'\n")
    yield posts
    for process in processes_of(posts):
        process.kill()


def test_a_killed_run_is_reported_and_killed_servers_come_back_and_the_next_tick_goes_on(
    minutely: Site, instance: dg.DagsterInstance
) -> None:
    assert run_job(minutely).success
    published = minutely.published.read_bytes()
    work = Refresh(minutely.settings).work

    def run_at_work() -> dict[str, str] | None:
        """Who holds the lock, once it is a run that has begun to read."""
        holder = work.lock.holder() or {}
        return holder if holder.get("who", "").startswith("Dagster run") and any(work.staging.iterdir()) else None

    with served(minutely) as (address, _):
        minutely.write("_posts/2026-03-01-four.md", title="Four")
        launch(address, "refresh")
        holder = until(run_at_work, pause=0.005)
        psutil.Process(int(holder["pid"])).kill()
        assert minutely.published.read_bytes() == published
        (killed_run,) = [run for run in instance.get_runs() if run.run_id.startswith(holder["who"].split()[-1])]
        until(lambda: instance.get_run_by_id(killed_run.run_id).status == dg.DagsterRunStatus.FAILURE)

        for words in (["dagster_webserver"], ["dagster._daemon"], ["api", "grpc"]):
            (killed,) = until(lambda words=words: processes_of(minutely, *words))[:1]
            killed.kill()
            until(lambda killed=killed, words=words: {p.pid for p in processes_of(minutely, *words)} - {killed.pid})
            until(lambda: asked(address, "{ version }"))
        until(lambda: "'refresh'" in str(asked(address, JOBS)))

        minutely.write("_posts/2026-03-02-five.md", title="Five")
        until(lambda: {"Four", "Five"} <= set(minutely.column("SELECT title FROM articles")))


def test_killed_etl_ui_takes_its_servers_with_it_and_a_second_one_is_refused(minutely: Site) -> None:
    with served(minutely) as (address, process):
        with pytest.raises(CannotServe, match=f"are running already: etl ui at {address}"):
            serve(minutely.settings)
        theirs = processes_of(minutely)
        assert len(theirs) >= 3
        process.send_signal(signal.SIGKILL)
        until(lambda: not processes_of(minutely), 60)


def test_servers_that_outlived_everything_are_ended_by_the_next_etl_ui(minutely: Site) -> None:
    home = prepare_home(minutely.settings)
    with served(minutely) as (_, process):
        (leader,) = [p for p in psutil.Process(process.pid).children() if "dagster" in p.cmdline()]
        for killed in (leader, process):
            killed.send_signal(signal.SIGSTOP)
        leader.kill()
        process.kill()
        assert until(lambda: processes_of(minutely))
        assert end_orphans(home)
        assert not processes_of(minutely)
