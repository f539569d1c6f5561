"""The entry points of the program under a locale, an umask and a user: as processes of their own, or as forks."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534

ENTRIES = {"refresh": ["refresh"], "maintain": ["maintain"], "dg launch": ["launch", "--assets", "*"]}
"""Entry point -> arguments of `etl` or of `dg`; ETL_CONFIG names the settings."""


@dataclass(frozen=True)
class Call:
    """How an entry point is called."""

    entry: str
    environment: Mapping[str, str]
    umask: int
    is_nobody: bool
    """Whether another user calls it than the one of this process."""


Run = Callable[[Call], tuple[int, str]]
"""Runs a call to its end: its exit code, and what it said."""


@functools.cache
def as_nobody() -> list[str]:
    """The beginning of a command line that runs as another user; one that may read what Python needs from anywhere."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it starts processes of another user")
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    begin = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    reads = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    for words in (begin, begin + reads):
        # Started once more, as a command does that goes over to UTF-8 mode.
        again = "import etl_project.cli, os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import decimal'])"
        probe = [*words, sys.executable, "-c", again]
        if subprocess.run(probe, cwd=ROOT, capture_output=True).returncode == 0:
            return words
    pytest.skip("needs a Python and a checkout that other users may read")


def by_process(call: Call) -> tuple[int, str]:
    """Run a call as a person does: a process that imports everything."""
    prefix = as_nobody() if call.is_nobody else []
    is_dg = call.entry == "dg launch"
    program = [str(Path(sys.executable).with_name("dg"))] if is_dg else [sys.executable, "-m", "etl_project.cli"]
    ended = subprocess.run(
        [*prefix, *program, *ENTRIES[call.entry]],
        cwd=ROOT, env=call.environment, umask=call.umask, capture_output=True, timeout=240,
    )  # fmt: skip
    return ended.returncode, (ended.stdout + ended.stderr).decode(errors="replace")


_FORKS = """
import ctypes, gc, json, locale, os, sys
from pathlib import Path
from etl_project.utf8_mode import restart_dagster_in_utf8_mode

restart_dagster_in_utf8_mode()
from dagster_dg_cli.cli import main as dg
from rich import progress, table
from assets.records import records_of
from etl_project import cli
from etl_project.database.contract import contract
from etl_project.definitions import defs
from etl_project.engines import stage
from etl_project.extract.body.language import detect_language
from etl_project.refresh import refresh

# What every fork would load again, and copy.
defs(), contract(), detect_language("Words and other words of a language, " * 20)
with records_of(Path(sys.argv[1])):
    pass
gc.freeze()

def become(user):
    libc = ctypes.CDLL(None)
    libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
    os.setgroups([]), os.setgid(user), os.setuid(user)
    # CAP_DAC_READ_SEARCH alone, for a Python that other users may not read.
    version, one = (ctypes.c_uint32 * 2)(0x20080522, 0), 1 << 2
    assert libc.capset(version, (ctypes.c_uint32 * 6)(one, one, 0, 0, 0, 0)) == 0

print("ready", flush=True)
for line in sys.stdin:
    call = json.loads(line)
    if (pid := os.fork()) == 0:
        said = os.open(call["said"], os.O_WRONLY | os.O_CREAT)
        os.dup2(said, 1), os.dup2(said, 2)
        os.umask(call["umask"])
        os.environ.update(call["environment"])
        locale.setlocale(locale.LC_CTYPE, ""), restart_dagster_in_utf8_mode()
        if call["user"] is not None:
            become(call["user"])
        sys.argv[1:] = call["arguments"]
        dg() if call["is_dg"] else cli.app()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
os._exit(0)
"""


@contextlib.contextmanager
def forks(environment: Mapping[str, str], empty_home: Path, folder: Path) -> Iterator[Run]:
    """Run calls in forks of one process, which is named and restarted like a `dg` and has imported everything.

    Args:
        environment: that of the process, with its locale; a call may add to it, and name another locale under which
            Python starts again, too.
        empty_home: a home of Dagster, which is opened and left as it is.
        folder: where the program is written, and what its forks say.
    """
    program, said = folder / "dg", folder / "said.txt"
    program.write_text(_FORKS, "utf-8")
    with subprocess.Popen(
        [sys.executable, str(program), str(empty_home)],
        cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        told, answers = process.stdin, process.stdout
        assert told and answers and answers.readline() == "ready\n"

        def run(call: Call) -> tuple[int, str]:
            if call.is_nobody and os.geteuid() != 0:
                pytest.skip("needs root: it starts processes of another user")
            said.unlink(missing_ok=True)
            asked = {
                "is_dg": call.entry == "dg launch", "arguments": ENTRIES[call.entry], "said": str(said),
                "environment": dict(call.environment), "umask": call.umask, "user": NOBODY if call.is_nobody else None,
            }  # fmt: skip
            told.write(json.dumps(asked) + "\n")
            return int(answers.readline()), said.read_text("utf-8", "replace")

        yield run
