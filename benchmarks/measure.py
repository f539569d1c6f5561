"""Measure a command: seconds from start to exit, and the memory of it and of every process it starts."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.05


class CommandFailed(Exception):
    """A measured command failed. The message contains the end of its output."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a command."""

    seconds: float
    """Wall clock, from before the process starts until it is reaped."""
    output: str
    cpu_seconds: float = 0.0
    """Processor time of the process and of all descendants that were waited for."""
    peak_bytes: int = 0
    """Largest sum of the proportional set sizes of the process and its descendants; 0 if not sampled."""


def run(
    command: Sequence[str | Path], folder: Path | None = None, *, sampled: bool = False, limit: float = 3_600
) -> Ran:
    """Run a command to its end.

    Args:
        command: program and arguments.
        folder: working directory.
        sampled: sum up `Pss` of /proc/PID/smaps_rollup over the tree of processes every 50 ms. That disturbs the
            timing, so memory and time are never taken from one run.
        limit: seconds after which it is stopped.

    Returns:
        Its time, output (stdout and stderr) and peak memory.

    Raises:
        CommandFailed: its exit code is not 0, or it was stopped at the limit.
    """
    with tempfile.TemporaryFile() as output:
        began, cpu = time.perf_counter(), _cpu_of_children()
        process = subprocess.Popen(
            [*map(str, command)], cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=_user_environment()
        )
        peak = 0
        # `wait` with a timeout polls: it would notice the end of the process up to 50 ms late.
        too_long = threading.Timer(limit, _end_tree, [process])
        too_long.start()
        try:
            while sampled and process.poll() is None:
                peak = max(peak, _tree_bytes(process.pid))
                time.sleep(_SAMPLE_SECONDS)
            code = process.wait()
        except BaseException:
            _end_tree(process)
            raise
        finally:
            too_long.cancel()
        seconds, cpu = time.perf_counter() - began, _cpu_of_children() - cpu
        if seconds > limit:
            raise CommandFailed(f"{_name(command)} was stopped after {limit:,.0f} s")
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    if code:
        raise CommandFailed(f"{_name(command)} ended with {code}: {text[-400:].strip()}")
    return Ran(seconds, text, cpu, peak)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _user_environment() -> dict[str, str]:
    """The environment without PYTHONDONTWRITEBYTECODE, with which each start would compile all of our modules again."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _name(command: Sequence[str | Path]) -> str:
    return " ".join(Path(part).name for part in map(str, command[:3]))


def _tree_bytes(pid: int) -> int:
    """Sum of the proportional set sizes of a process and its descendants; pages they share count once."""
    try:
        processes = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for one in processes:
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text("ascii").splitlines()
        except (OSError, ValueError):
            continue  # it has ended
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
    process.kill()
    process.wait()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of the runs of a subject, each with a run of the thing it is compared with."""

    subject: list[float]
    beside: list[float]

    @property
    def ratio(self) -> float:
        """Median of the ratios of the pairs."""
        return statistics.median(s / b for s, b in zip(self.subject, self.beside, strict=True))


def time_pairs(
    runs: int, subject: Callable[[], float], beside: Callable[[], float], warm: Callable[[], object]
) -> Pairs:
    """Time two things alternately, so that other load of the machine affects both.

    Args:
        runs: number of pairs; every second pair is taken in the other order.
        subject: runs the subject and returns its seconds.
        beside: the same for the thing it is compared with.
        warm: reads the files into the page cache; called right before each timing.
    """
    taken: dict[Callable[[], float], list[float]] = {subject: [], beside: []}
    for number in range(runs):
        for one in (beside, subject) if number % 2 == 0 else (subject, beside):
            warm()
            taken[one].append(one())
    return Pairs(taken[subject], taken[beside])


def seconds(values: Sequence[float]) -> str:
    """Format the median and the range of timings in seconds: `1.23 s (1.20-1.31)`."""
    if len(values) == 1:
        return f"{values[0]:.2f} s (1 run)"
    return f"{statistics.median(values):.2f} s ({min(values):.2f}-{max(values):.2f})"
