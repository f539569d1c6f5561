"""The small posts of ../shared/cases, each with what is right, and the scripts of ../shared/faults."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SHARED

ROOT = Path(__file__).parents[2]
READING = ROOT / "docs/reading.md"
SCRIPTS = sorted((SHARED / "faults").glob("*.sh"))
MOVED = {"etl_project.load.work_file": "etl_project.database.work_file"}
"""Modules that scripts name by the place where they were when the scripts were written."""

pytestmark = pytest.mark.shared


@pytest.mark.timeout(600)
def test_every_case_is_read_rightly_or_named_with_a_reason(shared: Path) -> None:
    run = subprocess.run(
        [sys.executable, shared / "cases/run.py", ROOT], capture_output=True, text=True, check=False, timeout=580
    )
    right = re.search(r"(\d+) of (\d+) cases right", run.stdout)
    assert right, run.stdout + run.stderr
    wrong = re.findall(r"^(\S+) \(", run.stdout, re.MULTILINE)
    assert len(wrong) == int(right[2]) - int(right[1]) <= 5
    text = READING.read_text("utf-8")
    assert [case for case in wrong if f"`{case}`" not in text] == [], run.stdout


@pytest.mark.timeout(600)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_fault_of_operation_stays_mended(script: Path, tmp_path: Path) -> None:
    text = script.read_text("utf-8")
    for old, new in MOVED.items():
        text = text.replace(old, new)
    copy = tmp_path / script.name
    copy.write_text(text, "utf-8")
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run(["bash", copy, ROOT], capture_output=True, text=True, check=False, timeout=580, env=env)
    if run.returncode == 77:
        pytest.skip(f"needs what this machine lacks: {run.stdout.strip()}")
    assert run.returncode == 0, run.stdout + run.stderr
