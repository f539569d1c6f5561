"""Processes that refresh a site and are killed at some moment of it."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from conftest import Site
from watching import watching

ROOT = Path(__file__).parents[2]

BY_CLI = [sys.executable, "-m", "etl_project.cli", "refresh"]
BY_DG = [str(Path(sys.executable).with_name("dg")), "launch", "--assets", "*"]
JOB = ["job", "execute", "-m", "etl_project.definitions", "-a", "defs", "-j", "refresh"]
BY_JOB = [sys.executable, "-m", "dagster", *JOB]

MOMENTS = (
    "posts.staging",  # the first batch is about to be written
    "posts.duckdb.wal",  # the tables are being loaded
    "posts.last_plan.json",  # they are committed
    ".posts.duckdb.publishing",  # the copy grows
    ".posts.previous.duckdb.linking",  # the published file is kept as the previous one
    "posts.duckdb",  # a database was closed, or has just been published
)
"""Names of files at whose sight a refresh is killed."""


_FORKS = """
import gc, os, sys
from dagster._cli import main as dagster
from etl_project import cli, definitions
from etl_project.database.contract import contract
from etl_project.engines import batch, local, stage
from etl_project.extract.body.language import detect_language
from etl_project.lake.choose import refresh_class
from etl_project.settings import read_settings

# What every fork would load again, and copy.
contract(), detect_language("Words and other words of a language, " * 20)
gc.freeze()

def stages(*options):
    settings = read_settings()
    refresh = refresh_class(settings)(settings, full="--full" in options)
    refresh.work.lock.acquire("the stages")
    plan = refresh.plan()
    if not plan.is_no_op:
        refresh.load_tables(plan)
        refresh.run_checks("tables")
        refresh.build_aggregates()
        refresh.run_checks("aggregates")
        refresh.publish()
    refresh.work.lock.release()

print("ready", flush=True)
pid = 0
for line in sys.stdin:
    if pid:
        os.waitpid(pid, 0)  # not sooner, so that its number is not given to another process
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        said = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(said, 1), os.dup2(said, 2)
        processes, *arguments = line.split()
        if processes == "workers":
            local.IN_PROCESS_BYTES, batch.BATCH_FILES = 0, 10
        if arguments[0] == "refresh":
            cli.app(arguments)
        if arguments[0] == "job":
            sys.argv[1:] = arguments
            dagster()
        stages(*arguments)
        os._exit(0)
    print(pid, flush=True)
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    print(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status, flush=True)
"""


class Process(Protocol):
    """A refresh that was started; it leads a process group of its own."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


Start = Callable[[], Process]


class Forked:
    """A refresh by the command, in a fork of a process that has imported everything; ends are told through a pipe."""

    def __init__(self, pid: int, told: IO[str]) -> None:
        self.pid, self.returncode = pid, None
        self._told = told

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("etl refresh", timeout or 0)
            self.returncode = int(self._told.readline())
        return self.returncode


class Forks:
    """Starts refreshes by the command without waiting for their imports."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self, *arguments: str, with_workers: bool = False) -> Forked:
        """Start `etl refresh`, `dagster job`, or `stages`, which are the same without Dagster.

        With workers, every batch goes to a process of its own.
        """
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(" ".join(["workers" if with_workers else "alone", *arguments]) + "\n")
        self.process.stdin.flush()
        return Forked(int(self.process.stdout.readline()), self.process.stdout)


@contextlib.contextmanager
def forks(site: Site, first: str = "") -> Iterator[Forks]:
    """Make ready to start refreshes of a site, all of which begin with some statements."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{first}\n{_FORKS}", str(site.folder / "said.txt")], cwd=ROOT, env=environment(site),
        text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout and process.stdout.readline() == "ready\n"
            yield Forks(process)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Kill:
    """How one refresh is to be killed."""

    start: Start
    moment: str | None
    """File at whose sight it is killed; None for a time after its start."""
    delay: float
    """Seconds after that."""
    with_children: bool
    """Whether the processes it started are killed with it."""

    def __str__(self) -> str:
        who = "with its children" if self.with_children else "alone"
        return f"killed {who} {self.delay:.3f} s after {self.moment or 'its start'}"


def environment(site: Site) -> dict[str, str]:
    """What tells a command which site it refreshes and where Dagster records it."""
    return os.environ | {"ETL_CONFIG": str(site.config), "DAGSTER_HOME": str(site.settings.dagster_home.absolute())}


def start(site: Site, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a refresh by some command."""
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(site), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def run_and_kill(site: Site, kill: Kill) -> bool:
    """Start a refresh and kill it. Returns whether it was still alive then."""
    with watching(site.published.parent, site.published.parent / ".work") as watch:
        process = kill.start()
        try:
            while kill.moment and process.poll() is None and not watch.wait_for(kill.moment, 0.2):
                pass
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(kill.delay)
        finally:
            if process.poll() is None:
                (os.killpg if kill.with_children else os.kill)(process.pid, signal.SIGKILL)
            process.wait(60)
    return process.returncode == -signal.SIGKILL


def seconds_of(started: Start) -> float:
    """Time a whole refresh."""
    began = time.monotonic()
    assert started().wait(120) == 0
    return time.monotonic() - began


def some_kill(started: Start, whole: float, chance: random.Random) -> Kill:
    """Choose a moment: every other one a time anywhere in a whole refresh, the others at the sight of a file."""
    with_children = chance.random() < 0.5
    if chance.random() < 0.5:
        return Kill(started, None, chance.uniform(0, whole), with_children)
    return Kill(started, chance.choice(MOMENTS), chance.choice([0, 0.001, 0.01, 0.1]) * chance.random(), with_children)
