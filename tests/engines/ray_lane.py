"""Starts and ends the Ray cluster of the tests, and counts the CPU of its processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from loopback_s3 import LoopbackS3

STARTS = 3
"""A busy machine may not start Ray's processes within the seconds that they wait for each other."""

START_SECONDS = 180

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Nodes:
    """A cluster that runs."""

    address: str
    folder: Path
    process: subprocess.Popen[str]
    store: LoopbackS3 = field(init=False)
    """Objects that its machines reach."""

    def tell(self, word: str) -> None:
        """Lose a node, or add one."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n", "the cluster has ended"

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def addresses(self) -> set[str]:
        """Addresses on which its processes listen."""
        return listening(self.processes())


def listening(processes: list[psutil.Process]) -> set[str]:
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            listens = (one for one in process.net_connections() if one.status == psutil.CONN_LISTEN)
            found |= {one.laddr.ip.removeprefix("::ffff:") for one in listens}
    return found


_TOKEN = os.urandom(32).hex()
"""Of all clusters that this process starts: Ray reads the token once in a process."""


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """CPU seconds of processes together, with those of their children that ended: none is lost or counts twice."""
    seconds = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            seconds += sum(process.cpu_times()[:4])
    return seconds


@contextmanager
def nodes(count: int) -> Iterator[Nodes]:
    """Start a cluster of so many nodes on loopback, and end all of its processes.

    A start that fails is tried three times, and is then an error with its reason.
    """
    # Names of sockets may have a hundred letters: the folder of a test is too deep.
    folder = Path(tempfile.mkdtemp(prefix="etl-ray-", dir="/tmp"))
    (folder / "token").write_text(_TOKEN)
    (folder / "token").chmod(0o600)
    (folder / "ray").mkdir()
    ours = {
        "RAY_TMPDIR": str(folder),  # below it, in `ray`, a cluster writes its address; nobody else's is replaced
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests/engines"))),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        started = _start(folder, count)
        try:
            yield started
        finally:
            _end(started.process)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, count: int) -> Nodes:
    reasons = []
    for number in range(STARTS):
        below, log = folder / str(number), folder / f"{number}.log"
        command = [sys.executable, str(Path(__file__).with_name("ray_nodes.py")), str(below), str(count)]
        with log.open("w") as errors:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        too_late = threading.Timer(START_SECONDS, process.kill)
        too_late.start()
        assert process.stdout
        address = process.stdout.readline().strip()
        too_late.cancel()
        if address:
            return Nodes(address, folder, process)
        _end(process)
        reasons.append((log.read_text("utf-8").strip().splitlines() or ["it did not start in time"])[-1])
    raise RuntimeError(f"the Ray cluster of the tests did not start, {STARTS} times: {reasons}")


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            process.communicate(timeout=30)
        process.kill()
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(family, timeout=10)
    process.wait()
