"""The units that are shipped are sound, and the manual and the Containerfile name what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
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


def test_the_container_copies_only_what_is_there() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert copied and [name for name in copied if not (ROOT / name).exists()] == []
    instructions = {line.split()[0] for line in text.splitlines() if re.match(r"[A-Z]+ ", line)}
    assert instructions <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"}


def test_the_manual_names_every_unit_in_use() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert [unit.name for unit in UNITS if unit.suffix == ".timer" and unit.name not in manual] == []
    assert "etl-ui.service" in manual
