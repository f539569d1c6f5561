"""`make prove` runs what has not passed on this code yet, and where tools must be there no test skips itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import prove
import pytest
from conftest import may_be_skipped

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sections that were run; `kills` fails. The code is a folder of the test."""
    ran: list[str] = []
    digest = prove.code_digest
    code = tmp_path / "code/etl_project"
    code.mkdir(parents=True)
    (code / "rules.py").write_text("1")
    monkeypatch.setattr(prove, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(prove, "code_digest", lambda: digest(tmp_path / "code"))
    monkeypatch.setattr(prove, "is_proved", lambda section: ran.append(section) or section != "kills")
    return ran


def test_a_section_that_passed_is_not_run_again_on_the_same_code(
    ran: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prove.prove(["laws", "soak"], again=False)
    assert prove.prove(["laws"], again=False) and ran == ["laws", "soak"]
    assert "laws     passed on this code already (in 0 min 00 s" in capsys.readouterr().out
    (tmp_path / "code/etl_project/rules.py").write_text("2")
    assert prove.prove(["laws"], again=False) and ran == ["laws", "soak", "laws"]
    assert prove.prove(["laws"], again=True) and ran[3:] == ["laws"]


def test_a_section_passed_at_another_size_is_run_again(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_LAW_SEQUENCES", "2")
    assert prove.prove(["laws"], again=False)
    monkeypatch.delenv("ETL_LAW_SEQUENCES")
    assert prove.prove(["laws"], again=False) and ran == ["laws", "laws"]


def test_a_section_that_fails_is_told_and_run_again(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert not prove.prove(["kills", "soak"], again=False)
    assert "kills    FAILED in 0 min 00 s" in capsys.readouterr().out
    assert not prove.prove(["kills", "soak"], again=False)
    assert ran == ["kills", "soak", "kills"]


def test_only_the_section_on_ray_is_run_by_the_python_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_RAY_PYTHON", "/opt/ray/bin/python")
    assert prove.commands("ray")[0][0] == "/opt/ray/bin/python"
    assert prove.commands("laws")[0][0] == sys.executable
    monkeypatch.delenv("ETL_RAY_PYTHON")
    assert prove.commands("ray")[0][0] == sys.executable, "where it lacks Ray, its tests fail"


@pytest.mark.parametrize(
    ("reason", "is_root", "has_shared", "expected"),
    [
        ("needs strace, and a machine on which it may trace", True, True, False),
        ("needs /usr/bin/chromium", True, False, False),
        ("needs root: a small disk is mounted", True, True, False),
        ("needs root: a small disk is mounted", False, True, True),
        ("needs a user who is not root: root may read everything", True, True, True),
        ("needs a Python and a checkout that other users may read", True, True, True),
        ("needs setpriv", True, True, False),
        ("needs ../shared: the sites", True, True, False),
        ("needs ../shared: the sites", True, False, True),
    ],
)
def test_only_what_no_installation_mends_may_be_skipped(
    reason: str, is_root: bool, has_shared: bool, expected: bool
) -> None:
    assert may_be_skipped(reason, is_root=is_root, has_shared=has_shared) == expected


WITHOUT_A_TOOL = """
import pytest

@pytest.fixture
def tool():
    pytest.skip("needs git")

def test_by_a_fixture(tool): pass

@pytest.mark.skipif(True, reason="needs strace")
def test_by_a_mark(): pass
"""


def test_a_skip_for_want_of_a_tool_is_a_failure_where_ci_is_set(tmp_path: Path) -> None:
    (tmp_path / "test_tool.py").write_text(WITHOUT_A_TOOL)
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", str(tmp_path)]
    paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    # Not what this run was told, by CI or by whoever started it.
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    environment = inherited | {"PYTHONPATH": paths}
    said = {}
    for ci in ({}, {"CI": "true"}):
        ended = subprocess.run(command, cwd=tmp_path, env=environment | ci, capture_output=True, text=True, timeout=60)
        said[ended.returncode] = ended.stdout
    assert "2 skipped" in said[0]
    for tool in ("git", "strace"):
        assert f"skipped where nothing may be missing (--fail-without-tools, CI): needs {tool}" in said[1]
