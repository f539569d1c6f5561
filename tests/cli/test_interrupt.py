"""Ctrl-C: exit 130, one sentence, nothing published, no alert, and the next refresh goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Site
from watching import watching

MOMENTS = {"while files are staged": "posts.staging", "while the tables are loaded": "posts.duckdb.wal"}


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
    assert "Traceback" not in output
    assert not site.published.exists() and not (tmp_path / "alert").exists()
    site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [300]
