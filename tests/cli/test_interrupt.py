"""Ctrl-C: exit 130, one sentence, nothing published, no alert, and the next refresh goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from conftest import Site
from typer.testing import CliRunner
from watching import watching

from etl_project.cli import app

MOMENTS = {"while files are staged": "posts.staging", "while the tables are loaded": "posts.duckdb.wal"}


def interrupted_query() -> RuntimeError:
    """The error of DuckDB at a Ctrl-C while it is at work."""
    # With one thread it is the main one that works, and not waits: it meets the signal soon. DuckDB loses one that
    # comes while it draws its progress.
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("SET enable_progress_bar = false")
        for _ in range(3):
            threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
            try:
                con.execute("SELECT sum(hash(a)) FROM range(1_500_000_000) AS t(a)")
            except RuntimeError as error:
                assert str(error) == "Query interrupted"
                return error
    pytest.fail("three queries of seconds met no signal")


def test_an_interrupted_query_of_a_plan_is_exit_130_without_an_alert(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB makes an error of its own of a Ctrl-C."""
    site.configure(extra=f"[alerts]\ncommand = 'touch {tmp_path / 'alert'}'\n")
    site.write("_posts/2026-01-02-one.md")
    interrupted = interrupted_query()

    def compare(*given: object) -> None:
        raise interrupted

    monkeypatch.setattr("etl_project.refresh.planner.compare", compare)
    for options in ([], ["--plan"]):
        result = CliRunner().invoke(app, ["refresh", "--config", str(site.config), *options])
        assert result.exit_code == 130 and "Stopped." in result.output, result.output
    assert not (tmp_path / "alert").exists()


@pytest.mark.parametrize("file", MOMENTS.values(), ids=MOMENTS)
def test_an_interrupted_refresh_is_exit_130_and_the_next_one_goes_on(site: Site, tmp_path: Path, file: str) -> None:
    site.configure(extra=f"[alerts]\ncommand = 'touch {tmp_path / 'alert'}'\n")
    for n in range(300):
        site.write(f"_posts/2026-01-02-{n}.md", body="Words and words. " * 200)
    folder = site.published.parent / ".work"
    folder.mkdir(parents=True)
    with watching(folder) as watch:
        process = subprocess.Popen(
            [sys.executable, "-m", "etl_project.cli", "refresh", "--config", str(site.config)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"COLUMNS": "200"},
        )  # fmt: skip
        while process.poll() is None and not watch.wait_for(file, 0.2):
            pass
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Stopped. The published file is as it was; the next refresh goes on from there." in output
    assert "Traceback" not in output, output
    assert not site.published.exists() and not (tmp_path / "alert").exists()
    site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [300]
