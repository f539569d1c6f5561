"""Sites for tests of the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site

from etl_project.refresh import Refresh

HOLD = """
import sys
from pathlib import Path
from etl_project.database.lock import RefreshLock
RefreshLock(Path(sys.argv[1])).acquire("etl refresh")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def built(built_sites: BuiltSites, tmp_path: Path) -> Site:
    """A site of five posts and one that is rejected, refreshed without Dagster."""
    return built_sites.copy(build, tmp_path)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The same, for tests that leave its files as they are; its folder tries to pass for markup."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ETL_WAREHOUSE", raising=False)
        return build(tmp_path_factory.mktemp("kept") / "[red]mine[" / "x].:smile:")


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    for n in range(1, 6):
        site.write(f"_posts/2026-01-0{n}-{n}.md", title=f"Title {n}", date=f"2026-01-0{n} 09:00:00 +0800")
    site.write("_posts/2026-01-07-open.md", b"---\ntitle: open\n\nno end\n")
    site.refresh()
    return site


@pytest.fixture
def busy(kept: Site) -> Iterator[int]:
    """The process id of another refresh of the same warehouse."""
    lock = Refresh(kept.settings).work.lock.path
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()
