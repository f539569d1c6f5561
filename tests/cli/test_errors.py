"""Errors of every library end as one sentence with what to do, and streams may close or lack letters."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from conftest import Site
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.errors import BAD_USAGE, FAILED, INTERRUPTED
from etl_project.settings import SettingsError
from etl_project.show.error_sentence import describe_error


class Panic(BaseException):
    """As pyo3 raises one where Rust code panics: it is no Exception."""


COMMANDS = ("refresh", "maintain", "init", "sql", "rejected", "status", "ui")

ERRORS = [
    (SettingsError("etl.toml, line 2: wrong."), BAD_USAGE, "etl.toml, line 2: wrong."),
    (KeyboardInterrupt(), INTERRUPTED, "Stopped."),
    (RuntimeError("Query interrupted"), INTERRUPTED, "Stopped."),
    (PermissionError(errno.EACCES, "Permission denied", "/srv/x"), FAILED, "Permission denied: /srv/x. Run etl as"),
    (OSError(errno.EROFS, "Read-only file system", b"/srv/\xff"), FAILED, "Read-only file system: /srv/\\xff."),
    (OSError("no number"), FAILED, "no number."),
    (OSError(errno.EMFILE, "Too many open files"), FAILED, "ulimit -n"),
    (MemoryError(), FAILED, "There is not enough memory"),
    (duckdb.OutOfMemoryException("Out of Memory Error: failed"), FAILED, "There is not enough memory"),
    (duckdb.CatalogException("Catalog Error: Table x does not exist!\n\nLINE 1: x"), FAILED, "etl refresh"),
    (duckdb.IOException("IO Error: Could not set lock on file"), FAILED, "Close the program"),
    (duckdb.InternalException("INTERNAL Error: x"), FAILED, "--debug status"),
    (sqlite3.OperationalError("unable to open database file"), FAILED, "Dagster's records cannot be used"),
    (pl.exceptions.ComputeError("bad\nstack"), FAILED, "bad (ComputeError). That is likely a fault of the program."),
    (OverflowError("int too big to convert"), FAILED, "int too big to convert (OverflowError)."),
    (UnicodeEncodeError("latin-1", "港", 0, 1, "ordinal not in range"), FAILED, "A text is not in the encoding"),
    (ModuleNotFoundError("No module named 'x'"), FAILED, "make .venv/.ready"),
    (RecursionError(), FAILED, "RecursionError (RecursionError)"),
    (Panic("called unwrap"), FAILED, "called unwrap (Panic)."),
]


def test_that_the_published_file_is_as_it_was_is_said_only_where_that_is_in_question() -> None:
    for error in (OSError("no number"), MemoryError(), KeyboardInterrupt(), RecursionError()):
        told = {name: "The published file is as it was" in describe_error(error, name).text for name in COMMANDS}
        assert told == {name: name in ("refresh", "maintain") for name in COMMANDS}, error


@pytest.mark.parametrize(("error", "code", "said"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_is_a_sentence_with_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    def fail(given: Path | None = None) -> None:
        raise error

    told = describe_error(error, "status")
    assert told.exit_code == code and said in told.text and len(told.text.splitlines()) == 1
    monkeypatch.setattr("etl_project.settings.read_settings", fail)
    for arguments in (["status"], ["sql", "SELECT 1"]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code and isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output and result.output.count("\n") == 1
    for arguments in (["--debug", "status"], ["status", "--debug"]):
        shown = CliRunner().invoke(app, arguments)
        assert shown.exit_code == code and "Traceback" in shown.output and "in fail" in shown.output


def test_the_option_that_shows_traces_leaves_a_statement_alone() -> None:
    result = CliRunner().invoke(app, ["sql", "--", "--debug"])
    assert "Traceback" not in result.output


STREAMS = """
import sys
from etl_project.show.streams import output_failure, prepare_streams
prepare_streams()
print("港 \\udc80 é")
sys.stdout.flush()
for _ in range(3000):
    print("x" * 100)
sys.stdout.buffer.write(b"y" * 300000)
failure = output_failure()
print("failed:", failure and failure.strerror, "input:", repr(sys.stdin.read(1)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("redirection", "encoding", "out", "err"),
    [
        ("| head -n 1", "utf-8", "港 \\udc80 é", "failed: None"),
        ("| true", "utf-8", "", "failed: None"),
        (">&-", "utf-8", "", "failed: None"),
        (">&- <&-", "utf-8", "", "failed: None input: ''"),
        ("> /dev/full", "utf-8", "", "failed: No space left on device"),
        ("| head -n 1", "latin-1", "\\u6e2f \\udc80 \xe9", "failed: None"),
        ("| head -n 1", "ascii", "\\u6e2f \\udc80 \\xe9", "failed: None"),
    ],
)
def test_output_that_is_closed_full_or_of_few_letters_ends_nothing(
    redirection: str, encoding: str, out: str, err: str
) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {redirection}', sys.executable, STREAMS],
        env=os.environ | {"PYTHONIOENCODING": encoding}, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended
    assert ended.stdout.decode(encoding).rstrip("\n") == out
    assert ended.stderr.decode().startswith(err) and b"Exception" not in ended.stderr


def test_a_command_tells_its_end_whoever_reads_it(site: Site) -> None:
    """Help and errors go through the same streams; output that is lost otherwise is an error."""
    start = f"'{sys.executable}' -m etl_project.cli"
    for line, code in (
        (f"{start} --help | true", 0),
        (f"{start} status -c nowhere.toml | true", 2),
        (f"{start} status -c nowhere.toml 2>&-", 2),
        (f"{start} --help > /dev/full", 1),
    ):
        ended = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"], cwd=site.folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == code and "Traceback" not in ended.stderr, (line, ended)
