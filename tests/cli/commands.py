"""The command in this process, and in one of its own."""

from __future__ import annotations

import subprocess
import sys

from conftest import Site
from typer.testing import CliRunner, Result

from etl_project.cli import app


def etl(site: Site, command: str, *arguments: str, given: str | None = None) -> Result:
    """Call the command in this process, with the settings of the site."""
    return CliRunner().invoke(app, [command, *arguments, "--config", str(site.config)], input=given)


def etl_process(site: Site, *arguments: str, program: str | None = None) -> subprocess.CompletedProcess[str]:
    """Call the command in a process of its own, in the folder of the site, without a terminal."""
    start = ["-c", program] if program else ["-m", "etl_project.cli"]
    return subprocess.run(
        [sys.executable, *start, *arguments], cwd=site.folder, capture_output=True, text=True, check=False, timeout=120
    )


def said(result: Result) -> str:
    """What was printed, in one line with single spaces."""
    return " ".join(result.output.split())
