"""The wheel, installed into an empty environment: in an empty folder, without this checkout, every command works."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from graph_runs import asked

ROOT = Path(__file__).parents[2]

POST = "---\ntitle: A post\ndate: 2026-01-02\ncategories: [notes]\n---\n\nIt has some words.\n"

pytestmark = [pytest.mark.prove("install"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and beside it only the packages that the wheel depends on."""

    folder: Path

    @property
    def packages(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    @property
    def environment(self) -> dict[str, str]:
        """That of a person: nothing in it leads to this checkout."""
        ours = ("PYTHON", "ETL_", "DAGSTER_", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(self, folder: Path, *command: str) -> str:
        """Run a command in a folder. Returns what it printed."""
        ended = subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert ended.returncode == 0, (command, ended.stdout, ended.stderr)
        return ended.stdout

    def files(self) -> set[Path]:
        """What is installed, without compiled code and what is kept beside it."""
        return {path for path in self.packages.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build and install the wheel without the network: its dependencies are those that these tests run with."""
    folder = tmp_path_factory.mktemp("installed")
    python = [sys.executable, "-m"]
    subprocess.run(
        [*python, "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    [wheel] = folder.glob("*.whl")
    subprocess.run([*python, "venv", "--without-pip", str(folder / "venv")], check=True)
    venv = Installed(folder / "venv")
    into = ["pip", "--python", str(venv.folder / "bin/python"), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*python, *into, str(wheel)], check=True)
    # A folder that a .pth names is searched for packages, but no .pth in it is read: not the one of this checkout.
    (venv.packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return venv


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty folder, and a site beside it."""
    (tmp_path / "site/_posts").mkdir(parents=True)
    (tmp_path / "site/_config.yml").write_text("timezone: Asia/Shanghai\n", "utf-8")
    (tmp_path / "site/_posts/2026-01-02-a-post.md").write_text(POST, "utf-8")
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_the_commands_run_the_installed_code(installed: Installed, empty: Path) -> None:
    rooms = "import etl_project, assets, warehouse; print(*(r.__file__ for r in (etl_project, assets, warehouse)))"
    for file in installed.run(empty, "python", "-c", rooms).split():
        assert Path(file).is_relative_to(installed.packages)


def test_an_empty_folder_becomes_a_warehouse_and_nothing_else_is_written(installed: Installed, empty: Path) -> None:
    before = installed.files()
    assert "1 post" in installed.run(empty, "etl", "init", "../site")
    assert "published   warehouse/posts.duckdb" in installed.run(empty, "etl", "refresh")
    assert installed.run(empty, "etl", "sql", "--format", "csv", "SELECT title FROM articles") == "title\nA post\n"
    assert "month" in installed.run(empty, "etl", "sql", "--format", "csv", "FROM articles_by_month")
    assert installed.run(empty, "etl", "refresh").startswith("Nothing to do")
    assert installed.files() == before
    assert {path.name for path in empty.iterdir()} == {"etl.toml", "warehouse"}


@pytest.fixture
def unwritable(installed: Installed) -> Iterator[Installed]:
    """The same with a file where compiled code would be: not even root can write beside it."""
    compiled = installed.packages / "etl_project/database/__pycache__"
    shutil.rmtree(compiled, ignore_errors=True)
    compiled.touch()
    yield installed
    compiled.unlink()


def test_where_nothing_can_be_written_beside_the_code_a_refresh_works(unwritable: Installed, empty: Path) -> None:
    unwritable.run(empty, "etl", "init", "../site")
    assert "(1 added)" in unwritable.run(empty, "etl", "refresh")
    count = "SELECT count(*) AS articles FROM articles"
    assert unwritable.run(empty, "etl", "sql", "--format", "csv", count) == "articles\n1\n"


def test_the_web_server_and_the_daemon_start_and_stop(installed: Installed, empty: Path) -> None:
    installed.run(empty, "etl", "init", "../site")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(installed.folder / "bin/etl"), "ui", "--port", str(port)]
    with subprocess.Popen(command, cwd=empty, env=installed.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == f"Dagster is at http://127.0.0.1:{port} (Ctrl-C stops it).\n"
            data = asked(
                f"http://127.0.0.1:{port}",
                "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }",
            )
            (repository,) = data["repositoriesOrError"]["nodes"]
            assert {"refresh", "maintain"} <= {job["name"] for job in repository["jobs"]}
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
