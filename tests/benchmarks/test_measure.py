"""What a command is measured to cost, and what becomes of one that does not end."""

from __future__ import annotations

import sys

import pytest

from benchmarks.measure import CommandFailed, run


def test_a_command_is_timed_from_its_start_to_its_end() -> None:
    ran = run([sys.executable, "-c", "import time; time.sleep(0.3); print('done')"])
    assert 0.3 <= ran.seconds < 30
    assert ran.output == "done\n"


def test_the_memory_of_a_command_is_that_of_the_processes_it_starts_too() -> None:
    child = "import time; held = bytearray(64_000_000); time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert 64_000_000 < run([sys.executable, "-c", parent], sampled=True).peak_bytes < 200_000_000


@pytest.mark.parametrize("sampled", [False, True])
def test_a_command_that_does_not_end_is_stopped(sampled: bool) -> None:
    endless = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(CommandFailed, match="was stopped after 1 s"):
        run(endless, sampled=sampled, limit=1)


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(CommandFailed, match="ended with 3: no such thing"):
        run([sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"])
