"""The units that are shipped are sound, and the manual and the Containerfile name what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pathspec
import pytest

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # The project need not be at the place the units name for it.
        text = unit.read_text("utf-8").replace("/srv/etl/.venv/bin/etl", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("User=etl", "User=root"), "utf-8")
    command = ["systemd-analyze", "verify", *(str(tmp_path / unit.name) for unit in UNITS)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in checked.stderr.splitlines() if "etl-" in line]
    assert (checked.returncode, ours) == (0, [])


def test_every_timer_has_its_service_and_every_service_a_command_that_exists() -> None:
    names = {unit.name for unit in UNITS}
    assert {name.replace(".timer", ".service") for name in names if name.endswith(".timer")} < names
    listed = subprocess.run(
        [str(Path(sys.executable).with_name("etl")), "--help"], capture_output=True, text=True, check=True
    ).stdout
    for unit in UNITS:
        for command in re.findall(r"^ExecStart=/srv/etl/\.venv/bin/etl (\w+)", unit.read_text("utf-8"), re.MULTILINE):
            assert f" {command} " in listed
    assert all("ExecStart" in unit.read_text("utf-8") for unit in UNITS if unit.suffix == ".service")


def test_the_container_copies_what_is_tracked_and_nothing_that_was_built() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for name in line.split()[:-1]]
    files = {name: tracked(name) for name in copied if name != "."}
    assert files and [name for name, found in files.items() if not found] == []
    # As podman does it: the last pattern that matches decides, also below a folder that an earlier one left out.
    ignored = pathspec.PathSpec.from_lines("gitignore", (ROOT / ".containerignore").read_text("utf-8").splitlines())
    assert [file for found in files.values() for file in found if ignored.match_file(file)] == []
    built = [
        ".venv/bin/python", ".git/HEAD", "posts/_posts/post.md", "etl_project/__pycache__/cli.cpython-311.pyc",
        "warehouse/posts.duckdb", "warehouse/posts.previous.duckdb", "warehouse/posts.duckdb.wal",
        "warehouse/.work/posts.duckdb", "warehouse/.dagster/runs.db",
    ]  # fmt: skip
    assert [file for file in built if not ignored.match_file(file)] == []


def tracked(name: str) -> list[str]:
    """Files of the project at or below a name."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", name], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split("\0")[:-1]


def test_the_container_has_the_programs_it_runs_and_a_user_who_is_not_root() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    instructions = [line.split()[0] for line in text.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert set(instructions) <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert re.search(r"apt-get install .*\bgit\b", text)
    (folder,) = re.findall(r"^WORKDIR (/opt/\S+)$", text, re.MULTILINE)
    assert f'ENTRYPOINT ["{folder}/.venv/bin/etl"]' in text
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (user,) = re.findall(r"--uid (\d+)", text)
    assert f"keep-id:uid={user}" in manual


def test_the_manual_names_every_unit_in_use() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert [unit.name for unit in UNITS if unit.suffix == ".timer" and unit.name not in manual] == []
    assert "etl-ui.service" in manual
