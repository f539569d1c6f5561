"""The command ends its process itself, after everything that wants to be told of the end, and with its exit code."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(program: str) -> tuple[int, str]:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(("argument", "code"), [("--version", 0), ("--no-such-option", 2)])
def test_who_asked_to_be_told_of_the_end_is_told_and_nothing_is_freed(argument: str, code: int) -> None:
    ended, printed = run(
        f"""
import atexit, sys
from etl_project import cli
class Freed:
    def __del__(self): print("freed")
kept = Freed()
atexit.register(print, "told")
sys.argv = ["etl", "{argument}"]
cli.main()
"""
    )
    assert ended == code and printed.endswith("told\n") and "freed" not in printed


def test_a_process_that_only_imports_the_command_ends_as_any_other() -> None:
    program = """
import sys
from etl_project import cli
class Freed:
    def __del__(self): print("freed")
kept = Freed()
sys.exit(7)
"""
    assert run(program) == (7, "freed\n")
