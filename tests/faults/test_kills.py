"""Kills: a refresh may end at any moment, and nobody notices but the next refresh, which heals."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
from changing_site import (
    AT_REST,
    BY_NAME,
    ChangingSite,
    Outsider,
    assert_equals_a_fresh_build,
    files_beside,
    outsider,
)
from conftest import Site, assert_the_change_log_adds_up
from killing import BY_CLI, BY_DG, BY_JOB, JOB, Kill, Start, forks, run_and_kill, seconds_of, some_kill, start
from typer.testing import CliRunner

from assets import dead_runs
from assets.automation import evaluate_tick
from assets.records import records_of
from etl_project.cli import app

pytest_plugins = ["graph_fixtures"]

AT_WORK = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

KILLS = int(os.environ.get("ETL_KILLS", "200"))
"""Kills of the proofs, over all of them."""

SHARDS = 4
"""Parts of the proof that kills most, so that no core waits for the last one."""

SEED = os.environ.get("ETL_KILLS_SEED", "a")

many = pytest.mark.timeout(300 + 60 * KILLS)


@pytest.fixture
def changing(site: Site, empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> ChangingSite:
    """A site of 120 posts whose file names are their identity, refreshed once."""
    site.configure(BY_NAME)
    changing = ChangingSite(site, 120, random.Random(SEED))
    monkeypatch.setenv("ETL_CONFIG", str(site.config))
    shutil.copytree(empty_home, site.settings.dagster_home)
    monkeypatch.setenv("DAGSTER_HOME", str(site.settings.dagster_home))
    site.refresh()
    return changing


@pytest.fixture
def reader(changing: ChangingSite) -> Iterator[Outsider]:
    with outsider(changing.site.published) as reader:
        yield reader


def heal(site: Site, *, by_command: bool) -> None:
    """Run the next refresh, by the command or stage by stage; the one after it finds nothing to do."""
    if by_command:
        ended = CliRunner().invoke(app, ["refresh", "--config", str(site.config)])
        assert ended.exit_code == 0, ended.output
    else:
        site.refresh()
    assert site.refresh() is None, "one refresh heals"


def kill_and_heal(changing: ChangingSite, reader: Outsider, kill: Kill, *, by_command: bool) -> bool:
    """Change posts, kill a refresh of them, look at what is published, and refresh again."""
    site = changing.site
    before = reader.digests()
    changing.change()
    was_alive = run_and_kill(site, kill)
    seen = reader.digests()
    heal(site, by_command=by_command)
    after = reader.digests()
    assert after != before, "the changes are there"
    assert seen in (before, after), "nothing between a before and an after is ever published"
    assert files_beside(site) <= AT_REST, "nothing is left behind"
    return was_alive


def assert_every_kill_heals(
    kinds: Sequence[Start], kills: int, changing: ChangingSite, reader: Outsider, fresh: Path, seed: str = SEED
) -> None:
    """Kill refreshes until so many were killed at work.

    Args:
        kinds: ways to start a refresh, taken in turn; the first tells how long a whole one takes.
        kills: how many to kill.
        changing: the site.
        reader: another process, which looks at what is published.
        fresh: folder for the full build that all is compared with in the end.
        seed: chooses the moments.
    """
    changing.change()
    whole = seconds_of(kinds[0])
    killed = tried = 0
    while killed < kills:
        kill = some_kill(kinds[tried % len(kinds)], whole, random.Random(f"{seed}-{tried}"))
        try:
            killed += kill_and_heal(changing, reader, kill, by_command=tried % 8 == 7)
        except BaseException as error:
            error.add_note(f"ETL_KILLS_SEED={SEED}, seed {seed}, number {tried}: {kill}")
            raise
        tried += 1
        assert tried < 3 * kills + 5, "most refreshes end before they are killed: the moments are badly chosen"
    print(f"{killed} of {tried} refreshes were killed at work")
    assert_equals_a_fresh_build(changing.site, fresh)
    assert_the_change_log_adds_up(changing.site)


def test_a_few_kills_are_healed_by_the_next_refresh_and_block_nothing(
    changing: ChangingSite, reader: Outsider, tmp_path: Path
) -> None:
    """Kill the stages, a full build and a run of Dagster once each, in the midst of their work."""
    site = changing.site
    with forks(site) as ready:
        kills = [
            Kill(lambda: ready.start("stages", with_workers=True), "posts.staging", 0.01, with_children=False),
            Kill(lambda: ready.start("stages", "--full"), ".posts.duckdb.publishing", 0, with_children=True),
            Kill(lambda: ready.start(*JOB), "posts.last_plan.json", 0, with_children=False),
        ]
        for kill in kills:
            # On a busy machine a refresh may have ended before its sight is noticed.
            attempts = (kill_and_heal(changing, reader, kill, by_command=False) for _ in range(5))
            assert any(attempts), f"{kill}: it always ended before"
    assert_equals_a_fresh_build(site, tmp_path / "fresh")
    assert_the_change_log_adds_up(site)
    assert_nothing_is_left_to_do(site)


@pytest.mark.prove("kills")
@many
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_refresh_killed_at_any_moment_is_healed_by_the_next(
    changing: ChangingSite, reader: Outsider, tmp_path: Path, shard: int
) -> None:
    with forks(changing.site) as ready:
        kinds = [
            lambda: ready.start("stages"),
            lambda: ready.start("stages", "--full"),
            lambda: ready.start("refresh"),
            lambda: ready.start("stages"),
            lambda: ready.start("stages", with_workers=True),
        ]
        kills = -(-KILLS * 8 // (10 * SHARDS))
        assert_every_kill_heals(kinds, kills, changing, reader, tmp_path / "fresh", f"{SEED}-{shard}")
    assert_nothing_is_left_to_do(changing.site)


@pytest.mark.prove("kills")
@many
def test_a_process_of_the_command_killed_at_any_moment_is_healed_by_the_next(
    changing: ChangingSite, reader: Outsider, tmp_path: Path
) -> None:
    kinds = [lambda: start(changing.site, BY_CLI)]
    assert_every_kill_heals(kinds, max(1, KILLS // 10), changing, reader, tmp_path / "fresh")
    assert_nothing_is_left_to_do(changing.site)


@pytest.mark.prove("kills")
@many
def test_a_dagster_run_killed_at_any_moment_is_healed_by_the_next_and_blocks_nothing(
    changing: ChangingSite, reader: Outsider, tmp_path: Path
) -> None:
    kinds = [lambda: start(changing.site, BY_DG), lambda: start(changing.site, BY_JOB)]
    assert_every_kill_heals(kinds, max(1, KILLS // 10), changing, reader, tmp_path / "fresh")
    assert_nothing_is_left_to_do(changing.site)


def assert_nothing_is_left_to_do(site: Site) -> None:
    """A look of the schedule finds nothing to do, and no run that is believed to be at work."""
    with records_of(site.settings.dagster_home) as instance, pytest.MonkeyPatch.context() as later:
        # A run that was killed before it could name its process is known to be dead after a while.
        later.setattr(dead_runs, "START_TIMEOUT_SECONDS", 0)
        reason = evaluate_tick(instance, site.settings)
        assert isinstance(reason, dg.SkipReason) and "nothing to do" in str(reason.skip_message)
        assert instance.get_runs(dg.RunsFilter(statuses=AT_WORK)) == []
