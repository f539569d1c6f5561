"""A site with posts, and runs of the job `refresh` on it, in this process or in one that can be killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from conftest import Site

from assets.run import RefreshRun
from etl_project.dagster_home import TEMPLATE, prepare_home
from etl_project.definitions import run_refresh
from etl_project.refresh import Refresh

# Prepended to a program of a test: what `etl refresh` does before the run.
BEGIN = """
import os, signal, sys
from etl_project.refresh import Refresh
from etl_project.settings import read_settings
refresh = Refresh(read_settings())
refresh.work.lock.acquire("a test")
"""


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dagster's state before any run: its databases take longer to make than to copy."""
    home = tmp_path_factory.mktemp("dagster")
    (home / "dagster.yaml").write_bytes(TEMPLATE.read_bytes())
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs_count()
        instance.all_asset_keys()
        instance.all_instigator_state()
        run = instance.create_run_for_job(dg.GraphDefinition("nothing").to_job())
        instance.delete_run(run.run_id)
    return home


@pytest.fixture
def posts(site: Site, empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with a few posts, two of them in need of a warning or a rejection."""
    monkeypatch.setenv("ETL_CONFIG", str(site.config))
    shutil.copytree(empty_home, site.settings.dagster_home)
    site.write(
        "_posts/2026-01-02-one.md", title="One", categories="news", tags="a b", body="Word [link](https://x.example/)."
    )
    site.write("_posts/2026-01-03-two.md", title="Two", categories="[news, sea]", tags="b", date="2026-01-03")
    site.write("_posts/2026-02-03-three.md", title="三", categories="海", tags="", date="2026-02-03 10:00:00 +0800")
    site.write("_posts/2026-02-04-open.md", "---\ntitle: open\n\nno end\n")
    return site


@pytest.fixture
def instance(site: Site) -> Iterator[dg.DagsterInstance]:
    """Where the runs of the site are recorded."""
    with dg.DagsterInstance.from_config(str(prepare_home(site.settings))) as instance:
        yield instance


def run_job(site: Site, **options: bool) -> RefreshRun:
    """Look and run the job in this process, as `etl refresh` does."""
    refresh = Refresh(site.settings, **options)
    refresh.work.lock.acquire("a test")
    try:
        return run_refresh(refresh, refresh.look(), lambda done, total: None)
    finally:
        refresh.work.lock.release()


def program(code: str, **environment: str) -> subprocess.Popen[str]:
    """Start a Python program that has looked nowhere yet; its output is read by the test."""
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def dg_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Dagster's `dg` at the root of the project."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("dg")), *arguments],
        cwd=Path(__file__).parents[2],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@contextmanager
def served(site: Site) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `etl ui` of the site: its address and process; both of its servers end with the block."""
    code = "import sys\nfrom etl_project.settings import read_settings\nfrom etl_project.ui import serve\n"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}sys.exit(serve(read_settings()))"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert said.startswith("Dagster is at http://"), said
        yield said.split()[3], process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
