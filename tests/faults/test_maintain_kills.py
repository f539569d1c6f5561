"""Maintenance killed between each pair of its steps, also where the refresh before it was killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from changing_site import AT_REST, assert_equals_a_fresh_build, files_beside, write_posts
from conftest import Site, assert_the_change_log_adds_up

KILLER = """
import gc, importlib, json, os, signal, sys
from pathlib import Path
from etl_project import cli
from etl_project.database.contract import contract
from etl_project.engines import stage
from etl_project.extract.body.language import detect_language
from etl_project.refresh import Refresh
from etl_project.settings import read_settings

# What every fork would load again, and copy.
contract(), detect_language("Words and other words of a language, " * 20)
gc.freeze()

def kill(*given, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def patch(target, is_done_first):
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    real = getattr(owner, name)
    setattr(owner, name, (lambda *given, **options: kill(real(*given, **options))) if is_done_first else kill)

print("ready", flush=True)
for line in sys.stdin:
    command, config, target, is_done_first = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        patch(target, is_done_first)
        if command == "maintain":
            cli.app(["maintain", "--config", config])
        refresh = Refresh(read_settings(Path(config)))
        refresh.load_tables(refresh.plan())
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""

STEPS = {
    "before what is left over is swept": ("etl_project.database.work_file:WorkFile.sweep", False),
    "before the copy": ("etl_project.database.work_file:WorkFile.attach_new", False),
    "with an empty copy": ("etl_project.database.work_file:WorkFile.attach_new", True),
    "with a whole copy that is still open": ("etl_project.database.work_file:WorkFile.detach", False),
    "before the copy takes its place": ("etl_project.database.work_file:WorkFile.replace_by", False),
    "before the log of the old file is removed": ("os:fsync", True),
    "between the log and the file": ("pathlib:Path.replace", False),
    "after the file was replaced": ("pathlib:Path.replace", True),
    "before copies of repositories are removed": ("etl_project.sources.access:sweep_mirrors", False),
    "before the records are purged": ("etl_project.definitions:purge_records_of", False),
}
"""Moment -> the step that SIGKILL replaces, and whether it is still done."""

COMMITTED = "etl_project.refresh.describe_load:describe_load"
"""What follows the commit of a load, before its checkpoint."""

Kill = Callable[[str, str, bool], None]


@pytest.fixture
def kill(site: Site) -> Iterator[Kill]:
    """Kills `load` or `maintain` of the site at a step, in a fork of a process that has imported everything."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as p:
        assert p.stdin and p.stdout and p.stdout.readline() == "ready\n"

        def kill(command: str, target: str, is_done_first: bool) -> None:
            assert p.stdin and p.stdout
            p.stdin.write(json.dumps([command, str(site.config), target, is_done_first]) + "\n")
            p.stdin.flush()
            assert int(p.stdout.readline()) == -9, (command, target)

        yield kill
        p.stdin.close()


SOME_MOMENTS = ("with a whole copy that is still open", "between the log and the file")


def kill_maintenance(site: Site, kill: Kill, fresh: Path, moments: Sequence[str], *, kills_the_load: bool) -> None:
    write_posts(site, 30)
    site.refresh()
    site.settings.dagster_home.mkdir()
    for number, moment in enumerate(moments):
        target, is_done_first = STEPS[moment]
        # Every post is overwritten, so that a compacted file is smaller.
        write_posts(site, 31 + number, edition=number + 1, age=40 - number)
        if kills_the_load:
            kill("load", COMMITTED, False)
            assert Path(f"{site.published.parent}/.work/posts.duckdb.wal").exists(), moment
        else:
            site.refresh()
        before = site.published.read_bytes()
        kill("maintain", target, is_done_first)
        assert site.published.read_bytes() == before, moment
        site.refresh()
        assert site.refresh() is None, moment
        counts = site.query("SELECT count(*), count(DISTINCT article_id) FROM articles")
        assert counts == [(31 + number, 31 + number)], moment
    assert files_beside(site) <= AT_REST
    assert_equals_a_fresh_build(site, fresh)
    assert_the_change_log_adds_up(site)


def test_maintenance_killed_at_some_steps_after_a_killed_refresh_is_healed_by_the_next(
    site: Site, kill: Kill, tmp_path: Path
) -> None:
    kill_maintenance(site, kill, tmp_path / "fresh", SOME_MOMENTS, kills_the_load=True)


@pytest.mark.prove("kills")
@pytest.mark.parametrize("kills_the_load", [True, False], ids=["after a killed refresh", "at rest"])
def test_maintenance_killed_at_any_step_is_healed_by_the_next_refresh(
    site: Site, kill: Kill, tmp_path: Path, kills_the_load: bool
) -> None:
    kill_maintenance(site, kill, tmp_path / "fresh", list(STEPS), kills_the_load=kills_the_load)
